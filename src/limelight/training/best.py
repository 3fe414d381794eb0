"""The best checkpoints of a run by validation, beside the latest one: weights without the optimiser's memory.

run/best/step-001500.safetensors       the file's header holds its score; the lowest is the best
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from limelight.training.checkpoint import Checkpoint, read_header, save_checkpoint

FOLDER, SCORE = "best", "score"


class BestCheckpoints:
    """Keeps as many as are wanted; knows those of earlier sittings."""

    def __init__(self, folder: Path, keep: int) -> None:
        """Raises ModelError for a damaged one."""
        self._folder, self._keep = folder, keep
        self._scores = scores_of(folder)

    def offer(self, score: float, step: int, make: Callable[[], Checkpoint]) -> bool:
        """Writes what `make` gives if it is among the best, and removes the worst. Raises OutputError."""
        path = self._folder / f"step-{step:06d}.safetensors"
        others = {place: value for place, value in self._scores.items() if place != path}
        if self._keep == 0 or (len(others) >= self._keep and score >= sorted(others.values())[self._keep - 1]):
            return False
        made = make()
        weights = {name: value for name, value in made.tensors.items() if not name.startswith("optimiser.")}
        save_checkpoint(path, replace(made, tensors=weights, config=made.config | {SCORE: score}))
        ordered = sorted((others | {path: score}).items(), key=lambda item: (item[1], item[0].name))
        self._scores = dict(ordered[: self._keep])
        for place, _ in ordered[self._keep :]:
            place.unlink(missing_ok=True)
        return True


def scores_of(folder: Path) -> dict[Path, float]:
    """The best checkpoints in a folder, the best one first. Raises ModelError for a damaged one."""
    found = {path: float(read_header(path).config[SCORE]) for path in sorted(folder.glob("step-*.safetensors"))}
    return dict(sorted(found.items(), key=lambda item: item[1]))


def best_of(run: Path) -> Path | None:
    """The best checkpoint of a run's folder, where it was validated at all. Raises ModelError."""
    return next(iter(scores_of(run / FOLDER)), None)
