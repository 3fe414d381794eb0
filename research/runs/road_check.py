"""What the road asks of its results: the step of a run, cards that remember, finite figures of all five metrics."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from limelight.models.registry import load_remixer
from limelight.training.checkpoint import read_header
from limelight.training.trainer import CHECKPOINT, LOG

FIVE = ("mag", "env", "kld", "delta_ib", "w_dis")
# Run → context, prompts, cue, networks of its context.
CARDS = {
    "visah": ("clip", "", "", "clip", ""),
    "visah-text": ("captions", "general", "camera focus", "internvl", "t5"),
    "semmix": ("captions", "focused", "tone", "internvl", "t5"),
}


def at(run: Path) -> int:
    """The step of a run's checkpoint."""
    return read_header(run / CHECKPOINT).step


def steps(run: Path) -> int:
    """The same; after Ctrl-C no step that was told may be missing."""
    step = at(run)
    told = max(json.loads(line)["step"] for line in (run / LOG).read_text(encoding="utf-8").splitlines())
    if step < told:
        raise SystemExit(f"the checkpoint of {run} stands at step {step}, its log at {told}")
    return step


def evaluated(run: Path, found: Path) -> None:
    """The card says what the network was told, and by whom; every figure is there and finite."""
    card = load_remixer(run / f"{run.name}.onnx").card
    remembered = (card.context, card.prompts, card.cue, card.context_model, card.text_model)
    if remembered != CARDS[run.name]:
        raise SystemExit(f"the card of {run} remembers {remembered}, not {CARDS[run.name]}")
    figures = _figures(json.loads(found.read_text(encoding="utf-8")))
    for metric in FIVE:
        values = figures.get(metric, [])
        if len(values) < 2 or not all(math.isfinite(value) for value in values):
            raise SystemExit(f"the evaluation of {run} has no finite {metric}")


def _figures(told: Any, name: str = "") -> dict[str, list[float]]:
    """Every number under a metric's name, wherever it stands."""
    found: dict[str, list[float]] = {}
    for key, value in told.items() if isinstance(told, dict) else enumerate(told) if isinstance(told, list) else ():
        inner = str(key) if key in FIVE else name
        if isinstance(value, int | float) and not isinstance(value, bool) and inner in FIVE:
            found.setdefault(inner, []).append(float(value))
        for metric, values in _figures(value, inner).items():
            found.setdefault(metric, []).extend(values)
    return found


def ablation(page: Path) -> None:
    """The rows that were trained have figures in the columns KLD and ΔIB."""
    text = page.read_text(encoding="utf-8")
    rows = {line.split("|")[1].strip(): line for line in text.splitlines() if line.startswith("| ")}
    for row in ("nothing done", "none", "many frames"):
        cells = [cell.strip() for cell in rows[row].split("|")[5:10]]
        if not all(cell.replace(".", "").isdigit() for cell in cells):
            raise SystemExit(f"the ablation's row {row!r} lacks figures: {rows[row]}")
