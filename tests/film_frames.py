"""Pictures and sound of a test's film as frames with times, ready for an encoder."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame

if TYPE_CHECKING:
    from films import Film


def sound_frame(block: np.ndarray, sample_rate: int, layout: str, time: Fraction) -> AudioFrame:
    """A block [C, n] as a frame at a time in seconds."""
    flat = np.ascontiguousarray(block.T, dtype=np.float32).reshape(1, -1)
    frame = AudioFrame.from_ndarray(flat, format="flt", layout=layout)
    frame.sample_rate = sample_rate
    frame.time_base = Fraction(1, sample_rate)
    frame.pts = round(time * sample_rate)
    return frame


def picture_frame(film: Film, index: int, time: Fraction) -> VideoFrame:
    """A bar that moves, brighter at the top; all white at a flash."""
    width, height = film.size
    image = np.full((height, width, 3), 16, np.uint8)
    image[: height // 2] = 60
    image[:, : (index * 3) % width + 1] = (index * 7) % 160
    shown = range(round(index * 1000 / film.frames_per_second), round((index + 1) * 1000 / film.frames_per_second))
    if any(round(flash * 1000) in shown for flash in film.flashes):
        image[:] = 255
    frame = VideoFrame.from_ndarray(image, format="rgb24").reformat(format=film.pixels)
    frame.time_base = Fraction(1, 90_000)
    frame.pts = round(time * 90_000)
    return frame


def flat_picture(size: tuple[int, int], level: int, pixels: str, time: Fraction) -> VideoFrame:
    frame = VideoFrame.from_ndarray(np.full((size[1], size[0], 3), level, np.uint8), format="rgb24")
    frame = frame.reformat(format=pixels)
    frame.time_base = Fraction(1, 90_000)
    frame.pts = round(time * 90_000)
    return frame
