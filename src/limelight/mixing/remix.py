"""A whole film remixed by a network that knows no stems: what came of it, how loud it is to be, and the finished sound.

    mixed = x + strength · change   ──►  shelf (on the disk)  ──►  make-up gain, limiter  ──►  out
                    └─ loudness, true peak

A plan foretells its loudness from the stems; here there are none, so the mix is made first and measured. It waits on a
shelf meanwhile: the network, which takes the time, is asked once. Strength 0 gives the very same samples.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from limelight.audio.layouts import db_to_gain
from limelight.audio.loudness import LoudnessMeter
from limelight.audio.true_peak import TruePeakMeter
from limelight.errors import ModelError
from limelight.mixing.controls import Controls
from limelight.mixing.loudness_plan import Measurements
from limelight.mixing.plan import PlannedControls, PlannedLoudness, PlannedModel, PlannedSource, finite_or_none
from limelight.mixing.planner import LARGEST_CHASE_DB
from limelight.mixing.remixing import Piece, changes
from limelight.mixing.render import limited
from limelight.models.registry import no_stems
from limelight.models.remix_card import RemixCard
from limelight.models.remixer import RemixModel
from limelight.types import Cues, Samples, Shot, Vector

CHANGE_STEP_SECONDS = 1.0
CHASES = 4
CLOSE_LU = 0.05


class Shelf(Protocol):
    """A place where a soundtrack waits."""

    def add(self, block: Samples) -> None:
        """Put [C, n] behind what is there."""
        ...

    def blocks(self) -> Iterator[Samples]:
        """All of it, from the start, as often as wished."""
        ...


@dataclass(frozen=True)
class Remixed:
    """What was done to a film. Unlike a plan it cannot be rendered again: the network has to be asked."""

    source: PlannedSource
    model: PlannedModel
    controls: PlannedControls
    loudness: PlannedLoudness
    makeup_db: float  # one gain for the whole mix
    shots: tuple[Shot, ...]  # what was seen, in words
    changed: Vector  # mean square of what was added to the original, all channels, each second [T]

    @property
    def changes_nothing(self) -> bool:
        """Whether the result is the original."""
        return self.makeup_db == 0 and self.controls.strength == 0


@dataclass(frozen=True)
class _Measured:
    loudness_lufs: float
    true_peak_dbtp: float


@dataclass(frozen=True)
class _Lift:
    makeup_db: float
    loudness_lufs: float  # of the whole, lifted and limited


def make_remix(
    blocks: Iterable[Samples],
    shelf: Shelf,
    surveyed: Measurements,
    cues: Cues,
    model: RemixModel,
    controls: Controls,
    source: PlannedSource,
) -> Remixed:
    """Remixes a soundtrack [C, n]… onto a shelf and decides its make-up gain.

    The cues' values [T, D] are what the model is told. Raises ModelError where it was trained on another width, and for
    wishes that it cannot fulfil.
    """
    check_wishes(model.card, controls)
    context = told(cues, model.card)
    pieces = changes(blocks, model, context, sample_rate=source.sample_rate, layout=source.layout)
    if controls.strength == 0:
        pieces = ((block, np.zeros_like(block)) for block in blocks)
    changed = _ChangeMeter(source.sample_rate)
    mixed = _measured(_shelved(_mixed(pieces, changed, controls.strength), shelf), source)
    lift = _lift(shelf, mixed, surveyed, controls, source)
    return Remixed(
        source=source,
        model=PlannedModel(name=model.card.name, sha256=model.card.fingerprint),
        controls=PlannedControls(**asdict(controls)),
        loudness=PlannedLoudness(
            before_lufs=finite_or_none(surveyed.loudness_lufs),
            predicted_after_lufs=finite_or_none(lift.loudness_lufs),
            true_peak_before_dbtp=finite_or_none(surveyed.true_peak_dbtp),
            downmix_lufs=finite_or_none(surveyed.downmix_lufs),
        ),
        makeup_db=lift.makeup_db,
        shots=cues.shots,
        changed=changed.finish(),
    )


def check_wishes(card: RemixCard, controls: Controls) -> None:
    """Raises ModelError where gains of stems are wished, which such a model does not know."""
    if controls.offsets_db.any():
        raise no_stems(card.name)


def told(cues: Cues, card: RemixCard) -> NDArray[np.float32] | None:
    """What a model is told, [T, D]; None where it is told nothing. Raises ModelError where the widths differ.

    Nothing shown is all zeros, at any width: so it was in training, for films without a picture.
    """
    if card.context_width == 0:
        return None
    if not cues.values.any():
        return np.zeros((max(1, len(cues.values)), card.context_width), np.float32)
    if cues.values.shape[1] != card.context_width:
        raise ModelError(
            f"Wanted to tell {card.name} {cues.values.shape[1]} numbers a second, it was trained on "
            f"{card.context_width} ({card.context}); use the encoder that it was trained with."
        )
    return cues.values


def finished(shelf: Shelf, remixed: Remixed) -> Iterator[Samples]:
    """The sound as it is written, [C, n]: the original itself where nothing is changed, else under the ceiling."""
    if remixed.changes_nothing:  # the original is not ours to limit
        return shelf.blocks()
    return _lifted(shelf, remixed.makeup_db, remixed.source, remixed.controls.true_peak_dbtp)


def _lifted(shelf: Shelf, makeup_db: float, source: PlannedSource, ceiling_dbtp: float) -> Iterator[Samples]:
    makeup = np.float32(db_to_gain(makeup_db))
    louder = (makeup * block for block in shelf.blocks())
    return limited(louder, sample_rate=source.sample_rate, true_peak_dbtp=ceiling_dbtp)


def _mixed(pieces: Iterable[Piece], changed: _ChangeMeter, strength: float) -> Iterator[Samples]:
    for original, change in pieces:
        added = np.float32(strength) * change
        changed.push(added)
        yield original + added if strength else original


def _shelved(blocks: Iterable[Samples], shelf: Shelf) -> Iterator[Samples]:
    for block in blocks:
        shelf.add(block)
        yield block


def _measured(blocks: Iterable[Samples], source: PlannedSource) -> _Measured:
    loudness, peaks = LoudnessMeter(source.sample_rate, source.layout), None
    for block in blocks:
        loudness.push(block)
        peaks = peaks or TruePeakMeter(len(block))
        peaks.push(block)
    return _Measured(loudness.finish().integrated_lufs, peaks.finish() if peaks else -math.inf)


def _lift(shelf: Shelf, mixed: _Measured, surveyed: Measurements, controls: Controls, source: PlannedSource) -> _Lift:
    """Back to the original's loudness, or on to the target, and what the limiter takes on top (not chased far)."""
    target = controls.target_lufs
    wished = surveyed.loudness_lufs if target is None else target
    untouched = target is None and controls.strength == 0  # the original, which is not limited either
    if untouched or not math.isfinite(wished) or not math.isfinite(mixed.loudness_lufs):
        return _Lift(0.0, mixed.loudness_lufs)
    makeup = round(float(np.clip(wished - mixed.loudness_lufs, -60, 60)), 2) + 0.0
    most, reached = makeup + LARGEST_CHASE_DB, mixed.loudness_lufs + makeup
    for _ in range(CHASES if mixed.true_peak_dbtp + makeup > controls.true_peak_dbtp else 0):
        reached = _measured(_lifted(shelf, makeup, source, controls.true_peak_dbtp), source).loudness_lufs
        if abs(wished - reached) < CLOSE_LU or makeup >= most:
            break
        makeup = round(min(makeup + wished - reached, most), 2)
    return _Lift(makeup, reached)


class _ChangeMeter:
    """Mean square of what is added, second by second."""

    def __init__(self, sample_rate: int) -> None:
        self._rate, self._seen = round(CHANGE_STEP_SECONDS * sample_rate), 0
        self._sums: NDArray[np.float64] = np.zeros(0)

    def push(self, change: Samples) -> None:
        """Take [C, n]."""
        seconds = (self._seen + np.arange(change.shape[1])) // self._rate
        power = np.bincount(seconds, np.square(change).mean(axis=0), len(self._sums)).astype(np.float64)
        power[: len(self._sums)] += self._sums
        self._sums = power
        self._seen += change.shape[1]

    def finish(self) -> Vector:
        """[T], the last second counted as a whole one."""
        return self._sums / self._rate
