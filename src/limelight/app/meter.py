"""What becomes of the sound, measured on its way into the file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from limelight.dsp.loudness import LoudnessMeter
from limelight.dsp.true_peak import TruePeakMeter
from limelight.signals import Samples, SoundtrackInfo


class Meter:
    """Measures what passes."""

    def __init__(self, soundtrack: SoundtrackInfo) -> None:
        self._loudness = LoudnessMeter(soundtrack.sample_rate, soundtrack.layout)
        self._peaks = TruePeakMeter(soundtrack.channels)

    def watch(self, blocks: Iterable[Samples]) -> Iterator[Samples]:
        """The same blocks [C, n]."""
        for block in blocks:
            self._loudness.push(block)
            self._peaks.push(block)
            yield block

    def loudness_lufs(self) -> float:
        """Of all that has passed; to be asked once, at the end. −inf is silence."""
        return self._loudness.finish().integrated_lufs

    def true_peak_dbtp(self) -> float:
        """Of all that has passed; to be asked once, at the end. −inf is silence."""
        return self._peaks.finish()
