"""A small data set of known truth, and models whose masks and gains are known, under names that methods ask for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from dataset.entries import FILM
from dataset.stems import levels_of, make_stems
from fakes import FakeDirector, FakeRemixer, FakeSeparator, Gains, Masks, by_region, separator_card

from limelight.dataset.clips import Clip, write_clip
from limelight.dataset.degrade import DegradationChoice, degrade, sample_degradation
from limelight.dataset.manifest import Entry, Source, write_manifest
from limelight.metrics.models import CachedSeparator, StemModel
from limelight.models.card import Card
from limelight.models.registry import DEFAULT_SEPARATOR
from limelight.vision.cues import CUE_NAMES

KINDS = ("talk", "action")
RECIPES = ("paper:low", "timevarying:high", "paper:high")


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
        degradation = sample_degradation(
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


@dataclass
class LookingDirector(FakeDirector):
    """One that asks for cues by name."""

    @property
    def card(self) -> Card:
        return Card(kind="director", name="looking", licence="MIT", cue_names=CUE_NAMES)


def model(
    gains_db: Gains | Sequence[float] = (0.0, 0.0, 0.0),
    *,
    masks: Masks | None = None,
    looks: bool = False,
    name: str = "fake",
) -> StemModel:
    """A separator and a director whose masks and gains are known."""
    separator = CachedSeparator(FakeSeparator(masks or by_region(), card=separator_card(name=name)))
    return StemModel(separator, (LookingDirector if looks else FakeDirector)(gains_db))


def install(monkeypatch: pytest.MonkeyPatch, **models: StemModel | FakeRemixer) -> None:
    """Has methods of this process find these models by their names, the separator of "ours" by the default one."""
    models |= {DEFAULT_SEPARATOR: models["ours"]} if "ours" in models else {}
    monkeypatch.setattr("limelight.metrics.models.model_of", models.__getitem__)
    for room in ("models", "methods"):
        monkeypatch.setattr(f"limelight.metrics.{room}.cached_separator", lambda name: models[name].separator)
