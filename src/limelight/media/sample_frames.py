"""Pictures: single files read and written, and a few a second out of a film.

Single pictures: JPEG and PNG, written and read, and other sizes, by the codecs that FFmpeg brings along, through PyAV.

Colour is kept at full resolution in the JPEGs that are written: at the same size they are nearer to the picture than
OpenCV's, which halve it. Measured on a picture of coloured noise, the mean error is 3.1 of 255 in 8.2 kB, theirs 3.7 in 9.0.

A few small upright pictures of a film a second, chosen by time, in constant memory.

    clock     0         1/p        2/p        3/p        …        p pictures a second
    decoded   | x x x x | x x x x  |          | x x x …           an empty cell yields nothing (held picture, hole)
    yielded   | ^       | ^        |          | ^

The first decoded picture of every cell is scaled, turned upright and given with its own true time. Only the chosen
ones are converted. Large pictures are dear to decode: there the deblocking filter is left out, which nobody sees at a
fifth of the height, and where far more pictures are shown than wanted, those that no other picture refers to are left
out as well. More cannot be: without a picture that others refer to these come out broken. Small pictures are cheap, and
the filter is seen in them.

Where only some stretches are wanted, decoding begins at the key picture before each: what lies between is read and left.
`index_pictures` tells, without decoding, when pictures are shown, which are key pictures, and how many bytes each takes.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from typing import cast

import av
import av.container
import av.error
import numpy as np
from av.audio.frame import AudioFrame
from av.codec.context import CodecContext, Flags, ThreadType
from av.packet import Packet
from av.stream import Stream
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter
from av.video.stream import VideoStream
from numpy.typing import NDArray

from limelight.media.clock import Clock, read_clock
from limelight.media.container import MAX_PIXELS, open_input
from limelight.media.copy_streams import check_unchanged
from limelight.media.packets import Damage, Reading, decode_packet, read_packets
from limelight.types import Picture, PictureInfo, SourceInfo, Vector

Image = NDArray[np.uint8]  # [H, W, 3], RGB

FINE, COARSE = 2, 31  # FFmpeg's scale of quantisers
LAMBDA = 118  # FFmpeg's units of quality for each step of that scale


def encode_jpeg(image: Image, *, quantiser: int = 5) -> bytes:
    """[H, W, 3] RGB as a JPEG; `quantiser` from 2, the best, to 31. 3 is near OpenCV's quality 95, 5 near 90, 8 near 75."""
    if not FINE <= quantiser <= COARSE:
        raise ValueError(f"a quantiser lies in {FINE}…{COARSE}, got {quantiser}")
    codec = _encoder("mjpeg", image, "yuvj444p")
    codec.qmin = codec.qmax = quantiser
    codec.flags |= Flags.qscale
    codec.global_quality = quantiser * LAMBDA
    return _encoded(codec, VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24"))


def encode_png(image: NDArray[np.uint8]) -> bytes:
    """[H, W, 3] RGB or [H, W] grey as a PNG, without loss."""
    pixels = "gray" if image.ndim == 2 else "rgb24"
    codec = _encoder("png", image, pixels)
    return _encoded(codec, VideoFrame.from_ndarray(np.ascontiguousarray(image), format=pixels))


def decode_picture(data: bytes) -> Image | None:
    """A JPEG or PNG as [H, W, 3] RGB; None where it is damaged or neither. Check its size first where it may be hostile."""
    kind = "png" if data.startswith(b"\x89PNG") else "mjpeg" if data.startswith(b"\xff\xd8") else None
    if kind is None:
        return None
    codec = _video(CodecContext.create(kind, "r"))
    try:
        frames = [*codec.decode(Packet(data)), *codec.decode(None)]
    except av.error.FFmpegError:
        return None
    first = next((frame for frame in frames if isinstance(frame, VideoFrame)), None)
    return None if first is None else np.asarray(first.to_ndarray(format="rgb24"), np.uint8)


def resized(image: Image, height: int, width: int) -> Image:
    """[H, W, 3] RGB at another size: made smaller by area, larger by cubic curves."""
    if image.shape[:2] == (height, width):
        return image
    shrinks = height * width < image.shape[0] * image.shape[1]
    method = Interpolation.AREA if shrinks else Interpolation.BICUBIC
    frame = VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
    return np.asarray(frame.reformat(width=width, height=height, interpolation=method).to_ndarray(), np.uint8)


def _encoder(name: str, image: NDArray[np.uint8], pixels: str) -> VideoCodecContext:
    codec = _video(CodecContext.create(name, "w"))
    codec.height, codec.width = image.shape[:2]
    codec.pix_fmt, codec.time_base = pixels, Fraction(1, 25)
    return codec


def _video(codec: CodecContext) -> VideoCodecContext:
    if not isinstance(codec, VideoCodecContext):
        raise TypeError(f"{codec.name} is no codec of pictures")
    return codec


def _encoded(codec: VideoCodecContext, frame: VideoFrame) -> bytes:
    shown = frame.reformat(format=codec.pix_fmt) if codec.pix_fmt != frame.format.name else frame
    return b"".join(bytes(packet) for packet in [*codec.encode(shown), *codec.encode(None)])


Stretch = tuple[float, float]  # from, to, in seconds; both belong to it

_SPARE_RATE = 3  # decode all pictures unless the source shows this many times more than wanted; every fourth remains
_SPARE_HEIGHT = 5  # decode wholly unless the source is this many times higher than wanted
_MAX_THREADS = 8


@dataclass(frozen=True, repr=False)
class PictureIndex:
    """Every coded picture of a film, in the order of decoding, found without decoding."""

    times_seconds: Vector  # [P], on the one clock
    sizes_bytes: NDArray[np.int64]  # [P]
    is_key: NDArray[np.bool_]  # [P]: decoding can begin here

    def needed(self, stretches: Sequence[Stretch]) -> NDArray[np.bool_]:
        """Which pictures [P] must be decoded to show those of some stretches."""
        wanted = np.zeros(len(self.times_seconds), bool)
        keys = np.flatnonzero(self.is_key)
        for start, end in stretches:
            shown = np.flatnonzero((self.times_seconds >= start) & (self.times_seconds <= end))
            if len(shown):
                before = keys[(self.times_seconds[keys] <= self.times_seconds[shown].min()) & (keys <= shown[0])]
                wanted[before[-1] if len(before) else 0 : shown[-1] + 1] = True
        return wanted


def index_pictures(info: SourceInfo) -> PictureIndex:
    """The pictures of a film without decoding one; none of a sound file. Raises `InputError`."""
    rows: list[tuple[float, int, bool]] = []
    if info.picture is not None:
        clock = read_clock(info.path)
        with open_input(info.path) as container:
            stream = container.streams[info.picture.stream_index]
            rows = [
                (_seconds(packet, clock), packet.size, packet.is_keyframe)
                for packet in read_packets(container, [stream], Damage())
                if packet.size
            ]
    times, sizes, keys = zip(*rows, strict=True) if rows else ((), (), ())
    return PictureIndex(np.array(times, float), np.array(sizes, np.int64), np.array(keys, bool))


def sample_frames(
    info: SourceInfo,
    *,
    pictures_per_second: float = 8.0,
    height: int = 180,
    within: Sequence[Stretch] | None = None,
) -> Reading[Picture]:
    """The pictures of a film, at most `pictures_per_second`, `height` pixels high, upright, RGB, in order of time.

    Times are true times on the one clock. `within`: only those of these stretches, which lie in order and apart; the cells
    of each begin with it. A sound file has no pictures. Damaged pictures are left out and told in the `notes` of what is
    returned, once all have been read. Raises `InputError` where the file changes meanwhile.
    """
    return Reading(lambda notes: _sampled(info, Fraction(pictures_per_second), height, notes, within))


def _sampled(
    info: SourceInfo, cells: Fraction, height: int, notes: list[str], within: Sequence[Stretch] | None
) -> Generator[Picture, None, None]:
    """`cells`: so many pictures a second."""
    if info.picture is None:
        return
    check_unchanged(info)
    clock = read_clock(info.path)
    needed = index_pictures(info).needed(within) if within is not None else None
    chosen = _Chosen(cells, within)
    damage = Damage()
    with open_input(info.path) as container:
        stream = cast(VideoStream, container.streams[info.picture.stream_index])
        many = info.picture.frames_per_second >= _SPARE_RATE * cells
        _hasten(stream, large=_is_large(info.picture, height), many=many)
        aspect = float(stream.sample_aspect_ratio or 1)
        reformatter = VideoReformatter()
        for frame in _decoded(container, stream, damage, needed):
            # PyAV tells no time base of pictures that were held back by the decoder.
            time = clock.seconds(frame.pts or 0, frame.time_base or stream.time_base or Fraction(1))
            if chosen.takes(time):
                yield Picture(float(time), upright(frame, height, reformatter, pixel_aspect=aspect))
    check_unchanged(info)
    if damage.bad:
        verbs = "is damaged and was" if damage.bad == 1 else "are damaged and were"
        notes.append(f"{damage.bad} of {damage.bad + damage.good} pictures {verbs} not looked at")


class _Chosen:
    """The first picture of every cell, of the whole film or of some stretches."""

    def __init__(self, cells: Fraction, within: Sequence[Stretch] | None) -> None:
        self._cells, self._last = cells, -1
        self._left = [(Fraction(start), end) for start, end in reversed(within)] if within is not None else None

    def takes(self, time: Fraction) -> bool:
        """Whether a picture of this time is one; asked in order."""
        start = Fraction(0)
        if self._left is not None:
            while self._left and self._left[-1][1] < time:
                self._left.pop()
                self._last = -1
            if not self._left:
                return False
            start = self._left[-1][0]
        cell = int((time - start) * self._cells) if time >= start else -1
        taken = cell > self._last
        self._last = max(cell, self._last)
        return taken


def _decoded(
    container: av.container.InputContainer, stream: VideoStream, damage: Damage, needed: NDArray[np.bool_] | None
) -> Iterator[VideoFrame]:
    """The decoded pictures that have a time; of those that are `needed` [P] alone, if any are named."""
    number, running = 0, False
    for packet in read_packets(container, [stream], damage):
        wanted = needed is None or (number < len(needed) and bool(needed[number]) if packet.size else running)
        number += packet.size > 0
        frames = decode_packet(packet, damage) if wanted else _drained(stream) if running else []
        running = wanted
        yield from (f for f in frames if isinstance(f, VideoFrame) and f.pts is not None)


def _drained(stream: VideoStream) -> list[VideoFrame | AudioFrame]:
    """What the decoder still holds; it may then begin anew at any key picture."""
    frames: list[VideoFrame | AudioFrame] = []
    with suppress(av.error.FFmpegError):
        frames = list(stream.codec_context.decode(None))
    stream.codec_context.flush_buffers()
    return frames


def _seconds(packet: Packet[Stream], clock: Clock) -> float:
    timestamp = packet.dts if packet.pts is None else packet.pts
    return float(clock.seconds(timestamp, packet.time_base)) if timestamp is not None else 0.0


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
