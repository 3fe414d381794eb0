"""The picture of the demo film: the story as a storyboard and as timing, painted by `research.painted`.

The painter is told what it else draws from seeds or hears in stems: the mouth follows the phones of the voice, and every
impact bursts where and when the story says. The boat and the title belong to this film alone and are added here.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from research.demo import story
from research.demo.voice import mouth
from research.painted.camera import Camera
from research.painted.canvas import Canvas, Mask, polygon, smoothstep, soft, stroke
from research.painted.film import canvases
from research.painted.storyboard import Grading, Storyboard, Take
from research.painted.timing import CURVE_RATE, Burst, Onset, Timing

PRESENTER, RUNNER, ROOM, TOWN, SHORE = 61, 279, 21, 1, 8  # seeds
GRADING = Grading(
    exposure=1.0,
    warmth=0.1,
    contrast=1.05,
    saturation=1.1,
    grain=0.0,
    vignette=0.25,
    bars=0.0,
    handheld=0.0,
    quality=26,
)
BURSTS: dict[str, Burst] = {"crate": "pieces", "barrel": "pieces", "explosion": "fire"}
LARGEST = max(impact.size for impact in story.IMPACTS)
BOAT_POINTS = 1.6  # picture points for one unit of the boat's drawing
WARM = np.array([1.0, 0.72, 0.38], np.float32)


def storyboard() -> Storyboard:
    """Five takes: the talk, three of the chase, the sea."""
    first, second, third, last = story.SHOTS
    chase = {"people": (RUNNER,), "weather": "rain"}
    takes = (
        Take(0.0, first, "person", "indoors", 1, ROOM, people=(PRESENTER,), speaking=0, closeness=0.5),
        Take(first, second, "chase", "dusk", 1, TOWN, closeness=0.35, **chase),
        Take(second, third, "chase", "dusk", 2, TOWN, closeness=0.62, **chase),
        Take(third, last, "chase", "dusk", 5, TOWN, closeness=0.3, **chase),
        Take(last, story.DURATION_SECONDS, "sea", "dusk", SHORE, SHORE, weather="none"),
    )
    return Storyboard("action", False, story.DURATION_SECONDS, takes, GRADING)


def timing() -> Timing:
    """The mouth by the phones, the impacts and the lightning by the story."""
    times = np.arange(round(story.DURATION_SECONDS * CURVE_RATE)) / CURVE_RATE
    jaw, lips = np.array([mouth(float(time)) for time in times]).T
    action = (times >= story.ACTION.start_seconds) & (times < story.ACTION.end_seconds)
    hits = [Onset(i.time_seconds, min(1.0, 0.2 + i.size / LARGEST), BURSTS[i.kind], i.x) for i in story.IMPACTS]
    hits += [Onset(time, 0.6, "lightning", 0.7) for time in story.LIGHTNING_SECONDS]
    return Timing(jaw, lips, 0.7 * action, 0.5 * np.ones_like(times), tuple(sorted(hits, key=when)), ())


def when(onset: Onset) -> float:
    """What onsets are put in order by."""
    return onset.time_seconds


def pictures() -> Iterator[NDArray[np.uint8]]:
    """All pictures of the film in order, [HEIGHT, WIDTH, 3] RGB."""
    cv2.setNumThreads(1)
    camera, size = Camera(GRADING, PRESENTER), (story.WIDTH, story.HEIGHT)
    for number, (time, canvas) in enumerate(canvases(storyboard(), timing(), size, story.FRAMES_PER_SECOND)):
        if time >= story.LANDSCAPE.start_seconds:
            canvas = _sunset(canvas, time)
        yield camera.develop(_bloomed(canvas), number)


def _sunset(canvas: Canvas, time_seconds: float) -> Canvas:
    """The boat and the title over the sea, faded in and out."""
    since = time_seconds - story.LANDSCAPE.start_seconds
    _boat(canvas, since)
    shown = float(smoothstep(story.TITLE_SECONDS, story.TITLE_SECONDS + 1.8, time_seconds))
    if shown:
        _title(canvas, shown)
    left = story.DURATION_SECONDS - time_seconds
    return canvas * smoothstep(-0.05, 0.35, since) * smoothstep(-0.05, 0.55, left)


def _boat(canvas: Canvas, since: float) -> None:
    """A small boat with the runner's red scarf at its mast, rocking home."""
    height, width = canvas.shape[:2]
    rock, x = 0.05 * np.sin(1.1 * since), 0.30 * width + 9 * since
    y = 0.62 * height + 2.5 * np.sin(1.4 * since)
    turn = np.array([[np.cos(rock), np.sin(rock)], [-np.sin(rock), np.cos(rock)]]) * BOAT_POINTS

    def at(*points: tuple[float, float]) -> NDArray[np.float64]:
        return np.array(points) @ turn + (x, y)

    dark, belly = (0.16, 0.11, 0.17), 5 * np.sin(0.8 * since)
    polygon(canvas, [(x + 70 * np.cos(a), y + 24 + 7 * np.sin(a)) for a in np.linspace(0, 6.28, 24)], dark, 0.5)
    polygon(canvas, at((-44, 0), (42, -3), (32, 15), (-33, 15)), dark)
    stroke(canvas, at((-2, 2), (0, -88)), 5, dark)
    polygon(canvas, at((3, -84), (20 + belly, -58), (38 + belly, -14), (3, -8)), (0.95, 0.81, 0.65))
    polygon(canvas, at((-4, -78), (-16, -46), (-36, -10), (-4, -8)), (0.73, 0.55, 0.53))
    stroke(canvas, at((-24, 0), (-23, -18)), 12, dark)
    stroke(canvas, at((-23, -23), (-23, -25)), 13, dark)
    along = np.linspace(0, 1, 9)
    scarf = np.stack([-26 * along, -88 + 5 * along + 3 * along * np.sin(7 * along - 5 * since)], axis=1)
    stroke(canvas, scarf @ turn + (x, y), 7, (0.85, 0.20, 0.17), end=4)


def _title(canvas: Canvas, shown: float) -> None:
    """Letters of warm light that come out of a glow; `shown` goes from 0 to 1."""
    letters = _letters()
    halo = soft(letters, 26.0) + 0.6 * soft(letters, 9.0)
    canvas += (0.55 * shown * halo)[..., None] * WARM
    canvas += (np.array([1.12, 1.06, 0.94], np.float32) - canvas) * (shown**1.5 * letters)[..., None]


@lru_cache(maxsize=1)
def _letters() -> Mask:
    """The title in the upper half of the picture, [HEIGHT, WIDTH] in 0…1."""
    font, scale, thick = cv2.FONT_HERSHEY_SIMPLEX, 5.0, 11
    wide = cv2.getTextSize(story.TITLE, font, scale, thick)[0][0]
    mask = np.zeros((story.HEIGHT, story.WIDTH), np.uint8)
    place = ((story.WIDTH - wide) // 2, round(0.3 * story.HEIGHT))
    cv2.putText(mask, story.TITLE, place, font, scale, 255, thick, cv2.LINE_AA)
    return mask.astype(np.float32) / 255


def _bloomed(canvas: Canvas) -> Canvas:
    """Light spills around what is bright."""
    bright = np.maximum(canvas - 0.8, 0)
    return canvas + 0.25 * (soft(bright, 24.0) + 0.6 * soft(bright, 90.0))
