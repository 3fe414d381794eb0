"""The separator as a sealed ONNX file: one graph from what it is told to masks and presence.

    power [1, 4, T, L], voice [1, T], kinds [1, T, 1024] ──► masks [1, 3, T, L], presence [1, T / P, 3]

T is free, a multiple of P. Presence is fitted first (Platt 1999: logits scaled and shifted for each stem), so that of what is
said with 0.9 nine tenths are right.
"""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import onnx
import onnx.numpy_helper
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from limelight.errors import InputError
from limelight.models.card import METADATA, Card, seal
from limelight.models.separators.masks import HOP, N_FFT, SAMPLE_RATE, STEPS_MULTIPLE, TOLD_KEY, line_edges
from limelight.networks.stem_separator import KINDS, TOLD, StemSeparator, sharpened
from limelight.training.checkpoint import load_checkpoint
from limelight.training.export import export_graph
from limelight.training.scenes import DrawnScenes
from limelight.training.separator import separator_of
from limelight.training.separator_losses import answered
from limelight.types import STEMS

log = logging.getLogger(__name__)
STEPS = 480  # 10.24 s
LARGE = 1024  # numbers of an array that is stored in half precision
PROGRAMME_LUFS = -27.0
INPUTS, OUTPUTS = ["power", "voice", "kinds"], ["masks", "presence"]
AXES = {
    "power": {2: "steps"},
    "voice": {1: "steps"},
    "kinds": {1: "steps"},
    "masks": {2: "steps"},
    "presence": {1: "tokens"},
}


class SeparatorGraph(nn.Module):
    """The network with a tuple for an answer, as graphs have it, and presence as probabilities."""

    def __init__(self, network: StemSeparator, scale: Tensor, shift: Tensor) -> None:
        super().__init__()
        self.network, self.scale, self.shift = network, nn.Parameter(scale), nn.Parameter(shift)

    def forward(self, power: Tensor, voice: Tensor, kinds: Tensor) -> tuple[Tensor, Tensor]:
        heard = self.network(power, voice, kinds)
        return sharpened(heard.log_masks), (heard.presence * self.scale + self.shift).sigmoid()


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
    example = (
        torch.rand(1, len(TOLD), STEPS, network.config.lines),
        torch.rand(1, STEPS),
        torch.rand(1, STEPS, KINDS),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    export_graph(SeparatorGraph(network, scale, shift).eval(), example, path, INPUTS, OUTPUTS, AXES)
    model = onnx.load(path)
    store_half(model.graph)
    onnx.helper.set_model_props(model, {METADATA: card.text})
    onnx.save(model, path)
    return card.model_copy(update={"sha256": seal(path)})


def store_half(graph: onnx.GraphProto) -> None:
    """Stores large weights in half precision; they are widened once, when the graph is opened, and computed with as before."""
    for array in graph.initializer:
        if array.data_type == onnx.TensorProto.FLOAT and np.prod(array.dims) >= LARGE:
            narrow = onnx.numpy_helper.to_array(array).astype(np.float16)
            name = f"{array.name}_half"
            graph.node.insert(0, onnx.helper.make_node("Cast", [name], [array.name], to=onnx.TensorProto.FLOAT))
            array.CopyFrom(onnx.numpy_helper.from_array(narrow, name))


def export_run(
    checkpoint: Path, path: Path, *, name: str, licence: str | None, training_data: str | None, seconds: float = 0.0
) -> None:
    """Of a checkpoint of `train --preset lite`; presence is fitted on its validation scenes, where they are still there.

    `seconds` has no use: a separator hears chunks of one length. Raises ModelError.
    """
    found = load_checkpoint(checkpoint)
    network = separator_of(found, checkpoint)
    scale, shift = torch.ones(len(STEMS)), torch.zeros(len(STEMS))
    try:
        scale, shift = presence_fit(network, DrawnScenes(Path(str(found.config["scenes"])) / "validation"))
    except (KeyError, InputError):
        log.warning(
            "%s: no validation scenes are there, so how likely somebody speaks is told as the network says it", name
        )
    edges = tuple(int(edge) for edge in line_edges())
    data = f"{training_data or 'drawn scenes'}; {found.step} steps"
    card = separator_card(network, edges, name=name, licence=licence or "bound by the sounds", training_data=data)
    export_separator(network, path, card, scale=scale, shift=shift)


@torch.no_grad()
def presence_said(network: StemSeparator, scenes: DrawnScenes) -> tuple[Tensor, Tensor]:
    """Logits of presence, and whether a stem was there, of all scenes: [M, 3] each."""
    said, true = [], []
    for batch in scenes.in_order(8, scenes.clips):
        presence = answered(network, batch).presence
        said.append(presence.flatten(0, 1))
        true.append(batch.present.unflatten(1, (presence.shape[1], -1)).mean(2).flatten(0, 1))
    return torch.cat(said), torch.cat(true)


def presence_fit(network: StemSeparator, scenes: DrawnScenes) -> tuple[Tensor, Tensor]:
    """Scale and shift [3] of presence's logits, to the least cross-entropy."""
    said, true = presence_said(network, scenes)
    scale, shift = torch.ones(len(STEMS), requires_grad=True), torch.zeros(len(STEMS), requires_grad=True)
    optimiser = torch.optim.LBFGS([scale, shift], max_iter=50)

    def loss() -> Tensor:
        optimiser.zero_grad()
        value = F.binary_cross_entropy_with_logits(said * scale + shift, true)
        value.backward()
        return value

    optimiser.step(loss)
    return scale.detach(), shift.detach()
