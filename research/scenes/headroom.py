"""How much looking can gain at most: what is the best guess of a scene's balance, by what one knows?

    who is heard                           the kind only by its prior                  without the picture
    … and the balance of the bad mix       recipes give something away                 by ear
    … and the kind                         what a perfect eye would say                with the picture
    … and what is shown                    narration over a landscape looks like a landscape

The best guess (least squares, in dB) is the mean over all other scenes of which the same is known; the bad mix's balance
is compared through a Gaussian. Error is guess minus truth for each stem, less their mean: one gain for all is no error.
Stems themselves are taken as known, so a real model, which has to separate them, gains less.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from limelight.dataset.clips import CLIPS, SCENE
from limelight.dataset.manifest import Entry
from limelight.errors import InputError
from limelight.types import STEMS, Vector

ALIKE_DB = 2.0  # bandwidth: two balances nearer than this are much the same


@dataclass(frozen=True)
class Knowledge:
    """What a guess may be based on, besides who is heard."""

    name: str
    kind: bool = False
    shown: bool = False
    balance: bool = False  # of the bad mix


WITHOUT = Knowledge("who is heard")
BY_EAR = Knowledge("+ the bad mix's balance", balance=True)
WITH = Knowledge("+ the kind of scene", kind=True)
BOTH = Knowledge("+ both", kind=True, balance=True)
SHOWN = Knowledge("+ what is shown", shown=True)
SHOWN_BY_EAR = Knowledge("+ what is shown, and the balance", shown=True, balance=True)
ALL = (WITHOUT, BY_EAR, SHOWN, WITH, SHOWN_BY_EAR, BOTH)


@dataclass(frozen=True)
class Observed:
    """One scene of a data set, in levels; silent stems are NaN."""

    name: str
    kind: str
    shown: str
    target_lufs: NDArray[np.float64]  # [K]
    changes_db: NDArray[np.float64]  # [K]

    @property
    def cast(self) -> tuple[bool, ...]:
        """Who is heard."""
        return tuple(np.isfinite(self.target_lufs).tolist())

    @property
    def truth_db(self) -> Vector:
        """The good balance: levels less their mean."""
        return centred(self.target_lufs)

    @property
    def given_db(self) -> Vector:
        """The bad one."""
        return centred(self.target_lufs + self.changes_db)


def observe(folder: Path, entries: Sequence[Entry]) -> list[Observed]:
    """The scenes of a data set. Raises InputError where there are none."""
    found = []
    for entry in entries:
        path = folder / CLIPS / entry.name / SCENE
        if path.is_file():
            scene = json.loads(path.read_text(encoding="utf-8"))
            levels = [entry.loudness_lufs[stem] for stem in STEMS]
            target = np.array([np.nan if lufs is None else lufs for lufs in levels])
            shown = f"{scene['shown']}, off screen" if scene["off_screen"] else scene["shown"]
            # Whether somebody speaks off screen is seen where somebody else is seen not to speak.
            shown = shown if scene["shown"] == "talk" else scene["shown"]
            found.append(
                Observed(entry.name, entry.kind, shown, target, np.array([entry.changes_db[stem] for stem in STEMS]))
            )
    if not found:
        raise InputError(f"Wanted scenes in {folder}, found none; build them with `limelight muddy scenes`.")
    return found


def guess_errors_db(scenes: Sequence[Observed], knowledge: Knowledge) -> NDArray[np.float64]:
    """Best guess of each scene's balance, out of the others, minus the truth, [scenes, K]; NaN where silent."""
    truth = np.stack([scene.truth_db for scene in scenes])  # [S, K]
    given = np.stack([scene.given_db for scene in scenes])
    keys = [_key(scene, knowledge) for scene in scenes]
    errors = np.full(truth.shape, np.nan)
    for n, key in enumerate(keys):
        same = np.array([other == key for other in keys])
        same[n] = False
        heard = np.isfinite(truth[n])
        errors[n, heard] = _guess(truth, given, n, same, heard, knowledge) - truth[n, heard]
    return errors


def centred(levels: Vector) -> Vector:
    """Levels less the mean of those that are there."""
    return np.asarray(levels - np.nanmean(levels))


def mean_error_db(errors: NDArray[np.float64]) -> float:
    """Mean absolute error over stems and scenes, in dB."""
    return float(np.nanmean(np.abs(errors)))


def _guess(
    truth: Vector, given: Vector, n: int, same: NDArray[np.bool_], heard: NDArray[np.bool_], knowledge: Knowledge
) -> Vector:
    if not same.any():
        return np.asarray(given[n, heard])  # nothing to go by: leave it as it is
    weights = np.ones(int(same.sum()))
    if knowledge.balance:
        apart = np.square(given[same][:, heard] - given[n, heard]).sum(axis=1) / ALIKE_DB**2 / 2
        weights = np.exp(-(apart - apart.min()))
    return np.asarray(weights @ truth[same][:, heard] / weights.sum())


def _key(scene: Observed, knowledge: Knowledge) -> tuple[object, ...]:
    return (scene.cast, scene.kind if knowledge.kind else "", scene.shown if knowledge.shown else "")
