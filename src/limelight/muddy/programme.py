"""One film's sound as the data set has it: 48 kHz, mono or stereo, as often as it is asked for, never whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from limelight.dsp.layouts import channel_names, stereo_matrix
from limelight.dsp.resample import ResampleStream
from limelight.media.listen import in_blocks, listen
from limelight.media.probe import choose_soundtrack, probe
from limelight.mixing.hearing import downmix_weights
from limelight.muddy.sounds import SAMPLE_RATE
from limelight.signals import Samples, SoundtrackInfo, SourceInfo

Layout = Literal["mono", "stereo"]


@dataclass(frozen=True)
class Programme:
    """A film, one of its soundtracks, and the layout that is wanted."""

    source: SourceInfo
    soundtrack: SoundtrackInfo
    layout: Layout

    @classmethod
    def of(cls, path: Path, *, layout: Layout) -> Programme:
        """Probes a file. Raises InputError, NoSoundtrack."""
        info = probe(path)
        return cls(info, choose_soundtrack(info), layout)

    @property
    def channels(self) -> int:
        return len(channel_names(self.layout))

    def blocks(self) -> Iterator[Samples]:
        """A pass over the sound, a second at a time, [C, n]."""
        track = self.soundtrack
        return converted(listen(self.source, track), track.sample_rate, track.layout, self.layout)


def converted(blocks: Iterable[Samples], sample_rate: int, layout: str, wanted: Layout) -> Iterator[Samples]:
    """Blocks [C, n] of any rate and layout as blocks of one second at 48 kHz in the wanted layout."""
    matrix = mixing_matrix(layout, wanted)

    def pieces() -> Iterator[Samples]:
        resampler = ResampleStream(sample_rate, SAMPLE_RATE, len(matrix))
        for block in blocks:
            yield resampler.push(matrix @ block)
        yield resampler.finish()

    return in_blocks(pieces(), SAMPLE_RATE)


def mixing_matrix(layout: str, wanted: Layout) -> NDArray[np.float32]:
    """[C_wanted, C]: mono is what the model hears, the mean of all but the low-frequency effects."""
    if wanted == "mono":
        return downmix_weights(layout)[None]
    if len(channel_names(layout)) == 1:
        return np.ones((2, 1), np.float32)
    return stereo_matrix(layout)
