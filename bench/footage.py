"""Films for measuring, made on the spot: textures that pan under a moving subject, cuts, grain; sound like a film's.

What costs a decoder and the picture's statistics is real motion and detail, not what is shown. Seeded: always the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from av.audio.frame import AudioFrame
from av.packet import Packet
from av.stream import Stream
from av.video.frame import VideoFrame
from numpy.typing import NDArray

SAMPLE_RATE = 48_000  # Hz
SHOT_SECONDS = 4
BLOCK = 1024  # samples of an AAC packet
Image = NDArray[np.uint8]


@dataclass(frozen=True)
class Footage:
    """A film to be made."""

    seconds: float
    width: int
    height: int
    frames_per_second: int
    bit_rate: int  # of the picture
    preset: str = "veryfast"
    b_frames: int = 0  # in a row; most encoders write some, phones none

    @property
    def frame_count(self) -> int:
        return round(self.seconds * self.frames_per_second)


def sound(seconds: float, *, channels: int = 2, seed: int = 7) -> NDArray[np.float32]:
    """Syllables of band noise, a chord that changes, a rumble with impacts; [C, N], about −20 dBFS."""
    rng = np.random.default_rng(seed)
    count = round(seconds * SAMPLE_RATE)
    time = np.arange(count, dtype=np.float32) / SAMPLE_RATE
    syllables = np.maximum(0, np.sin(2 * np.pi * 3.7 * time)) * (np.sin(2 * np.pi * 0.21 * time) > -0.3)
    carrier = sum(np.sin(2 * np.pi * 130 * k * time + k) / k for k in range(1, 16))
    root = 110 * 2 ** (np.floor(time / 2) % 5 / 12)
    chord = sum(np.sin(2 * np.pi * np.cumsum(root * ratio / SAMPLE_RATE)) for ratio in (1, 1.26, 1.5, 2))
    impacts = np.exp(-8 * (time % 2.9))
    out = np.empty((channels, count), np.float32)
    for c in range(channels):
        noise = rng.standard_normal(count, dtype=np.float32)
        out[c] = 0.06 * syllables * carrier + 0.02 * chord + 0.02 * noise * (0.3 + impacts)
    return out


def make_film(footage: Footage, path: Path) -> Path:
    """Encodes picture (H.264) and sound (AAC, stereo) into an MP4."""
    with av.open(path, "w") as output:
        picture = output.add_stream("libx264", rate=footage.frames_per_second)
        picture.width, picture.height, picture.pix_fmt = footage.width, footage.height, "yuv420p"
        picture.bit_rate = footage.bit_rate
        key_every = 2 * footage.frames_per_second
        picture.options = {"preset": footage.preset, "bf": str(footage.b_frames), "g": str(key_every)}
        track = output.add_stream("aac", rate=SAMPLE_RATE, layout="stereo")
        track.bit_rate = 160_000
        heard = sound(footage.seconds)
        per_frame = SAMPLE_RATE // footage.frames_per_second
        for i, image in enumerate(_images(footage)):
            shown = VideoFrame.from_ndarray(image, format="yuv420p")
            shown.pts, shown.time_base = i, Fraction(1, footage.frames_per_second)
            output.mux(picture.encode(shown))
            for start in range(i * per_frame, (i + 1) * per_frame, BLOCK):
                piece = heard[:, start : min(start + BLOCK, (i + 1) * per_frame)]
                frame = AudioFrame.from_ndarray(np.ascontiguousarray(piece), format="fltp", layout="stereo")
                frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE, start, Fraction(1, SAMPLE_RATE)
                output.mux(track.encode(frame))
        output.mux(picture.encode(None))
        output.mux(track.encode(None))
    return path


def repeat_film(source: Path, times: int, path: Path) -> Path:
    """The packets of a film of `make_film`, again and again with later stamps; nothing is encoded.

    There must be no B-frames, and the length must be whole in pictures and in AAC packets, else picture and sound would
    drift apart.
    """
    with av.open(source) as first:
        picture, track = first.streams.video[0], first.streams.audio[0]
        span = Fraction(picture.frames) / Fraction(picture.average_rate or 0)
        if span * SAMPLE_RATE % BLOCK:
            raise ValueError(f"cannot repeat {source.name} without drift: it lasts {float(span)} s")
        with av.open(path, "w") as output:
            streams = {s.index: output.add_stream_from_template(s) for s in (picture, track)}
            for turn in range(times):
                for packet in _packets(source, span):
                    later = int(turn * span / packet.time_base)
                    packet.pts = packet.dts = (packet.pts or 0) + later
                    packet.stream = streams[packet.stream.index]
                    output.mux(packet)
    return path


def _packets(source: Path, span: Fraction) -> Iterator[Packet[Stream]]:
    """All packets from 0 to `span`, without the encoder's run-in and what it added at the end."""
    with av.open(source) as container:
        for packet in container.demux(video=0, audio=0):
            if packet.size and packet.pts is not None and 0 <= packet.pts * packet.time_base < span:
                yield packet


def _images(footage: Footage) -> Iterator[Image]:
    """Planar YUV 4:2:0 pictures, [3/2 H, W]."""
    rng = np.random.default_rng(11)
    grain = rng.integers(0, 4, (footage.height + 64, footage.width + 64), np.uint8)
    backdrop = _Backdrop.draw(rng, footage)
    for i in range(footage.frame_count):
        within = i % (SHOT_SECONDS * footage.frames_per_second)
        if within == 0 and i:
            backdrop = _Backdrop.draw(rng, footage)
        image = backdrop.at(within / footage.frames_per_second)
        dy, dx = rng.integers(0, 64, 2)
        image[: footage.height] += grain[dy : dy + footage.height, dx : dx + footage.width]
        yield image


@dataclass(frozen=True)
class _Backdrop:
    """What a shot shows: a canvas wider than the picture, and how it moves."""

    footage: Footage
    luma: Image  # [5/4 H, 5/4 W]
    chroma: tuple[Image, Image]  # half as high and wide
    speed: tuple[float, float]  # pictures per second, across and down

    @classmethod
    def draw(cls, rng: np.random.Generator, footage: Footage) -> _Backdrop:
        high, wide = (5 * footage.height // 8 * 2, 5 * footage.width // 8 * 2)
        luma = _texture(rng, high, wide, detail=6, darkest=30, brightest=220)
        blue, red = (_texture(rng, high // 2, wide // 2, detail=2, darkest=100, brightest=156) for _ in range(2))
        speed = (float(rng.uniform(-0.06, 0.06)), float(rng.uniform(-0.03, 0.03)))
        return cls(footage, luma, (blue, red), speed)

    def at(self, seconds: float) -> Image:
        """The picture so many seconds into the shot, with its subject in front."""
        f = self.footage
        x, y = (
            2 * round(size / 16 + float(np.clip(speed * seconds, -0.12, 0.12)) * size / 2)
            for size, speed in zip((f.width, f.height), self.speed, strict=True)
        )
        luma = self.luma[y : y + f.height, x : x + f.width].copy()
        centre = (int(f.width * (0.5 + 0.3 * np.sin(1.3 * seconds))), int(f.height * (0.6 + 0.1 * np.sin(4 * seconds))))
        cv2.ellipse(luma, centre, (f.width // 12, f.height // 4), 10 * np.sin(2 * seconds), 0, 360, 190, -1)
        halves = [plane[y // 2 : (y + f.height) // 2, x // 2 : (x + f.width) // 2] for plane in self.chroma]
        planes = [luma.reshape(-1), *(plane.reshape(-1) for plane in halves)]
        return np.concatenate(planes).reshape(-1, f.width)


def _texture(rng: np.random.Generator, high: int, wide: int, *, detail: int, darkest: int, brightest: int) -> Image:
    """Noise of several sizes, the coarse the stronger; `detail` octaves. [high, wide]."""
    out = np.zeros((high, wide), np.float32)
    for octave in range(detail):
        cells = (4 * 2**octave * 16 // 9, 4 * 2**octave)
        out += cv2.resize(rng.standard_normal(cells[::-1]).astype(np.float32), (wide, high)) * 0.6**octave
    out = (out - out.min()) / (out.max() - out.min())
    image: Image = (darkest + (brightest - darkest) * out).astype(np.uint8)
    return image
