"""Well mixed soundtracks out of a library of separate sounds, each with its degraded counterpart.

Levels follow the priors of DnR v3 (integrated loudness, mean ± σ): speech −27 ± 4, music −32 ± 6, effects −32 ± 6 in
front and −40 ± 6 behind, the whole mix −27 ± 1 LUFS. Sampled from a generator, so that a seed and a number name a mixture.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from limelight.audio.convert import db_to_gain
from limelight.audio.loudness import block_powers, integrated_from_block_powers
from limelight.dataset.augmentation import PLAIN, Augmentation, at_speed, equalised, polarity_and_shift, sample_speed
from limelight.dataset.degrade import NONE, GainChange, sample_paper
from limelight.dataset.sounds import SAMPLE_RATE, Sound, SoundLibrary, StemSounds
from limelight.types import STEMS, Vector

Stems = NDArray[np.float32]  # [K, N], mono

PRIORS_LUFS = {"speech": (-27.0, 4.0), "music": (-32.0, 6.0), "effects": (-32.0, 6.0)}
BEHIND_LU = -8.0  # background effects under those in front
MIX_LUFS = (-27.0, 1.0)
SILENT_LUFS = -70.0
LARGEST_PEAK = 10 ** (-0.5 / 20)
LARGEST_LIFT = 10 ** (30 / 20)
LATE = 0.3  # share of sequences that begin after the mixture


@dataclass(frozen=True)
class SourceChoice:
    """How often a stem is heard at all, and how often the mix is degraded."""

    presence: dict[str, float] = field(default_factory=lambda: {"speech": 0.75, "music": 0.75, "effects": 0.85})
    undegraded: float = 0.15


@dataclass(frozen=True)
class Mixture:
    """A good mix, its stems, and what was done to degrade it."""

    target_stems: Stems  # [K, N]; their sum is the good mix
    degradation: GainChange

    @property
    def target(self) -> NDArray[np.float32]:
        return np.asarray(self.target_stems.sum(axis=0))

    @property
    def input_stems(self) -> Stems:
        gains = db_to_gain(np.array(self.degradation.gains_db)).astype(np.float32)
        return self.target_stems * gains[:, None]

    @property
    def input(self) -> NDArray[np.float32]:
        return np.asarray(self.input_stems.sum(axis=0))


def sample_mixture(
    rng: np.random.Generator,
    library: SoundLibrary,
    *,
    seconds: float,
    sources: SourceChoice | None = None,
    augmentation: Augmentation = PLAIN,
) -> Mixture:
    """One mixture of at least one audible stem, degraded unless the choice of sources spares it; no peak above −0.5 dBFS."""
    sources = sources or SourceChoice()
    length = round(seconds * SAMPLE_RATE)
    heard = [stem for stem in STEMS if rng.random() < sources.presence[stem]] or [str(rng.choice(STEMS))]
    stems = np.zeros((len(STEMS), length), np.float32)
    for k, stem in enumerate(STEMS):
        if stem in heard:
            stems[k] = arrange(rng, stem, library, length, augmentation)
    stems = equalised(rng, stems, augmentation)
    powers = [block_powers(stems[k : k + 1], SAMPLE_RATE, layout="mono") for k in range(len(STEMS))]
    for k, stem in enumerate(STEMS):
        gain = float(db_to_gain(_level_change_db(powers[k], rng.normal(*PRIORS_LUFS[stem]))))
        stems[k] *= np.float32(gain)
        powers[k] = powers[k] * gain**2
    # The stems are independent: their powers add.
    gain = float(db_to_gain(_level_change_db(np.sum(powers, axis=0), rng.normal(*MIX_LUFS))))
    stems *= np.float32(gain)
    if rng.random() < sources.undegraded:
        return without_clipping(Mixture(stems, NONE))
    loudness = [integrated_from_block_powers(stem_powers * gain**2) for stem_powers in powers]
    return without_clipping(Mixture(stems, sample_paper(rng, dict(zip(STEMS, loudness, strict=True)))))


def without_clipping(mixture: Mixture) -> Mixture:
    """One gain brings the stems and both mixes under −0.5 dBFS; never up."""
    peak = max(np.abs(x).max() for x in (mixture.target_stems, mixture.target, mixture.input_stems, mixture.input))
    if peak <= LARGEST_PEAK:
        return mixture
    return Mixture(mixture.target_stems * np.float32(LARGEST_PEAK / peak), mixture.degradation)


def _level_change_db(powers: Vector, wished_lufs: float) -> float:
    """What brings blocks of these powers to a loudness; silence stays silence."""
    lufs = integrated_from_block_powers(powers)
    return wished_lufs - lufs if lufs > SILENT_LUFS else 0.0


def arrange(
    rng: np.random.Generator, stem: str, library: SoundLibrary, length: int, augmentation: Augmentation = PLAIN
) -> NDArray[np.float32]:
    """A stem of `length` samples out of the library's sounds, at no particular level."""
    shelf = library.sample_sounds(rng, stem)
    if stem == "music":
        return _excerpt(rng, shelf, length, augmentation)
    if stem == "speech":
        pause = float(rng.choice([0.2, 0.5, 1.5]))
        return _sequence(rng, stem, shelf, length, augmentation, pause_seconds=pause, spread_db=1.5)
    pause = float(rng.choice([0.1, 0.7, 2.0]))
    front = _sequence(rng, stem, shelf, length, augmentation, pause_seconds=pause, spread_db=4.0)
    if rng.random() < 0.5:
        return front
    behind = _sequence(
        rng, stem, library.sample_sounds(rng, stem), length, augmentation, pause_seconds=0.0, spread_db=1.0
    )
    return front + behind * np.float32(db_to_gain(BEHIND_LU))


def _excerpt(
    rng: np.random.Generator, shelf: StemSounds, length: int, augmentation: Augmentation
) -> NDArray[np.float32]:
    """A stretch of one long sound, with short fades."""
    sound = shelf.sample(rng)
    piece = _piece(rng, shelf, sound, length, sample_speed(rng, "music", augmentation))
    return _placed(polarity_and_shift(rng, "music", piece, augmentation), 0, length)


def _sequence(
    rng: np.random.Generator,
    stem: str,
    shelf: StemSounds,
    length: int,
    augmentation: Augmentation,
    *,
    pause_seconds: float,
    spread_db: float,
) -> NDArray[np.float32]:
    """Sounds one after another with pauses of exponential length, each at about the same loudness.

    Mostly it has begun before the mixture does, so that a beginning says nothing.
    """
    out = np.zeros(length, np.float32)
    position = int(rng.uniform(0, length / 2)) if rng.random() < LATE else -1
    voice = _voice(rng, shelf)
    speeds = {sound.group: sample_speed(rng, stem, augmentation) for sound in voice}  # a person keeps a voice
    while position < length:
        sound = voice[int(rng.integers(len(voice)))]
        piece = polarity_and_shift(rng, stem, _piece(rng, shelf, sound, length, speeds[sound.group]), augmentation)
        piece = _at_level(piece, rng.normal(0, spread_db))
        if position < 0:
            position = -int(rng.uniform(0, 0.9) * len(piece))
        out += _placed(piece, position, length)
        position += len(piece) + int(rng.exponential(pause_seconds + 1e-3) * SAMPLE_RATE)
    return out


def _voice(rng: np.random.Generator, shelf: StemSounds) -> list[Sound]:
    """The sounds that one mixture draws on: one group and a few others, so that a person keeps talking."""
    first = shelf.sample(rng)
    same = [sound for sound in shelf.sounds if sound.group == first.group]
    return same + [shelf.sample(rng) for _ in range(2)] if rng.random() < 0.5 else same


def _piece(rng: np.random.Generator, shelf: StemSounds, sound: Sound, length: int, speed: float) -> NDArray[np.float32]:
    """At most `length` samples from somewhere in a sound, at a speed."""
    wanted = int(length * speed)
    start = int(rng.integers(0, max(1, sound.length - wanted)))
    return _faded(at_speed(shelf.cut(sound, start, wanted), speed))


def _at_level(piece: NDArray[np.float32], offset_db: float) -> NDArray[np.float32]:
    """At −27 dBFS RMS plus an offset, but never lifted by more than 30 dB: hiss stays hiss."""
    power = float(np.mean(np.square(piece))) if len(piece) else 0.0
    lift = min(db_to_gain(-27 + offset_db) / np.sqrt(power + 1e-12), LARGEST_LIFT)
    return piece * np.float32(lift)


def _faded(piece: NDArray[np.float32], seconds: float = 0.02) -> NDArray[np.float32]:
    n = min(round(seconds * SAMPLE_RATE), len(piece) // 2)
    ramp = np.linspace(0, 1, n, dtype=np.float32)
    piece[:n] *= ramp
    piece[len(piece) - n :] *= ramp[::-1]
    return piece


def _placed(piece: NDArray[np.float32], position: int, length: int) -> NDArray[np.float32]:
    """A piece laid into silence of `length` samples, cut where it sticks out."""
    out = np.zeros(length, np.float32)
    first, last = max(position, 0), min(position + len(piece), length)
    if last > first:
        out[first:last] = piece[first - position : last - position]
    return out
