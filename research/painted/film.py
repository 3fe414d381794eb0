"""From a storyboard to pictures, and through a real codec to cues.

    take → scene (places, people, textures)     once
    scene.paint(t) → canvas → sway → develop    for every picture

x264 runs at its fastest, on one thread, so that the same pictures give the same bytes and a builder may use its cores
for other clips.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Protocol

import av
import numpy as np
from numpy.typing import NDArray

from limelight.media.probe import probe
from limelight.media.sample_frames import sample_frames
from limelight.types import Cues
from limelight.vision.encoder import PictureStatistics
from research.painted.action import Action
from research.painted.camera import Camera
from research.painted.canvas import Canvas, Size
from research.painted.heads import People
from research.painted.scenery import Dance, Landscape, Sea, Stills, Titles
from research.painted.storyboard import Storyboard, Subject, Take
from research.painted.timing import Timing


class Scene(Protocol):
    """One take, ready to be painted."""

    def paint(self, time_seconds: float) -> Canvas:
        """The picture [H, W, 3] at an instant of the clip."""
        ...


SCENES: dict[Subject, Callable[[Take, Timing, Size], Scene]] = {
    "person": People,
    "blast": Action,
    "crash": Action,
    "fight": Action,
    "chase": Action,
    "land": Landscape,
    "city": Landscape,
    "sea": Sea,
    "dance": Dance,
    "titles": Titles,
    "stills": Stills,
}


def picture_frames(
    storyboard: Storyboard, timing: Timing, *, size: tuple[int, int] = (320, 180), frames_per_second: float = 12.5
) -> Iterator[NDArray[np.uint8]]:
    """The pictures of a clip one after another, [H, W, 3] RGB; `size` is (width, height), both even.

    Picture n shows the instant n / frames_per_second; there are as many as begin within the clip. The same storyboard,
    timing, size and rate give the same pictures.
    """
    camera = Camera(storyboard.grading, storyboard.takes[0].seed)
    for number, (time_seconds, canvas) in enumerate(canvases(storyboard, timing, size, frames_per_second)):
        yield camera.develop(camera.sway(canvas, time_seconds), number)


def canvases(
    storyboard: Storyboard, timing: Timing, size: tuple[int, int], frames_per_second: float
) -> Iterator[tuple[float, Canvas]]:
    """Time in seconds and what is painted then, [H, W, 3], before the camera; `size` is (width, height)."""
    width, height = size
    if width < 32 or height < 32 or width % 2 or height % 2:
        raise ValueError(f"a picture needs an even width and height of 32 at least, got {width}×{height}")
    take, scene = storyboard.takes[0], None
    takes = iter(storyboard.takes)
    for number in range(int(np.ceil(storyboard.seconds * frames_per_second - 1e-6))):
        time_seconds = number / frames_per_second
        while scene is None or time_seconds >= take.end_seconds:
            take = next(takes)
            scene = SCENES[take.subject](take, timing, Size(height, width)) if take.end_seconds > time_seconds else None
        yield time_seconds, scene.paint(time_seconds)


WATCHED_PER_SECOND = 8  # pictures that `look` takes from any film: others need not be painted
WATCHED_SIZE = (320, 180)
SECONDS_PER_KEY = 5


def write_film(pictures: Iterable[NDArray[np.uint8]], dest: Path, *, frames_per_second: float, quality: int) -> None:
    """Encode pictures [H, W, 3] as H.264; `dest` ends in .mp4, `quality` is the constant rate factor (more is worse)."""
    rate = Fraction(frames_per_second).limit_denominator(1001)
    key = str(max(1, round(SECONDS_PER_KEY * frames_per_second)))
    options = {"preset": "ultrafast", "crf": str(quality), "threads": "1", "g": key}
    with av.open(str(dest), "w", container_options={"fflags": "+bitexact"}) as container:
        stream = None
        for image in pictures:
            if stream is None:
                stream = container.add_stream("libx264", rate=rate, options=options)
                stream.height, stream.width, stream.pix_fmt = *image.shape[:2], "yuv420p"
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        if stream is not None:
            container.mux(stream.encode(None))


def cues_of(storyboard: Storyboard, timing: Timing) -> Cues:
    """What the picture says: painted, encoded, decoded and watched; one row of values a second."""
    with tempfile.TemporaryDirectory(prefix="limelight-") as folder:
        path = Path(folder) / "pictures.mp4"
        pictures = picture_frames(storyboard, timing, size=WATCHED_SIZE, frames_per_second=WATCHED_PER_SECOND)
        write_film(pictures, path, frames_per_second=WATCHED_PER_SECOND, quality=storyboard.grading.quality)
        watched = sample_frames(probe(path), pictures_per_second=WATCHED_PER_SECOND)
        return PictureStatistics().encode(watched, duration_seconds=storyboard.seconds)
