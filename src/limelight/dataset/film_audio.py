"""One film's sound as the data set has it: 48 kHz, mono or stereo, as often as it is asked for, never whole; and its stems.

The papers fold what a separator leaves over into the effects; so do ours, so that stems sum exactly.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from limelight.audio.convert import ResampleStream, channel_names, downmix_weights, stereo_matrix
from limelight.dataset.sounds import SAMPLE_RATE
from limelight.errors import InputError
from limelight.media.probe import choose_soundtrack, probe
from limelight.media.read_audio import in_blocks, read_audio
from limelight.mixing.features import measure_audio
from limelight.mixing.job import Scratch
from limelight.mixing.render import stems
from limelight.mixing.separation import separate
from limelight.models.protocols import FilmSeparator
from limelight.models.registry import DEFAULT_SEPARATOR, AnySeparator, load_separator
from limelight.models.separators.known_stems import StemFiles
from limelight.types import Samples, SoundtrackInfo, SourceInfo

Layout = Literal["mono", "stereo"]


@dataclass(frozen=True)
class FilmAudio:
    """A film, one of its soundtracks, and the layout that is wanted."""

    source: SourceInfo
    soundtrack: SoundtrackInfo
    layout: Layout

    @classmethod
    def of(cls, path: Path, *, layout: Layout) -> FilmAudio:
        """Probes a file. Raises InputError, NoSoundtrack."""
        info = probe(path)
        return cls(info, choose_soundtrack(info), layout)

    @property
    def channels(self) -> int:
        return len(channel_names(self.layout))

    def blocks(self) -> Iterator[Samples]:
        """A pass over the sound, a second at a time, [C, n]."""
        track = self.soundtrack
        return converted(read_audio(self.source, track), track.sample_rate, track.layout, self.layout)


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


Stems = NDArray[np.float32]  # [K, C, n]


def film_stems(film: FilmAudio, separator: str) -> Iterator[Stems]:
    """Speech, music and effects of a film by a separator's name, block by block, [K, C, n]; they sum to its own blocks.

    One thread, so that several films share the cores and sums do not depend on their number. Raises ModelError, InputError.
    """
    measured = measure_audio(film.blocks(), sample_rate=SAMPLE_RATE, layout=film.layout)
    source, track = (
        film.source,
        replace(film.soundtrack, sample_rate=SAMPLE_RATE, layout=film.layout, channels=film.channels),
    )
    with Scratch() as scratch:
        found = loaded(separator)
        _check_own_folder(found, source.path)
        opened = found.open_film(source, track, scratch.folder()) if isinstance(found, FilmSeparator) else found
        chunks = partial(
            separate,
            separator=opened,
            sample_rate=SAMPLE_RATE,
            downmix=downmix_weights(film.layout, inverted=measured.inverted),
            mono_lufs=measured.downmix_lufs,
        )
        yield from stems(film.blocks(), chunks, opened.card, sample_rate=SAMPLE_RATE)


def _check_own_folder(separator: AnySeparator, film: Path) -> None:
    """Of many films each has its own folder of stems: those of another film would be taken for its own."""
    if isinstance(separator, StemFiles) and not any(
        (separator.folder / name).is_dir() for name in (film.name, film.stem)
    ):
        place = separator.folder / film.stem
        raise InputError(f"Wanted the stems of {film.name} in {place}, which is not there; make it.")


def separator_text(separator: str) -> str:
    """What a manifest says of it; the text that made it, and the mark of its weights."""
    return f"{separator} ({loaded(separator).card.fingerprint[:12]})"


@cache
def loaded(separator: str) -> AnySeparator:
    """One separator for all films of a process. "model" and "model:NAME" are how 0.1.0 called ours."""
    kind, _, name = separator.partition(":")
    return load_separator((name or DEFAULT_SEPARATOR) if kind == "model" else separator, threads=1)
