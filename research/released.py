"""Our network of the variant `released` beside vectors of the published one: the relative difference of each part.

python -m research.released FOLDER

FOLDER holds two tables of arrays. `weights.npz`: the parameters under their published names. `vectors.npz`: `mixture` [B, N],
`context` [B, M, D], and what the published network makes of them, over the batch (`batch_output`, as published) or over time
(`time_output`): `f_a`, `f_hat`, `mask`, `wave`, `output`, as many as there are. Exit code 1: a part is further off than 1e-4.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from torch import Tensor

from limelight.networks.context_transformer import BATCH, TIME
from limelight.networks.dual_unet import stft
from limelight.networks.released import from_published
from limelight.networks.visah import Visah

PARTS = ("f_a", "f_hat", "mask", "wave", "output")
NEAR = 1e-4


def differences(folder: Path, *, heads: int | None = None) -> dict[str, float]:
    """By AXIS_PART, of all vectors that are there."""
    weights, vectors = (_table(folder / name) for name in ("weights.npz", "vectors.npz"))
    network, found = from_published(weights, heads=heads), {}
    for axis in (BATCH, TIME):
        turned = Visah(replace(network.config, context_axis=axis)).eval()
        turned.load_state_dict(network.state_dict())
        ours = parts_of(turned, vectors["mixture"], vectors["context"])
        wanted = {part: vectors[f"{axis}_{part}"] for part in PARTS if f"{axis}_{part}" in vectors}
        found |= {f"{axis}_{part}": _relative(ours[part], y) for part, y in wanted.items()}
    return found


@torch.inference_mode()
def parts_of(network: Visah, mixture: Tensor, context: Tensor) -> dict[str, Tensor]:
    """What the network makes on the way, by the names of the vectors."""
    magnitude = stft(mixture, network.config.backbone).abs()
    encoded = network.backbone.encode(magnitude, mixture)
    highlighted = network.highlighter(encoded.embedding, context)
    made = network.backbone.decode(encoded, highlighted)
    values = (encoded.embedding, highlighted, made.mask, made.wave, network(mixture, context))
    return dict(zip(PARTS, values, strict=True))


def _relative(ours: Tensor, wanted: Tensor) -> float:
    return float((ours - wanted.reshape(ours.shape)).norm() / wanted.norm())  # a mono channel may stand there


def _table(path: Path) -> dict[str, Tensor]:
    with np.load(path, allow_pickle=False) as arrays:
        return {name: torch.from_numpy(np.asarray(arrays[name], np.float32)) for name in arrays.files}


def main(
    folder: Path,
    heads: Annotated[int | None, typer.Option(help="Of attention, where they are not 32 wide.")] = None,
) -> None:
    found = differences(folder, heads=heads)
    for name, difference in found.items():
        typer.echo(f"{name:<14} {difference:.1e}")
    sys.exit(0 if found and max(found.values()) < NEAR else 1)


if __name__ == "__main__":
    typer.run(main)
