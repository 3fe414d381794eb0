"""A small data set of known truth, and models whose masks and gains are known, under names that methods ask for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from dataset.entries import FILM
from dataset.stems import levels_of, make_stems
from fake_models import FakeModel
from remixes import FakeRemix

from limelight.dataset.clips import Clip, write_clip
from limelight.dataset.degrade import DegradationChoice, degrade, draw_degradation
from limelight.dataset.manifest import Entry, Source, write_manifest
from limelight.metrics.models import CachedSeparator
from limelight.vision.cues import CUE_NAMES

KINDS = ("talk", "action")
RECIPES = ("paper:low", "timevarying:high", "paper:high")
ASKING = ("models.model_of", "models.cached_separator", "methods.cached_separator")  # who asks for models, and how


def write_set(
    folder: Path,
    *,
    clips: int = 3,
    train: int = 2,
    channels: int = 1,
    seconds: float = 1.5,
    recipes: tuple[str, ...] = RECIPES,
) -> list[Entry]:
    """Some test clips and some training clips; in the cues of clip n the second column is n / 100."""
    entries = []
    for n in range(clips + train):
        split = "test" if n < clips else "train"
        stems = make_stems(seconds, seed=n, channels=channels)
        levels = levels_of(stems)
        degradation = draw_degradation(
            np.random.default_rng(n), DegradationChoice.of(recipes[n % len(recipes)]), levels
        )
        made = degrade(stems, degradation, layout="mono" if channels == 1 else "stereo", levels=levels)
        cues = np.full((2, len(CUE_NAMES)), 0.5, np.float32)
        cues[:, 1] = n / 100
        cues[:, CUE_NAMES.index("picture")] = 1
        source = Source(f"{n}.mp4", "film", f"film-{n}", "", FILM.licence)
        one = Clip(f"clip-{n:04d}", split, KINDS[n % 2], (source,), "known", made, cues, True, (0.5,))
        entries.append(write_clip(folder, one))
    write_manifest(folder, entries)
    return sorted(entries, key=lambda entry: entry.name)


def install(monkeypatch: pytest.MonkeyPatch, **models: FakeModel | FakeRemix) -> None:
    """Has methods of this process find these models by their names."""
    found = {name: model if isinstance(model, FakeRemix) else CachedSeparator(model) for name, model in models.items()}
    for asks in ASKING:
        monkeypatch.setattr(f"limelight.metrics.{asks}", lambda name, *load: found[name])
