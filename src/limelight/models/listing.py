"""What `limelight models` lists: installed models, and presets that can be trained, without torch.

How large a preset is stands in `parameter_counts.json`, written by `python -m limelight.training.parameter_counts`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from limelight.models.card import ModelCard
from limelight.models.registry import installed, installed_remixes
from limelight.models.remix_card import RemixCard

COUNTS = Path(__file__).with_name("parameter_counts.json")

CLIP = "CLIP ViT-L/14, 768 numbers a second"
T5 = "T5-XXL, 4,096 numbers a second"
CLIP_WEIGHTS = "openai/clip-vit-large-patch14 (MIT)"
TEXT_WEIGHTS = "OpenGVLab/InternVL3-8B-hf (Qwen licence) and google/t5-v1_1-xxl (Apache-2.0), or smaller ones by name"
LITE_BACKBONE = "band: per-band layers, dilated convolutions and attention over time"
LITE_HEAD = "stems: three masks that sum to one, a gain over time for each"
CONTEXT_EXTRA = "fetched when first used, with pip install 'limelight-audio[context]'"


@dataclass(frozen=True)
class Listed:
    """A model or preset as users see it."""

    name: str
    kind: str  # "installed" or "preset"
    backbone: str
    head: str
    context: str
    context_weights: str  # what the context is made with, its licence, how to get it
    parameters: int
    parts: Mapping[str, int]
    sample_rate: int  # Hz
    licence: str
    weights: str  # where they are or how to get them
    card: Mapping[str, Any] = field(default_factory=dict)  # all that an installed model says of itself


def list_models() -> tuple[Listed, ...]:
    """Installed models first. Raises ModelError where one is damaged."""
    counts: dict[str, dict[str, int]] = json.loads(COUNTS.read_text(encoding="utf-8"))
    presets = (
        _preset("visah", counts, context=f"a frame a second: {CLIP}", weights=CLIP_WEIGHTS),
        _preset("visah-text", counts, context=f"a caption a frame: {T5}", weights=TEXT_WEIGHTS),
        _preset("semmix", counts, context=f"a focused caption a key frame: {T5}", weights=TEXT_WEIGHTS),
        replace(
            _preset("learn2remix", counts, context="none, sound alone", weights=""),
            backbone="Conv-TasNet: dilated convolutions between a learnt transform and its way back",
            head="three stems, one gain for each",
            context_weights="none needed",
        ),
        replace(
            _preset("lce", counts, context=f"a caption: {T5}", weights=TEXT_WEIGHTS),
            backbone="SepReformer: looks over all of time and around, split early into streams",
            head="mask on the magnitude",
        ),
        replace(
            _preset("lite", counts, context="the measured cues, or none", weights=""),
            backbone=LITE_BACKBONE,
            head=LITE_HEAD,
            context_weights="none needed",
            sample_rate=48_000,
        ),
    )
    remixes = (_installed_remix(card) for card in installed_remixes())
    return (*(_installed(card) for card in installed()), *remixes, *presets)


def _installed(card: ModelCard) -> Listed:
    return Listed(
        name=card.name,
        kind="installed",
        backbone=LITE_BACKBONE,
        head=LITE_HEAD,
        context=f"{len(card.cue_names)} measured cues a second" + ("" if card.uses_picture else " (not used yet)"),
        context_weights="none needed",
        parameters=card.parameters,
        parts=card.notes.get("parts", {}),
        sample_rate=card.sample_rate,
        licence=card.licence,
        weights="in this package",
        card=_plain(card),
    )


def _installed_remix(card: RemixCard) -> Listed:
    told = f"{card.context_width} numbers a second: {card.context}" if card.context_width else "none, sound alone"
    return Listed(
        name=card.name,
        kind="installed",
        backbone=f"that of the preset {card.preset}",
        head="mask on the magnitude, plus a waveform; no stems",
        context=told,
        context_weights="none needed" if card.context in ("none", "cues") else CONTEXT_EXTRA,
        parameters=card.parameters,
        parts={},
        sample_rate=card.sample_rate,
        licence=card.licence,
        weights="in this package",
        card=card.model_dump(),
    )


def _preset(name: str, counts: Mapping[str, Mapping[str, int]], *, context: str, weights: str) -> Listed:
    parts = counts[name]
    return Listed(
        name=name,
        kind="preset",
        backbone="dual U-Net: one branch on the spectrogram, one on the waveform",
        head="mask on the magnitude, plus a waveform",
        context=context,
        context_weights=f"{weights}; {CONTEXT_EXTRA}",
        parameters=sum(parts.values()),
        parts=parts,
        sample_rate=44_100,
        licence="MIT (the code; trained weights are bound by their data)",
        weights=f"none are included; train them: limelight train DATASET --preset {name}",
    )


def _plain(card: ModelCard) -> dict[str, Any]:
    return {name: getattr(card, name) for name in ModelCard.__dataclass_fields__}
