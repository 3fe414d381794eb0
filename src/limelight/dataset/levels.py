"""How loud each stem of a clip is, as a whole and over time: all that a recipe is sampled from.

Ten powers a second (BS.1770, K-weighted) say everything that recipes ask for: integrated loudness, who speaks when,
what jumps out, what a compressor would do. −∞ is silence, a value like others; and what lies 30 LU behind the mix is not
heard: separators leave such traces of stems that are not there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from limelight.audio.loudness import BLOCKS_PER_SECOND, block_powers, integrated_from_block_powers, power_to_lufs
from limelight.dataset.sounds import SAMPLE_RATE
from limelight.types import STEMS, Vector

QUIET_LUFS = -100.0  # what a curve takes silence for
UNHEARD_LU = 30.0  # behind the mix
ACTIVE_LU = 15.0  # a stem is at work while it is less than this below its own loudness


@dataclass(frozen=True, repr=False)
class StemLevels:
    """Block powers of the stems, [K, T], a column every 100 ms."""

    powers: Vector

    @classmethod
    def of(cls, stems: NDArray[np.float32], *, layout: str) -> StemLevels:
        """Measures stems [K, C, N] at 48 kHz."""
        return cls(np.stack([block_powers(stem, SAMPLE_RATE, layout=layout) for stem in stems]))

    @cached_property
    def loudness_lufs(self) -> dict[str, float]:
        """Integrated loudness of each stem; −∞ is silence."""
        return {stem: integrated_from_block_powers(row) for stem, row in zip(STEMS, self.powers, strict=True)}

    @cached_property
    def audible(self) -> list[str]:
        """Stems that are heard: neither silence nor far behind all of them together."""
        mix_lufs = integrated_from_block_powers(self.powers.sum(axis=0))  # stems do not resemble each other
        return is_heard(self.loudness_lufs, mix_lufs)

    def over_time(self, stem: str, seconds: float) -> Vector:
        """Loudness of one stem, averaged over so many seconds around each column, [T] in LUFS; floored."""
        return floored_lufs(smoothed(self.powers[STEMS.index(stem)], seconds))

    def active(self, stem: str) -> NDArray[np.bool_]:
        """When a stem is at work, [T]."""
        if stem not in self.audible:
            return np.zeros(self.powers.shape[1], bool)
        return np.asarray(self.over_time(stem, 0.3) > self.loudness_lufs[stem] - ACTIVE_LU)


def is_heard(loudness_lufs: Mapping[str, float | None], mix_lufs: float | None) -> list[str]:
    """The stems that are heard in a mix, by their integrated loudness; −∞ or None is silence."""
    levels = {stem: lufs for stem in STEMS if (lufs := loudness_lufs[stem]) is not None and np.isfinite(lufs)}
    return [stem for stem, lufs in levels.items() if mix_lufs is not None and lufs > mix_lufs - UNHEARD_LU]


def floored_lufs(power: Vector) -> Vector:
    """Loudness, but not below what a curve can follow."""
    return np.maximum(power_to_lufs(power), QUIET_LUFS)


def smoothed(values: Vector, seconds: float) -> Vector:
    """Values every 100 ms, each the Hann-weighted mean of those around it; the ends go on as they are. [T] → [T]."""
    reach = round(seconds * BLOCKS_PER_SECOND / 2)
    kernel = np.hanning(2 * reach + 3)[1:-1]
    return np.convolve(np.pad(values, reach, mode="edge"), kernel / kernel.sum(), mode="valid")
