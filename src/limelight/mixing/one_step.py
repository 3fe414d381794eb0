"""A whole film remixed in one step, by a network that knows no stems: what is added to the sound, and how loud the whole is.

    mixed = x + strength · change   ──►  spool (on the disk)  ──►  make-up gain, limiter  ──►  out
                    └─ loudness, true peak

Where there are stems a plan foretells its loudness; here there are none, so the mix is made first and measured. It waits
in a spool meanwhile: the network, which takes the time, is asked once. Strength 0 gives the very same samples.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from limelight.audio.convert import ResampleStream, db_to_gain, resampled
from limelight.audio.loudness import LoudnessMeter
from limelight.audio.peaks import TruePeakMeter
from limelight.errors import ModelError
from limelight.mixing.chunks import ChunkPlan, Originals, in_chunks
from limelight.mixing.controls import Controls
from limelight.mixing.features import Measurements
from limelight.mixing.plan import (
    MixPlan,
    PlannedControls,
    PlannedLoudness,
    PlannedModel,
    PlannedShot,
    PlannedSource,
    finite_or_none,
)
from limelight.mixing.planner import ALONE, LARGEST_CHASE_DB
from limelight.mixing.render import limited
from limelight.models.card import Card
from limelight.models.protocols import Remixer
from limelight.types import Chunk, Cues, Samples, Vector

Array = NDArray[np.float32]
Piece = tuple[Samples, Samples]  # original and change, [C, n] each

OVERLAP = 5  # one in so many samples of a chunk belongs to the next one too
CHANGE_STEP_SECONDS = 1.0
CHASES = 4
CLOSE_LU = 0.05


class Spool(Protocol):
    """A place where a soundtrack waits."""

    def add(self, block: Samples) -> None:
        """Put [C, n] behind what is there."""
        ...

    def blocks(self) -> Iterator[Samples]:
        """All of it, from the start, as often as wished."""
        ...


def remix(
    blocks: Iterable[Samples],
    spool: Spool,
    measured: Measurements,
    seen: Cues,
    remixer: Remixer,
    controls: Controls,
    source: PlannedSource,
    *,
    downmix: Array,
) -> MixPlan:
    """Remixes a soundtrack [C, n]… into a spool and decides its make-up gain.

    The cues' values [T, D] are the context. Raises ModelError where the network was trained on another width, and for
    wishes that it cannot fulfil.
    """
    check_controls(remixer.card, controls)
    context = context_of(seen, remixer.card)
    pieces: Iterable[Piece] = changes(blocks, remixer, context, sample_rate=source.sample_rate, downmix=downmix)
    if controls.strength == 0:
        pieces = ((block, np.zeros_like(block)) for block in blocks)
    changed = _ChangeMeter(source.sample_rate)
    mixed = _measured(_spooled(_mixed(pieces, changed, controls.strength), spool), source)
    lift = _lift(spool, mixed, measured, controls, source)
    card = remixer.card
    return MixPlan(
        source=source,
        model=PlannedModel(name=card.name, sha256=card.fingerprint),
        director=None,
        controls=PlannedControls(**asdict(controls)),
        loudness=PlannedLoudness(
            before_lufs=finite_or_none(measured.loudness_lufs),
            predicted_after_lufs=finite_or_none(lift.loudness_lufs),
            true_peak_before_dbtp=finite_or_none(measured.true_peak_dbtp),
            downmix_lufs=finite_or_none(measured.downmix_lufs),
        ),
        makeup_db=lift.makeup_db,
        gains_db={},
        changed=changed.finish().tolist(),
        shots=[
            planned_without_stems(shot.start_seconds, shot.end_seconds, shot.words, controls) for shot in seen.shots
        ],
    )


def changes(
    blocks: Iterable[Samples], remixer: Remixer, context: Array | None, *, sample_rate: int, downmix: Array
) -> Iterator[Piece]:
    """The original and what is to be added to it, in step, from blocks [C, n]; as many samples as came in.

    context: what the picture says, [T, D], a row a second from time 0; None for a model that is told nothing. What lies
    above the model's band stays: the change is brought back to the source's rate and added to the untouched original.
    """
    card, channels = remixer.card, len(downmix)

    def answer(samples: Samples, first: int) -> tuple[Array, ...]:
        lasting = samples.shape[1]
        filled = np.pad(samples, ((0, 0), (0, card.samples - lasting)))
        rows = None if context is None else context_rows(context, first / card.sample_rate, lasting / card.sample_rate)
        chunk = Chunk(filled, first / card.sample_rate, downmix)
        return (remixer.remix(chunk, rows)[:, :lasting],)

    originals = Originals(blocks)
    back = ResampleStream(card.sample_rate, sample_rate, channels)
    plan = ChunkPlan(card.samples, card.overlap_samples or card.samples // OVERLAP)
    given = 0
    for done in in_chunks(
        resampled(originals, sample_rate, card.sample_rate, channels), plan, channels, answer, axes=(1,)
    ):
        ready = back.push(done.answers[0])
        if ready.shape[1]:
            given += ready.shape[1]
            yield originals.take(ready.shape[1]), ready
    if owed := originals.samples - given:
        rest = back.finish()[:, :owed]
        yield originals.take(owed), np.pad(rest, ((0, 0), (0, owed - rest.shape[1])))


def context_rows(context: Array, start_seconds: float, duration_seconds: float) -> Array:
    """The rows [M, D] of a stretch of film: for each of its seconds the one that holds at its middle, or the last."""
    middles = start_seconds + np.arange(max(1, math.ceil(duration_seconds - 1e-6))) + 0.5
    middles = np.minimum(middles, start_seconds + duration_seconds)  # a last second may be cut short
    rows: Array = context[np.clip(middles.astype(int), 0, len(context) - 1)]
    return rows


def check_controls(card: Card, controls: Controls) -> None:
    """Raises ModelError where gains of stems are wished, which such a model does not know."""
    if controls.offsets_db.any():
        raise no_stems(card.name)


def no_stems(name: str) -> ModelError:
    """What is said where stems or their gains are asked of a model that has none."""
    return ModelError(
        f"Wanted stems or their gains of {name}, which remixes in one step and knows no stems; use it with "
        "`limelight highlight` and without --speech, --music, --effects, or leave --model out."
    )


def context_of(seen: Cues, card: Card) -> Array | None:
    """What a remixer is told, [T, D]; None where it is told nothing. Raises ModelError where the widths differ.

    Measured cues are taken by the names on its card. Nothing shown is all zeros, at any width: so it was in training, for
    films without a picture.
    """
    if card.context_width == 0:
        return None
    if not seen.values.any():
        return np.zeros((max(1, len(seen.values)), card.context_width), np.float32)
    if card.cue_names and set(card.cue_names) <= set(seen.names):
        return seen.named(card.cue_names)
    if seen.values.shape[1] != card.context_width:
        raise ModelError(
            f"Wanted to tell {card.name} {seen.values.shape[1]} numbers a second, it was trained on "
            f"{card.context_width} ({card.context}); use the encoder that it was trained with."
        )
    return seen.values


def finished(spool: Spool, plan: MixPlan, *, true_peak_dbtp: float | None = None) -> Iterator[Samples]:
    """The sound as it is written, [C, n]: the original itself where nothing is changed, else under the ceiling.

    true_peak_dbtp: another ceiling than the plan's.
    """
    if plan.changes_nothing:  # the original is not ours to limit
        return spool.blocks()
    ceiling = plan.ceiling_dbtp if true_peak_dbtp is None else true_peak_dbtp
    return _lifted(spool, plan.makeup_db, plan.source, ceiling)


def planned_without_stems(start: float, end: float, words: Mapping[str, str], controls: Controls) -> PlannedShot:
    """A shot for the record: what was seen in it."""
    done = ALONE if controls.strength == 0 else "remixed in one step, without stems"
    return PlannedShot(
        start_seconds=round(start, 3), end_seconds=round(end, 3), cues=dict(words), gains_db={}, reason=done
    )


def _lifted(spool: Spool, makeup_db: float, source: PlannedSource, ceiling_dbtp: float) -> Iterator[Samples]:
    makeup = np.float32(db_to_gain(makeup_db))
    louder = (makeup * block for block in spool.blocks())
    return limited(louder, sample_rate=source.sample_rate, true_peak_dbtp=ceiling_dbtp)


def _mixed(pieces: Iterable[Piece], changed: _ChangeMeter, strength: float) -> Iterator[Samples]:
    for original, change in pieces:
        added = np.float32(strength) * change
        changed.push(added)
        yield original + added if strength else original


def _spooled(blocks: Iterable[Samples], spool: Spool) -> Iterator[Samples]:
    for block in blocks:
        spool.add(block)
        yield block


@dataclass(frozen=True)
class _Measured:
    loudness_lufs: float
    true_peak_dbtp: float


@dataclass(frozen=True)
class _Lift:
    makeup_db: float
    loudness_lufs: float  # of the whole, lifted and limited


def _measured(blocks: Iterable[Samples], source: PlannedSource) -> _Measured:
    loudness, peaks = LoudnessMeter(source.sample_rate, source.layout), None
    for block in blocks:
        loudness.push(block)
        peaks = peaks or TruePeakMeter(len(block))
        peaks.push(block)
    return _Measured(loudness.finish().integrated_lufs, peaks.finish() if peaks else -math.inf)


def _lift(spool: Spool, mixed: _Measured, measured: Measurements, controls: Controls, source: PlannedSource) -> _Lift:
    """Back to the original's loudness, or on to the target, and what the limiter takes on top (not chased far)."""
    target, ceiling = controls.target_lufs, controls.ceiling_dbtp
    wished = measured.loudness_lufs if target is None else target
    untouched = target is None and controls.strength == 0  # the original, which is not limited either
    if untouched or not math.isfinite(wished) or not math.isfinite(mixed.loudness_lufs):
        return _Lift(0.0, mixed.loudness_lufs)
    makeup = round(float(np.clip(wished - mixed.loudness_lufs, -60, 60)), 2) + 0.0
    most, reached = makeup + LARGEST_CHASE_DB, mixed.loudness_lufs + makeup
    for _ in range(CHASES if mixed.true_peak_dbtp + makeup > ceiling else 0):
        reached = _measured(_lifted(spool, makeup, source, ceiling), source).loudness_lufs
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
