"""What the user decides: how far to go, what to favour, how loud the result is."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from limelight.errors import UsageError

# Delivery targets, integrated loudness in LUFS, as the platforms and standards state them at the time of writing.
LOUDNESS_TARGETS = {"youtube": -14.0, "podcast": -16.0, "ebu": -23.0, "atsc": -24.0, "netflix": -27.0}
KEEP = "keep"
CEILING_DBTP = -1.0


@dataclass(frozen=True)
class Controls:
    """How a film is to be rebalanced.

    strength: 0 (the original) to 1 (what the model proposes); offsets are added to the model's gains afterwards.
    loudness: "keep" (the original's), a name of LOUDNESS_TARGETS, or a number in LUFS.
    """

    strength: float = 1.0
    speech_db: float = 0.0
    music_db: float = 0.0
    effects_db: float = 0.0
    loudness: str | float = KEEP
    true_peak_dbtp: float | None = None  # a ceiling for the whole film; None: −1 dBTP where anything is changed

    def __post_init__(self) -> None:
        if not 0 <= self.strength <= 1:
            raise UsageError(f"strength goes from 0 (the original) to 1, got {self.strength}")
        for name, value in (("speech", self.speech_db), ("music", self.music_db), ("effects", self.effects_db)):
            if not -40 <= value <= 20:
                raise UsageError(f"{name} can be moved by −40 to +20 dB, got {value}")
        if not -20 <= self.ceiling_dbtp <= 0:
            raise UsageError(f"the true-peak ceiling lies between −20 and 0 dBTP, got {self.true_peak_dbtp}")
        target = self.target_lufs
        if target is not None and not -60 <= target <= 0:
            raise UsageError(f"loudness lies between −60 and 0 LUFS, got {target}")

    @property
    def ceiling_dbtp(self) -> float:
        """Under which the true peak of a changed mix is kept."""
        return CEILING_DBTP if self.true_peak_dbtp is None else self.true_peak_dbtp

    @property
    def offsets_db(self) -> NDArray[np.float64]:
        """Per stem, [K]."""
        return np.array([self.speech_db, self.music_db, self.effects_db])

    @property
    def target_lufs(self) -> float | None:
        """The wished loudness; None keeps the original's. Raises UsageError for an unknown name."""
        name = str(self.loudness).lower()
        if name == KEEP:
            return None
        try:
            number = LOUDNESS_TARGETS[name] if name in LOUDNESS_TARGETS else float(self.loudness)
        except (ValueError, OverflowError):
            names = ", ".join((KEEP, *LOUDNESS_TARGETS))
            raise UsageError(f"loudness is one of {names} or a number in LUFS, got {self.loudness!r}") from None
        if not math.isfinite(number):
            raise UsageError(f"loudness is a finite number of LUFS, got {self.loudness!r}")
        return number
