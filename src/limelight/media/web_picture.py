"""A stretch of a film's picture as a small file that browsers play, without sound."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import cast

import av
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from limelight.errors import Unsupported
from limelight.media.container import file_url
from limelight.media.sample_frames import sample_frames
from limelight.media.target import naming_write_errors, prepare_target, whole_or_absent
from limelight.types import SourceInfo

HEIGHT, MOST_PER_SECOND = 480, 30.0
_TICKS = 90_000  # a second
_ENCODERS = ("libx264", "libopenh264", "h264_videotoolbox", "h264_mf")


def write_picture(
    info: SourceInfo,
    dest: Path,
    *,
    start_seconds: float,
    seconds: float,
    height: int = HEIGHT,
    overwrite: bool = False,
) -> None:
    """Writes an MP4 (H.264) of the pictures between start and start + seconds, its time 0 at the start.

    A film without a picture gives none: nothing is written. Raises InputError, OutputError, Unsupported.
    """
    if info.picture is None:
        return
    encoder = next((name for name in _ENCODERS if name in av.codecs_available), None)
    if encoder is None:
        raise Unsupported(
            "Wanted H.264 for a browser, this FFmpeg has no encoder for it; install the PyAV wheel of PyPI."
        )
    dest = prepare_target(info.path, dest, overwrite=overwrite)
    rate = min(MOST_PER_SECOND, info.picture.frames_per_second)
    pictures = sample_frames(
        info, pictures_per_second=rate, height=height - height % 2, within=[(start_seconds, start_seconds + seconds)]
    )
    with (
        naming_write_errors(dest),
        whole_or_absent(dest, overwrite=overwrite) as temporary,
        av.open(file_url(temporary), "w", format="mp4", container_options={"movflags": "+faststart"}) as output,
    ):
        stream: VideoStream | None = None
        for picture in pictures:
            image = picture.image[:, : picture.image.shape[1] // 2 * 2]
            if stream is None:
                stream = cast(VideoStream, output.add_stream(encoder, rate=Fraction(rate).limit_denominator(1001)))
                stream.width, stream.height, stream.pix_fmt = image.shape[1], image.shape[0], "yuv420p"
                stream.codec_context.time_base = Fraction(1, _TICKS)
            frame = VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts, frame.time_base = round((picture.time_seconds - start_seconds) * _TICKS), Fraction(1, _TICKS)
            output.mux(stream.encode(frame))
        if stream is not None:
            output.mux(stream.encode(None))
