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
from av.packet import Packet
from av.stream import Disposition
from film_frames import flat_picture, picture_frame, sound_frame
from film_sound import sound_of

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


def sound_film(container: str, sound: str, **more: object) -> Film:
    """A film without a picture."""
    return replace(Film(container=container, picture=None, sound=sound), **more)  # type: ignore[arg-type]


_folder = Path(tempfile.mkdtemp(prefix="limelight-films-"))
atexit.register(shutil.rmtree, _folder, ignore_errors=True)


@functools.cache
def film_path(film: Film) -> Path:
    """The file of a film, made once. Do not write to it."""
    place = tempfile.mkdtemp(dir=_folder)
    return make_film(film, Path(place) / f"film.{film.container}")


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
            output.mux(cover.encode(flat_picture((32, 32), 90, "yuvj420p", Fraction(0))))
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
                yield time, picture, picture_frame(film, index, time)
    for track, stream in enumerate(sounds):
        sound = sound_of(film, track)
        for at in range(0, sound.shape[1], _FRAME):
            time = film.sound_start + Fraction(at, film.sample_rate)
            if film.hole and at >= film.hole[0] * film.sample_rate:
                time += Fraction(film.hole[1])
            yield time, stream, sound_frame(sound[:, at : at + _FRAME], film.sample_rate, film.layout, time)


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
