"""Pictures through a real codec and under real eyes: H.264 to a file, then looked at as any film is.

x264 at its fastest, on one thread, so that the same pictures give the same bytes and a builder may use its cores for
other clips.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from limelight.media.probe import probe
from limelight.media.sample_frames import sample_frames
from limelight.types import Cues
from limelight.vision.encoder import PictureStatistics
from research.painted.render import picture_frames
from research.painted.storyboard import Storyboard
from research.painted.timing import Timing

WATCHED_PER_SECOND = 8  # pictures that `look` takes from any film: others need not be painted
WATCHED_SIZE = (320, 180)
SECONDS_PER_KEY = 5


def write_film(pictures: Iterable[NDArray[np.uint8]], dest: Path, *, frames_per_second: float, quality: int) -> None:
    """Encode pictures [H, W, 3] as H.264; `dest` ends in .mp4, `quality` is the constant rate factor (more is worse)."""
    rate = Fraction(frames_per_second).limit_denominator(1001)
    key = str(max(1, round(SECONDS_PER_KEY * frames_per_second)))
    options = {"preset": "ultrafast", "crf": str(quality), "threads": "1", "g": key}
    with av.open(str(dest), "w", container_options={"fflags": "+bitexact"}) as container:
        stream = None
        for image in pictures:
            if stream is None:
                stream = container.add_stream("libx264", rate=rate, options=options)
                stream.height, stream.width, stream.pix_fmt = *image.shape[:2], "yuv420p"
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        if stream is not None:
            container.mux(stream.encode(None))


def cues_of(storyboard: Storyboard, timing: Timing) -> Cues:
    """What the picture says: painted, encoded, decoded and watched; one row of values a second."""
    with tempfile.TemporaryDirectory(prefix="limelight-") as folder:
        path = Path(folder) / "pictures.mp4"
        pictures = picture_frames(storyboard, timing, size=WATCHED_SIZE, frames_per_second=WATCHED_PER_SECOND)
        write_film(pictures, path, frames_per_second=WATCHED_PER_SECOND, quality=storyboard.grading.quality)
        watched = sample_frames(probe(path), pictures_per_second=WATCHED_PER_SECOND)
        return PictureStatistics().encode(watched, duration_seconds=storyboard.seconds)
