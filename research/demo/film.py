"""Writing the film and its sounds with PyAV: H.264 and AAC in MP4, FLAC or PCM where asked."""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from research.demo.acoustics import Sound
from research.demo.story import FRAMES_PER_SECOND, HEIGHT, SAMPLE_RATE, WIDTH

BT709 = 1
SAMPLES_PER_FRAME = SAMPLE_RATE // FRAMES_PER_SECOND
AAC_BITS_PER_SECOND = 192_000
TRUTH_BITS_PER_SECOND = 192_000


def _sound_frames(sound: Sound, sample_format: str) -> Iterator[av.AudioFrame]:
    """Blocks of one film frame each, stamped in samples."""
    for start in range(0, sound.shape[1], SAMPLES_PER_FRAME):
        block = np.ascontiguousarray(sound[:, start : start + SAMPLES_PER_FRAME])
        if sample_format != "fltp":
            block = np.round(np.clip(block, -1, 1) * 32767).astype(np.int16).T.reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(block), format=sample_format, layout="stereo")
        frame.sample_rate, frame.pts = SAMPLE_RATE, start
        yield frame


def write_sound(path: Path, sound: Sound, *, codec: str, bit_rate: int | None = None) -> None:
    """A sound file; AAC from floats, FLAC and PCM in 16 bits."""
    sample_format = "fltp" if codec == "aac" else "s16"
    with av.open(str(path), "w", options={"movflags": "+faststart"} if codec == "aac" else {}) as container:
        stream = container.add_stream(codec, rate=SAMPLE_RATE, layout="stereo", format=sample_format)
        if bit_rate:
            stream.bit_rate = bit_rate
        for frame in _sound_frames(sound, sample_format):
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def write_film(path: Path, pictures: Iterable[NDArray[np.uint8]], sound: Sound, *, quality: int) -> None:
    """The film: pictures [HEIGHT, WIDTH, 3] at FRAMES_PER_SECOND and stereo sound; `quality` is x264's crf."""
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
        options = {"preset": "slow", "crf": str(quality), "tune": "animation", "g": "125", "threads": "2"}
        picture = container.add_stream("libx264", rate=FRAMES_PER_SECOND, options=options)
        picture.width, picture.height, picture.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        context = picture.codec_context
        context.colorspace = context.color_primaries = context.color_trc = BT709
        context.color_range = 1  # 16…235
        stream = container.add_stream("aac", rate=SAMPLE_RATE, layout="stereo")
        stream.bit_rate = AAC_BITS_PER_SECOND
        for number, (image, block) in enumerate(zip(pictures, _sound_frames(sound, "fltp"), strict=True)):
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame = frame.reformat(format="yuv420p", dst_colorspace=BT709, dst_color_range=1)
            frame.pts = number
            container.mux(picture.encode(frame))
            container.mux(stream.encode(block))
        container.mux(picture.encode(None))
        container.mux(stream.encode(None))


def replace_sound(path: Path, sound: Sound) -> None:
    """Give a film another soundtrack; its pictures are copied packet by packet."""
    fresh = path.with_suffix(".part.mp4")
    with av.open(str(path)) as old, av.open(str(fresh), "w", options={"movflags": "+faststart"}) as container:
        picture = container.add_stream_from_template(old.streams.video[0])
        stream = container.add_stream("aac", rate=SAMPLE_RATE, layout="stereo")
        stream.bit_rate = AAC_BITS_PER_SECOND
        blocks = _sound_frames(sound, "fltp")
        for packet in old.demux(video=0):
            if packet.size:
                packet.stream = picture
                container.mux(packet)
                container.mux([p for block in islice(blocks, 1) for p in stream.encode(block)])
        container.mux([p for block in blocks for p in stream.encode(block)])
        container.mux(stream.encode(None))
    fresh.replace(path)


def read_pictures(path: Path) -> Iterator[tuple[float, NDArray[np.uint8]]]:
    """Each picture of a film with its time in seconds, RGB."""
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            yield float(frame.pts * frame.time_base), frame.to_ndarray(format="rgb24")
