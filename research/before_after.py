"""Two short films for README and docs: a voice too quiet over a film, and what Limelight makes of it.

    python -m research.before_after --film bbb.mp4 --voice reading.opus --into docs/media

The excerpt's picture is copied. Its sound stays as loud as it is; the voice is put under it, so many LU quieter. So the
fault is one that people make (a commentary recorded over music), and no stem of ours was used to make it.
"""

from __future__ import annotations

import argparse
import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from numpy.typing import NDArray

import limelight
from limelight.audio.loudness import integrated_loudness

RATE = 48_000
BEFORE, AFTER = "before.mp4", "after.mp4"


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--film", type=Path, required=True)
    words.add_argument("--voice", type=Path, required=True)
    words.add_argument(
        "--start", type=float, default=60.0, help="of the excerpt, s; the key picture before it is taken"
    )
    words.add_argument("--seconds", type=float, default=15.0)
    words.add_argument("--under", type=float, default=8.0, help="how far the voice lies under the film's sound, LU")
    words.add_argument("--into", type=Path, default=Path("docs/media"))
    asked = words.parse_args()
    before, after = asked.into / BEFORE, asked.into / AFTER
    start = write_excerpt(asked.film, asked.voice, before, start=asked.start, seconds=asked.seconds, under=asked.under)
    made = limelight.highlight_video(before, after, overwrite=True)
    sys.stdout.write(f"from {start:.2f} s; {'; '.join(shot.reason for shot in made.plan.shots)}\n")


def write_excerpt(film: Path, voice: Path, target: Path, *, start: float, seconds: float, under: float) -> float:
    """The film's picture, its sound and a voice under it; gives where the excerpt begins, s."""
    with av.open(str(film)) as source, av.open(str(target), "w") as written:
        video = source.streams.video[0]
        source.seek(int(start / video.time_base), stream=video)
        packets = [packet for packet in source.demux(video) if packet.size]
        first = packets[0].pts
        packets = [packet for packet in packets if (packet.pts - first) * video.time_base < seconds]
        begin = first * video.time_base
        picture = written.add_stream_from_template(video)
        sound = written.add_stream("aac", rate=RATE, layout="stereo", bit_rate=96_000)
        length = float((max(packet.pts for packet in packets) - first) * video.time_base)
        mixed = with_voice(read(film)[:, round(begin * RATE) :], read(voice), seconds=length, under=under)
        for packet in packets:
            packet.pts, packet.dts = packet.pts - first, packet.dts - first
            packet.stream = picture
            written.mux(packet)
        for at in range(0, mixed.shape[1], 1024):
            frame = AudioFrame.from_ndarray(np.ascontiguousarray(mixed[:, at : at + 1024]), "fltp", "stereo")
            frame.sample_rate, frame.pts, frame.time_base = RATE, at, Fraction(1, RATE)
            written.mux(sound.encode(frame))
        written.mux(sound.encode(None))
    return float(begin)


def with_voice(
    film: NDArray[np.float32], voice: NDArray[np.float32], *, seconds: float, under: float
) -> NDArray[np.float32]:
    """The film's sound [2, N] and a voice that much quieter, from half a second on."""
    length, lead = round(seconds * RATE), RATE // 2
    mixed = film[:, :length].copy()
    spoken = voice[:, : length - 2 * lead]
    gain_db = loudness(mixed) - under - loudness(spoken)
    mixed[:, lead : lead + spoken.shape[1]] += 10 ** (gain_db / 20) * spoken
    return mixed / max(1.0, 1.1 * float(np.abs(mixed).max()))


def loudness(sound: NDArray[np.float32]) -> float:
    return integrated_loudness(sound, RATE)


def read(path: Path) -> NDArray[np.float32]:
    """Any file's sound as [2, N] at 48 kHz."""
    with av.open(str(path)) as source:
        frames = list(source.decode(audio=0))
        converter = av.AudioResampler("fltp", "stereo", RATE)
        parts = [out.to_ndarray() for frame in [*frames, None] for out in converter.resample(frame)]
    return np.concatenate(parts, axis=1)


if __name__ == "__main__":
    main()
