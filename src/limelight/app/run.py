"""One film on its way through the main path: what is known of it, its sound and pictures with progress, and notes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from limelight.app.ahead import ahead
from limelight.app.heap import give_back
from limelight.media.listen import listen
from limelight.media.look import look
from limelight.media.probe import choose_soundtrack, probe
from limelight.mixing.plan import PlannedSource
from limelight.signals import Picture, Samples, SoundtrackInfo, SourceInfo

PICTURE_HEIGHT = 180  # lines; encoders with weights want more
PICTURES_AHEAD = 8  # a second: some are searched for faces, which takes as long as decoding five
# stage, seconds of film done, seconds of film in all
Progress = Callable[[str, float, float], None]


@dataclass
class Run:
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
    ) -> Run:
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
        return self.followed(stage, ahead(listen(self.info, self.soundtrack)))

    def followed(self, stage: str, blocks: Iterable[Samples]) -> Iterator[Samples]:
        """The same blocks, with progress."""
        done = 0
        for block in blocks:
            done += block.shape[1]
            self.progress(stage, done / self.soundtrack.sample_rate, self.info.duration_seconds)
            yield block

    def pictures(self, stage: str) -> Iterator[Picture]:
        """The pictures, with progress."""
        for picture in ahead(look(self.info, height=self.picture_height, notes=self.notes), count=PICTURES_AHEAD):
            self.progress(stage, picture.time_seconds, self.info.duration_seconds)
            yield picture

    def timed(self, stage: str, started: float) -> None:
        """Notes how long a stage took, and that it is over: the memory it needed is not kept for the next one."""
        give_back()
        self.stage_seconds[stage] = self.stage_seconds.get(stage, 0.0) + time.perf_counter() - started
        self.progress(stage, self.info.duration_seconds, self.info.duration_seconds)
