"""Tracks that are the stems: soundtracks of one file, as recorders keep them apart, and files beside the film.

    parts ──resample, lay out──► [C, n] each ──place in time──► Σ ──► the soundtrack that is mixed anew

Nothing is separated: speech and music are read again beside their sum, and what is left of it is the effects. The sum has
the highest rate and the widest layout among the parts; a mono microphone stands in the middle.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

import numpy as np

from limelight.audio.convert import channel_names, db_to_gain
from limelight.audio.loudness import LoudnessMeter
from limelight.errors import TracksUnclear
from limelight.media.formats import is_lossless
from limelight.media.probe import choose_soundtrack, probe
from limelight.media.read_audio import in_blocks
from limelight.models.card import Card, plain_card
from limelight.models.separators.known_stems import LENGTH_TOLERANCE_SECONDS, KnownStems, converted
from limelight.types import STEMS, Samples, SoundtrackInfo, SourceInfo

VOICE_LUFS = -27.0  # at which voice activity is looked for, however low a microphone was set
SILENT_DBFS = -80.0
NAME = "tracks"


@dataclass(frozen=True)
class Part:
    """One sound that goes into the mix."""

    stem: str  # one of STEMS
    info: SourceInfo  # the film, or a file beside it
    track: SoundtrackInfo
    offset_seconds: float | None = (
        None  # of a file beside the film: when it begins there; None: it is as long as the film
    )

    @property
    def words(self) -> str:
        """What a person calls it."""
        title = f" “{self.track.title}”" if self.track.title else ""
        number = self.info.soundtracks.index(self.track)
        return f"{self.info.path.name} track {number}{title}"


@dataclass(frozen=True)
class Tracks:
    """The parts of a film's mix; a separator of that film alone."""

    film: SourceInfo
    parts: tuple[Part, ...]
    dropped: tuple[SoundtrackInfo, ...] = ()  # soundtracks of the film that are no part and do not come along
    reasons: tuple[str, ...] = ()  # a line for each soundtrack of the film: what it is taken for, and why

    def __post_init__(self) -> None:
        for part in self.parts:
            if not self._is_own(part):
                _check_place(part, self.film)

    @property
    def card(self) -> Card:
        told = [f"{part.stem}={part.words}@{part.offset_seconds or 0:g}" for part in self.parts]
        return plain_card(NAME, "separator", source="; ".join(told)[:1000], licence="yours")

    @property
    def own(self) -> tuple[SoundtrackInfo, ...]:
        """The film's own soundtracks among the parts."""
        return tuple(part.track for part in self.parts if self._is_own(part))

    @property
    def soundtrack(self) -> SoundtrackInfo:
        """Of the sum, in the place of the first of the film's own tracks; −1 where none is."""
        tracks = [part.track for part in self.parts]
        lossy = [track for track in tracks if not is_lossless(track.codec)]
        spoken = [part.track.language for part in self.parts if part.stem == "speech"]
        layout = max((track.layout for track in tracks), key=lambda layout: len(channel_names(layout)))
        return SoundtrackInfo(
            stream_index=min((track.stream_index for track in self.own), default=-1),
            codec=(lossy or tracks)[0].codec,
            sample_rate=max(track.sample_rate for track in tracks),
            layout=layout,
            channels=len(channel_names(layout)),
            bit_rate=max((track.bit_rate or 0 for track in lossy), default=0) or None,
            language=next((language for language in spoken if language), None),
            is_default=True,
        )

    def blocks(
        self, *, stem: str | None = None, layout: str | None = None, rate: int | None = None
    ) -> Iterator[Samples]:
        """The sum of all parts, or of those of one stem, [C, n], from T0 on."""
        track = self.soundtrack
        layout, rate = layout or track.layout, rate or track.sample_rate
        chosen = [part for part in self.parts if stem in (None, part.stem)]
        return summed([self._placed(part, layout, rate) for part in chosen], len(channel_names(layout)), size=rate)

    def open_film(self, film: SourceInfo, track: SoundtrackInfo, scratch: Path) -> KnownStems:
        """Raises TracksUnclear where a track that was named is silent."""
        for part in self.parts:
            self._check_heard(part)
        card = self.card

        def open_stem(stem: str) -> Iterator[Samples]:
            return self.blocks(stem=stem, layout=track.layout, rate=card.sample_rate)

        meter = LoudnessMeter(card.sample_rate, track.layout)
        for block in open_stem("speech"):
            meter.push(block)
        lufs = meter.finish().integrated_lufs
        return KnownStems(
            open_stem, card, voice_gain=float(db_to_gain(VOICE_LUFS - lufs)) if np.isfinite(lufs) else 1.0
        )

    def _is_own(self, part: Part) -> bool:
        return part.info.path == self.film.path

    def _placed(self, part: Part, layout: str, rate: int) -> Iterator[Samples]:
        sound = converted(part.info, part.track, layout, rate)
        if self._is_own(part):
            return sound
        last = round(self.film.duration_seconds * rate)
        return between(moved(sound, round((part.offset_seconds or 0.0) * rate)), last)

    def _check_heard(self, part: Part) -> None:
        loudest = 0.0
        for block in converted(part.info, part.track, part.track.layout, part.track.sample_rate):
            loudest = max(loudest, float(np.abs(block).max(initial=0)))
            if loudest > db_to_gain(SILENT_DBFS):
                return
        raise TracksUnclear(
            f"Wanted the {part.stem} in {part.words}, found silence from beginning to end; leave it out of --tracks or --stem."
        )


def summed(sounds: Sequence[Iterable[Samples]], channels: int, *, size: int) -> Iterator[Samples]:
    """Sounds [C, n] of any lengths added up, in blocks of `size`; silence behind those that end first."""
    yield np.zeros((channels, 0), np.float32)
    for blocks in zip_longest(*(in_blocks(sound, size) for sound in sounds)):
        there = [block for block in blocks if block is not None]
        total = np.zeros((channels, max(block.shape[1] for block in there)), np.float32)
        for block in there:
            total[:, : block.shape[1]] += block
        yield total


def moved(sound: Iterable[Samples], samples: int) -> Iterator[Samples]:
    """Later by so many samples of silence, or earlier, its beginning cut off."""
    cut = max(0, -samples)
    for block in sound:
        if samples > 0:
            yield np.zeros((len(block), samples), np.float32)
            samples = 0
        yield block[:, cut:]
        cut = max(0, cut - block.shape[1])


def between(sound: Iterable[Samples], last: int) -> Iterator[Samples]:
    """No more than so many samples."""
    for block in sound:
        yield block[:, :last]
        last -= min(last, block.shape[1])
        if not last:
            return


def beside(stem: str, path: Path, offset_seconds: float | None) -> Part:
    """A file beside the film as a part. Raises InputError, NoSoundtrack."""
    info = probe(path)
    return Part(stem, info, choose_soundtrack(info), offset_seconds)


def _check_place(part: Part, film: SourceInfo) -> None:
    """A file whose place was not told must be as long as the film; one that was placed must be heard in it."""
    name, lasts, wanted = part.info.path.name, part.info.duration_seconds, film.duration_seconds
    if part.offset_seconds is None:
        if abs(lasts - wanted) > LENGTH_TOLERANCE_SECONDS:
            raise TracksUnclear(
                f"Wanted the {part.stem} of {film.path.name} ({wanted:.1f} s) in {name}, which lasts {lasts:.1f} s; "
                f"say where it begins, as --stem {part.stem}={name}@0: then it is filled up with silence, or cut at the end."
            )
    elif not -lasts < part.offset_seconds < wanted:
        raise TracksUnclear(
            f"Wanted the {part.stem} in {name} from {part.offset_seconds:g} s on, but then nothing of it is heard: it lasts "
            f"{lasts:.1f} s, {film.path.name} {wanted:.1f} s; give another offset."
        )


def check_stems(parts: Sequence[Part], guessed: Sequence[str] = ()) -> None:
    """Raises TracksUnclear without speech or with one part alone: there is nothing to balance. guessed: the guesses, told."""
    if len(parts) < 2 or not any(part.stem == "speech" for part in parts):
        found = "; ".join(guessed) or ", ".join(f"{part.stem} ({part.words})" for part in parts) or "none"
        raise TracksUnclear(
            f"Wanted speech and something beside it, found {found}; name more tracks or stems of {', '.join(STEMS)}, or leave "
            "--tracks and --stem out to have the soundtrack separated."
        )
