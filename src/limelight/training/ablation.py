"""The papers' ablations: variants of one recipe, and their tables.

The papers' ablations as named variants of one recipe: which context, how much of it, how deep its encoder is.

    none                                          no context
    one-frame-L3, many-frames-L3                  CLIP                                            L of 0, 3, 5, 6
    one-caption-general-L6, many-captions-…       one general question a second                   L of 0, 3, 5, 6
    one-caption-focused-tone-L3, many-captions-…  two styles of question × six cues               L of 0, 3, 5, 6
    one-cue-row-L3, many-cue-rows-L3              our measured cues                               L of 0, 3, 5, 6
    one-phrase-L3, many-phrases-L3                the same in words                               L of 0, 3, 5, 6

From VisAH (contexts, L) and SemMix (questions, L). "One" is the middle second of a passage, "many" all of them. Each
variant is a run of its own in a folder of its name: a variant that is done is not done again, a stopped one goes on, one
whose context is not there is left out and named. Their tables are below.

The papers' ablation tables with ours beside them, as Markdown.

The papers' figures are of their own data (VisAH's test split, 1,789 clips, 126 thousand steps), so columns are not to be
compared with each other: what can be compared is the order of the rows.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from fnmatch import fnmatch
from itertools import product
from pathlib import Path
from typing import Any

from accelerate import PartialState

from limelight.dataset.reading import MuddyMix
from limelight.errors import InputError, ModelError
from limelight.media.target import whole_or_absent
from limelight.metrics.pretrained import NO_NETWORKS, MetricNetworks
from limelight.training.checkpoint import load_remixer
from limelight.training.contexts import context_width
from limelight.training.trainer import Recipe, RuntimeOptions, fingerprint, train_remixer, validation_of
from limelight.training.validation import METRICS, ByPicture
from limelight.vision.cues import KINDS
from limelight.vision.encoder import GENERAL, MANY, ONE, ContextChoice

log = logging.getLogger(__name__)

DEPTHS = (0, 3, 5, 6)
STYLES = ("minimal", "focused")
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

    def of(self, recipe: Recipe) -> Recipe:
        return replace(recipe, context=self.context, encoder_layers=self.encoder_layers)


@dataclass(frozen=True)
class Result:
    """What came of a variant."""

    variant: Variant
    found: ByPicture
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
        for (frames, word), (question, choice), depth in product(((ONE, one), (MANY, many)), _asked(name), DEPTHS):
            yield Variant(f"{word}{question}-L{depth}", replace(choice, frames=frames), depth)


def _asked(name: str) -> list[tuple[str, ContextChoice]]:
    """How a context can be asked for, with the middle part of the variant's name."""
    if name != "captions":
        return [("", ContextChoice(name))]
    by_cue = [
        (f"-{style}-{cue.replace(' ', '-')}", ContextChoice(name, style, cue)) for style, cue in product(STYLES, KINDS)
    ]
    return [(f"-{GENERAL}", ContextChoice(name, GENERAL)), *by_cue]


def ablate(
    dataset: Path,
    into: Path,
    recipe: Recipe,
    options: RuntimeOptions,
    *,
    chosen: Iterable[Variant],
    split: str,
    count: int,
    networks: MetricNetworks = NO_NETWORKS,
) -> Ablation:
    """Trains and evaluates variants on `count` clips of a split; `networks`: of KLD and ΔIB. Raises InputError, ModelError."""
    results, left_out = [], {}
    clips = MuddyMix(dataset)
    for variant in chosen:
        try:
            context_width(clips, variant.context)
        except InputError as error:
            left_out[variant.name] = str(error)
            log.info("%s is left out: %s", variant.name, error)
            continue
        job = _Job(dataset, into / variant.name, variant, variant.of(recipe), options, split, count, networks)
        results.append(job.result())
    return Ablation(tuple(results), left_out)


@dataclass(frozen=True)
class _Job:
    """One variant: where it is trained, and what it is evaluated on."""

    dataset: Path
    folder: Path
    variant: Variant
    recipe: Recipe
    options: RuntimeOptions
    split: str
    count: int
    networks: MetricNetworks

    def result(self) -> Result:
        """As an earlier run found it, or trained and evaluated now. Raises InputError, ModelError."""
        path = self.folder / RESULT
        if path.is_file():
            return _read(path, self.variant, self._asked())
        log.info("%s", self.variant.name)
        network = load_remixer(train_remixer(self.dataset, self.folder, self.recipe, self.options))
        if PartialState().is_main_process:
            clips = MuddyMix(self.dataset, self.split)
            split = validation_of(clips, self.recipe, network, count=self.count, networks=self.networks)
            found = {
                "asked": self._asked(),
                "found": split.evaluate(network.to(PartialState().device)),
                "parameters": sum(parameter.numel() for parameter in network.parameters()),
            }
            with whole_or_absent(path) as temporary:
                temporary.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        PartialState().wait_for_everyone()
        return _read(path, self.variant, self._asked())

    def _asked(self) -> dict[str, Any]:
        asked = {"recipe": asdict(self.recipe), "split": self.split, "count": self.count}
        asked |= {"steps": self.options.steps, "epochs": self.options.epochs, "networks": asdict(self.networks)}
        plain: dict[str, Any] = json.loads(json.dumps(asked | {"manifest_sha256": fingerprint(self.dataset)}))
        return plain


def _read(path: Path, variant: Variant, asked: dict[str, Any]) -> Result:
    try:
        saved = json.loads(path.read_text(encoding="utf-8"))
        result = Result(variant, saved["found"], saved["parameters"])
    except (ValueError, KeyError) as error:
        raise ModelError(f"Wanted a variant's result in {path}, which is damaged ({error}); delete it.") from error
    if saved.get("asked") != asked:
        raise ModelError(f"{path} was made with other options; give the same ones, or another folder.")
    return result


FOCUS = "focused-camera-focus"
OURS = (*METRICS.values(), "with another clip's", "with none")  # the last two level-matched MAG
NONE = "–"
# Variant to its row's name, and MAG, KLD, ΔIB in VisAH's table; empty where the paper has no such row.
CONTEXTS: Mapping[str, tuple[str, tuple[float, ...]]] = {
    "none": ("none", (10.35, 11.95, 0.99)),
    "one-frame-L3": ("one frame", (10.35, 11.67, 0.91)),
    f"one-caption-{GENERAL}-L6": ("one caption", (10.32, 11.83, 0.84)),
    "many-frames-L3": ("many frames", (10.24, 11.18, 0.88)),
    f"many-captions-{GENERAL}-L6": ("many captions", (10.08, 11.01, 0.80)),
    "one-cue-row-L3": ("one row of measured cues", ()),
    "many-cue-rows-L3": ("measured cues", ()),
    "one-phrase-L3": ("one phrase of measured cues", ()),
    "many-phrases-L3": ("measured cues in words", ()),
}
# Variant's stem to what the papers say of its depths.
DEPTH_WORDS: Mapping[str, tuple[str, dict[int, str]]] = {
    "many-frames": ("many frames", {3: "best (VisAH)", 6: "over-fits (VisAH)"}),
    f"many-captions-{GENERAL}": ("many general captions", {6: "best (VisAH)"}),
    f"many-captions-{FOCUS}": ("many captions of camera focus", {3: "best (SemMix)"}),
    "many-cue-rows": ("measured cues", {}),
    "many-phrases": ("measured cues in words", {}),
}


def tables(found: Ablation) -> str:
    """All tables, and what is left out."""
    results = {result.variant.name: result for result in found.results}
    parts = [_contexts(results), _depths(results), _questions(results), _left_out(found)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _contexts(results: Mapping[str, Result]) -> str:
    rows = [
        [words, *([f"{figure:.2f}" for figure in paper] or [NONE] * 3), *_ours(results.get(name))]
        for name, (words, paper) in CONTEXTS.items()
        if paper or name in results
    ]
    head = ["context", "VisAH: MAG", "KLD", "ΔIB", *_here()]
    return "**Contexts**\n\n" + _markdown(head, [_nothing_done(results.values(), 4), *rows])


def _depths(results: Mapping[str, Result]) -> str:
    rows = [
        [f"{words}, L = {depth}", said.get(depth, NONE), *_ours(results[f"{stem}-L{depth}"])]
        for stem, (words, said) in DEPTH_WORDS.items()
        for depth in DEPTHS
        if f"{stem}-L{depth}" in results
    ]
    return "**Depth of the context encoder**\n\n" + _markdown(["", "the papers", *_here()], rows) if rows else ""


def _questions(results: Mapping[str, Result]) -> str:
    names = {(kind, style): f"many-captions-{style}-{kind.replace(' ', '-')}-L3" for kind in KINDS for style in STYLES}
    rows = [[kind, style, *_ours(results[name])] for (kind, style), name in names.items() if name in results]
    return "**Questions (L = 3)**\n\n" + _markdown(["cue", "question", *_here()], rows) if rows else ""


def _left_out(found: Ablation) -> str:
    """A line for each reason, not for each variant."""
    reasons: dict[str, list[str]] = {}
    for name, reason in found.left_out.items():
        reasons.setdefault(reason, []).append(name)
    return "\n".join(f"Left out ({len(names)} variants, {names[0]} first): {why}" for why, names in reasons.items())


def _here() -> list[str]:
    return [f"here: {OURS[0]}", *OURS[1:]]


def _ours(result: Result | None) -> list[str]:
    if result is None:
        return [NONE] * len(OURS)
    figures = result.found.get("true", result.found["none"])
    others = [result.found.get(shown, {}).get("mag_level_matched") for shown in ("shuffled", "none")]
    return [*_figures(figures), *(NONE if other is None else f"{other:.2f}" for other in others)]


def _figures(figures: Mapping[str, float]) -> list[str]:
    """In the order of the columns; KLD and ΔIB are there where their networks were named."""
    return [f"{figures[name]:.2f}" if name in figures else NONE for name in METRICS]


def _nothing_done(results: Iterable[Result], columns: int) -> list[str]:
    first = next(iter(results), None)
    figures = _figures(first.found["input"] if first else {})
    return ["nothing done", *[NONE] * (columns - 1), *figures, NONE, NONE]


def _markdown(head: list[str], rows: list[list[str]]) -> str:
    rule = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, rule, *rows))
