"""Conversions of sound: sample rates, gains, channel layouts.

Change of sample rate, by the SoX resampler (soxr), whole and as a stream.

N samples become ⌊N · out / in + ½⌋: a half is rounded up. Time 0 stays time 0; there is no delay to make up for.
Where the rates are equal the samples pass untouched.

Gains: ratios, decibels, and curves of them over time.

A gain of 0 is a value and reads −∞ dB. Curves move along straight lines in decibels, which the ear hears as even.

Channel layouts by FFmpeg's names, and what each channel counts in loudness.

Weights by ITU-R BS.1770-5, Annexes 1 and 3: 1.41 (+1.5 dB) for a loudspeaker 60° to 120° to the side at ear height,
0 for low-frequency effects, 1 for all others. FFmpeg's `ebur128` differs for the back pair of 7.1 and for a back centre
(135° to 180°), which it weighs 1.41 as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import numpy as np
import soxr
from numpy.typing import ArrayLike, NDArray

from limelight.errors import Unsupported
from limelight.types import Samples

_QUALITY = "HQ"  # 20 bits; the next better costs a third more and changes nothing one can hear


def resampled_length(length: int, in_rate: int, out_rate: int) -> int:
    """Samples that so many become."""
    return (2 * length * out_rate + in_rate) // (2 * in_rate)


def resample(samples: Samples, in_rate: int, out_rate: int) -> Samples:
    """Convert [C, N] from one rate to another, both in Hz."""
    stream = ResampleStream(in_rate, out_rate, samples.shape[0])
    return np.concatenate([stream.push(samples), stream.finish()], axis=1)


class ResampleStream:
    """`resample` of a signal that comes in blocks."""

    def __init__(self, in_rate: int, out_rate: int, channels: int) -> None:
        self._rates = (in_rate, out_rate)
        self._channels = channels
        self._taken = 0
        self._given = 0
        self._soxr = None
        if in_rate != out_rate:
            self._soxr = soxr.ResampleStream(in_rate, out_rate, channels, dtype="float32", quality=_QUALITY)

    def push(self, block: Samples) -> Samples:
        """Take [C, n], give what is ready, [C, m] (m may be 0)."""
        self._taken += block.shape[1]
        converted = self._convert(block, last=False)
        self._given += converted.shape[1]
        return converted

    def finish(self) -> Samples:
        """The rest, so that the whole has the length that was promised."""
        owed = resampled_length(self._taken, *self._rates) - self._given
        rest = self._convert(np.empty((self._channels, 0), np.float32), last=True)[:, :owed]
        return np.pad(rest, ((0, 0), (0, owed - rest.shape[1])))

    def _convert(self, block: Samples, *, last: bool) -> Samples:
        if self._soxr is None:
            return block
        frames = np.ascontiguousarray(block.T, dtype=np.float32)  # [n, C]
        converted: Samples = self._soxr.resample_chunk(frames, last=last)
        return np.ascontiguousarray(converted.reshape(-1, self._channels).T)


SILENCE_DB = -120.0  # a curve that falls this far has arrived at nothing


def db_to_gain(db: ArrayLike) -> NDArray[np.float64]:
    """Amplitude ratio of a level in dB; −∞ dB is 0."""
    return np.asarray(np.power(10.0, np.asarray(db, np.float64) / 20.0))


def gain_to_db(gain: ArrayLike) -> NDArray[np.float64]:
    """Level in dB of an amplitude ratio (its sign is of no account); 0 is −∞ dB."""
    with np.errstate(divide="ignore"):
        return np.asarray(20.0 * np.log10(np.abs(np.asarray(gain, np.float64))))


def interpolate_gain(
    curve_times_seconds: ArrayLike, curve_db: ArrayLike, sample_times_seconds: ArrayLike
) -> NDArray[np.float64]:
    """Amplitude ratios at the given times, from a curve that is linear in dB between its points, constant outside.

    `curve_times_seconds` [T] must increase; `curve_db` [T] may hold −∞, treated as a fade to `SILENCE_DB` and 0 there.
    """
    times = np.asarray(curve_times_seconds, np.float64)
    levels = np.maximum(np.asarray(curve_db, np.float64), SILENCE_DB)
    if times.ndim != 1 or times.shape != levels.shape or times.size == 0 or np.any(np.diff(times) <= 0):
        raise ValueError(f"a gain curve needs increasing times, one per level, got {times.shape} and {levels.shape}")
    db = np.interp(np.asarray(sample_times_seconds, np.float64), times, levels)
    return np.where(db > SILENCE_DB, db_to_gain(db), 0.0)


SURROUND_WEIGHT = 1.41

_LAYOUTS = {
    "mono": "FC",
    "stereo": "FL FR",
    "2.1": "FL FR LFE",
    "3.0": "FL FR FC",
    "3.0(back)": "FL FR BC",
    "4.0": "FL FR FC BC",
    "quad": "FL FR BL BR",
    "quad(side)": "FL FR SL SR",
    "3.1": "FL FR FC LFE",
    "4.1": "FL FR FC LFE BC",
    "5.0": "FL FR FC BL BR",
    "5.0(side)": "FL FR FC SL SR",
    "5.1": "FL FR FC LFE BL BR",
    "5.1(side)": "FL FR FC LFE SL SR",
    "6.0": "FL FR FC BC SL SR",
    "6.0(front)": "FL FR FLC FRC SL SR",
    "hexagonal": "FL FR FC BL BR BC",
    "6.1": "FL FR FC LFE BC SL SR",
    "6.1(back)": "FL FR FC LFE BL BR BC",
    "6.1(front)": "FL FR LFE FLC FRC SL SR",
    "7.0": "FL FR FC BL BR SL SR",
    "7.0(front)": "FL FR FC FLC FRC SL SR",
    "7.1": "FL FR FC LFE BL BR SL SR",
    "7.1(wide)": "FL FR FC LFE BL BR FLC FRC",
    "7.1(wide-side)": "FL FR FC LFE FLC FRC SL SR",
    "5.1.2": "FL FR FC LFE SL SR TFL TFR",
    "5.1.2(back)": "FL FR FC LFE BL BR TFL TFR",
    "5.1.4": "FL FR FC LFE SL SR TFL TFR TBL TBR",
    "7.1.2": "FL FR FC LFE BL BR SL SR TFL TFR",
    "7.1.4": "FL FR FC LFE BL BR SL SR TFL TFR TBL TBR",
    "octagonal": "FL FR FC BL BR BC SL SR",
    "downmix": "DL DR",
    "binaural": "BIL BIR",
}
_SPELT = re.compile(r"(?:\d+ channels \()?([A-Z]+\d?(?:\+[A-Z]+\d?)*)\)?")
_COUNTED = re.compile(r"([1-9]\d?) channels")
_SIDES = {"SL", "SR"}
_BACKS = {"BL", "BR"}  # the surround pair where a layout has no sides
_LOW = {"LFE", "LFE2"}
_HALF_POWER = 0.7071


def channel_names(layout: str) -> tuple[str, ...]:
    """Channels of a layout in order: by name ("5.1"), spelt out ("FL+FR+LFE") or just counted ("3 channels").

    Raises Unsupported for a layout we do not know.
    """
    if layout in _LAYOUTS:
        return tuple(_LAYOUTS[layout].split())
    if spelt := _SPELT.fullmatch(layout):
        return tuple(spelt.group(1).split("+"))
    if counted := _COUNTED.fullmatch(layout):
        return ("?",) * int(counted.group(1))
    raise Unsupported(f"wished to measure channel layout {layout!r}, which is unknown; convert the sound to 5.1 first")


def channel_weights(layout: str) -> NDArray[np.float64]:
    """What each channel's power counts in loudness, [C]."""
    names = channel_names(layout)
    surround = _SIDES if _SIDES & set(names) else _BACKS
    return np.array([0.0 if name in _LOW else SURROUND_WEIGHT if name in surround else 1.0 for name in names])


def stereo_matrix(layout: str) -> NDArray[np.float32]:
    """[2, C] that mixes a layout down to stereo: the centre to both sides, no low-frequency effects, nothing clips."""
    rows = np.array([_to_sides(name) for name in channel_names(layout)], np.float32).T  # [2, C]
    return np.asarray(rows / max(1e-9, float(rows.sum(axis=1).max())))


def _to_sides(name: str) -> list[float]:
    if name in _LOW:
        return [0.0, 0.0]
    level = 1.0 if name in ("FL", "FR", "DL", "DR", "BIL", "BIR") else _HALF_POWER
    return [0.0 if name.endswith("R") else level, 0.0 if name.endswith("L") else level]


def matrix_between(layout: str, wanted: str) -> NDArray[np.float32]:
    """[C_wanted, C]: how a stem in one layout joins a soundtrack in another; mono stands in the middle.

    Raises Unsupported for an unknown layout.
    """
    have, want = channel_names(layout), channel_names(wanted)
    if have == want:
        return np.eye(len(have), dtype=np.float32)
    if len(want) == 1:
        heard = np.array([name not in ("LFE", "LFE2") for name in have], np.float32)
        return (heard / max(1.0, float(heard.sum())))[None]
    if len(have) == 1:
        middle = ("FC",) if "FC" in want else ("FL", "FR")
        return np.array([[float(name in middle)] for name in want], np.float32)
    sides = np.zeros((len(want), 2), np.float32)
    sides[want.index("FL"), 0] = sides[want.index("FR"), 1] = 1
    if set(have) <= set(want):
        return np.array([[float(a == b) for b in have] for a in want], np.float32)
    return np.asarray(sides @ stereo_matrix(layout), np.float32)


def resampled(blocks: Iterable[Samples], sample_rate: int, wanted: int, channels: int) -> Iterator[Samples]:
    """Blocks [C, n] at another rate."""
    resampler = ResampleStream(sample_rate, wanted, channels)
    for block in blocks:
        yield resampler.push(block)
    yield resampler.finish()


def downmix_weights(layout: str, *, inverted: bool = False) -> NDArray[np.float32]:
    """How much of each channel reaches a model's mono ear, [C]: all alike, but nothing of the low-frequency effects.

    inverted: the right side has the left one's sign turned round, so that their sum would be silence; their difference
    is heard.
    """
    names = channel_names(layout)
    weights = np.array([name not in ("LFE", "LFE2") for name in names], np.float32)
    if inverted:
        weights *= np.array([-1 if name.endswith("R") else 1 for name in names], np.float32)
    return weights / max(1.0, float(np.abs(weights).sum()))
