"""The separator as a sealed ONNX file: one graph from powers and the voice's activity to masks and presence.

    power [1, 4, T, L], voice [1, T] ──► masks [1, 3, T, L], presence [1, T / P, 3]

T is free, a multiple of P. Presence is fitted first (Platt 1999: logits scaled and shifted for each stem), so that of what is
said with 0.9 nine tenths are right.
"""

from __future__ import annotations

from pathlib import Path

import onnx
import torch
from torch import Tensor, nn

from limelight.models.card import METADATA, Card, seal
from limelight.models.separators.masks import STEPS_MULTIPLE, TOLD_KEY
from limelight.networks.stem_separator import TOLD, StemSeparator
from limelight.training.export import export_graph

HOP, N_FFT, SAMPLE_RATE = 1024, 2048, 48_000
STEPS = 480  # 10.24 s
PROGRAMME_LUFS = -27.0
INPUTS, OUTPUTS = ["power", "voice"], ["masks", "presence"]
AXES = {"power": {2: "steps"}, "voice": {1: "steps"}, "masks": {2: "steps"}, "presence": {1: "tokens"}}


class SeparatorGraph(nn.Module):
    """The network with a tuple for an answer, as graphs have it, and presence as probabilities."""

    def __init__(self, network: StemSeparator, scale: Tensor, shift: Tensor) -> None:
        super().__init__()
        self.network, self.scale, self.shift = network, nn.Parameter(scale), nn.Parameter(shift)

    def forward(self, power: Tensor, voice: Tensor) -> tuple[Tensor, Tensor]:
        heard = self.network(power, voice)
        return heard.masks, (heard.presence * self.scale + self.shift).sigmoid()


def separator_card(
    network: StemSeparator, band_edges: tuple[int, ...], *, name: str, licence: str, training_data: str
) -> Card:
    """What is to be known of a network, not sealed yet."""
    config = network.config
    return Card(
        kind="separator",
        name=name,
        preset=name,
        sample_rate=SAMPLE_RATE,
        n_fft=N_FFT,
        hop=HOP,
        samples=STEPS * HOP,
        overlap_samples=STEPS * HOP // 5,
        programme_lufs=PROGRAMME_LUFS,
        band_edges=band_edges,
        parameters=sum(parameter.numel() for parameter in network.parameters()),
        licence=licence,
        training_data=training_data,
        config=config.as_dict() | {STEPS_MULTIPLE: config.steps_per_token, TOLD_KEY: list(TOLD)},
    )


def export_separator(network: StemSeparator, path: Path, card: Card, *, scale: Tensor, shift: Tensor) -> Card:
    """Writes the file and gives back the card with its seal; scale and shift [3] fit the logits of presence."""
    example = (torch.rand(1, len(TOLD), STEPS, network.config.lines), torch.rand(1, STEPS))
    path.parent.mkdir(parents=True, exist_ok=True)
    export_graph(SeparatorGraph(network, scale, shift).eval(), example, path, INPUTS, OUTPUTS, AXES)
    model = onnx.load(path)
    onnx.helper.set_model_props(model, {METADATA: card.text})
    onnx.save(model, path)
    return card.model_copy(update={"sha256": seal(path)})
