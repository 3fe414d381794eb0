"""A few small upright pictures of a film a second, chosen by time, in constant memory.

    clock     0         1/p        2/p        3/p        …        p pictures a second
    decoded   | x x x x | x x x x  |          | x x x …           an empty cell yields nothing (held picture, hole)
    yielded   | ^       | ^        |          | ^

The first decoded picture of every cell is scaled, turned upright and given with its own true time. Only the chosen
ones are converted. Large pictures are dear to decode: there the deblocking filter is left out, which nobody sees at a
fifth of the height, and where far more pictures are shown than wanted, those that no other picture refers to are left
out as well. More cannot be: without a picture that others refer to these come out broken. Small pictures are cheap, and
the filter is seen in them.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from fractions import Fraction
from typing import cast

import numpy as np
from av.codec.context import ThreadType
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter
from av.video.stream import VideoStream
from numpy.typing import NDArray

from limelight.media.clock import read_clock
from limelight.media.container import MAX_PIXELS, open_input
from limelight.media.copy_streams import check_unchanged
from limelight.media.packets import Damage, Reading, decode_packet, read_packets
from limelight.types import Picture, PictureInfo, SourceInfo

_SPARE_RATE = 3  # decode all pictures unless the source shows this many times more than wanted; every fourth remains
_SPARE_HEIGHT = 5  # decode wholly unless the source is this many times higher than wanted
_MAX_THREADS = 8


def sample_frames(
    info: SourceInfo, *, pictures_per_second: float = 8.0, height: int = 180, notes: list[str] | None = None
) -> Reading[Picture]:
    """The pictures of a film, at most `pictures_per_second`, `height` pixels high, upright, RGB, in order of time.

    Times are true times on the one clock. A sound file has no pictures. Damaged pictures are left out and told in the
    `notes` of what is returned, once all have been read (and in the list `notes`, for older callers). Raises
    `InputError` where the file changes meanwhile.
    """
    return Reading(lambda notes: _sampled(info, Fraction(pictures_per_second), height, notes), notes)


def _sampled(info: SourceInfo, cells: Fraction, height: int, notes: list[str]) -> Generator[Picture, None, None]:
    """`cells`: so many pictures a second."""
    if info.picture is None:
        return
    check_unchanged(info)
    clock = read_clock(info.path)
    damage = Damage()
    with open_input(info.path) as container:
        stream = cast(VideoStream, container.streams[info.picture.stream_index])
        many = info.picture.frames_per_second >= _SPARE_RATE * cells
        _hasten(stream, large=_is_large(info.picture, height), many=many)
        aspect = float(stream.sample_aspect_ratio or 1)
        reformatter = VideoReformatter()
        last_cell = -1
        for packet in read_packets(container, [stream], damage):
            for frame in decode_packet(packet, damage):
                if not isinstance(frame, VideoFrame) or frame.pts is None or frame.time_base is None:
                    continue
                time = clock.seconds(frame.pts, frame.time_base)
                if time >= 0 and (cell := int(time * cells)) > last_cell:
                    last_cell = cell
                    yield Picture(float(time), upright(frame, height, reformatter, pixel_aspect=aspect))
    check_unchanged(info)
    if damage.bad:
        verbs = "is damaged and was" if damage.bad == 1 else "are damaged and were"
        notes.append(f"{damage.bad} of {damage.bad + damage.good} pictures {verbs} not looked at")


def _is_large(picture: PictureInfo, height: int) -> bool:
    """Whether it has as many points as one of 16 : 9 that is so much higher than wanted: films are cut to many shapes."""
    return picture.width * picture.height >= (_SPARE_HEIGHT * height) ** 2 * 16 / 9


def _hasten(stream: VideoStream, *, large: bool, many: bool) -> None:
    """Decode on several threads, and of large pictures no more than needed."""
    context = stream.codec_context
    context.thread_type = ThreadType.AUTO
    context.thread_count = min(os.cpu_count() or 1, _MAX_THREADS)
    options = {"max_pixels": str(MAX_PIXELS), "flags2": "+fast"}
    if large:
        options["skip_loop_filter"] = "all"
    if large and many:
        context.skip_frame = "NONREF"
    context.options = options


def upright(
    frame: VideoFrame, height: int, reformatter: VideoReformatter, *, pixel_aspect: float = 1.0
) -> NDArray[np.uint8]:
    """A decoded picture as it is shown: `height` pixels high, square pixels, turned by its display matrix, RGB.

    [H, W, 3], H = `height`. Quarter turns are honoured; other angles are rare enough to stay as they are.
    """
    quarter_turns = round(frame.rotation / 90) % 4  # counter-clockwise
    aspect = frame.width * pixel_aspect / frame.height
    lying = quarter_turns % 2 == 1  # stored on its side: its width is the height shown
    width, rows = (height, max(1, round(height / aspect))) if lying else (max(1, round(height * aspect)), height)
    scaled = reformatter.reformat(
        frame, width=width, height=rows, format="rgb24", interpolation=Interpolation.AREA, threads=1
    )
    image = np.rot90(scaled.to_ndarray(), quarter_turns)
    return np.ascontiguousarray(image, dtype=np.uint8)
