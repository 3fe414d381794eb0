"""One film on its way through the main path: what is known of it, its sound and pictures with progress, scratch space."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from limelight.audio.loudness import LoudnessMeter
from limelight.audio.peaks import TruePeakMeter
from limelight.errors import PlanError
from limelight.media.packets import Reading
from limelight.media.probe import choose_soundtrack, probe
from limelight.media.read_audio import read_audio
from limelight.media.sample_frames import sample_frames
from limelight.media.target import naming_write_errors, scratch_beside
from limelight.mixing.features import Measurements, measure_audio
from limelight.mixing.plan import PlannedSource, PlannedTrack
from limelight.models.separators.tracks import Part, Tracks
from limelight.runtime import WhileWanted, give_back, in_background, prefetch
from limelight.types import Cues, Picture, Samples, SoundtrackInfo, SourceInfo, StemFeatures
from limelight.vision.encoder import PICTURE_HEIGHT, Encoder, NoPicture, PictureStatistics
from limelight.vision.watch import where_to_look

PICTURES_AHEAD = 8  # a second: some are searched for faces, which takes as long as decoding five
# stage, seconds of film done, seconds of film in all
Progress = Callable[[str, float, float], None]


class Scratch:
    """Room on the disk of a target for what waits; gone when the job is done."""

    def __init__(self, target: Path | None = None) -> None:
        """target: what the room is beside; in the system's folder for temporary files where there is none."""
        self.dest = target or Path(tempfile.gettempdir()) / "limelight"
        self._stack = ExitStack()

    def __enter__(self) -> Scratch:
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def file(self) -> BinaryIO:
        """An empty file without a name."""
        return self._stack.enter_context(scratch_beside(self.dest))

    def folder(self) -> Path:
        """An empty folder, for programs that want names."""
        with naming_write_errors(self.dest):
            made = tempfile.TemporaryDirectory(prefix=f".{self.dest.name}.", suffix=".part", dir=self.dest.parent)
        return Path(self._stack.enter_context(made))


@dataclass
class Job:
    """One film on its way: what is known of it, what is said about it."""

    info: SourceInfo
    soundtrack: SoundtrackInfo
    progress: Progress = lambda stage, done, total: None
    picture_height: int = PICTURE_HEIGHT  # lines at which the picture is looked at
    notes: list[str] = field(default_factory=list)
    stage_seconds: dict[str, float] = field(default_factory=dict)
    scratch: Scratch = field(default_factory=Scratch, repr=False)
    tracks: Tracks | None = None  # where the sound is the sum of tracks that are known

    @classmethod
    def of(
        cls,
        source: Path | str,
        *,
        audio_stream: int | None = None,
        picture_height: int = PICTURE_HEIGHT,
        progress: Progress | None = None,
        scratch: Scratch | None = None,
        tracks: Tracks | None = None,
    ) -> Job:
        """Probes a file. Raises InputError, NoSoundtrack."""
        info = tracks.film if tracks else probe(source)
        track = tracks.soundtrack if tracks else choose_soundtrack(info, audio_stream)
        job = cls(info, track, picture_height=picture_height, tracks=tracks)
        if progress:
            job.progress = progress
        if scratch:
            job.scratch = scratch
        if info.picture is None:
            job.notes.append("no picture: balanced by the sound alone")
        return job

    @classmethod
    def of_picture(cls, source: Path | str, *, picture_height: int, progress: Progress | None = None) -> Job:
        """For looking alone: a film may be silent."""
        info = probe(source)
        silent = SoundtrackInfo(-1, "none", 48_000, "mono", 1, None, None, is_default=False)
        return cls(info, silent, progress or (lambda stage, done, total: None), picture_height)

    def planned_source(self, *, inverted: bool = False) -> PlannedSource:
        """What a plan says of the soundtrack; inverted: whether its sides are each other's negative."""
        track = self.soundtrack
        return PlannedSource(
            name=self.info.path.name,
            duration_seconds=self.info.duration_seconds,
            sample_rate=track.sample_rate,
            layout=track.layout,
            audio_stream=0 if self.tracks else self.info.soundtracks.index(track),
            inverted=inverted,
            tracks=planned_tracks(self.tracks) if self.tracks else None,
            dropped=[self.info.soundtracks.index(track) for track in self.tracks.dropped] if self.tracks else [],
        )

    def blocks(self, stage: str) -> Iterator[Samples]:
        """The soundtrack, with progress."""
        return self.followed(stage, self.original())

    def original(self) -> Iterator[Samples]:
        """The soundtrack, without progress: what is made of it is followed."""
        return prefetch(self.read())

    def read(self) -> Reading[Samples]:
        """The soundtrack, or the sum of the tracks."""
        if self.tracks is None:
            return read_audio(self.info, self.soundtrack)
        blocks = self.tracks.blocks()
        return Reading(lambda _notes: (block for block in blocks))

    def followed(self, stage: str, blocks: Iterable[Samples]) -> Iterator[Samples]:
        """The same blocks, with progress."""
        done = 0
        for block in blocks:
            done += block.shape[1]
            self.progress(stage, done / self.soundtrack.sample_rate, self.info.duration_seconds)
            yield block

    def pictures(self, stage: str, *, few: bool = False) -> Iterator[Picture]:
        """The pictures, with progress; few: of those stretches alone that are worth looking at."""
        within = where_to_look(self.info).stretches if few else None
        chosen = sample_frames(self.info, height=self.picture_height, within=within)
        for picture in prefetch(chosen, count=PICTURES_AHEAD):
            self.progress(stage, picture.time_seconds, self.info.duration_seconds)
            yield picture
        self.notes += chosen.notes

    def timed(self, stage: str, started: float) -> None:
        """Notes how long a stage took, and that it is over: the memory it needed is not kept for the next one."""
        give_back()
        self.stage_seconds[stage] = self.stage_seconds.get(stage, 0.0) + time.perf_counter() - started
        self.progress(stage, self.info.duration_seconds, self.info.duration_seconds)


@dataclass(frozen=True)
class Analysis:
    """A film before anything is decided: what is seen, how loud it is, and what was heard, where that needs no picture."""

    seen: Cues
    measured: Measurements
    heard: StemFeatures | None = None


# what is heard of a soundtrack that was measured, passing blocks through what ends them where nobody waits
Hear = Callable[[Measurements, WhileWanted], StemFeatures | None]


def analyse(job: Job, encoder: Encoder, hear: Hear = lambda measured, wanted: None) -> Analysis:
    """Looks, and measures and hears the sound meanwhile: neither needs the other."""
    started = time.perf_counter()
    chosen = encoder if job.info.picture else NoPicture()

    def listen(wanted: WhileWanted) -> tuple[Measurements, StemFeatures | None, tuple[str, ...]]:
        reading = job.read()
        blocks = prefetch(reading)
        if job.info.picture is None:  # else the picture's progress is told at that time
            blocks = job.followed("measure", blocks)
        began = time.perf_counter()
        measured = measure_soundtrack(job.soundtrack, wanted(blocks))
        job.timed("measure", began)
        return measured, hear(measured, wanted), reading.notes

    with in_background(listen) as listening:
        few = isinstance(chosen, PictureStatistics) and chosen.sampled
        seen = chosen.encode(job.pictures("look", few=few), duration_seconds=job.info.duration_seconds)
        job.timed("look", started)
        started = time.perf_counter()
        measured, heard, said = listening()
    job.notes += said  # after what was seen, whoever was first
    if measured.inverted:
        job.notes.append("left and right are each other's negative; their difference was heard in place of their sum")
    if heard is not None:
        job.timed("plan", started)
    return Analysis(seen, measured, heard)


def measure_soundtrack(soundtrack: SoundtrackInfo, blocks: Iterable[Samples]) -> Measurements:
    """Measures a soundtrack's blocks."""
    return measure_audio(blocks, sample_rate=soundtrack.sample_rate, layout=soundtrack.layout)


class ResultMeter:
    """Measures what becomes of the sound on its way into a file."""

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


def planned_tracks(tracks: Tracks) -> list[PlannedTrack]:
    """The parts of a mix for the record."""
    return [
        PlannedTrack(
            stem=part.stem,  # type: ignore[arg-type]  # one of STEMS, as it checks itself
            audio_stream=part.info.soundtracks.index(part.track),
            file=None if part.info.path == tracks.film.path else _told_beside(part.info.path, tracks.film.path),
            offset_seconds=part.offset_seconds,
        )
        for part in tracks.parts
    ]


def _told_beside(path: Path, film: Path) -> str:
    """A file's name as it is found from the film's folder, so that both can be moved together; elsewhere its whole name."""
    whole, folder = Path(os.path.abspath(path)), Path(os.path.abspath(film)).parent
    return whole.relative_to(folder).as_posix() if whole.is_relative_to(folder) else str(whole)


def track_files(source: PlannedSource, film: Path) -> list[Path]:
    """The files beside a film that a plan names as stems."""
    return [film.parent / planned.file for planned in source.tracks or () if planned.file is not None]


def tracks_of(source: PlannedSource, film: SourceInfo) -> Tracks | None:
    """The parts of a planned mix again. Raises PlanError where the film has fewer soundtracks, InputError without the files."""
    if source.tracks is None:
        return None
    parts = []
    for planned in source.tracks:
        info = film if planned.file is None else probe(film.path.parent / planned.file)
        track = _planned_soundtrack(info, planned.audio_stream)
        parts.append(Part(planned.stem, info, track, planned.offset_seconds))
    return Tracks(film, tuple(parts), tuple(_planned_soundtrack(film, number) for number in source.dropped))


def _planned_soundtrack(info: SourceInfo, number: int) -> SoundtrackInfo:
    if number < len(info.soundtracks):
        return info.soundtracks[number]
    raise PlanError(
        f"The plan is for a film with a soundtrack {number}, counted from 0, {info.path.name} has {len(info.soundtracks)} in "
        "all; make a new plan with `limelight plan`."
    )
