"""Synchrony: whether what is heard is what is seen, for lips, motion and cuts.

Does what moves make what sounds? Motion against onsets of the sound, and cuts against onsets of the music.

    picture   log of the change within 80 ms ──► less its mean over 2 s ─┐
    sound     onset strength, every 10 ms ─────► less its mean over 2 s ─┴─► correlation over ten seconds ──► odds

Both are weak: a film's own sound is told from another's by motion in 6 of 10 tries after three seconds, 7 of 10 after ten
(research/synchrony). So evidence is gathered long, and the confidence stays low where it should.

Is what is heard what is seen? Two curves that belong together rise and fall together, in a drawing as in a film.

    lips      opening of a mouth, 25 a second ──► change, 0.5…8 Hz ─┐   products, gathered over some seconds
    speech    level in dB, every 10 ms ─────────► change, 0.5…8 Hz ─┴─► correlation r, out of n independent values
    r, n ──► how much likelier for a mouth that speaks than for another's ──► probability; ½ is *unknown*

Speech is heard about 20 ms after the lips show it; one lag holds for a whole film (`film_lag`). The idea is SyncNet's
(Chung and Zisserman, "Out of time: automated lip sync in the wild", ACCV workshop 2016); theirs compares embeddings learnt
on hundreds of hours, ours two numbers a moment, and says how sure it is. How well it tells is measured in
research/synchrony. Sound comes in as curves, so that any separator will do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from limelight.vision.face_tracks import FaceTrack

Vector = NDArray[np.float64]

RATE, ONSET_RATE = 25, 100  # Hz
WIDTH_SECONDS, TREND_SECONDS = 0.08, 2.0
LEAST_CHANGE = 0.003  # of full scale: noise of coding
EVENT_MEMORY_SECONDS = 10.0
LAGS = (0, 1)  # of 40 ms: the sound is as late as that of lips

# Measured (research/synchrony): correlation of a film's motion with its own onsets, and how many values count a second.
EVENT_OWN_CORRELATION, EVENT_OWN_SPREAD, EVENT_PER_SECOND = 0.05, 0.08, 20.0
AT_CUTS = 0.15  # seconds around a cut in which an onset counts as its own
LEAST_CUTS = 4


@dataclass(frozen=True)
class MotionCurve:
    """How much the picture changes from each picture to the next (mean difference of luma, 0…1), all [P]."""

    times_seconds: Vector
    change: Vector

    def activity(self, length: int) -> Vector:
        """Log of the change within 80 ms around each of `length` moments at 25 Hz; what is shown twice did not move."""
        at, total = np.arange(length) / RATE, np.cumsum(self.change)
        half = WIDTH_SECONDS / 2
        within = np.interp(at + half, self.times_seconds, total) - np.interp(at - half, self.times_seconds, total)
        return np.log(within + LEAST_CHANGE)


def motion_odds(motion: MotionCurve, onset: Vector, length: int) -> Vector:
    """How much likelier (log of the odds) it is that the sound belongs to the motion than not, [length] at 25 Hz.

    `onset` [N]: onset strength every 10 ms from time 0, of the effects or of all that is not speech.
    """
    seen, heard = _detrended(motion.activity(length)), _detrended(_peaks(onset, length))
    reach = min(length, int(4 * EVENT_MEMORY_SECONDS * RATE))
    kernel = np.exp(-np.abs(np.arange(-reach, reach + 1)) / (EVENT_MEMORY_SECONDS * RATE))

    def gathered(values: Vector, by: Vector) -> Vector:
        return np.convolve(values, by, mode="full")[len(by) // 2 :][: len(values)]

    both = np.mean([gathered(seen * _later(heard, lag), kernel) for lag in LAGS], axis=0)
    power = gathered(seen**2, kernel) * gathered(heard**2, kernel)
    r = both / np.sqrt(np.maximum(power, 1e-18))
    ones = np.ones(length)
    n = gathered(ones, kernel) ** 2 / gathered(ones, kernel**2) * EVENT_PER_SECOND / RATE
    own, other = 1 / n + EVENT_OWN_SPREAD**2, 1 / n
    odds = 0.5 * (np.log(other / own) + r**2 / other - (r - EVENT_OWN_CORRELATION) ** 2 / own)
    return np.asarray(np.where(r > 0, odds, np.minimum(odds, 0)))


def cut_odds(cuts_seconds: Vector, onset: Vector) -> float:
    """How much likelier (log of the odds) it is that the cuts fall on the onsets [N] (every 10 ms) than not; 0 of few."""
    # The rank of what is heard at a cut among all that is heard is uniform where cuts know nothing: mean ½, variance 1/12.
    if len(cuts_seconds) < LEAST_CUTS or len(onset) < ONSET_RATE:
        return 0.0
    reach = int(AT_CUTS * ONSET_RATE)
    peaks = np.lib.stride_tricks.sliding_window_view(np.pad(onset, reach, mode="edge"), 2 * reach + 1).max(axis=1)
    ranks = peaks.argsort().argsort() / (len(peaks) - 1)
    at = np.clip(np.round(np.asarray(cuts_seconds) * ONSET_RATE).astype(int), 0, len(peaks) - 1)
    spread, own_mean, own_spread = 1 / np.sqrt(12 * len(at)), 0.70, 0.08
    mean = float(ranks[at].mean())
    own = spread**2 + own_spread**2
    odds = np.log(spread / np.sqrt(own)) + 0.5 * (
        (mean - 0.5) ** 2 / spread**2 - (min(mean, own_mean) - own_mean) ** 2 / own
    )
    return float(odds if mean > 0.5 else min(odds, 0.0))


def _peaks(onset: Vector, length: int) -> Vector:
    """The strongest within 50 ms around each of `length` moments at 25 Hz; silence where the sound has ended."""
    if len(onset) == 0:
        return np.zeros(length)
    at = np.arange(length)[:, None] * (ONSET_RATE // RATE) + np.arange(-2, 3)
    return np.where(at[:, 2] < len(onset), onset[np.clip(at, 0, len(onset) - 1)].max(axis=1), 0.0)


def _detrended(values: Vector) -> Vector:
    taps = int(TREND_SECONDS * RATE) | 1
    trend = np.convolve(np.pad(values, taps // 2, mode="edge"), np.ones(taps) / taps, mode="valid")
    return values - trend


def _later(values: Vector, lag: int) -> Vector:
    return values[np.clip(np.arange(len(values)) + lag, 0, len(values) - 1)]


LIP_RATE, LEVEL_RATE = 25, 100  # Hz
LOWEST_HZ, HIGHEST_HZ = 0.5, 8.0
PER_SECOND = 2 * (HIGHEST_HZ - LOWEST_HZ)  # independent values of a curve of this bandwidth
EDGE = 25  # values that the filter needs to either side
LONGEST_GAP_SECONDS = 0.25  # between two pictures; over a longer one nothing is guessed
RANGE_DB = 25.0  # under the loud level of speech; what lies deeper counts as silence
LAGS_SECONDS = np.arange(-0.16, 0.17, 0.02)
USUAL_LAG_SECONDS, LAG_SPREAD_SECONDS = 0.02, 0.03
MEMORY_SECONDS = 4.0  # evidence fades with this time constant to either side

# Measured on people who talk (research/synchrony): correlation of a mouth with its own voice, and with another's; and the
# logarithm of how much an opening changes from one value to the next, where talk and silence are equally likely.
OWN_CORRELATION, OWN_SPREAD, OTHER_SPREAD = 0.30, 0.12, 0.05
TALK_MOTION, MOTION_SLOPE = -4.9, 3.0
MOTION_ODDS = (-6.0, 3.0)  # least and most: who talks moves the lips, but who moves them may chew


@dataclass(frozen=True)
class LipCurve:
    """The mouth of one face within one shot, 25 values a second."""

    start_seconds: float
    opening: Vector  # [T], gap of the lips over the face's height
    confidence: Vector  # [T], 0…1; 0 where it was not seen

    def __post_init__(self) -> None:
        if self.opening.shape != self.confidence.shape:
            raise ValueError(f"{self.opening.shape} values of a mouth have {self.confidence.shape} confidences")

    @property
    def times_seconds(self) -> Vector:
        return self.start_seconds + np.arange(len(self.opening)) / LIP_RATE

    @property
    def change(self) -> Vector:
        """How the opening changes from one value to the next, 0.5…8 Hz, [T]."""
        return changes(np.pad(self.opening, EDGE, mode="edge"))


@dataclass(frozen=True)
class SpeechCurve:
    """The level of speech in dB, every 10 ms from time 0, on any scale."""

    level_db: Vector  # [N]
    presence: Vector | None = (
        None  # [N], 0…1: that somebody speaks; else what lies near the loud level counts as speech
    )

    @property
    def floor_db(self) -> float:
        return float(np.percentile(self.level_db, 95)) - RANGE_DB if len(self.level_db) else 0.0

    def change(self, times_seconds: Vector) -> Vector:
        """How the level changes around evenly spaced times [T], 0.5…8 Hz."""
        # A second more at both ends, so that the first and last values are no edges.
        wide = times_seconds[0] + np.arange(-EDGE, len(times_seconds) + EDGE) / LIP_RATE
        return changes(self._at(wide, np.maximum(self.level_db, self.floor_db)))

    def sounds(self, times_seconds: Vector) -> Vector:
        """1 where speech is heard, or was or will be within a fifth of a second, else 0, [T]."""
        if len(self.level_db) == 0:
            return np.zeros(len(times_seconds))
        heard = (self.level_db > self.floor_db if self.presence is None else self.presence > 0.5).astype(float)
        return (self._at(times_seconds, np.convolve(heard, np.ones(41), mode="same")) > 0.5).astype(float)

    def _at(self, times_seconds: Vector, values: Vector) -> Vector:
        """Mean over 50 ms around the times; what lies before and after the sound is silent."""
        if len(values) == 0:
            return np.zeros(len(times_seconds))
        soft = np.convolve(np.pad(values, 2, mode="edge"), np.ones(5) / 5, mode="valid")
        return np.interp(times_seconds, np.arange(len(soft)) / LEVEL_RATE, soft)


@dataclass(frozen=True)
class LipMatch:
    """What a mouth and the speech have to do with each other, around each value of a lip curve, [T]."""

    correlation: Vector
    count: Vector  # independent values that it comes from
    motion: Vector  # how much the opening changes from one value to the next, root of the mean square
    weight: Vector  # share of the time around in which the mouth was seen and speech was heard


def lip_curves(tracks: Sequence[FaceTrack], cuts_seconds: Sequence[float] = ()) -> tuple[LipCurve, ...]:
    """The mouths of tracks, evenly spaced, cut at cuts; those of less than half a second are left out."""
    pieces = [piece for track in tracks for piece in _between(track, cuts_seconds)]
    return tuple(_even(piece) for piece in pieces if piece[-1, 0] - piece[0, 0] >= 0.5)


def changes(values: Vector) -> Vector:
    """Differences of neighbours within 0.5…8 Hz, [T] from [T + 2 EDGE] at 25 Hz."""
    return np.convolve(np.gradient(values), _band_pass(), mode="valid")


def match(
    curve: LipCurve, speech: SpeechCurve, lag_seconds: float, *, memory_seconds: float = MEMORY_SECONDS
) -> LipMatch:
    """Compare a mouth with the speech that is heard `lag_seconds` later, with evidence from some seconds around."""
    # r = Σ k a b / √(Σ k a² Σ k b²), sums over time; k: both are there, fading to either side with the memory.
    lips, voice = curve.change, speech.change(curve.times_seconds + lag_seconds)
    there = curve.confidence * speech.sounds(curve.times_seconds + lag_seconds)
    reach = min(len(lips), int(4 * memory_seconds * LIP_RATE))
    kernel = np.exp(-np.abs(np.arange(-reach, reach + 1)) / (memory_seconds * LIP_RATE))

    def gathered(values: Vector, by: Vector = kernel) -> Vector:
        return np.convolve(values, by, mode="full")[len(by) // 2 :][: len(values)]

    both, one, other = (gathered(there * product) for product in (lips * voice, lips * lips, voice * voice))
    weight = gathered(there)
    count = weight**2 / np.maximum(gathered(there**2, kernel**2), 1e-9) * PER_SECOND / LIP_RATE
    seen = np.maximum(gathered(curve.confidence), 1e-9)
    return LipMatch(
        correlation=both / np.sqrt(np.maximum(one * other, 1e-18)),
        count=count,
        motion=np.sqrt(gathered(curve.confidence * lips * lips) / seen),
        weight=weight / gathered(np.ones(len(there))),
    )


def film_lag(curves: Sequence[LipCurve], speech: SpeechCurve) -> float:
    """By how many seconds the sound of a film comes after its picture: where all mouths together fit best."""
    # log likelihood of a lag: Σ n log(1 / (1 − r²)) / 2 over mouths, for r > 0; and 20 ± 30 ms is usual.
    score = -0.5 * ((LAGS_SECONDS - USUAL_LAG_SECONDS) / LAG_SPREAD_SECONDS) ** 2
    for curve in curves:
        lips, times = curve.change, curve.times_seconds
        for k, lag in enumerate(LAGS_SECONDS.tolist()):
            there = curve.confidence * speech.sounds(times + lag)
            voice = speech.change(times + lag)
            power = (there * lips * lips).sum() * (there * voice * voice).sum()
            r = max(0.0, float((there * lips * voice).sum() / np.sqrt(max(power, 1e-18))))
            score[k] -= 0.5 * float(there.sum()) * PER_SECOND / LIP_RATE * np.log(1 - min(r, 0.95) ** 2)
    return float(LAGS_SECONDS[score.argmax()])


def follows(found: LipMatch) -> Vector:
    """How much likelier (log of the odds) the match is for a mouth that makes this speech than for another's, [T]."""
    # r is normal around ρ or 0, with variance 1 / n from the finite count, and people's own.
    n = np.maximum(found.count, 1e-3)
    own, other = 1 / n + OWN_SPREAD**2, 1 / n + OTHER_SPREAD**2
    r = found.correlation
    odds = 0.5 * (np.log(other / own) + r**2 / other - (np.minimum(r, OWN_CORRELATION) - OWN_CORRELATION) ** 2 / own)
    return np.asarray(np.where(r > 0, odds, np.minimum(odds, 0)) * (found.count > 1))


def moves(found: LipMatch) -> Vector:
    """How much likelier (log of the odds) the motion is for a mouth that talks than for a silent one, [T]."""
    return np.asarray(np.clip(MOTION_SLOPE * (np.log(np.maximum(found.motion, 1e-9)) - TALK_MOTION), -4, 4))


def _between(track: FaceTrack, cuts_seconds: Sequence[float]) -> list[NDArray[np.float64]]:
    """Rows of time, opening, confidence [F, 3] of a track, parted at cuts."""
    rows = np.stack([track.times_seconds, track.opening, track.confidence], axis=1)
    edges = np.searchsorted(track.times_seconds, sorted(cuts_seconds))
    return [piece for piece in np.split(rows, edges) if len(piece) > 1]


def _even(rows: NDArray[np.float64]) -> LipCurve:
    """Rows [F, 3] brought to 25 a second; nothing is known within long gaps."""
    times, opening, confidence = rows.T
    start = float(np.ceil(times[0] * LIP_RATE - 1e-6)) / LIP_RATE
    at = start + np.arange(int((times[-1] - start) * LIP_RATE + 1e-6) + 1) / LIP_RATE
    after = np.clip(np.searchsorted(times, at), 1, len(times) - 1)
    near = times[after] - times[after - 1] <= LONGEST_GAP_SECONDS
    return LipCurve(start, np.interp(at, times, opening), np.interp(at, times, confidence) * near)


def _band_pass() -> Vector:
    """A symmetric filter of 2 EDGE + 1 taps: a windowed sinc for the upper edge less one for the lower."""
    at = np.arange(-EDGE, EDGE + 1) / LIP_RATE
    high, low = (2 * hertz / LIP_RATE * np.sinc(2 * hertz * at) for hertz in (HIGHEST_HZ, LOWEST_HZ))
    taps = (high - low) * np.hanning(2 * EDGE + 3)[1:-1]
    return np.asarray(taps - taps.mean())
