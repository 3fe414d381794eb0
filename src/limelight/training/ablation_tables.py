"""The papers' ablation tables with ours beside them, as Markdown.

The papers' figures are of their own data (VisAH's test split, 1,789 clips, 126 thousand steps), so columns are not to be
compared with each other: what can be compared is the order of the rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from limelight.training.ablation import DEPTHS, STYLES, Ablation, Result
from limelight.training.validation import METRICS
from limelight.vision.contexts import GENERAL
from limelight.vision.cues import KINDS

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
