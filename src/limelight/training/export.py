"""From a checkpoint to the folder that `highlight` runs: two ONNX graphs and a card."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from limelight.networks.lines import line_edges
from limelight.networks.lite import PROGRAMME_LUFS, STEM_COUNT, Lite, LiteConfig, Separator
from limelight.runtime.card import ModelCard, file_sha256, write_card

OPSET = 17
EXAMPLE_STEPS = 64


@dataclass(frozen=True)
class About:
    """What a card says beyond the figures."""

    name: str
    licence: str
    training_data: str
    cue_names: tuple[str, ...]
    uses_picture: bool


def export_lite(model: Lite, folder: Path, about: About) -> ModelCard:
    """Writes `separator.onnx`, `director.onnx` and `card.json` into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    config = model.config
    model = model.eval()
    separator, magnitude = _OnLines(model.separator).eval(), torch.rand(1, EXAMPLE_STEPS, config.backbone.bins)
    export_graph(separator, (magnitude,), folder / "separator.onnx", ["magnitude"], ["masks", "latent"], {
        "magnitude": {1: "steps"}, "masks": {2: "steps"}, "latent": {1: "tokens"},
    })  # fmt: skip
    export_graph(model.director, _director_example(config), folder / "director.onnx", list(_DIRECTOR_AXES), ["gains_db"], {
        name: {1: axis} for name, axis in (*_DIRECTOR_AXES.items(), ("gains_db", "tokens"))
    })  # fmt: skip
    parts = {
        part: sum(parameter.numel() for parameter in module.parameters()) for part, module in model.named_children()
    }
    card = ModelCard(
        name=about.name,
        sample_rate=config.backbone.sample_rate,
        n_fft=config.backbone.n_fft,
        hop=config.hop,
        steps_per_token=config.steps_per_token,
        programme_lufs=PROGRAMME_LUFS,
        cue_names=about.cue_names,
        uses_picture=about.uses_picture,
        parameters=sum(parts.values()),
        licence=about.licence,
        training_data=about.training_data,
        config=config.as_dict(),
        sha256={name: file_sha256(folder / name) for name in ("separator.onnx", "director.onnx")},
        notes={"parts": parts},
        line_edges=tuple(line_edges(config.backbone.bins, config.backbone.sample_rate / config.backbone.n_fft)),
    )
    write_card(folder, card)
    return card


class _OnLines(nn.Module):
    """The separator as it is run: magnitudes of bins [B, T, F] to masks of lines [B, K, T, N], which mixing unfolds."""

    def __init__(self, separator: Separator) -> None:
        super().__init__()
        self.separator = separator

    def forward(self, magnitude: Tensor) -> tuple[Tensor, Tensor]:
        return self.separator.of_lines(self.separator.lines.sums(magnitude.square()))


_DIRECTOR_AXES = {
    "latent": "tokens",
    "levels_db": "tokens",
    "latent_seconds": "tokens",
    "cues": "moments",
    "cue_seconds": "moments",
    "hidden": "moments",
}


def _director_example(config: LiteConfig) -> tuple[Tensor, ...]:
    tokens, moments = EXAMPLE_STEPS // config.steps_per_token, 5
    return (
        torch.rand(1, tokens, config.highlighter.latent_width),
        -30 * torch.rand(1, tokens, 2 * STEM_COUNT),
        torch.rand(1, tokens),
        torch.rand(1, moments, config.highlighter.context_width),
        torch.rand(1, moments),
        torch.zeros(1, moments),
    )


def export_graph(
    module: nn.Module,
    example: tuple[Tensor, ...],
    path: Path,
    inputs: list[str],
    outputs: list[str],
    axes: dict[str, dict[int, str]],
) -> None:
    """Writes one module as an ONNX graph; `axes` names what may vary of an input's or output's shape."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracer warns of every shape that it freezes; the parity test is the judge
        torch.onnx.export(
            module, example, path, input_names=inputs, output_names=outputs, dynamic_axes=axes,
            opset_version=OPSET, dynamo=False,
        )  # fmt: skip
