"""What is seen in a scene: a storyboard painted in time with its sounds, or a stretch of a real film of that kind.

Both end as a film that the real encoder watches, so that rendered cues carry a codec's and a face detector's errors as
real ones do.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from limelight.dataset.films import Slides, watch_film
from limelight.dataset.manifest import Source
from limelight.errors import InputError
from limelight.media.probe import probe
from limelight.types import Picture
from research.painted.film import WATCHED_PER_SECOND, WATCHED_SIZE, picture_frames, write_film
from research.painted.storyboard import Kind as Subject
from research.painted.storyboard import draw_storyboard
from research.painted.timing import timing_of
from research.scenes.film_windows import FilmWindows
from research.scenes.rules import KINDS, PICTURE, Kind, Scene
from research.scenes.sounds import UnmixedStems

RENDERED = "rendered"
LICENCE_OF_RENDERED = "none needed: drawn by the program"


@dataclass(frozen=True, repr=False)
class ScenePicture:
    """The picture of one clip."""

    cues: NDArray[np.float32]  # [T, D]
    cuts_seconds: tuple[float, ...]
    starts_on_cut: bool
    pictures: Sequence[Picture]  # one a second, where they were asked for
    source: Source
    shown: Subject


class PictureSource(Protocol):
    """A way to show a scene."""

    def kinds(self, split: str) -> tuple[Kind, ...]:
        """The kinds of scene that can be shown in a split."""
        ...

    def see(self, scene: Scene, unmixed: UnmixedStems, seconds: float, *, frames: bool) -> ScenePicture:
        """The picture of a scene, the same for the same scene."""
        ...


def picture_source(text: str) -> PictureSource:
    """The body that a text names: "rendered", or a folder of windows that were indexed (see `windows`)."""
    return PaintedPictures() if text == RENDERED else FilmPictures(FilmWindows.open(Path(text)))


class PaintedPictures:
    """Painted, encoded by H.264, watched."""

    def kinds(self, split: str) -> tuple[Kind, ...]:
        return KINDS

    def see(self, scene: Scene, unmixed: UnmixedStems, seconds: float, *, frames: bool) -> ScenePicture:
        storyboard = draw_storyboard(scene.generator(PICTURE), scene.shown, seconds, off_screen=scene.off_screen)
        painted = picture_frames(
            storyboard, timing_of(unmixed.mono), size=WATCHED_SIZE, frames_per_second=WATCHED_PER_SECOND
        )
        with tempfile.TemporaryDirectory(prefix="limelight-") as folder:
            path = Path(folder) / "scene.mp4"
            write_film(painted, path, frames_per_second=WATCHED_PER_SECOND, quality=storyboard.grading.quality)
            info = probe(path)
            sight = watch_film(info)
            pictures = Slides(info).between(0.0, seconds) if frames else []
        name = f"{RENDERED}-{scene.split}-{scene.seed}-{scene.number}-{scene.kind}"
        source = Source(name, "picture", name, "", LICENCE_OF_RENDERED)
        cuts = tuple(sight.cuts_within(0.0, seconds))
        return ScenePicture(
            sight.cues(0.0, seconds), cuts, False, pictures, source, scene.shown
        )  # it begins within a take


@dataclass(frozen=True)
class FilmPictures:
    """Stretches of real films, each filed under its kind by its cues."""

    windows: FilmWindows

    def kinds(self, split: str) -> tuple[Kind, ...]:
        there = {window.kind for window in self.windows.all if window.split == split}
        if not there:
            raise InputError(f"Wanted pictures for the {split} split, found none; add films, or build another split.")
        # Whatever is shown can be told over, but only where nobody is seen to speak.
        told: set[Kind] = {"narration"} if there - {"talk"} else set()
        return tuple(kind for kind in KINDS if kind in told.union(there))

    def see(self, scene: Scene, unmixed: UnmixedStems, seconds: float, *, frames: bool) -> ScenePicture:
        at = list(self._fitting(scene))
        number = at[int(scene.generator(PICTURE).integers(len(at)))]
        window = self.windows.all[number]
        source = Source(window.path.name, "picture", window.group, window.sha256, window.licence, window.start_seconds)
        pictures = (
            Slides(probe(window.path)).between(window.start_seconds, window.start_seconds + seconds) if frames else []
        )
        return ScenePicture(
            self.windows.cues(number), window.cuts_seconds, window.starts_on_cut, pictures, source, window.kind
        )

    def _fitting(self, scene: Scene) -> Iterator[int]:
        wanted = {"action", "scenery"} if scene.kind == "narration" else {scene.kind}
        for number, window in enumerate(self.windows.all):
            if window.split == scene.split and window.kind in wanted:
                yield number
