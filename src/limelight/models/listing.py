"""What `limelight models` lists: what is installed, and presets that can be trained, without torch.

How large a preset is stands in `parameter_counts.json`, written by `python -m limelight.training.parameter_counts`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from limelight.models.card import Card
from limelight.models.registry import DEFAULT_DIRECTOR, DEFAULT_SEPARATOR, LITE, installed

COUNTS = Path(__file__).with_name("parameter_counts.json")

CLIP = "CLIP ViT-L/14, 768 numbers a second"
T5 = "T5-XXL, 4,096 numbers a second"
CLIP_WEIGHTS = "openai/clip-vit-large-patch14 (MIT)"
TEXT_WEIGHTS = "OpenGVLab/InternVL3-8B-hf (Qwen licence) and google/t5-v1_1-xxl (Apache-2.0), or smaller ones by name"
NEEDS_CONTEXT = "fetched when first used; from a clone: pip install -e '.[context]'"
BODIES = {
    DEFAULT_SEPARATOR: (
        "DeepFilterNet3 for speech, Silero for its presence, lite for the rest",
        "three masks that sum to one",
    ),
    LITE: ("per-band layers, dilated convolutions and attention over time", "three masks that sum to one"),
    DEFAULT_DIRECTOR: ("a rule: speech that lies too deep comes up", "a gain for each stem, scene by scene"),
}


@dataclass(frozen=True)
class Listed:
    """A model or preset as users see it."""

    name: str
    kind: str  # "separator", "director", "remixer" or "preset"
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
    )
    return (*(_installed(card) for card in installed()), *presets)


def _installed(card: Card) -> Listed:
    backbone, head = BODIES.get(card.name, ("", ""))
    return Listed(
        name=card.name,
        kind=card.kind,
        backbone=backbone,
        head=head,
        context="the measured cues, reported and not used yet" if card.kind == "director" else "none, sound alone",
        context_weights="none needed",
        parameters=card.parameters,
        parts={},
        sample_rate=card.sample_rate,
        licence=card.licence,
        weights=f"in the packages {card.source}" if card.source else "in this package",
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
        context_weights=f"{weights}; {NEEDS_CONTEXT}",
        parameters=sum(parts.values()),
        parts=parts,
        sample_rate=44_100,
        licence="MIT (the code; trained weights are bound by their data)",
        weights=f"none are included; train them: limelight train DATASET --preset {name}",
    )
