"""A film strip: at most 24 pictures, each from the middle of the stretch of film that it stands for.

    shots   |      0      |  1  |             2             |
    cells   |   0  |   0  |  1  |    2   |   2    |   2     |     none wider than an eighth of the film

With more shots than cells, sixteen equal cells each show the shot that holds their middle. Pictures are found by
seeking to them, not by watching the film again; a key frame near by is taken as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import av.container
import av.error
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream
from numpy.typing import NDArray

from limelight.media.clock import Clock, read_clock
from limelight.media.container import main_picture, open_input
from limelight.media.packets import Damage, decode_packet, read_packets
from limelight.media.sample_frames import encode_jpeg, upright
from limelight.mixing.plan import PlannedShot
from limelight.types import Shot

MOST_CELLS = 24
EQUAL_CELLS = 16
HEIGHT = 120  # pixels
WIDEST = 214
_QUANTISER = 8  # of JPEG: what is small may be coarse
_WIDEST_SHARE = 1 / 8  # of the film
_EARLIER_SECONDS = (0.0, 12.0)  # a transport stream is found at the key frame after the place, not before it
_MOST_PICTURES = 1500  # decoded for one thumbnail


@dataclass(frozen=True)
class Cell:
    """A stretch of the strip, and the stretch of film that its picture is from."""

    start_seconds: float
    end_seconds: float
    shot: int
    from_seconds: float
    until_seconds: float

    @property
    def middle_seconds(self) -> float:
        return (self.from_seconds + self.until_seconds) / 2


def strip_cells(shots: Sequence[PlannedShot | Shot], duration_seconds: float) -> list[Cell]:
    """The cells of the strip, end to end over the whole film."""
    if not shots:
        return []
    shares = [(shot.end_seconds - shot.start_seconds) / duration_seconds for shot in shots]
    parts = [max(1, round(share / _WIDEST_SHARE)) for share in shares]
    if sum(parts) > MOST_CELLS:
        return _equal(shots, duration_seconds)
    return [cell for k, count in enumerate(parts) for cell in _split(k, shots[k], count)]


def _split(index: int, shot: PlannedShot | Shot, count: int) -> list[Cell]:
    edges = np.linspace(shot.start_seconds, shot.end_seconds, count + 1).tolist()
    return [Cell(low, high, index, low, high) for low, high in pairwise(edges)]


def _equal(shots: Sequence[PlannedShot | Shot], duration_seconds: float) -> list[Cell]:
    edges = np.linspace(0, duration_seconds, EQUAL_CELLS + 1).tolist()
    starts = np.array([shot.start_seconds for shot in shots])
    cells = []
    for low, high in pairwise(edges):
        k = max(0, int(np.searchsorted(starts, (low + high) / 2, side="right")) - 1)
        cells.append(Cell(low, high, k, max(low, shots[k].start_seconds), min(high, shots[k].end_seconds)))
    return cells


def thumbnails(path: Path, cells: Sequence[Cell]) -> list[bytes | None]:
    """For each cell a JPEG of 120 lines; None where no picture can be found."""
    if not cells:
        return []
    clock = read_clock(path)
    return [_thumbnail(path, clock, cell) for cell in cells]


def _thumbnail(path: Path, clock: Clock, cell: Cell) -> bytes | None:
    for earlier in _EARLIER_SECONDS:
        with suppress(av.error.FFmpegError), open_input(path) as container:
            stream = main_picture(container)
            frame = _seek(container, stream, clock, cell, earlier) if stream else None
            if stream is not None and frame is not None:
                return jpeg(upright(frame, HEIGHT, VideoReformatter(), pixel_aspect=_pixel_aspect(stream)))
    return None


def _seek(
    container: av.container.InputContainer, stream: VideoStream, clock: Clock, cell: Cell, earlier: float
) -> VideoFrame | None:
    """The key frame before the cell's middle where it lies well inside, else the picture at the middle."""
    time_base = stream.time_base
    if time_base is None:
        return None
    aim = cell.middle_seconds - earlier
    margin = min(0.25, 0.2 * (cell.until_seconds - cell.from_seconds))
    if aim > 0:  # else it is read from the start
        container.seek(int((float(clock.start) + aim) / time_base), stream=stream)
    found, damage = None, Damage()
    for packet in read_packets(container, [stream], damage):
        for frame in decode_packet(packet, damage):
            if not isinstance(frame, VideoFrame) or frame.pts is None:
                continue
            time = float(clock.seconds(frame.pts, time_base))
            if time > cell.until_seconds:
                return found
            found = frame
            near = frame.key_frame and time >= cell.from_seconds + margin
            if near or time >= cell.middle_seconds:
                return found
        if damage.good + damage.bad > _MOST_PICTURES:
            break
    return found


def _pixel_aspect(stream: VideoStream) -> float:
    return float(stream.sample_aspect_ratio or 1)


def jpeg(image: NDArray[np.uint8], *, widest: int = WIDEST) -> bytes:
    """[H, W, 3] RGB as a JPEG, its middle where it is wider than that."""
    over = max(0, image.shape[1] - widest) // 2
    middle = image[:, over : image.shape[1] - over]
    return encode_jpeg(middle, quantiser=_QUANTISER)
