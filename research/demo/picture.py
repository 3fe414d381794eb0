"""Every picture of the film: the scene of its instant, its light spilled and developed."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

import cv2
import numpy as np
from numpy.typing import NDArray

from research.demo import chase, landscape, talk
from research.demo.canvas import bloomed, developed
from research.demo.story import ACTION, FRAMES, FRAMES_PER_SECOND, LANDSCAPE, TALK, stretch_at

SCENES = {TALK.name: talk.draw, ACTION.name: chase.draw, LANDSCAPE.name: landscape.draw}


def picture(number: int) -> NDArray[np.uint8]:
    """One frame of the film, [HEIGHT, WIDTH, 3] RGB."""
    cv2.setNumThreads(1)
    time_seconds = number / FRAMES_PER_SECOND
    return developed(bloomed(SCENES[stretch_at(time_seconds).name](time_seconds)))


def pictures(workers: int) -> Iterator[NDArray[np.uint8]]:
    """All frames in order; each can be drawn alone, so any number of processes may draw."""
    if workers == 1:
        yield from map(picture, range(FRAMES))
        return
    with ProcessPoolExecutor(workers) as pool:
        waiting = deque()
        for number in range(FRAMES):
            waiting.append(pool.submit(picture, number))
            if len(waiting) > 4 * workers:  # few frames wait in memory
                yield waiting.popleft().result()
        yield from (drawn.result() for drawn in waiting)
