"""One film on its way through the main path: what is known of it, its sound and pictures with progress, and notes.

A film before anything is decided: what is seen, and how loud it is.

What becomes of the sound, measured on its way into the file.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from limelight.audio.loudness import LoudnessMeter
from limelight.audio.true_peak import TruePeakMeter
from limelight.media.probe import choose_soundtrack, probe
from limelight.media.read_audio import read_audio
from limelight.media.sample_frames import sample_frames
from limelight.mixing.loudness_plan import Measurements, measure_audio
from limelight.mixing.plan import PlannedSource
from limelight.runtime import give_back, in_background, prefetch
from limelight.types import Cues, Picture, Samples, SoundtrackInfo, SourceInfo
from limelight.vision.encoder import Encoder, NoPicture

PICTURE_HEIGHT = 180  # lines; encoders with weights want more
PICTURES_AHEAD = 8  # a second: some are searched for faces, which takes as long as decoding five
# stage, seconds of film done, seconds of film in all
Progress = Callable[[str, float, float], None]


@dataclass
class Job:
    """One film on its way: what is known of it, what is said about it."""

    info: SourceInfo
    soundtrack: SoundtrackInfo
    progress: Progress = lambda stage, done, total: None
    picture_height: int = PICTURE_HEIGHT  # lines at which the picture is looked at
    notes: list[str] = field(default_factory=list)
    stage_seconds: dict[str, float] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        source: Path | str,
        *,
        audio_stream: int | None = None,
        picture_height: int = PICTURE_HEIGHT,
        progress: Progress | None = None,
    ) -> Job:
        """Probes a file. Raises InputError, NoSoundtrack."""
        info = probe(source)
        run = cls(info, choose_soundtrack(info, audio_stream), picture_height=picture_height)
        if progress:
            run.progress = progress
        if info.picture is None:
            run.notes.append("no picture: balanced by the sound alone")
        return run

    @property
    def planned_source(self) -> PlannedSource:
        track = self.soundtrack
        return PlannedSource(
            name=self.info.path.name,
            duration_seconds=self.info.duration_seconds,
            sample_rate=track.sample_rate,
            layout=track.layout,
            audio_stream=self.info.soundtracks.index(track),
        )

    def blocks(self, stage: str) -> Iterator[Samples]:
        """The soundtrack, with progress."""
        return self.followed(stage, prefetch(read_audio(self.info, self.soundtrack)))

    def followed(self, stage: str, blocks: Iterable[Samples]) -> Iterator[Samples]:
        """The same blocks, with progress."""
        done = 0
        for block in blocks:
            done += block.shape[1]
            self.progress(stage, done / self.soundtrack.sample_rate, self.info.duration_seconds)
            yield block

    def pictures(self, stage: str) -> Iterator[Picture]:
        """The pictures, with progress."""
        for picture in prefetch(
            sample_frames(self.info, height=self.picture_height, notes=self.notes), count=PICTURES_AHEAD
        ):
            self.progress(stage, picture.time_seconds, self.info.duration_seconds)
            yield picture

    def timed(self, stage: str, started: float) -> None:
        """Notes how long a stage took, and that it is over: the memory it needed is not kept for the next one."""
        give_back()
        self.stage_seconds[stage] = self.stage_seconds.get(stage, 0.0) + time.perf_counter() - started
        self.progress(stage, self.info.duration_seconds, self.info.duration_seconds)


@dataclass(frozen=True)
class Analysis:
    """What looking and measuring tell."""

    cues: Cues
    surveyed: Measurements


def analyse(run: Job, encoder: Encoder) -> Analysis:
    """Looks, and measures the sound meanwhile: neither needs the other."""
    started = time.perf_counter()
    eyes = encoder if run.info.picture else NoPicture()
    heard: list[str] = []  # said after what was seen, whoever is first
    blocks = prefetch(read_audio(run.info, run.soundtrack, notes=heard))
    if run.info.picture is None:  # else the picture's progress is told at that time
        blocks = run.followed("measure", blocks)
    with in_background(blocks, partial(measure_job_audio, run.soundtrack)) as measured:
        cues = eyes.encode(run.pictures("look"), duration_seconds=run.info.duration_seconds)
        run.timed("look", started)
        started = time.perf_counter()
        surveyed = measured()
    run.notes += heard
    run.timed("measure", started)
    return Analysis(cues, surveyed)


def measure_job_audio(soundtrack: SoundtrackInfo, blocks: Iterable[Samples]) -> Measurements:
    """Measures a soundtrack's blocks."""
    return measure_audio(blocks, sample_rate=soundtrack.sample_rate, layout=soundtrack.layout)


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
