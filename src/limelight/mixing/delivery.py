"""What is delivered: the levels of a written soundtrack, measured on the file, and how they are brought to what was asked for.

    plan ──► render ──► encode ──► file ──decode──► levels ─┬─ as asked for: done
              ▲                                            └─ off: make-up gain and limiter corrected, once more
              └──────────────────────────────────────────────

An encoder moves peaks by up to a decibel and more, so what is measured before it says little of what is delivered.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np

from limelight.audio.loudness import Loudness, LoudnessMeter, dialogue_lufs
from limelight.audio.peaks import TruePeakMeter
from limelight.mixing.controls import LoudnessTarget, target_of
from limelight.mixing.plan import MixPlan, PlannedLoudness
from limelight.mixing.planner import SPEAKS
from limelight.types import Samples

CLOSE_LU = 0.15  # of the wished loudness is close enough
MOST_TIMES = 4  # a soundtrack is written
MOST_CHASE_DB = 1.0  # beyond what the plan has chased already: more would be flatter, not louder
LOSSY_MARGIN_DB = 0.5  # what encoders usually add to limited peaks
WITHIN_DB = (
    0.005  # over the ceiling is none: the limiter itself is only so exact, and writing again would only be softer
)
BEYOND_DB = 0.1  # taken off more than was over, so that the next time holds
BLOCK_SECONDS = 0.1


@dataclass(frozen=True)
class Levels:
    """Of a soundtrack; −inf is silence."""

    loudness_lufs: float
    range_lu: float
    true_peak_dbtp: float
    dialogue_lufs: float | None  # of the whole where somebody speaks; None where that is not known
    speech_share: float | None  # of the time

    def measured(self, target: LoudnessTarget) -> float:
        """What a target is compared with."""
        share = self.speech_share or 0.0
        gated = target.gated_at(share) and self.dialogue_lufs is not None
        return float(self.dialogue_lufs) if gated and self.dialogue_lufs is not None else self.loudness_lufs


def levels_before(planned: PlannedLoudness) -> Levels:
    """Of the original, as its plan tells them."""
    lufs, peak = planned.before_lufs, planned.true_peak_before_dbtp
    return Levels(
        -math.inf if lufs is None else lufs,
        planned.range_before_lu or 0.0,
        -math.inf if peak is None else peak,
        planned.dialogue_before_lufs,
        planned.speech_share,
    )


class LevelMeter:
    """Levels of blocks in whatever layout and rate they come; `presence`: of speech, every `step_seconds`."""

    def __init__(self, presence: list[float] | None, step_seconds: float) -> None:
        self._presence, self._step = presence, step_seconds
        self._loudness: LoudnessMeter | None = None
        self._peaks: TruePeakMeter | None = None

    def hear(self, block: Samples, sample_rate: int, layout: str) -> None:
        """The next block [C, n]."""
        if self._loudness is None or self._peaks is None:
            self._loudness, self._peaks = LoudnessMeter(sample_rate, layout), TruePeakMeter(len(block))
        self._loudness.push(block)
        self._peaks.push(block)

    def finish(self) -> Levels:
        """Of all that was heard; to be asked once."""
        if self._loudness is None or self._peaks is None:
            return Levels(-math.inf, 0.0, -math.inf, None, None)
        loudness, peak = self._loudness.finish(), self._peaks.finish()
        return Levels(loudness.integrated_lufs, loudness.range_lu, peak, *self._dialogue(loudness))

    def _dialogue(self, loudness: Loudness) -> tuple[float | None, float | None]:
        if self._presence is None or not loudness.block_powers.size:
            return None, None
        middles = (np.arange(loudness.block_powers.size) + 0.5) * BLOCK_SECONDS
        spoken = np.interp(middles, np.arange(len(self._presence)) * self._step, self._presence) > SPEAKS
        return dialogue_lufs(loudness.block_powers, spoken), float(spoken.mean())


@dataclass
class Delivery:
    """Hears what was written, and has it written again until it is as loud as wished and under its ceiling."""

    plan: MixPlan
    target: LoudnessTarget | None
    ceiling_dbtp: float
    limit_dbtp: float  # of the limiter, before the encoder
    blocks: Callable[[MixPlan, float], Iterable[Samples]]  # the sound of a plan under a limit
    levels: Levels | None = None
    _times: int = 1
    _chased_db: float = 0.0
    _meter: LevelMeter | None = field(default=None, repr=False)

    @classmethod
    def of(
        cls,
        plan: MixPlan,
        blocks: Callable[[MixPlan, float], Iterable[Samples]],
        *,
        true_peak_dbtp: float | None,
        lossy: bool,
        untouched: bool,
    ) -> Delivery:
        """What a plan asks for; true_peak_dbtp: another ceiling than its own; untouched: the original, only coded anew."""
        ceiling = plan.ceiling_dbtp if true_peak_dbtp is None else true_peak_dbtp
        target = None if untouched else target_of(plan.controls.loudness)
        limit = ceiling - LOSSY_MARGIN_DB if lossy else ceiling
        return cls(plan, target, math.inf if untouched else ceiling, limit, blocks)

    def hear(self, block: Samples, sample_rate: int, layout: str) -> None:
        """The next block [C, n] of the file."""
        self._meter = self._meter or LevelMeter(self.plan.speech_presence, self.plan.step_seconds)
        self._meter.hear(block, sample_rate, layout)

    def again(self) -> Iterable[Samples] | None:
        """Blocks for another time, or None."""
        meter, self._meter = self._meter or LevelMeter(None, 1.0), None
        self.levels = meter.finish()
        missing, over = self._missing_lu(self.levels), self.levels.true_peak_dbtp - self.ceiling_dbtp
        if (abs(missing) <= CLOSE_LU and over <= WITHIN_DB) or self._times >= MOST_TIMES:
            return None
        self._times += 1
        self._chased_db += missing
        self.plan = self.plan.model_copy(update={"makeup_db": round(self.plan.makeup_db + missing, 2) + 0.0})
        if over > WITHIN_DB:
            self.limit_dbtp -= over + BEYOND_DB
        return self.blocks(self.plan, self.limit_dbtp)

    @property
    def notes(self) -> list[str]:
        """What was wished and could not be reached."""
        if self.target is None or self.levels is None or not math.isfinite(self.levels.loudness_lufs):
            return []
        off = self.levels.measured(self.target) - self._wished(self.levels, self.target)
        if abs(off) <= 2 * CLOSE_LU:
            return []
        said = f"{off:+.1f} LU: more under {self.ceiling_dbtp:g} dBTP would only be flatter".replace("-", "−")
        return [f"the wished loudness is missed by {said}"]

    def _missing_lu(self, levels: Levels) -> float:
        """How much louder it should be; no more than can be had without flattening."""
        if self.target is None or not math.isfinite(levels.measured(self.target)):
            return 0.0
        missing = self._wished(levels, self.target) - levels.measured(self.target)
        return round(min(missing, MOST_CHASE_DB - self._chased_db), 2) if missing > 0 else missing

    @staticmethod
    def _wished(levels: Levels, target: LoudnessTarget) -> float:
        return target.lufs_at(levels.speech_share or 0.0)
