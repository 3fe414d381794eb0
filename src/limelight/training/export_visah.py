"""A remixing network as ONNX: one graph from magnitudes, waveform and context to mask and waveform.

    magnitude [1, F, T] ─┐                    ┌→ mask [1, F, T]
    mixture   [1, N]    ─┤ dual U-Net +       │
    context   [1, M, D] ─┘ latent highlighter └→ wave [1, N]

The transforms stay outside, so that every number in the graph is real. N and T are fixed, as are the papers' clips (10 s):
the backbone's attention and LSTM are laid out for a length. M is free. What is needed to build the transforms and the
context travels in the file's metadata, under `limelight`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import onnx
import torch
from torch import Tensor, nn

from limelight.networks.dual_unet import SHORTEST_HOPS
from limelight.networks.remixer import Remixer
from limelight.networks.visah import STEPS_PER_SECOND
from limelight.training.checkpoint import read_header
from limelight.training.export import export_graph
from limelight.training.remix_run import load_remixer

FORMAT = "limelight-visah-1"
METADATA = "limelight"
CLIP_SECONDS = 10.0


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
) -> dict[str, Any]:
    """As `export_visah`, of a training checkpoint; the licences are its data's where none is given. Raises ModelError."""
    network, saved = load_remixer(checkpoint), read_header(checkpoint)
    data = saved.config["data"]
    return export_visah(
        network,
        path,
        name=name,
        preset=saved.config["preset"],
        context=saved.config["context"],
        licence=licence or f"bound by the data: {', '.join(data['licences']) or 'not stated'}",
        training_data=training_data or f"{data['clips']} clips, {saved.step} steps",
        seconds=seconds,
    )


def export_visah(
    network: Remixer,
    path: Path,
    *,
    name: str,
    preset: str = "visah",
    context: str = "none",
    licence: str = "not stated",
    training_data: str = "not stated",
    seconds: float = CLIP_SECONDS,
) -> dict[str, Any]:
    """Writes the graph for clips of `seconds` (at least 3 hops) and gives back its metadata.

    `context` says what the network was shown in training. One built without a context has no input of that name.
    """
    config = network.config
    samples = max(round(seconds * config.backbone.sample_rate), SHORTEST_HOPS * config.backbone.hop)
    steps = -(-samples // config.backbone.hop)
    example: tuple[Tensor, ...] = (torch.rand(1, config.backbone.bins, steps), 0.1 * torch.randn(1, samples))
    axes = {}
    if config.context_width:
        example = (*example, torch.randn(1, max(1, round(seconds * STEPS_PER_SECOND)), config.context_width))
        axes = {"context": {1: "moments"}}
    inputs = ["magnitude", "mixture", "context"][: len(example)]
    path.parent.mkdir(parents=True, exist_ok=True)
    export_graph(Graph(network).eval(), example, path, inputs, ["mask", "wave"], axes)
    about = {
        "format": FORMAT,
        "name": name,
        "preset": preset,
        "context": context,
        "context_width": config.context_width,
        "sample_rate": config.backbone.sample_rate,
        "n_fft": config.backbone.n_fft,
        "hop": config.backbone.hop,
        "samples": samples,
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
        "licence": licence,
        "training_data": training_data,
        "config": config.as_dict(),
    }
    _label(path, about)
    return about


def read_about(path: Path) -> dict[str, Any]:
    """The metadata of such a graph."""
    properties = {entry.key: entry.value for entry in onnx.load(path, load_external_data=False).metadata_props}
    return dict(json.loads(properties[METADATA]))


def _label(path: Path, about: dict[str, Any]) -> None:
    graph = onnx.load(path)
    onnx.helper.set_model_props(graph, {METADATA: json.dumps(about)})
    onnx.save(graph, path)
