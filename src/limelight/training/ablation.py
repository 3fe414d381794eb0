"""The papers' ablations as named variants of one recipe: which context, how much of it, how deep its encoder is.

    none                                          no context
    one-frame-L3, many-frames-L3                  CLIP                                            L of 0, 3, 5, 6
    one-caption-focused-tone-L3, many-captions-…  two styles of question × six cues               L of 0, 3, 5, 6
    one-cue-row-L3, many-cue-rows-L3              our measured cues                               L of 0, 3, 5, 6
    one-phrase-L3, many-phrases-L3                the same in words                               L of 0, 3, 5, 6

From VisAH (contexts, L) and SemMix (questions, L). "One" is the middle second of a passage, "many" all of them. Each
variant is a run of its own in a folder of its name: a variant that is done is not done again, a stopped one goes on, one
whose context is not there is left out and named.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from fnmatch import fnmatch
from itertools import product
from pathlib import Path
from typing import Any

from accelerate import PartialState

from limelight.cues.catalogue import KINDS
from limelight.errors import InputError, ModelError
from limelight.media.target import whole_or_absent
from limelight.muddy.dataset import MuddyMix
from limelight.training.contexts import STYLES, ContextChoice, context_width
from limelight.training.remix_checkpoint import load_remixer
from limelight.training.remix_run import Effort, RemixRecipe, fingerprint, train_remixer, watch_of
from limelight.training.remix_watch import Judgement

log = logging.getLogger(__name__)

DEPTHS = (0, 3, 5, 6)
RESULT = "result.json"
WORDS = {
    "clip": ("one-frame", "many-frames"),
    "captions": ("one-caption", "many-captions"),
    "cues": ("one-cue-row", "many-cue-rows"),
    "words": ("one-phrase", "many-phrases"),
}


@dataclass(frozen=True)
class Variant:
    """What is changed of a recipe."""

    name: str
    context: ContextChoice
    encoder_layers: int | None = None  # L

    def of(self, recipe: RemixRecipe) -> RemixRecipe:
        return replace(recipe, context=self.context, encoder_layers=self.encoder_layers)


@dataclass(frozen=True)
class Result:
    """What came of a variant."""

    variant: Variant
    judged: Judgement
    parameters: int


@dataclass(frozen=True)
class Ablation:
    """All results, in the variants' order, and why others are missing."""

    results: tuple[Result, ...]
    left_out: dict[str, str]


def variants(only: Iterable[str] = ()) -> tuple[Variant, ...]:
    """All variants whose names fit one of the patterns (`many-*-L3`); all without a pattern. Raises InputError."""
    patterns = tuple(only)
    every = (Variant("none", ContextChoice()), *_with_context())
    chosen = tuple(v for v in every if not patterns or any(fnmatch(v.name, pattern) for pattern in patterns))
    if not chosen:
        raise InputError(f"Wanted variants like {', '.join(patterns)}; there are none, {every[1].name!r} is one.")
    return chosen


def _with_context() -> Iterator[Variant]:
    for name, (one, many) in WORDS.items():
        asked = product(STYLES, KINDS) if name == "captions" else [("", "")]
        for (style, kind), (moments, word), depth in product(asked, (("one", one), ("many", many)), DEPTHS):
            if style:
                question = f"-{style}-{kind.replace(' ', '-')}"
                yield Variant(f"{word}{question}-L{depth}", ContextChoice(name, style, kind, moments), depth)
            else:
                yield Variant(f"{word}-L{depth}", ContextChoice(name, moments=moments), depth)


def ablate(
    dataset: Path, into: Path, recipe: RemixRecipe, effort: Effort, *, chosen: Iterable[Variant], split: str, count: int
) -> Ablation:
    """Trains and judges variants on `count` clips of a split. Raises InputError, ModelError."""
    results, left_out = [], {}
    clips = MuddyMix(dataset)
    for variant in chosen:
        try:
            context_width(clips, variant.context)
        except InputError as error:
            left_out[variant.name] = str(error)
            log.info("%s is left out: %s", variant.name, error)
            continue
        results.append(_result(dataset, into / variant.name, variant, variant.of(recipe), effort, split, count))
    return Ablation(tuple(results), left_out)


def _result(
    dataset: Path, folder: Path, variant: Variant, recipe: RemixRecipe, effort: Effort, split: str, count: int
) -> Result:
    wished = {"recipe": asdict(recipe), "split": split, "count": count, "steps": effort.steps, "epochs": effort.epochs}
    asked = json.loads(json.dumps(wished | {"manifest_sha256": fingerprint(dataset)}))
    path = folder / RESULT
    if path.is_file():
        return _read(path, variant, asked)
    log.info("%s", variant.name)
    network = load_remixer(train_remixer(dataset, folder, recipe, effort))
    if PartialState().is_main_process:
        watch = watch_of(MuddyMix(dataset, split), recipe, network, count=count)
        found = {
            "asked": asked,
            "judged": watch.judge(network.to(PartialState().device)),
            "parameters": sum(parameter.numel() for parameter in network.parameters()),
        }
        with whole_or_absent(path) as temporary:
            temporary.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    PartialState().wait_for_everyone()
    return _read(path, variant, asked)


def _read(path: Path, variant: Variant, asked: dict[str, Any]) -> Result:
    try:
        saved = json.loads(path.read_text(encoding="utf-8"))
        result = Result(variant, saved["judged"], saved["parameters"])
    except (ValueError, KeyError) as error:
        raise ModelError(f"Wanted a variant's result in {path}, which is damaged ({error}); delete it.") from error
    if saved.get("asked") != asked:
        raise ModelError(f"{path} was made with other options; give the same ones, or another folder.")
    return result
