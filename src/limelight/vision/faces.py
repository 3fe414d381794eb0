"""Faces: found by OpenCV's Haar cascades, followed in between, and believed only when seen again.

The whole picture is searched about once a second, sooner when it has changed and later when it has not; faces that
are known are looked for twice a second near where they were, there also in profile. Haar cascades invent faces in
foliage and cloth, one picture long: a face counts only if it is found in at least two searches and in half of those it
lived through (`confirmed`), and only where it is not greener or bluer than a face can be.

Does a mouth move? The lower part of a face against its upper part, the head's motion taken out.

    where the eyes' region of the earlier picture is best found in the later one → earlier face moved by it
    mouth = (mean |difference| around the mouth − that around the eyes) / contrast of the face

A head that turns or nods moves eyes and mouth alike; light changes both alike; speech moves the mouth alone.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from limelight.vision.frames import Grey, Image, View, change

SEARCH_SECONDS = 0.5
WIDE_SEARCHES = ((0.12, 0.5), (0.02, 1.0), (0.0, 2.0))  # (change of mean luma since the last one, seconds to wait)
SMALLEST = 20  # picture points of 180: 11 % of the height, the cascades' own size
MOST = 8  # faces
LARGE = 30  # of 180: every other wide search is for these alone, which nearly halves its cost
CASCADES = ("haarcascade_frontalface_alt2.xml", "haarcascade_profileface.xml")

SIGHTING = np.dtype(
    [(name, np.float64) for name in ("time_seconds", "track", "x", "y", "height", "found", "mouth")]
)  # x, y: middle, in picture heights from the picture's middle; found: 1 hit, 0 miss, −1 not looked for


@dataclass
class _Track:
    number: int
    x: float  # left edge, picture points
    y: float
    size: float
    misses: int = 0

    def overlaps(self, box: tuple[int, ...]) -> bool:
        x, y, size = box[:3]
        across = min(self.x + self.size, x + size) - max(self.x, x)
        down = min(self.y + self.size, y + size) - max(self.y, y)
        return across > 0 and down > 0 and across * down > 0.3 * min(self.size, size) ** 2


class FaceWatcher:
    """Watches for faces picture by picture; keeps only where they were, never pictures but the last."""

    def __init__(self) -> None:
        self._frontal, self._profile = (
            cv2.CascadeClassifier(str(Path(cv2.__file__).parent / "data" / name)) for name in CASCADES
        )
        self._tracks: list[_Track] = []
        self._born = 0
        self._searched = self._searched_wide = -np.inf
        self._seen_wide: NDArray[np.float32] | None = None
        self._large_only = True
        self._previous: View | None = None
        self._rows = array("d")

    def watch(self, view: View) -> None:
        """Follow the known faces into this picture, and search it where due."""
        mouths = self._follow(view)
        found = self._search(view)
        height, width = view.grey.shape
        for track in self._tracks:
            middle = (track.x + track.size / 2 - width / 2, track.y + track.size / 2 - height / 2)
            hit = found.get(track.number, -1.0)
            place = (middle[0] / height, middle[1] / height, track.size / height)
            self._rows.extend((view.time_seconds, track.number, *place, hit, mouths.get(track.number, 0.0)))
        self._tracks = [track for track in self._tracks if track.misses < 3]
        self._previous = view

    def sightings(self) -> NDArray[np.void]:
        """All that was followed, confirmed or not: a table [S] of SIGHTING."""
        return np.frombuffer(self._rows, SIGHTING) if self._rows else np.zeros(0, SIGHTING)

    def _follow(self, view: View) -> dict[int, float]:
        mouths = {}
        for track in self._tracks:
            if self._previous is not None and self._previous.grey.shape == view.grey.shape:
                step = Step(self._previous.grey, view.grey, track.x, track.y, track.size)
                moved = measure_mouth(step)
                track.x, track.y = track.x + moved.right, track.y + moved.down
                mouths[track.number] = moved.mouth
        return mouths

    def _search(self, view: View) -> dict[int, float]:
        """Search if due; returns 1 or 0 for each track that was looked for, and opens tracks for new faces."""
        wide = self._wide_due(view)
        if not wide and view.time_seconds - self._searched < SEARCH_SECONDS:
            return {}
        self._searched = view.time_seconds
        boxes = self._look_everywhere(view) if wide else []
        found: dict[int, float] = {}
        for track in self._tracks:
            box = _take(boxes, track) if wide else None
            box = box or self._look_near(view, track)
            found[track.number] = 0.0 if box is None else 1.0
            track.misses = track.misses + 1 if box is None else 0
            if box is not None:
                track.x, track.y, track.size, *_ = box
        for box in boxes[: MOST - len(self._tracks)]:
            x, y, size, *_ = box
            self._tracks.append(_Track(self._born, x, y, size))
            found[self._born] = 1.0
            self._born += 1
        return found

    def _wide_due(self, view: View) -> bool:
        changed = change(view, self._seen_wide)
        wait = next(seconds for least, seconds in WIDE_SEARCHES if changed >= least)
        if view.time_seconds - self._searched_wide < wait - 0.01:
            return False
        self._searched_wide, self._seen_wide = view.time_seconds, view.luma
        self._large_only = not self._large_only and changed < WIDE_SEARCHES[0][0]
        return True

    def _look_everywhere(self, view: View) -> list[tuple[int, ...]]:
        smallest = LARGE if self._large_only else SMALLEST
        return [box for box in _detect(self._frontal, view.grey, smallest, 1.25) if _can_be_skin(view, box)]

    def _look_near(self, view: View, track: _Track) -> tuple[int, ...] | None:
        margin = 0.35 * track.size
        height, width = view.grey.shape
        left, top = int(max(0, track.x - margin)), int(max(0, track.y - margin))
        right, bottom = int(min(width, track.x + track.size + margin)), int(min(height, track.y + track.size + margin))
        patch = np.ascontiguousarray(view.grey[top:bottom, left:right])
        smallest = max(SMALLEST, int(0.7 * track.size))
        if min(patch.shape) < smallest:
            return None
        for cascade, mirrored in ((self._frontal, False), (self._profile, False), (self._profile, True)):
            looked = np.ascontiguousarray(patch[:, ::-1]) if mirrored else patch
            for x, y, size, *_ in _detect(cascade, looked, smallest, 1.15):
                at = patch.shape[1] - x - size if mirrored else x
                if track.overlaps((at + left, y + top, size)):
                    return at + left, y + top, size
        return None


def confirmed(sightings: NDArray[np.void]) -> NDArray[np.void]:
    """The sightings of faces that were found again: at least two hits, at least half of all searches, [S']."""
    kept = np.zeros(len(sightings), bool)
    for number in np.unique(sightings["track"]):
        mine = sightings["track"] == number
        hits, misses = sightings[mine & (sightings["found"] == 1)], (mine & (sightings["found"] == 0)).sum()
        if len(hits) >= 2 and len(hits) >= misses:
            # What was only followed after the last hit is a guess, but for the moment until the next search.
            kept |= mine & (sightings["time_seconds"] < hits["time_seconds"].max() + SEARCH_SECONDS)
    return sightings[kept]


def _detect(
    cascade: cv2.CascadeClassifier, grey: NDArray[np.uint8], smallest: int, step: float
) -> list[tuple[int, ...]]:
    if min(grey.shape) < smallest:
        return []
    boxes = cascade.detectMultiScale(grey, step, 3, 0, (smallest, smallest))
    return sorted((tuple(int(value) for value in box) for box in boxes), key=lambda box: -box[2])


def _take(boxes: list[tuple[int, ...]], track: _Track) -> tuple[int, ...] | None:
    """Take the box of this track out of the list."""
    for box in boxes:
        if track.overlaps(box):
            boxes.remove(box)
            return box
    return None


def _can_be_skin(view: View, box: tuple[int, ...]) -> bool:
    """False for what is clearly green or blue; grey faces (old films) are welcome."""
    x, y, size, *_ = (value // 4 for value in box)
    inner = view.colours[y + size // 4 : y + size, x + size // 4 : x + max(size // 4 + 1, 3 * size // 4)]
    if inner.size == 0:
        return True
    red, green, blue = (float(channel) for channel in inner.mean(axis=(0, 1)))
    return red > 0.97 * green and red > 0.85 * blue


SIDE = 64  # picture points to which each face is scaled
EYES = (slice(12, 38), slice(10, 54))
MOUTH = (slice(42, 62), slice(16, 48))
REACH = 10  # face points that a head may move between two pictures: a sixth of the face
SURE = 0.6  # correlation at which the eyes count as found again


@dataclass(frozen=True)
class Step:
    """Two pictures [H, W] and where the face was in the earlier one (picture points)."""

    earlier: Grey
    later: Grey
    x: float
    y: float
    size: float


class Moved(NamedTuple):
    """How a head moved, in picture points, and how much its mouth did."""

    right: float
    down: float
    mouth: float


def measure_mouth(step: Step) -> Moved:
    """The head's shift and the mouth's own motion between two pictures."""
    before, after = _face(step.earlier, step), _face(step.later, step)
    shift = _eyes_shift(before, after)
    if shift is None:  # not the same face: nothing can be said
        return Moved(0.0, 0.0, 0.0)
    right, down = shift
    place = np.array([[1, 0, right], [0, 1, down]])
    moved = np.asarray(cv2.warpAffine(before, place, (SIDE, SIDE), borderMode=cv2.BORDER_REPLICATE), np.float32)
    difference = np.abs(after - moved - float((after - moved)[EYES].mean()))
    own = float(difference[MOUTH].mean() - difference[EYES].mean())
    return Moved(right * step.size / SIDE, down * step.size / SIDE, max(0.0, own) / (float(after.std()) + 4))


def _eyes_shift(before: Image, after: Image) -> tuple[float, float] | None:
    """How far the eyes went, (right, down) in face points."""
    rows, columns = EYES
    searched = after[rows.start - REACH : rows.stop + REACH, columns.start - REACH : columns.stop + REACH]
    likeness = np.asarray(cv2.matchTemplate(searched, before[EYES], cv2.TM_CCOEFF_NORMED), np.float32)  # [2 REACH + 1]²
    down, right = divmod(int(likeness.argmax()), likeness.shape[1])
    if not likeness[down, right] > SURE:
        return None
    return (
        right - REACH + _between(likeness[down, max(0, right - 1) : right + 2]),
        down - REACH + _between(likeness[max(0, down - 1) : down + 2, right]),
    )


def _between(three: Image) -> float:
    """Where a parabola through three values has its top, −½…½ from the middle one."""
    if len(three) < 3:
        return 0.0
    bend = float(three[0] - 2 * three[1] + three[2])
    return 0.0 if bend >= 0 else float(np.clip((three[0] - three[2]) / (2 * bend), -0.5, 0.5))


def _face(grey: Grey, step: Step) -> Image:
    scale = step.size / SIDE
    back = np.array([[scale, 0, step.x], [0, scale, step.y]])  # from face points to picture points
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(
        cv2.warpAffine(grey, back, (SIDE, SIDE), flags=flags, borderMode=cv2.BORDER_REPLICATE), np.float32
    )
