"""How sounds are varied: rooms and noises, speed, equalisers, bandwidth.

What cannot be undone by gains: reverberation around the whole mix, and noise behind it (SSE's DegradedMix).

A room is the direct sound and a diffuse tail that decays exponentially; no single reflections (Polack's statistical model of
late reverberation); the direct sound comes first and keeps its place in time. SSE (arXiv 2609.29169) adds both to Muddy Mix
without saying which; our noises are white, pink (−3 dB an octave), brown (−6 dB) and the hum of the mains with its
harmonics. The record holds seeds and levels, no sound: applied again it gives the same samples.

How training sounds are varied, so that no stem is known by its recordings.

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

from limelight.audio.convert import db_to_gain, resample
from limelight.audio.loudness import integrated_loudness
from limelight.dataset.sounds import SAMPLE_RATE
from limelight.types import STEMS, Samples


@dataclass(frozen=True)
class Room:
    """An impulse response of [n] samples whose first sample is the direct sound."""

    response: NDArray[np.float32]

    def __call__(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """The sound [N] in this room, cut to its own length."""
        size = 1 << int(len(samples) + len(self.response) - 1).bit_length()
        wet = np.fft.irfft(np.fft.rfft(samples, size) * np.fft.rfft(self.response, size), size)
        return wet[: len(samples)].astype(np.float32)


def sample_room(rng: np.random.Generator) -> Room:
    """Reverberation time 0.15 to 0.9 s, direct-to-reverberant ratio −3 to +15 dB."""
    decay_seconds = float(rng.uniform(0.15, 0.9))
    n = round(decay_seconds * SAMPLE_RATE)
    time = np.arange(n) / SAMPLE_RATE
    tail = rng.standard_normal(n) * np.exp(-6.9 * time / decay_seconds)
    tail = np.convolve(tail, [0.25, 0.5, 0.25], mode="same")  # air and walls swallow the top first
    tail[: round(rng.uniform(0.005, 0.03) * SAMPLE_RATE)] *= 0.1
    ratio = 10 ** (-float(rng.uniform(-3, 15)) / 20)
    response = tail * (ratio / np.sqrt(np.sum(tail**2)))
    response[0] = 1.0
    return Room(response.astype(np.float32))


TILTS_DB = {"white": 0.0, "pink": -3.0, "brown": -6.0}  # per octave
HUM_HERTZ = (50.0, 60.0)
NOISES = (*TILTS_DB, "hum")
BELOW_MIX_LU = {6.0: (18.0, 26.0), 9.0: (12.0, 18.0), 12.0: (6.0, 12.0)}  # a step in dB → how far behind the noise lies


@dataclass(frozen=True)
class RoomAndNoise:
    """A room and a noise; either may be missing."""

    room_seed: int | None
    noise: str | None  # of NOISES
    noise_seed: int
    noise_below_mix_lu: float

    def __str__(self) -> str:
        room = "in a room" if self.room_seed is not None else ""
        noise = f"{self.noise} noise {self.noise_below_mix_lu:.0f} LU behind" if self.noise else ""
        return " and ".join(filter(None, (room, noise)))

    def __call__(self, mix: Samples, *, layout: str) -> Samples:
        """A mix [C, N] at 48 kHz in this room, with this noise."""
        around = mix
        if self.room_seed is not None:
            room = sample_room(np.random.default_rng(self.room_seed))
            around = np.stack([room(samples) for samples in mix])
        if self.noise is None:
            return around
        noise = self._noise(*mix.shape)
        apart = integrated_loudness(mix, SAMPLE_RATE, layout=layout) - integrated_loudness(
            noise, SAMPLE_RATE, layout=layout
        )
        # Behind silence the noise is silent too: its level is told against the mix.
        gain = db_to_gain(apart - self.noise_below_mix_lu).astype(np.float32) if np.isfinite(apart) else np.float32(0)
        return around + gain * noise

    def _noise(self, channels: int, length: int) -> NDArray[np.float32]:
        rng = np.random.default_rng(self.noise_seed)
        if self.noise == "hum":
            return np.tile(_hum(rng, length), (channels, 1))
        hertz = np.maximum(np.fft.rfftfreq(length, 1 / SAMPLE_RATE), 20.0)
        tilt = db_to_gain(TILTS_DB[str(self.noise)] * np.log2(hertz / 1000))
        return np.fft.irfft(np.fft.rfft(rng.standard_normal((channels, length))) * tilt, length).astype(np.float32)


def sample_room_and_noise(rng: np.random.Generator, step_db: float) -> RoomAndNoise:
    """A noise, a room, or both; the larger the step the nearer the noise."""
    seeds = rng.integers(0, 2**31, 2)
    which = int(rng.integers(0, 3))
    noise = str(rng.choice(NOISES)) if which != 0 else None
    low, high = BELOW_MIX_LU[step_db]
    return RoomAndNoise(int(seeds[0]) if which != 1 else None, noise, int(seeds[1]), round(rng.uniform(low, high), 2))


def _hum(rng: np.random.Generator, length: int) -> NDArray[np.float32]:
    time = np.arange(length) / SAMPLE_RATE
    base = float(rng.choice(HUM_HERTZ))
    waves = [np.sin(2 * np.pi * (n * base * time + rng.random())) / n**1.5 for n in range(1, 13)]
    return np.asarray(np.sum(waves, axis=0), np.float32)


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
