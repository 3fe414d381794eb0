"""The sound of a scene: its stems before they are mixed, the gain curves of a balance, and the degradation `blind`.

1. **Unmixed stems**: arranged and augmented as for any mixture, each at −27 LUFS, placed between the loudspeakers.
   None of it depends on the kind of scene, so a counterfactual pair has the same unmixed stems.

       speech     L = R = x                              dialogue belongs to the middle
       music      L = x + w · d, R = x − w · d           d: x through 25 ms of sparse noise; L + R is 2 x again
       effects    L = cos φ(t) · x, R = sin φ(t) · x     from one place to another in the course of the clip

2. **Gain curves** of a balance: levels, and ducking by a side-chain compressor with a hold, driven by the speech.

       speech    ──────▂▆█▇▅▇█▆▂─────────────
       e(t)      ______/‾‾‾‾‾‾‾‾‾‾\\__________    1 / attack up, held over breaths, 1 / release down
       stem k    L_k − depth_k · e(t)             in dB, ten points a second

3. **`blind`**: the fault of who mixes without looking. The bad mix has the balance of another kind of scene, drawn from
   P(kind | sources) without regard to the right kind, so that only the picture can tell. The recipe is ours. The papers'
   recipe turns down what leads, which a model can find by ear.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from limelight.audio.convert import db_to_gain, interpolate_gain
from limelight.audio.loudness import BLOCKS_PER_SECOND, integrated_from_block_powers
from limelight.dataset.augmentation import Augmentation, equalised
from limelight.dataset.degrade import Degradation, Stems
from limelight.dataset.levels import StemLevels
from limelight.dataset.mixtures import arrange
from limelight.dataset.sounds import SAMPLE_RATE, SoundLibrary
from limelight.types import STEMS, Samples, Vector
from research.scenes.rules import KINDS, Balance, Kind, chances, draw_balance, draw_kind

WIDTH = (0.2, 0.7)
SPARSE_SECONDS, SPARSE_PULSES = 0.025, 24
FARTHEST = 0.7  # of the way from the middle to a side

Mono = NDArray[np.float32]  # [N]


def place_stems(rng: np.random.Generator, stems: NDArray[np.float32], *, layout: str) -> Stems:
    """Mono stems [K, N] in a layout, [K, C, N]; drawn alike for mono, which stays as it is."""
    width, start, end = rng.uniform(*WIDTH), rng.uniform(-FARTHEST, FARTHEST), rng.uniform(-FARTHEST, FARTHEST)
    pulses = _pulses(rng)
    if layout == "mono":
        return stems[:, None]
    speech, music, effects = stems
    return np.stack([np.stack([speech, speech]), _wide(music, pulses, width), _between(effects, start, end)])


def _wide(music: Mono, pulses: Mono, width: float) -> Samples:
    size = len(music) + len(pulses) - 1
    apart = np.fft.irfft(np.fft.rfft(music, size) * np.fft.rfft(pulses, size), size)[: len(music)]
    return np.stack([music + width * apart, music - width * apart]).astype(np.float32)


def _between(effects: Mono, start: float, end: float) -> Samples:
    angle = np.pi / 4 * (1 + np.linspace(start, end, len(effects), dtype=np.float32))
    return np.stack([np.cos(angle) * effects, np.sin(angle) * effects]).astype(np.float32)


def _pulses(rng: np.random.Generator) -> Mono:
    """Velvet noise of unit energy: its spectrum is flat on average, its phase is anybody's."""
    out = np.zeros(round(SPARSE_SECONDS * SAMPLE_RATE), np.float32)
    places = rng.choice(len(out), SPARSE_PULSES, replace=False)
    out[places] = rng.choice([-1.0, 1.0], SPARSE_PULSES) / np.sqrt(SPARSE_PULSES)
    return out


REFERENCE_LUFS = -27.0
FADES = 0.3  # share of musics that come in, or leave, within the clip
COMES_IN_SECONDS, LEAVES_SECONDS = (0.5, 3.0), (1.5, 4.0)
ROOMS = Augmentation(
    speed=0.5, equaliser=0.3, low_pass_all=0.15, low_pass_one=0.1, air=0.5, speech_room=0.4, other_room=0.1
)


@dataclass(frozen=True, repr=False)
class UnmixedStems:
    """Stems [K, C, N] at −27 LUFS each, or silent; their levels are measured."""

    stems: Stems
    levels: StemLevels

    @property
    def mono(self) -> NDArray[np.float32]:
        """[K, N], the mean of the channels."""
        return np.asarray(self.stems.mean(axis=1))


def draw_unmixed(
    rng: np.random.Generator,
    sources: Sequence[str],
    library: SoundLibrary,
    *,
    seconds: float,
    layout: str = "mono",
    augmentation: Augmentation = ROOMS,
) -> UnmixedStems:
    """The stems of a sources, the others silent."""
    length = round(seconds * SAMPLE_RATE)
    stems = np.zeros((len(STEMS), length), np.float32)
    for k, stem in enumerate(STEMS):
        if stem in sources:
            stems[k] = arrange(rng, stem, library, length, augmentation)
    stems = equalised(rng, stems, augmentation)
    stems[STEMS.index("music")] *= _fade(rng, length)
    return _levelled(place_stems(rng, stems, layout=layout), layout)


def _levelled(stems: Stems, layout: str) -> UnmixedStems:
    found = StemLevels.of(stems, layout=layout)
    lufs = np.array([found.loudness_lufs[stem] for stem in STEMS])
    gains = db_to_gain(np.where(np.isfinite(lufs), REFERENCE_LUFS - lufs, -np.inf))  # silence becomes nothing at all
    return UnmixedStems(
        (stems * gains[:, None, None]).astype(np.float32), StemLevels(found.powers * np.square(gains)[:, None])
    )


def _fade(rng: np.random.Generator, length: int) -> NDArray[np.float32]:
    """Ones, or a smooth way up from nothing, or down to it."""
    which, at = rng.random(), rng.uniform(0.1, 0.6)
    comes, leaves = rng.uniform(*COMES_IN_SECONDS), rng.uniform(*LEAVES_SECONDS)
    if which >= FADES:
        return np.ones(length, np.float32)
    time = np.arange(length, dtype=np.float32) / SAMPLE_RATE
    start, lasts = at * length / SAMPLE_RATE, comes if which < FADES / 2 else leaves
    up = np.sin(np.pi / 2 * np.clip((time - start) / lasts, 0, 1)) ** 2
    return up if which < FADES / 2 else 1 - up


HOLD_SECONDS = 0.5  # a breath is no reason to come back


def ducking_envelope(speaks: NDArray[np.bool_], *, attack_seconds: float, release_seconds: float) -> Vector:
    """How far the rest has stepped back, 0…1, every 100 ms: [T] → [T]. A clip that begins with speech begins ducked."""
    up, down = (1 / (seconds * BLOCKS_PER_SECOND) for seconds in (attack_seconds, release_seconds))
    hold = round(HOLD_SECONDS * BLOCKS_PER_SECOND)
    out = np.zeros(len(speaks))
    e, silent = float(speaks.size > 0 and speaks[0]), 0
    for t, now in enumerate(speaks):
        silent = 0 if now else silent + 1
        if now:
            e = min(1.0, e + up)
        elif silent > hold:
            e = max(0.0, e - down)
        out[t] = e
    return out


def mixing_curves(balance: Balance, unmixed: StemLevels) -> Vector:
    """The gain of every stem, [K, T] in dB, rounded to 0.01, that turns unmixed stems into the scene's mix."""
    levels = [unmixed.loudness_lufs[stem] for stem in STEMS]
    lift = np.array(
        [wish - have if np.isfinite(have) else 0.0 for wish, have in zip(balance.levels_lufs, levels, strict=True)]
    )
    e = ducking_envelope(
        unmixed.active("speech"), attack_seconds=balance.attack_seconds, release_seconds=balance.release_seconds
    )
    curves = lift[:, None] - np.array(balance.depths_db)[:, None] * e
    # The stems are independent: their powers add.
    loudness = integrated_from_block_powers((unmixed.powers * db_to_gain(curves) ** 2).sum(axis=0))
    return np.round(curves + (balance.mix_lufs - loudness if np.isfinite(loudness) else 0.0), 2)


def apply_curves(stems: Stems, curves_db: Vector) -> Stems:
    """Stems [K, C, N] along their curves [K, T]."""
    times = (np.arange(curves_db.shape[1]) + 0.5) / BLOCKS_PER_SECOND
    at = np.arange(stems.shape[2]) / SAMPLE_RATE
    gains = np.stack([interpolate_gain(times, curve, at) for curve in curves_db])
    return (stems * gains[:, None]).astype(np.float32)


BLIND = "blind"


def draw_blind(
    rng: np.random.Generator,
    sources: Sequence[str],
    unmixed: UnmixedStems,
    own_db: Vector,
    *,
    kinds: Sequence[Kind] = KINDS,
) -> Degradation:
    """What turns the scene's own mix, of curves `own_db` [K, T], into one that was made blindly."""
    kind = draw_kind(rng, chances(sources, kinds))
    changes = np.round(mixing_curves(draw_balance(rng, kind), unmixed.levels) - own_db, 2)
    changes[[stem not in unmixed.levels.audible for stem in STEMS]] = 0.0  # nothing can be done to what is silent
    if not np.ptp(changes, axis=1).any():
        changes = changes[:, :1]
    curves = tuple(tuple((row + 0.0).tolist()) for row in changes)
    return Degradation(BLIND, f"mixed as {kind}", round(float(np.abs(changes).max()), 2), curves)
