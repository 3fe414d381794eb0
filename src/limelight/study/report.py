"""The figures of a study as Markdown, as a page, and for programs."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from limelight.report.templating import render
from limelight.study.make import ORIGINAL
from limelight.study.read import Figures, ShareInterval

# VisAH, CVPR 2025: its own study of four versions
PAPER = (
    ("in the top two", "77 %"),
    ("preferred to the film's own mix", "34 %"),
    ("preferred to the badly mixed original", "80 %"),
)


def as_markdown(figures: Figures) -> str:
    """Tables."""
    return render("study", "figures.md.j2", **_values(figures))


def as_page(figures: Figures) -> str:
    """A page that opens by itself."""
    return render("study", "figures.html.j2", **_values(figures))


def as_json(figures: Figures) -> dict[str, Any]:
    """For programs."""
    return asdict(figures)


def _values(figures: Figures) -> dict[str, object]:
    others = [name for name in figures.versions if name != ORIGINAL]
    return {
        "figures": figures,
        "paper": PAPER,
        "top": [(name, _share(one)) for name, one in figures.top_2.items()],
        "over": [
            (a, [(_share(figures.wins[a][b]) if a != b else "") for b in figures.versions]) for a in figures.versions
        ],
        "others": others,
        "strengths": [(name, _decibels(one)) for name, one in figures.strengths_db.items()],
    }


def _share(one: ShareInterval) -> str:
    if one.value != one.value:
        return "–"
    return f"{100 * one.value:.0f} % ({100 * one.low:.0f} … {100 * one.high:.0f})"


def _decibels(one: ShareInterval) -> str:
    return f"{one.value:+.1f} ({one.low:+.1f} … {one.high:+.1f})".replace("-", "−")
