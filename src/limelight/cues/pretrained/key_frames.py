"""The pictures that are asked about: by shot, in the middle of each, and again in every long shot.

SemMix does not say which frames it takes, nor how many. Ours: a shot is cut into equal parts of at most 5 seconds; of
each, the picture nearest to its middle is a key frame, and speaks for its part.

Pictures are seen once while the shots are only known at the end, so two a second wait as JPEG in a temporary folder.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np

from limelight.cues.pretrained.pixels import Image
from limelight.cues.pretrained.sampling import watch
from limelight.signals import Picture, Shot

LONGEST_PART_SECONDS = 5.0
WAITING_PER_SECOND = 2  # the shortest shot lasts about half a second
QUALITY = 95


@dataclass(frozen=True)
class KeyFrame:
    """A picture that speaks for a stretch of film."""

    start_seconds: float
    end_seconds: float
    picture_seconds: float
    path: Path

    @property
    def image(self) -> Image:
        """[H, W, 3], RGB."""
        read = cv2.imdecode(np.frombuffer(self.path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
        if read is None:
            raise OSError(f"the waiting picture {self.path} is damaged")
        return np.asarray(cv2.cvtColor(read, cv2.COLOR_BGR2RGB), np.uint8)


class WaitingRoom:
    """Holds pictures on disk until the shots are known."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._times: list[float] = []

    def watch(self, pictures: Iterable[Picture]) -> Iterator[Picture]:
        """Passes pictures on, and keeps some."""
        return watch(pictures, self._keep, cells_per_second=WAITING_PER_SECOND)

    def key_frames(self, shots: Sequence[Shot]) -> tuple[KeyFrame, ...]:
        """One a part of a shot, in order of time; none before the first picture."""
        if not self._times:
            return ()
        times = np.array(self._times)
        return tuple(
            KeyFrame(start, end, float(times[i]), self._path(i))
            for shot in shots
            for start, end in parts_of(shot)
            if end > times[0]
            for i in [_nearest(times, start, end)]
        )

    def _keep(self, _cell: int, picture: Picture) -> None:
        bgr = cv2.cvtColor(np.ascontiguousarray(picture.image), cv2.COLOR_RGB2BGR)
        _, jpeg = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
        self._path(len(self._times)).write_bytes(jpeg.tobytes())
        self._times.append(picture.time_seconds)

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:06d}.jpg"


@contextmanager
def waiting_room() -> Iterator[WaitingRoom]:
    """A room that is cleared at the end."""
    with tempfile.TemporaryDirectory(prefix="limelight-") as folder:
        yield WaitingRoom(Path(folder))


def parts_of(shot: Shot) -> list[tuple[float, float]]:
    """Equal stretches of at most LONGEST_PART_SECONDS."""
    count = max(1, math.ceil(shot.duration_seconds / LONGEST_PART_SECONDS))
    edges = np.linspace(shot.start_seconds, shot.end_seconds, count + 1).tolist()
    return list(pairwise(edges))


def _nearest(times: np.ndarray, start: float, end: float) -> int:
    """The picture nearest to the middle, of those inside if any; else the last one before, which is still shown."""
    inside = np.flatnonzero((times >= start) & (times < end))
    if len(inside) == 0:
        return max(0, int(np.searchsorted(times, start, side="right")) - 1)
    return int(inside[np.abs(times[inside] - (start + end) / 2).argmin()])
