"""Pictures as the pretrained networks want them, with FFmpeg instead of torchvision.

CLIP (Radford et al., 2021): the shorter side to S, the S × S middle, colours standardised. InternVL (Chen et al., 2023):
the whole picture squeezed to S × S, colours standardised by ImageNet's figures; of its up to twelve close-up tiles we
make none, since a key frame is asked about as a whole. Shrinking is by area and growing cubic, where the originals are
cubic both ways.

Which pictures of a film are kept, by time, and how what is known at some moments becomes one row a second.

    cell      |   0   |   1   |   2   |   3   |     each 1 / p seconds long
    pictures  | x x x | x x x |       | x x   |
    kept      |   ^   |   ^   |       |   ^   |     the one nearest to the middle of its cell

A second whose picture is held (no new one comes) has the row of the one before; before the first picture all is zero.

The pictures that are asked about: by shot, in the middle of each, and again in every long shot.

SemMix does not say which frames it takes, nor how many. Ours: a shot is cut into equal parts of at most 5 seconds; of
each, the picture nearest to its middle is a key frame, and speaks for its part.

Pictures are seen once while the shots are only known at the end, so two a second wait as JPEG in a temporary folder.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from limelight.media.sample_frames import decode_picture, encode_jpeg, resized
from limelight.types import Picture, Shot

Image = NDArray[np.uint8]  # [H, W, 3], RGB
Pixels = NDArray[np.float32]


@dataclass(frozen=True)
class Colours:
    """What the network's training pictures had: mean and deviation of red, green, blue in 0…1."""

    mean: tuple[float, float, float]
    std: tuple[float, float, float]

    def standardised(self, image: Image) -> Pixels:
        """[H, W, 3] to [3, H, W]."""
        scaled = (image / 255 - np.array(self.mean)) / np.array(self.std)
        return np.ascontiguousarray(scaled.transpose(2, 0, 1), dtype=np.float32)


CLIP_COLOURS = Colours((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711))
IMAGENET_COLOURS = Colours((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


def centre_of(images: Sequence[Image], size: int, colours: Colours = CLIP_COLOURS) -> Pixels:
    """The middles of pictures, [P, 3, size, size]."""
    return np.stack([colours.standardised(_middle(image, size)) for image in images])


def whole_of(images: Sequence[Image], size: int, colours: Colours = IMAGENET_COLOURS) -> Pixels:
    """The pictures, squeezed, [P, 3, size, size]."""
    return np.stack([colours.standardised(resized(image, size, size)) for image in images])


def _middle(image: Image, size: int) -> Image:
    height, width = image.shape[:2]
    scale = size / min(height, width)
    image = resized(image, max(size, round(height * scale)), max(size, round(width * scale)))
    top, left = (image.shape[0] - size) // 2, (image.shape[1] - size) // 2
    return image[top : top + size, left : left + size]


Rows = NDArray[np.float32]  # [T, D]


def kept_frames(
    pictures: Iterable[Picture], take: Callable[[int, Picture], None], *, cells_per_second: int = 1
) -> Iterator[Picture]:
    """Passes all pictures on; `take` is given each cell's number and the picture kept of it, in order of time."""
    kept: Picture | None = None

    def cell_of(picture: Picture) -> int:
        return int(picture.time_seconds * cells_per_second)

    def distance(picture: Picture) -> float:
        return abs(picture.time_seconds * cells_per_second % 1 - 0.5)

    for picture in pictures:
        if kept is not None and cell_of(picture) > cell_of(kept):
            take(cell_of(kept), kept)
            kept = None
        if kept is None or distance(picture) < distance(kept):
            kept = picture
        yield picture
    if kept is not None:
        take(cell_of(kept), kept)


def nearest(pictures: Iterable[Picture], times_seconds: Sequence[float]) -> list[Picture | None]:
    """For each time the picture nearest to it; None where there are no pictures."""
    found: list[Picture | None] = [None] * len(times_seconds)
    for picture in pictures:
        for k, time in enumerate(times_seconds):
            kept = found[k]
            if kept is None or abs(picture.time_seconds - time) < abs(kept.time_seconds - time):
                found[k] = picture
    return found


def held(known: Mapping[int, Rows], width: int, *, duration_seconds: float) -> Rows:
    """One row a second [T, D] from rows [D] known at some seconds."""
    rows = np.zeros((math.ceil(duration_seconds), width), np.float32)
    latest = np.zeros(width, np.float32)
    for second in range(len(rows)):
        latest = known.get(second, latest)
        rows[second] = latest
    return rows


def embedding_names(what: str, width: int) -> tuple[str, ...]:
    """Names of an embedding's numbers: "clip_0000", …"""
    return tuple(f"{what}_{d:04d}" for d in range(width))


def unit_length(rows: Rows) -> Rows:
    """Rows [..., D] divided by their length; zeros stay zeros. The same scaling for every encoder."""
    lengths = np.linalg.norm(rows, axis=-1, keepdims=True)
    return np.asarray(rows / np.where(lengths > 0, lengths, 1), np.float32)


LONGEST_PART_SECONDS = 5.0
WAITING_PER_SECOND = 2  # the shortest shot lasts about half a second
QUANTISER = 3  # of JPEG: nobody sees it


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
        read = decode_picture(self.path.read_bytes())
        if read is None:
            raise OSError(f"the waiting picture {self.path} is damaged")
        return read


class FrameBuffer:
    """Holds pictures on disk until the shots are known."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._times: list[float] = []

    def watch(self, pictures: Iterable[Picture]) -> Iterator[Picture]:
        """Passes pictures on, and keeps some."""
        return kept_frames(pictures, self._keep, cells_per_second=WAITING_PER_SECOND)

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
        self._path(len(self._times)).write_bytes(encode_jpeg(picture.image, quantiser=QUANTISER))
        self._times.append(picture.time_seconds)

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:06d}.jpg"


@contextmanager
def frame_buffer() -> Iterator[FrameBuffer]:
    """A room that is cleared at the end."""
    with tempfile.TemporaryDirectory(prefix="limelight-") as folder:
        yield FrameBuffer(Path(folder))


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
