"""A storyboard becomes pictures: each take is set up once, then painted at every instant, then developed.

take → scene (places, people, textures)     once
scene.paint(t) → canvas → sway → develop    for every picture
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from research.painted.action import Action
from research.painted.camera import Camera
from research.painted.canvas import Canvas, Size
from research.painted.people import People
from research.painted.scenery import Landscape, Sea
from research.painted.spectacle import Dance, Stills, Titles
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
    width, height = size
    if width < 32 or height < 32 or width % 2 or height % 2:
        raise ValueError(f"a picture needs an even width and height of 32 at least, got {width}×{height}")
    camera = Camera(storyboard.grading, storyboard.takes[0].seed)
    take, scene = storyboard.takes[0], None
    takes = iter(storyboard.takes)
    for number in range(int(np.ceil(storyboard.seconds * frames_per_second - 1e-6))):
        time_seconds = number / frames_per_second
        while scene is None or time_seconds >= take.end_seconds:
            take = next(takes)
            scene = SCENES[take.subject](take, timing, Size(height, width)) if take.end_seconds > time_seconds else None
        yield camera.develop(camera.sway(scene.paint(time_seconds), time_seconds), number)
