# ruff: noqa: T201 - a script talks
"""Whether what the separator says can be taken at its word: of what is said with 0.9, nine tenths should be right.

    python calibration.py RUN.safetensors --data DATA

presence     logits are scaled and shifted for each stem (Platt 1999) to the least cross-entropy on validation; `limelight
             export` puts both into the graph
confidence   Σ M² P / Σ M P over the lines of an instant: which share of what is called a stem's it will be, by the masks' own
             account; compared with Σ M P_k / Σ M P, which share it is. `StemFeatures.confidence` is the same number
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from systems import NewSeparator
from torch import Tensor

from limelight.networks.stem_separator import sharpened
from limelight.training.export_separator import presence_fit
from limelight.training.scenes import DrawnScenes
from limelight.types import STEMS

EDGES = np.linspace(0, 1, 11)
HEARD_DB = 30.0  # under the clip's mean power an instant does not count
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Said:
    """Everything that was said of the validation clips, and what was true."""

    logits: Tensor  # of presence, [M, 3]
    present: Tensor  # [M, 3], 0…1
    confidence: Tensor  # [M', 3]
    right: Tensor  # [M', 3]
    weight: Tensor  # [M', 3], power called the stem's


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    options = parser.parse_args()
    torch.set_num_threads(1)
    scenes = DrawnScenes(options.data / "validation")
    said = said_of(NewSeparator(options.checkpoint), scenes)
    scale, shift = presence_fit(NewSeparator(options.checkpoint).network, scenes)
    print(f"presence: scale {scale.tolist()}, shift {shift.tolist()}")
    for k, stem in enumerate(STEMS):
        raw, fit = said.logits[:, k].sigmoid(), (said.logits[:, k] * scale[k] + shift[k]).sigmoid()
        alike = torch.ones_like(raw)
        print(f"{stem}: presence as it is  {reliability(raw, said.present[:, k], alike)}")
        print(f"{stem}: presence fitted    {reliability(fit, said.present[:, k], alike)}")
        print(f"{stem}: confidence         {reliability(said.confidence[:, k], said.right[:, k], said.weight[:, k])}")


@torch.no_grad()
def said_of(new: NewSeparator, scenes: DrawnScenes) -> Said:
    parts = list(_answers(new, scenes))
    return Said(*(torch.cat(column) for column in zip(*parts, strict=True)))


def _answers(new: NewSeparator, scenes: DrawnScenes) -> Iterator[tuple[Tensor, ...]]:
    for batch in scenes.in_order(8, scenes.clips):
        heard = new.network(batch.told, batch.voice, batch.kinds)
        tokens = heard.presence.shape[1]
        present = batch.present.unflatten(1, (tokens, -1)).mean(2)
        power = batch.mixture[:, None].clamp(min=0)
        masks = sharpened(heard.log_masks)
        called = (masks * power).sum(3) + 1e-12  # [B, 3, T]
        confidence = (masks.square() * power).sum(3) / called
        shares = batch.stems / (batch.stems.sum(1, keepdim=True) + 1e-12)
        right = (masks * power * shares).sum(3) / called
        loud = power.sum((1, 3)) > power.sum((1, 3)).mean(1, keepdim=True) * 10 ** (-HEARD_DB / 10)
        weight = called / called.sum((1, 2), keepdim=True) * loud[:, None]
        yield (
            heard.presence.flatten(0, 1),
            present.flatten(0, 1),
            *(x.transpose(1, 2).flatten(0, 1) for x in (confidence, right, weight)),
        )


def reliability(said: Tensor, right: Tensor, weight: Tensor) -> str:
    """Mean right by tenths of what was said, and the mean distance of both (expected calibration error)."""
    place = np.clip(np.digitize(said.numpy(), EDGES) - 1, 0, 9)
    cells, error, whole = [], 0.0, float(weight.sum())
    for tenth in range(10):
        here = torch.from_numpy(place == tenth)
        mass = float(weight[here].sum())
        if mass > 1e-4 * whole:
            mean_said, mean_right = (float((x[here] * weight[here]).sum()) / mass for x in (said, right))
            cells.append(f"{mean_said:.2f}→{mean_right:.2f}")
            error += mass / whole * abs(mean_said - mean_right)
    return f"{' '.join(cells)}  error {error:.3f}"


if __name__ == "__main__":
    main()
