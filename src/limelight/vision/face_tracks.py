"""Faces followed through a film: who is seen from when to when, and how far each mouth is open.

    picture   | search | wait | wait | … | search | …          25 a second; a search every 0.2 s, and after each cut
    search    finds faces (`face_detector`), joins them to the known ones by overlap, and opens tracks for new ones;
              then the lips (`lips`) of all that waited are read, at points between those of both searches

Searching every fifth picture costs a fifth, and points that move evenly make the lips' curve no worse (research/synchrony).
MediaPipe follows a face by the points of the picture before; on a man at his desk that drifted off within a second, so ours
goes by what was found. A track never outlives a cut: a sudden change of the picture ends all of them. Where pictures are left
out (`watch`), the last one before and the first one after are searched, and nothing is guessed between.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from limelight.vision.faces import FaceDetector, Faces, Floats, LipReader, overlap

SEARCH_SECONDS = 0.2
LONGEST_STEP_SECONDS = 0.3  # between two pictures; over a longer one no mouth is followed
SHORTEST_SECONDS = 0.3  # a face in foliage or cloth is seldom found again
SURE = 0.8  # score at which a face counts though it was seen for a moment only
LEAST_CONFIDENCE = 0.03  # of the lips: what looks like a face from afar only has less
MOST_FACES = 4  # the largest
SAME = 0.3  # overlap at which two findings are one face
MOST_MISSES = 2  # searches in a row, until a face is let go
CUT = 0.09  # mean difference of two pictures, of full scale
STEP = 8  # pixels between those that are compared

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class FaceTrack:
    """One face from its first picture to its last, all [F]; places in picture heights, from the upper left corner."""

    times_seconds: Vector
    x: Vector  # middle
    y: Vector
    height: Vector
    opening: Vector  # of the mouth, as in `Lips`
    confidence: Vector  # of the opening, 0…1

    def __repr__(self) -> str:
        return f"FaceTrack({self.times_seconds[0]:.2f}…{self.times_seconds[-1]:.2f} s)"


@dataclass(eq=False)
class _Known:
    """A face that is being followed: where it was found last, and a row of six numbers for each picture."""

    points: Floats  # [5, 2]
    score: float  # the highest
    sought: int = 0
    found: int = 0
    misses: int = 0
    rows: array[float] = field(default_factory=lambda: array("d"))


class FaceFollower:
    """Follows faces picture by picture; keeps the few pictures since the last search, and six numbers a face and picture."""

    def __init__(self, *, threads: int = 1) -> None:
        """Raises ModelError."""
        self._detector, self._reader = FaceDetector(threads=threads), LipReader(threads=threads)
        self._known: list[_Known] = []
        self._finished: list[_Known] = []
        self._waiting: list[tuple[float, NDArray[np.uint8]]] = []
        self._searched_seconds = -np.inf
        self._earlier: NDArray[np.int16] | None = None

    @property
    def faces(self) -> int:
        """How many are followed at the moment."""
        return len(self._known)

    def watch(self, time_seconds: float, image: NDArray[np.uint8]) -> None:
        """The next picture [H, W, 3], RGB, upright, about 360 lines. Raises ModelError."""
        if self._is_cut(image):
            self._end_shot()
        elif self._waiting and time_seconds - self._waiting[-1][0] > LONGEST_STEP_SECONDS:
            self._search(self._waiting[-1][1])
        self._waiting.append((time_seconds, image))
        if time_seconds - self._searched_seconds > SEARCH_SECONDS - 0.01:
            self._search(image)
            self._searched_seconds = time_seconds

    def tracks(self) -> tuple[FaceTrack, ...]:
        """All faces that were seen long enough, and found in at least half of the searches, in order. Ends the film."""
        self._end_shot()
        tracks = [_track(known) for known in self._finished if _is_believed(known)]
        return tuple(sorted(tracks, key=lambda track: float(track.times_seconds[0])))

    def _is_cut(self, image: NDArray[np.uint8]) -> bool:
        small = image[::STEP, ::STEP].astype(np.int16)
        earlier, self._earlier = self._earlier, small
        if earlier is None or earlier.shape != small.shape:
            return True
        return float(np.abs(small - earlier).mean()) > CUT * 255

    def _end_shot(self) -> None:
        if self._waiting:  # else the last few pictures would show a face where it was before
            self._search(self._waiting[-1][1])
        self._finished += [known for known in self._known if known.rows]
        self._known, self._waiting, self._searched_seconds = [], [], -np.inf

    def _search(self, image: NDArray[np.uint8]) -> None:
        faces = self._detector.detect(image)
        boxes = np.stack([_box(points) for points in faces.points]) if len(faces) else np.zeros((0, 4), np.float32)
        new = np.ones(len(faces), bool)
        for known in self._known:
            alike = overlap(_box(known.points), boxes) * new
            hit = int(alike.argmax()) if len(alike) and alike.max() > SAME else None
            known.sought, known.found = known.sought + 1, known.found + (hit is not None)
            known.misses = 0 if hit is not None else known.misses + 1
            if hit is not None:
                new[hit], known.score = False, max(known.score, float(faces.scores[hit]))
            self._read(known, known.points if hit is None else faces.points[hit])
        self._finished += [known for known in self._known if known.misses >= MOST_MISSES]
        self._known = [known for known in self._known if known.misses < MOST_MISSES]
        self._waiting = self._waiting[-1:]
        for i in sorted(np.flatnonzero(new), key=lambda i: -boxes[i, 3])[: MOST_FACES - len(self._known)]:
            self._known.append(_Known(faces.points[i], float(faces.scores[i]), 1, 1))
            self._read(self._known[-1], faces.points[i])
        self._waiting = []

    def _read(self, known: _Known, points: Floats) -> None:
        """The lips of one face in all pictures that wait, which lead from where it was to `points`."""
        for k, (time_seconds, image) in enumerate(self._waiting, start=1):
            between = known.points + np.float32(k / len(self._waiting)) * (points - known.points)
            lips = self._reader.read(image, _face(between))
            x, y, wide, high = (float(value) / image.shape[0] for value in _box(between))
            measured = (float(lips.opening[0]), float(lips.confidence[0]))
            known.rows.extend((time_seconds, x + wide / 2, y + high / 2, high, *measured))
        known.points = points


def _face(points: Floats) -> Faces:
    return Faces(_box(points)[None], points[None], np.ones(1, np.float32))


def _box(points: Floats) -> Floats:
    """About what a detector's box holds, by five points [5, 2]: left, top, width, height."""
    eyes, mouth = points[:2].mean(axis=0), points[3:].mean(axis=0)
    size = max(float(np.hypot(*(mouth - eyes))), float(np.hypot(*(points[1] - points[0]))))
    middle = (eyes + mouth) / 2
    return np.array([middle[0] - 0.9 * size, middle[1] - 1.25 * size, 1.8 * size, 2.5 * size], np.float32)


def _is_believed(known: _Known) -> bool:
    """Seen long enough or very surely, found in at least half of the searches, twice or more, and no mask or carving."""
    track = _track(known)
    lasts = track.times_seconds[-1] - track.times_seconds[0] >= SHORTEST_SECONDS or known.score >= SURE
    a_face = track.confidence.mean() >= LEAST_CONFIDENCE
    return bool(lasts and a_face and known.found >= 2 and 2 * known.found >= known.sought)


def _track(known: _Known) -> FaceTrack:
    return FaceTrack(*np.frombuffer(known.rows, np.float64).reshape(-1, 6).T.copy())
