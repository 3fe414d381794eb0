"""Checkpoints of the published VisAH code, read into our network.

A PyTorch Lightning file (`.ckpt`) holds a pickle with `state_dict`; the network's weights stand there under a prefix (`model.`,
or another), beside those of the losses, which are passed over. Only tensors and plain values are unpickled: an object of any
other class, of options or callbacks, becomes an empty thing, and nothing of the file is run. The sizes are read from the
weights' shapes, but for the heads of attention, which no shape tells: 16 for the published width of 512, heads of 32 for any
other.

The published names and ours, level by level (the decoders are listed from the inside out there, from the outside in here):

    encoder.0 … 3, tencoder.0 … 3     encoder.0 … 3, wave_encoder.0 … 3
    encoder.4, encoder.5, tencoder.4  merged_encoder, shared_encoder, wave_in
    decoder.0, decoder.1, tdecoder.0  shared_decoder, merged_decoder, wave_out
    decoder.5 … 2, tdecoder.4 … 1     decoder.0 … 3, wave_decoder.0 … 3
    latent_transformer                highlighter
"""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from pickle import UnpicklingError
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor, device

from limelight.errors import ModelError
from limelight.networks.dual_unet import DualUnetConfig
from limelight.networks.visah import RELEASED, Visah, VisahConfig

FIRST = "encoder.0.conv.weight"  # what stands before it is the prefix of all
PLAIN = {
    ("collections", "OrderedDict"),
    ("torch", "Size"),
    ("torch._utils", "_rebuild_parameter"),
    ("torch._utils", "_rebuild_tensor_v2"),
}
BUFFERS = ("latent_transformer.pe.pe", "latent_transformer.pe_context.pe")  # sinusoids, which nobody learns
ENCODER = "latent_transformer.context_transformer_encoder.layers"

# Our names to theirs: of the levels the first rule that fits, of the parts of a level all of them.
_LEVELS: tuple[tuple[str, str | Callable[[re.Match[str]], str]], ...] = (
    (r"backbone\.encoder\.(\d)", r"encoder.\1"),
    (r"backbone\.wave_encoder\.(\d)", r"tencoder.\1"),
    (r"backbone\.merged_encoder", "encoder.4"),
    (r"backbone\.shared_encoder", "encoder.5"),
    (r"backbone\.wave_in", "tencoder.4"),
    (r"backbone\.decoder\.(\d)", lambda found: f"decoder.{5 - int(found[1])}"),
    (r"backbone\.wave_decoder\.(\d)", lambda found: f"tdecoder.{4 - int(found[1])}"),
    (r"backbone\.merged_decoder", "decoder.1"),
    (r"backbone\.shared_decoder", "decoder.0"),
    (r"backbone\.wave_out", "tdecoder.0"),
    (r"backbone\.frequencies\.rows", "freq_emb.embedding.weight"),
    (r"highlighter\.context_encoder\.project", "latent_transformer.context_proj"),
    (r"highlighter\.context_encoder\.layers", ENCODER),
    (r"highlighter\.blocks", "latent_transformer.transformer_blocks"),
    (r"highlighter\.embedding_in", "latent_transformer.proj_in"),
    (r"highlighter\.embedding_out", "latent_transformer.proj_out"),
    (r"highlighter", "latent_transformer"),
)
_ENCODER_PARTS = (
    (r"\.down\.conv", ".conv"),
    (r"\.branch\.rounds", ".dconv.layers"),
    (r"\.rewrite_norm", ".norm2"),
    (r"\.norm\.", ".norm1."),
    (r"\.3\.out\.", ".3.linear."),
    (r"\.4\.decay", ".4.query_decay"),
    (r"\.4\.out\.", ".4.proj."),
)
_DECODER_PARTS = (
    (r"\.up\.conv", ".conv_tr"),
    (r"^(tdecoder\.0)\.conv\.", r"\1.conv_tr."),
    (r"\.rewrite_norm", ".norm1"),
    (r"\.(?:up\.)?norm\.", ".norm2."),
)
_CONTEXT_PARTS = (
    (r"\.attention\.[qkv]\.", ".self_attn.in_proj_"),
    (r"\.attention\.out\.", ".self_attn.out_proj."),
    (r"\.inner\.", ".linear1."),
    (r"\.outer\.", ".linear2."),
    (r"\.ff_norm\.", ".norm2."),
    (r"\.norm\.", ".norm1."),
)
_BLOCK_PARTS = (
    (r"\.attention\.out\.", ".attn1.to_out.0."),
    (r"\.attention\.([qkv])\.", r".attn1.to_\1."),
    (r"\.cross\.out\.", ".attn2.to_out.0."),
    (r"\.cross\.([qkv])\.", r".attn2.to_\1."),
    (r"\.ff\.inner\.", ".ff.net.0.proj."),
    (r"\.ff\.outer\.", ".ff.net.2."),
    (r"\.cross_norm\.", ".norm2."),
    (r"\.ff_norm\.", ".norm3."),
    (r"\.norm\.", ".norm1."),
)
_PARTS = {
    r"t?encoder\.": _ENCODER_PARTS,
    r"t?decoder\.": _DECODER_PARTS,
    re.escape(ENCODER): _CONTEXT_PARTS,
    r"latent_transformer\.transformer_blocks": _BLOCK_PARTS,
}


def read_released(path: Path, *, variant: str = RELEASED) -> Visah:
    """The network of a published checkpoint. Raises ModelError for a file that is none."""
    try:
        read = torch.load(path, map_location="cpu", weights_only=False, pickle_module=_PLAIN_PICKLE)
    except (OSError, RuntimeError, EOFError, ValueError, TypeError, AttributeError, UnpicklingError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ModelError(f"Wanted a VisAH checkpoint in {path}, could not read it ({reason}).") from error
    weights = read.get("state_dict", read) if isinstance(read, dict) else {}
    if not all(isinstance(value, Tensor) for value in weights.values()):
        raise ModelError(f"Wanted a VisAH checkpoint in {path}, found no table of weights under 'state_dict'.")
    return from_published(weights, variant=variant)


def from_published(weights: Mapping[str, Tensor], *, variant: str = RELEASED, heads: int | None = None) -> Visah:
    """The network of weights under their published names, ready to be used. Raises ModelError where they are others.

    `heads` of attention, where they are not as published.
    """
    given = _without_prefix(weights)
    config = _config(given, heads).as_variant(variant)
    with device("meta"):
        network = Visah(config)
    ours = {name: _found(given, name, value.shape) for name, value in network.state_dict().items()}
    if strangers := given.keys() - {published(name) for name in ours} - set(BUFFERS):
        raise ModelError(f"The checkpoint holds weights that VisAH has not, {min(strangers)} for one; take another.")
    network.load_state_dict(ours, assign=True)
    return network.float().eval()


def published(name: str) -> str:
    """Their name of one of our parameters; queries, keys and values of the context encoder share one."""
    named: str = next(re.sub(f"^{pattern}", new, name, count=1) for pattern, new in _LEVELS if re.match(pattern, name))
    for old, new in next((parts for start, parts in _PARTS.items() if re.match(start, named)), ()):
        named = re.sub(old, new, named)
    return named


def _without_prefix(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The network's own weights, by the names that they have in it."""
    prefix = next((name.removesuffix(FIRST) for name in weights if re.search(rf"(^|\.){FIRST}$", name)), "")
    own = {name.removeprefix(prefix): value for name, value in weights.items() if name.startswith(prefix)}
    return {name: value for name, value in own.items() if "loss" not in name}


class _Emptied:
    """Stands for an object of a class that is not loaded."""

    def __init__(self, *_: Any, **__: Any) -> None: ...
    def __new__(cls, *_: Any, **__: Any) -> _Emptied:
        return super().__new__(cls)

    def __setstate__(self, _: Any) -> None: ...
    def __setitem__(self, _: Any, __: Any) -> None: ...
    def append(self, _: Any) -> None: ...
    def extend(self, _: Any) -> None: ...
    def add(self, _: Any) -> None: ...


class _PlainUnpickler(pickle.Unpickler):
    """Tensors and plain values; whatever else a file names is neither imported nor called."""

    def find_class(self, module: str, name: str) -> Any:
        return super().find_class(module, name) if (module, name) in PLAIN else _Emptied


def _load_plainly(file: Any, **how: Any) -> Any:
    return _PlainUnpickler(file, **how).load()


_PLAIN_PICKLE = SimpleNamespace(__name__="pickle", Unpickler=_PlainUnpickler, load=_load_plainly)


def _found(given: Mapping[str, Tensor], name: str, shape: torch.Size) -> Tensor:
    """One of our parameters out of theirs: a third of a shared one, a scale as a column. Raises ModelError."""
    theirs = published(name)
    if theirs not in given:
        raise ModelError(f"Wanted {theirs} in a VisAH checkpoint, found no such weight; take another.")
    value = given[theirs]
    if ".in_proj_" in theirs:
        value = value.chunk(3)["qkv".index(name.split(".")[-2])]
    if value.numel() != shape.numel():
        raise ModelError(f"Wanted {tuple(shape)} for {theirs}, found {tuple(value.shape)}; take another checkpoint.")
    return value.reshape(shape)


def _config(given: Mapping[str, Tensor], heads: int | None) -> VisahConfig:
    """The sizes, as the weights' shapes tell them. Raises ModelError."""
    try:
        channels = given["encoder.0.conv.weight"].shape[0]
        width = given["latent_transformer.proj_in.weight"].shape[0]
        heads = heads or max(1, width // 32)
        context = given.get("latent_transformer.context_proj.weight")
        return VisahConfig(
            backbone=DualUnetConfig(channels=channels),
            context_width=0 if context is None else context.shape[1],
            encoder_layers=_count(given, ENCODER) if context is not None else 0,
            decoder_layers=_count(given, "latent_transformer.transformer_blocks"),
            heads=heads,
            head_width=width // heads,
        )
    except (KeyError, IndexError, ValueError) as error:
        raise ModelError(f"Wanted the weights of VisAH, found others ({error}); take another checkpoint.") from error


def _count(given: Mapping[str, Any], start: str) -> int:
    """Layers of a list of modules."""
    return len({name[len(start) + 1 :].split(".")[0] for name in given if name.startswith(start + ".")})
