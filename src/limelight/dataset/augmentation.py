"""How training sounds are varied, so that no stem is known by its recordings.

A library is small and its recordings are of a kind: speech ends at 8 kHz where music does not, one track is always in one
key, one voice always has one pitch. A network learns that in place of what speech, music and effects are. So each piece
may be played faster or slower (pitch moves with it), each stem may get another equaliser, a room, a missing top, and
band-limited speech an invented one. All of it happens before levels are set, so the balance stays what was sampled.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from limelight.audio.resample import resample
from limelight.dataset.reverberation import sample_room
from limelight.dataset.sounds import SAMPLE_RATE
from limelight.types import STEMS

LARGEST_SPEED = {"speech": 1.18, "music": 1.33, "effects": 1.6}  # and as much slower
EQUALISER_DB = 4.0  # σ at each of its points
EQUALISER_POINTS = 6
CUT_HERTZ = (3500.0, 16_000.0)
AIR_FROM_HERTZ, AIR_STEP_HERTZ = 4000.0, 4000.0
AIR_FALL_DB = (3.0, 12.0)  # per step of 4 kHz
DRIVE_DB = (0.0, 18.0)  # of the RMS over the level at which a stage begins to bend

Spectrum = NDArray[np.complex64]  # [N / 2 + 1], of a whole stem
Curve = NDArray[np.float32]  # [N / 2 + 1], a gain per frequency


@dataclass(frozen=True)
class Augmentation:
    """Shares of pieces (speed) and of stems (all else) that are varied."""

    speed: float = 0.7
    equaliser: float = 0.5
    low_pass_all: float = 0.3
    low_pass_one: float = 0.25
    air: float = 0.5
    speech_room: float = 0.35
    other_room: float = 0.1
    backwards: float = 0.0  # never speech
    drive: float = 0.0


WILD = Augmentation(backwards=0.15, drive=0.15)  # also as no library sounds, for telling stems apart
PLAIN = Augmentation(0, 0, 0, 0, 0, 0, 0)


def sample_speed(rng: np.random.Generator, stem: str, augmentation: Augmentation) -> float:
    """A factor, 1 where the piece is spared; faster and slower are equally likely."""
    if rng.random() >= augmentation.speed:
        return 1.0
    span = math.log(LARGEST_SPEED[stem])
    return math.exp(rng.uniform(-span, span))


def at_speed(samples: NDArray[np.float32], speed: float) -> NDArray[np.float32]:
    """[n] played `speed` times as fast, [n / speed]; pitch and formants move with it, as on a tape."""
    if speed == 1.0:
        return samples
    return np.asarray(resample(samples[None], round(SAMPLE_RATE * speed), SAMPLE_RATE)[0])


def polarity_and_shift(
    rng: np.random.Generator, stem: str, samples: NDArray[np.float32], augmentation: Augmentation
) -> NDArray[np.float32]:
    """A piece [n], at times backwards: another sound with the same spectrum. A voice would be none any more."""
    if augmentation.backwards and stem != "speech" and rng.random() < augmentation.backwards:
        return np.ascontiguousarray(samples[::-1])
    return samples


def saturated(
    rng: np.random.Generator, samples: NDArray[np.float32], augmentation: Augmentation
) -> NDArray[np.float32]:
    """A stem [N], at times through an amplifier or microphone that bends its peaks; about as loud as before."""
    if not (augmentation.drive and rng.random() < augmentation.drive):
        return samples
    rms = float(np.sqrt(np.mean(np.square(samples)))) + 1e-9
    bend = rms / 10 ** (rng.uniform(*DRIVE_DB) / 20)
    bent = np.tanh(samples / bend)
    return np.asarray(bent * (rms / (float(np.sqrt(np.mean(np.square(bent)))) + 1e-9)), np.float32)


def equalised(rng: np.random.Generator, stems: NDArray[np.float32], augmentation: Augmentation) -> NDArray[np.float32]:
    """The stems [K, N], each with its own equaliser, room and band, then one band for all."""
    if augmentation == PLAIN:
        return stems
    of_all = low_pass_curve(rng, _hertz(stems.shape[1]), augmentation.low_pass_all)
    return np.stack([equalised_stem(rng, stem, stems[k], augmentation, of_all) for k, stem in enumerate(STEMS)])


def equalised_stem(
    rng: np.random.Generator,
    stem: str,
    samples: NDArray[np.float32],
    augmentation: Augmentation,
    of_all: Curve | float = 1.0,
) -> NDArray[np.float32]:
    """One stem [N] with an equaliser, a room and a band of its own, then a band that it shares with others."""
    if augmentation == PLAIN or not samples.any():
        return samples
    samples = saturated(rng, samples, augmentation)
    length = len(samples)
    hertz = _hertz(length)
    spectrum = np.asarray(np.fft.rfft(samples) * _equaliser(rng, hertz, augmentation.equaliser), np.complex64)
    spectrum = spectrum * _room(rng, length, augmentation.speech_room if stem == "speech" else augmentation.other_room)
    if stem == "speech" and rng.random() < augmentation.air:
        _add_air(rng, spectrum, length)
    spectrum = spectrum * low_pass_curve(rng, hertz, augmentation.low_pass_one) * of_all
    return np.asarray(np.fft.irfft(spectrum, length), np.float32)


def _hertz(length: int) -> Curve:
    return np.fft.rfftfreq(length, 1 / SAMPLE_RATE).astype(np.float32)


def _equaliser(rng: np.random.Generator, hertz: Curve, share: float) -> Curve | float:
    """A smooth curve through random gains, equally spaced on a logarithmic axis of frequency."""
    if rng.random() >= share:
        return 1.0
    points_db = rng.normal(0, EQUALISER_DB, EQUALISER_POINTS)
    place = np.log2(hertz / 200 + 1) / math.log2(SAMPLE_RATE / 2 / 200 + 1)
    curve_db = np.interp(place, np.linspace(0, 1, EQUALISER_POINTS), points_db)
    return np.asarray(10 ** (curve_db / 20), np.float32)


def low_pass_curve(rng: np.random.Generator, hertz: Curve, share: float) -> Curve | float:
    """A steep end of the band somewhere between a telephone's and a codec's."""
    if rng.random() >= share:
        return 1.0
    cut = CUT_HERTZ[0] * (CUT_HERTZ[1] / CUT_HERTZ[0]) ** rng.random()
    return np.asarray(1 / (1 + np.exp(np.clip((hertz - cut) / 150, -60, 60))), np.float32)


def _room(rng: np.random.Generator, length: int, share: float) -> Spectrum | float:
    """A room's transfer function. Its tail wraps round to the beginning: what was said before still sounds there."""
    if rng.random() >= share:
        return 1.0
    return np.asarray(np.fft.rfft(sample_room(rng).response[:length], length), np.complex64)


def _add_air(rng: np.random.Generator, spectrum: Spectrum, length: int) -> None:
    """Gives speech a top, in place: its 4–8 kHz shifted upwards, 4 kHz at a time and falling.

    Without it a network learns "above 8 kHz is never speech" from recordings at 16 kHz.
    """
    low, step = (round(hertz * length / SAMPLE_RATE) for hertz in (AIR_FROM_HERTZ, AIR_STEP_HERTZ))
    source = spectrum[low : low + step].copy()
    fall = 10 ** (-rng.uniform(*AIR_FALL_DB) / 20)
    for n in (1, 2, 3):
        first = low + n * step
        room = max(0, len(spectrum) - first)
        spectrum[first : first + step] += (source * fall**n)[:room]
