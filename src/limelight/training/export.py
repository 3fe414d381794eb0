"""Remixing networks as ONNX: one graph from magnitudes, waveform and context to mask and waveform.

    magnitude [1, F, T] ─┐         ┌→ mask [1, F, T]
    mixture   [1, N]    ─┤ network │
    context   [1, M, D] ─┘         └→ wave [1, N]

The transforms stay outside, so that every number in the graph is real. N and T are fixed, as are the papers' clips (10 s):
the dual U-Net's attention and LSTM are laid out for a length. M is free. What is needed to build the transforms and the
context travels in the file's metadata, the card of `runtime/remix_card.py`, and the file is sealed with its own hash.

From a checkpoint to the folder that `highlight` runs: two ONNX graphs and a card.
"""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import onnx
import torch
from torch import Tensor, nn

from limelight.models.card import METADATA, Card, Context, seal
from limelight.networks.dual_unet import SHORTEST_HOPS
from limelight.networks.remixer import Remixer
from limelight.networks.visah import STEPS_PER_SECOND
from limelight.training.checkpoint import Checkpoint, load_remixer, read_header

CLIP_SECONDS = 10.0
LONGEST_LINE = 2000  # of a card


class Graph(nn.Module):
    """`Remixer.prescribe` with a tuple for an answer, as graphs have it."""

    def __init__(self, network: Remixer) -> None:
        super().__init__()
        self.network = network

    def forward(self, magnitude: Tensor, mixture: Tensor, context: Tensor | None = None) -> tuple[Tensor, Tensor]:
        made = self.network.prescribe(magnitude, mixture, context)
        return made.mask, made.wave


def export_checkpoint(
    checkpoint: Path,
    path: Path,
    *,
    name: str,
    licence: str | None = None,
    training_data: str | None = None,
    seconds: float = CLIP_SECONDS,
) -> None:
    """Of a training checkpoint: the file of `export_remix`. Raises ModelError.

    The licences are its data's where none is given.
    """
    network, header = load_remixer(checkpoint), read_header(checkpoint)
    data, context = header.config["data"], header.config["context"]
    licence = licence or f"bound by the data: {', '.join(data['licences']) or 'not stated'}"[:LONGEST_LINE]
    training_data = training_data or trained_on(header)
    preset = header.config["preset"]
    card = card_of(
        network,
        name=name,
        context=context,
        preset=preset,
        licence=licence,
        training_data=training_data,
        seconds=seconds,
    )
    export_remix(network, path, card)


def trained_on(checkpoint: Checkpoint) -> str:
    """How much a network has seen, in words."""
    clips = checkpoint.config.get("data", {}).get("clips")
    return f"{f'{clips} clips, ' if clips else ''}{checkpoint.step} steps"


def export_remix(network: Remixer, path: Path, card: Card) -> Card:
    """Writes the graph for clips as long as the card says, and gives back the card with the file's seal.

    A network that was built without a context has no input of that name.
    """
    example: tuple[Tensor, ...] = (torch.rand(1, card.bins, card.steps), 0.1 * torch.randn(1, card.samples))
    axes = {}
    if card.context_width:
        moments = max(1, round(card.samples / card.sample_rate * STEPS_PER_SECOND))
        example = (*example, torch.randn(1, moments, card.context_width))
        axes = {"context": {1: "moments"}}
    inputs = ["magnitude", "mixture", "context"][: len(example)]
    path.parent.mkdir(parents=True, exist_ok=True)
    export_graph(Graph(network).eval(), example, path, inputs, ["mask", "wave"], axes)
    _label(path, card)
    return card.model_copy(update={"sha256": seal(path)})


def card_of(
    network: Remixer,
    *,
    name: str,
    context: Context,
    preset: str | None = None,
    licence: str = "unknown",
    training_data: str = "unknown",
    seconds: float = CLIP_SECONDS,
) -> Card:
    """What is to be known of a network that hears `seconds` at once (at least 3 hops), not sealed yet.

    `context`: what it was trained to be told. `preset`: by default the name.
    """
    config = network.config
    grid = config.backbone
    return Card(
        name=name,
        preset=preset or name,
        context=context,
        context_width=config.context_width,
        sample_rate=grid.sample_rate,
        n_fft=grid.n_fft,
        hop=grid.hop,
        samples=max(round(seconds * grid.sample_rate), SHORTEST_HOPS * grid.hop),
        parameters=sum(parameter.numel() for parameter in network.parameters()),
        licence=licence,
        training_data=training_data,
        config=config.as_dict(),
    )


def read_about(path: Path) -> dict[str, Any]:
    """The metadata of such a graph."""
    properties = {entry.key: entry.value for entry in onnx.load(path, load_external_data=False).metadata_props}
    return dict(json.loads(properties[METADATA]))


def _label(path: Path, card: Card) -> None:
    graph = onnx.load(path)
    onnx.helper.set_model_props(graph, {METADATA: card.text})
    onnx.save(graph, path)


OPSET = 17
EXAMPLE_STEPS = 64


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
