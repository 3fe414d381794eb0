"""Films for tests, synthesised with known truth.

A `Film` is a plain record of what a film should be like; `film_path` makes it once per session and gives its file. The
sound is seeded noise, one independent channel per speaker, so that correlation shows both a shift and swapped
channels; `flashes` put a click into the sound and a white picture at the same instant, so that sync can be seen.
"""

from __future__ import annotations

import atexit
import functools
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.packet import Packet
from av.stream import Disposition
from av.video.frame import VideoFrame

_FRAME = 1024  # samples handed to the encoder at a time
_PICTURE_OPTIONS = {
    "libx264": {"preset": "ultrafast", "g": "25"},
    "libx265": {"preset": "ultrafast", "x265-params": "log-level=none"},
    "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8"},
    "libvpx": {"deadline": "realtime", "cpu-used": "8"},
    "libsvtav1": {"preset": "12", "svtav1-params": "lp=1"},
}
_FORMATS = {"mkv": "matroska", "mka": "matroska", "ts": "mpegts", "m4a": "mp4", "mpg": "mpeg", "aac": "adts"}
_LANGUAGES = ("eng", "fra")


@dataclass(frozen=True)
class Film:
    """What a film should be like."""

    container: str = "mp4"  # also its suffix
    picture: str | None = "libx264"
    sound: str | None = "aac"
    seconds: float = 2.0
    sample_rate: int = 48_000
    layout: str = "stereo"
    frames_per_second: Fraction = Fraction(25)
    size: tuple[int, int] = (64, 48)  # width, height
    picture_start: Fraction = Fraction(0)  # s
    sound_start: Fraction = Fraction(0)
    b_frames: bool = True
    rotation: int = 0  # degrees, counter-clockwise
    flashes: tuple[float, ...] = ()  # s after the start of each
    dropped: tuple[int, ...] = ()  # pictures that are missing: a variable frame rate
    hole: tuple[float, float] | None = None  # s: where the sound's clock jumps, and by how much
    soundtracks: int = 1
    subtitles: str | None = None  # "subrip" in mkv, "mov_text" in mp4
    chapters: int = 0
    attachment: bytes = b""
    cover: bool = False
    tags: tuple[tuple[str, str], ...] = ()
    amplitude: float = 0.25
    seed: int = 1
    waveform: str = "noise"  # or "silence", "square", "not numbers"
    pixels: str = "yuv420p"
    pixel_aspect: Fraction | None = None


def noise(seconds: float, sample_rate: int, channels: int, *, seed: int = 1, amplitude: float = 0.25) -> np.ndarray:
    """Seeded noise without its top octave (encoders keep it), peak `amplitude`. [C, N] float32."""
    count = round(seconds * sample_rate)
    raw = np.random.default_rng(seed).standard_normal((channels, count + 16))
    kernel = np.hanning(9) / np.hanning(9).sum()
    soft = np.stack([np.convolve(row, kernel, "same")[:count] for row in raw])
    return (amplitude * soft / max(1e-9, np.abs(soft).max(initial=0))).astype(np.float32)


def sound_of(film: Film, track: int = 0) -> np.ndarray:
    """The true sound of a soundtrack of a film, before its codec. [C, N] float32."""
    channels = av.AudioLayout(film.layout).nb_channels
    sound = noise(film.seconds, film.sample_rate, channels, seed=film.seed + track, amplitude=film.amplitude)
    if film.waveform == "silence":
        sound *= 0
    if film.waveform == "square":
        time = np.arange(sound.shape[1]) / film.sample_rate
        sound[:] = film.amplitude * np.sign(np.sin(2 * np.pi * 440 * time))
    if film.waveform == "not numbers":
        sound[:, 4000:4010], sound[0, 8000] = np.nan, np.inf
    if film.flashes:
        sound *= 0.01
    for flash in film.flashes:
        at = round(flash * film.sample_rate)
        sound[:, at : at + 8] = 0.9
    return sound


def lag_and_likeness(one: np.ndarray, other: np.ndarray) -> tuple[list[int], float]:
    """By how many samples each channel of `other` is late against `one`, and the smallest normalised correlation."""
    count = min(one.shape[1], other.shape[1])
    size = 1 << (2 * count).bit_length()
    lags, likeness = [], 1.0
    for a, b in zip(one[:, :count].astype(float), other[:, :count].astype(float), strict=True):
        product = np.fft.irfft(np.fft.rfft(a, size).conj() * np.fft.rfft(b, size), size)
        best = int(np.argmax(product))
        lags.append(best if best < size // 2 else best - size)
        likeness = min(likeness, float(product[best] / (np.linalg.norm(a) * np.linalg.norm(b) + 1e-12)))
    return lags, likeness


_folder = Path(tempfile.mkdtemp(prefix="limelight-films-"))
atexit.register(shutil.rmtree, _folder, ignore_errors=True)


@functools.cache
def film_path(film: Film) -> Path:
    """The file of a film, made once. Do not write to it."""
    place = _folder / f"{len(list(_folder.iterdir())):03d}"
    place.mkdir()
    return make_film(film, place / f"film.{film.container}")


def make_film(film: Film, path: Path) -> Path:
    """Encode a film to `path`."""
    options = {"fflags": "+bitexact"} if film.container in ("mkv", "webm") else {}
    muxer = _FORMATS.get(film.container, film.container)
    with av.open(str(path), "w", format=muxer, container_options=options) as output:
        picture = _add_picture(output, film)
        sounds = [_add_sound(output, film, track) for track in range(film.soundtracks if film.sound else 0)]
        cover = _add_cover(output) if film.cover else None
        subtitle = output.add_mux_stream(film.subtitles, time_base=Fraction(1, 1000)) if film.subtitles else None
        if subtitle is not None:
            subtitle.metadata["language"] = "deu"
        if film.attachment:
            output.add_attachment("font.ttf", "application/x-truetype-font", film.attachment)
        output.set_chapters(_chapters(film))
        output.metadata.update(film.tags)
        _encode(output, film, picture, sounds)
        if cover is not None:
            output.mux(cover.encode(_flat_picture((32, 32), 90, "yuvj420p", Fraction(0))))
            output.mux(cover.encode(None))
        if subtitle is not None:
            output.mux(_subtitle(film, subtitle))
    return path


def _encode(output, film, picture, sounds) -> None:
    """Pictures and sound in the order of their times, then the ends."""
    for _, stream, frame in sorted(_frames(film, picture, sounds), key=lambda item: item[0]):
        output.mux(stream.encode(frame))
    for stream in [picture, *sounds] if picture else sounds:
        output.mux(stream.encode(None))


def _frames(film, picture, sounds) -> Iterator[tuple[Fraction, object, object]]:
    if picture is not None:
        for index in range(round(film.seconds * film.frames_per_second)):
            time = film.picture_start + Fraction(index) / film.frames_per_second
            if index not in film.dropped:
                yield time, picture, _picture(film, index, time)
    for track, stream in enumerate(sounds):
        sound = sound_of(film, track)
        for at in range(0, sound.shape[1], _FRAME):
            time = film.sound_start + Fraction(at, film.sample_rate)
            if film.hole and at >= film.hole[0] * film.sample_rate:
                time += Fraction(film.hole[1])
            yield time, stream, sound_frame(sound[:, at : at + _FRAME], film.sample_rate, film.layout, time)


def sound_frame(block: np.ndarray, sample_rate: int, layout: str, time: Fraction) -> AudioFrame:
    """A block [C, n] as a frame at a time in seconds."""
    flat = np.ascontiguousarray(block.T, dtype=np.float32).reshape(1, -1)
    frame = AudioFrame.from_ndarray(flat, format="flt", layout=layout)
    frame.sample_rate = sample_rate
    frame.time_base = Fraction(1, sample_rate)
    frame.pts = round(time * sample_rate)
    return frame


def _picture(film: Film, index: int, time: Fraction) -> VideoFrame:
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


def _flat_picture(size: tuple[int, int], level: int, pixels: str, time: Fraction) -> VideoFrame:
    frame = VideoFrame.from_ndarray(np.full((size[1], size[0], 3), level, np.uint8), format="rgb24")
    frame = frame.reformat(format=pixels)
    frame.time_base = Fraction(1, 90_000)
    frame.pts = round(time * 90_000)
    return frame


def _add_picture(output, film: Film):
    if film.picture is None:
        return None
    options = dict(_PICTURE_OPTIONS.get(film.picture, {}))
    if film.picture == "libx264":
        options["bf"] = "3" if film.b_frames else "0"
    stream = output.add_stream(film.picture, rate=film.frames_per_second, options=options)
    stream.width, stream.height, stream.pix_fmt = *film.size, film.pixels
    if film.pixel_aspect is not None:
        stream.codec_context.sample_aspect_ratio = film.pixel_aspect
    if film.picture == "libx265" and film.container in ("mp4", "mov"):
        stream.codec_context.codec_tag = "hvc1"
    if film.rotation:
        stream.set_display_rotation(film.rotation)
    return stream


def _add_sound(output, film: Film, track: int):
    stream = output.add_stream(film.sound, rate=film.sample_rate)
    stream.layout = film.layout
    stream.codec_context.time_base = Fraction(1, film.sample_rate)
    if film.sound in ("aac", "libopus", "libmp3lame", "ac3", "eac3", "mp2", "wmav2"):
        stream.bit_rate = 96_000 * av.AudioLayout(film.layout).nb_channels
    stream.metadata["language"] = _LANGUAGES[track % 2]
    stream.disposition = Disposition.default if track == 0 else Disposition.comment
    return stream


def _add_cover(output):
    stream = output.add_stream("mjpeg", rate=1)
    stream.width, stream.height, stream.pix_fmt = 32, 32, "yuvj420p"
    stream.disposition = Disposition.attached_pic
    return stream


def _chapters(film: Film) -> list[dict]:
    length = round(1000 * film.seconds / max(1, film.chapters))
    zero = round(film.picture_start * 1000)
    return [
        {
            "id": index + 1,
            "start": zero + index * length,
            "end": zero + (index + 1) * length,
            "time_base": Fraction(1, 1000),
            "metadata": {"title": f"Part {index + 1}"},
        }
        for index in range(film.chapters)
    ]


def _subtitle(film: Film, stream) -> Packet:
    text = b"Hello"
    packet = Packet(len(text).to_bytes(2, "big") + text if film.subtitles == "mov_text" else text)
    packet.stream = stream
    packet.time_base = Fraction(1, 1000)
    packet.pts = packet.dts = round(film.picture_start * 1000) + 500
    packet.duration = 1000
    return packet


# ---- damage ---------------------------------------------------------------------------------------------------------


def cut_short(source: Path, dest: Path, *, share: float) -> Path:
    """The first part of a file: a download that broke off."""
    data = source.read_bytes()
    dest.write_bytes(data[: round(len(data) * share)])
    return dest


def with_flipped_bytes(source: Path, dest: Path, *, count: int, start: float = 0.2, seed: int = 1) -> Path:
    """Some bytes changed at random, after the first part of the file."""
    data = bytearray(source.read_bytes())
    draw = np.random.default_rng(seed)
    for at in draw.integers(round(len(data) * start), len(data) - 500, count):
        data[at] = int(draw.integers(256))
    dest.write_bytes(bytes(data))
    return dest


def remuxed(
    source: Path,
    dest: Path,
    *,
    only: str | None = None,
    shift: Fraction = Fraction(0),
    options: dict[str, str] | None = None,
) -> Path:
    """The same packets in another container; `only` "video" or "audio"; `shift` seconds later.

    Shifted before 0, MP4 hides what lies there by an edit list: a film trimmed on a phone.
    """
    with av.open(str(source)) as old, av.open(str(dest), "w", container_options=options or {}) as new:
        kept = {s.index: new.add_stream_from_template(s, opaque=True) for s in old.streams if only in (None, s.type)}
        for packet in old.demux([s for s in old.streams if s.index in kept]):
            if packet.size:
                ticks = round(shift / packet.time_base)
                packet.pts = None if packet.pts is None else packet.pts + ticks
                packet.dts = None if packet.dts is None else packet.dts + ticks
                packet.stream = kept[packet.stream_index]
                new.mux(packet)
    return dest


def repeated(source: Path, dest: Path, *, times: int, seconds: Fraction) -> Path:
    """A film of `seconds` shown again and again, packet by packet: long films without the wait."""
    with av.open(str(dest), "w") as new:
        for turn in range(times):
            with av.open(str(source)) as old:
                if turn == 0:
                    kept = {stream.index: new.add_stream_from_template(stream, opaque=True) for stream in old.streams}
                for packet in old.demux():
                    if packet.size == 0:
                        continue
                    later = round(turn * seconds / packet.time_base)
                    packet.pts, packet.dts = packet.pts + later, packet.dts + later
                    packet.stream = kept[packet.stream_index]
                    new.mux(packet)
    return dest


def sound_film(container: str, sound: str, **more: object) -> Film:
    """A film without a picture."""
    return replace(Film(container=container, picture=None, sound=sound), **more)  # type: ignore[arg-type]
