"""From a checkpoint to a model file, or to a remixer at once.

Remixing networks as ONNX: one graph from magnitudes, waveform and context to mask and waveform.

    magnitude [1, F, T] ─┐         ┌→ mask [1, F, T]
    mixture   [1, N]    ─┤ network │
    context   [1, M, D] ─┘         └→ wave [1, N]

The transforms stay outside, so that every number in the graph is real. N and T are fixed, as are the papers' clips (10 s):
the dual U-Net's attention and LSTM are laid out for a length. M is free. What is needed to build the transforms and the
context travels in the file's metadata, the card of `models/card.py`: also how captions were asked for, and of which networks.
The file is sealed with its own hash. Training checkpoints and those of the published VisAH code (`.ckpt`) are exported alike.

A remixing network run by torch, straight from a checkpoint: for trying one out before it is exported.
"""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any, cast

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from pydantic import ValidationError
from torch import Tensor, nn

from limelight.errors import InputError, ModelError
from limelight.models.card import METADATA, Card, Context, file_sha256, seal
from limelight.models.remixers.mask_and_wave import MaskAndWave, MaskAndWaveRemixer
from limelight.networks.dual_unet import SHORTEST_HOPS
from limelight.networks.released import read_released
from limelight.networks.remixer import RemixNetwork
from limelight.networks.visah import STEPS_PER_SECOND
from limelight.runtime import placed
from limelight.training.checkpoint import Checkpoint, load_checkpoint, load_remixer, network_of, read_header
from limelight.vision.encoder import GENERAL, ContextChoice, ContextSource

CLIP_SECONDS = 10.0
LONGEST_LINE = 2000  # of a card
RELEASED_CONTEXTS = {  # by their width
    0: ContextSource(),
    768: ContextSource(ContextChoice("clip"), "openai/clip-vit-large-patch14"),
    4096: ContextSource(ContextChoice("captions", GENERAL), "OpenGVLab/InternVL3-8B-hf", "google/t5-v1_1-xxl"),
}


class Graph(nn.Module):
    """`Remixer.prescribe` with a tuple for an answer, as graphs have it."""

    def __init__(self, network: RemixNetwork) -> None:
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
    data = header.config["data"]
    licence = licence or f"bound by the data: {', '.join(data['licences']) or 'not stated'}"[:LONGEST_LINE]
    card = card_of(
        network,
        name=name,
        source=source_in(header),
        preset=header.config["preset"],
        licence=licence,
        training_data=training_data or trained_on(header),
        seconds=seconds,
    )
    export_remix(network, path, card)


def export_released(
    checkpoint: Path,
    path: Path,
    *,
    name: str,
    licence: str | None = None,
    training_data: str | None = None,
    seconds: float = CLIP_SECONDS,
) -> None:
    """Of a checkpoint of the published VisAH code, in the variant `released`. Raises ModelError.

    Its context is told by the width: CLIP's frames, T5-XXL's general captions, or nothing.
    """
    network = read_released(checkpoint)
    context = RELEASED_CONTEXTS.get(network.config.context_width)
    if context is None:
        raise ModelError(
            f"Wanted a context of {' or '.join(map(str, RELEASED_CONTEXTS))} numbers in {checkpoint}, found "
            f"{network.config.context_width}; only published sizes are known."
        )
    card = card_of(
        network,
        name=name,
        source=context,
        preset="visah-text" if context.choice.name == "captions" else "visah",
        licence=licence or "that of the published VisAH weights",
        training_data=training_data or "The Muddy Mix, by the authors of VisAH",
        seconds=seconds,
    )
    export_remix(network, path, card)


def source_in(checkpoint: Checkpoint) -> ContextSource:
    """What a network was told in training, and by whom. Raises ModelError."""
    saved, config = checkpoint.config.get("context_source"), checkpoint.config
    try:
        if saved:
            return ContextSource(ContextChoice(**saved["choice"]), saved["model"], saved["text_model"])
        return ContextSource(ContextChoice(str(config.get("context", "none"))))
    except (InputError, KeyError, TypeError) as error:
        raise ModelError(f"The checkpoint says of its context what is none ({error}); train another.") from error


def trained_on(checkpoint: Checkpoint) -> str:
    """How much a network has seen, in words."""
    clips = checkpoint.config.get("data", {}).get("clips")
    return f"{f'{clips} clips, ' if clips else ''}{checkpoint.step} steps"


def export_remix(network: RemixNetwork, path: Path, card: Card) -> Card:
    """Writes the graph for clips as long as the card says, and gives back the card with the file's seal.

    A network that was built without a context has no input of that name.
    """
    example: tuple[Tensor, ...] = (torch.rand(1, card.bins, card.steps), 0.1 * torch.randn(1, card.samples))
    axes = {}
    if card.context_width:
        rows = max(1, round(card.samples / card.sample_rate * STEPS_PER_SECOND))
        example = (*example, torch.randn(1, rows, card.context_width))
        axes = {"context": {1: "rows"}}
    inputs = ["magnitude", "mixture", "context"][: len(example)]
    path.parent.mkdir(parents=True, exist_ok=True)
    export_graph(Graph(network).eval(), example, path, inputs, ["mask", "wave"], axes)
    _label(path, card)
    return card.model_copy(update={"sha256": seal(path)})


def card_of(
    network: RemixNetwork,
    *,
    name: str,
    source: ContextSource,
    preset: str | None = None,
    licence: str = "unknown",
    training_data: str = "unknown",
    seconds: float = CLIP_SECONDS,
) -> Card:
    """What is to be known of a network that hears `seconds` at once (at least 3 hops), not sealed yet.

    `source`: what it was trained to be told, and by which networks. `preset`: by default the name.
    """
    config = network.config
    grid, choice = config.backbone, source.choice
    captions = choice.name == "captions"
    return Card(
        name=name,
        preset=preset or name,
        context=cast(Context, choice.name),
        context_width=config.context_width,
        prompts=choice.prompts if captions else "",
        cue=choice.cue if captions else "",
        context_model=source.model,
        text_model=source.text_model,
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


Array = NDArray[np.float32]


class TorchRemix(MaskAndWaveRemixer):
    """A network of `networks` as a remixer, on the CPU or a GPU."""

    def __init__(self, network: RemixNetwork, card: Card, *, device: str = "cpu") -> None:
        """Raises ModelError for a device that is not there."""
        self._network = placed(network, device, name=card.name).eval()
        self._card, self.device = card, device

    @property
    def card(self) -> Card:
        return self._card

    def prescribe(self, magnitude: Array, mixture: Array, context: Array | None) -> MaskAndWave:
        told = None if context is None else self._tensor(context)
        with torch.inference_mode():
            made = self._network.prescribe(self._tensor(magnitude), self._tensor(mixture), told)
        return MaskAndWave(made.mask[0].float().cpu().numpy(), made.wave[0].float().cpu().numpy())

    def _tensor(self, values: Array) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(values))[None].to(self.device)


def load_torch_remix(path: Path, *, device: str | None = None) -> TorchRemix:
    """The network of a training checkpoint, averaged weights where there are any. Raises ModelError."""
    checkpoint = load_checkpoint(path)
    network = network_of(checkpoint, path)
    preset = checkpoint.config["preset"]
    try:
        card = card_of(network, name=preset, source=source_in(checkpoint), training_data=trained_on(checkpoint))
    except ValidationError as error:
        raise ModelError(f"The checkpoint {path} cannot be run: {error.errors()[0]['msg']}; train another.") from error
    card = card.model_copy(update={"sha256": file_sha256(path)})
    return TorchRemix(network, card, device=device or ("cuda" if torch.cuda.is_available() else "cpu"))
