"""Files opened for reading, and the tags that are carried over.

Opening a film or sound file safely, and naming what it is.

FFmpeg opens far more than films: play lists that point elsewhere, network addresses, still pictures, devices, pipes.
Limelight opens one regular file, by its absolute `file:` name, with a short list of containers and a limit on pictures
and streams. The `file:` prefix keeps a name such as `concat:a|b.mp4` a name; the protocol list keeps a play list that
passes as a film from opening a second file.

What is said about a film and its streams: which tags go along, under which name, and which no longer hold.

MP4 and MOV name a track in two places, `hdlr` ("handler_name") and `udta/name`; Matroska and Ogg have a title. A name
that somebody gave ("Mic/Aux") is written wherever the target has a place for it; "SoundHandler" and the like are no
names. Gain tags tell players how much louder or softer to play; over a soundtrack that was changed they are wrong.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import av.container
import av.error
from av.audio.stream import AudioStream
from av.stream import Disposition, Stream
from av.video.stream import VideoStream

from limelight.errors import Damaged, InputError, NotMedia, TooLarge, Unsupported

MAX_PIXELS = 8192 * 4320
MAX_STREAMS = 64
MAX_CHANNELS = 8
MAX_SAMPLE_RATE = 384_000  # Hz
METADATA_ERRORS = "surrogateescape"  # a title in Latin-1 goes through byte by byte

# FFmpeg's name of a demuxer → ours. Matroska and MP4 are families; `container_name` looks closer.
_NAMES = {
    "mov,mp4,m4a,3gp,3g2,mj2": "mp4",
    "matroska,webm": "mkv",
    "mpegts": "ts",
    "mpeg": "mpg",
    "avi": "avi",
    "flv": "flv",
    "asf": "asf",
    "ogg": "ogg",
    "wav": "wav",
    "w64": "w64",
    "aiff": "aiff",
    "flac": "flac",
    "mp3": "mp3",
    "aac": "aac",
}

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")  # two letters or more: C:/ is a disk
_STREAM = re.compile(r"-|/dev/stdin|/dev/fd/\d+|/proc/(self|\d+)/fd/\d+")

_OPTIONS = {
    "protocol_whitelist": "file",
    "format_whitelist": ",".join(_NAMES),
    "max_pixels": str(MAX_PIXELS),
    "max_streams": "1000",  # beyond, FFmpeg says that it has no memory, or leaves out the rest in silence
}


def check_readable(path: Path) -> None:
    """Refuse what is not one regular, non-empty, readable file. Raises `InputError` or `NotMedia`."""
    if "\0" in str(path):
        raise InputError("cannot open a file whose name holds a NUL character; rename it")
    if _ADDRESS.match(str(path)) and not path.exists():
        raise InputError(f"cannot open {path}: it is an address; download it first, then give the file")
    if _STREAM.fullmatch(str(path)):
        raise InputError(f"cannot open {path}: a film is read more than once, from a file; give the file's own name")
    try:
        status = path.stat()
    except OSError as error:
        raise InputError(f"cannot open {path}: {error.strerror or error}; check the name") from error
    if not stat.S_ISREG(status.st_mode):
        kind = "a folder" if stat.S_ISDIR(status.st_mode) else "a pipe, socket or device"
        raise InputError(f"cannot open {path}: it is {kind}; give a film or sound file")
    if status.st_size == 0:
        raise NotMedia(f"cannot read {path}: the file is empty; copy or download it again")
    try:
        path.open("rb").close()
    except OSError as error:
        raise InputError(f"cannot open {path}: {error.strerror or error}; check its rights") from error


def file_url(path: Path) -> str:
    """The name by which FFmpeg opens just this file."""
    return "file:" + os.path.abspath(path)


@contextmanager
def naming_open_errors(path: Path) -> Iterator[None]:
    """Turn what FFmpeg says while opening into one line of ours."""
    try:
        yield
    except av.error.ArgumentError as error:
        kinds = ", ".join(sorted({*_NAMES.values(), "mov", "webm", "m4a"}))
        wished = f"cannot read {path}: it is not a film or sound file of a kind Limelight reads ({kinds})"
        raise NotMedia(f"{wished}; convert it to one of them first") from error
    except av.error.MemoryError as error:
        raise Damaged(f"cannot read {path}: its index is damaged; copy or download it again") from error
    except (av.error.DecoderNotFoundError, av.error.DemuxerNotFoundError) as error:
        raise Unsupported(f"cannot read {path}: its format is not known to this FFmpeg; convert it first") from error
    except av.error.FFmpegError as error:
        wished = f"cannot read {path} as a film or sound file"
        raise NotMedia(f"{wished}: it is something else, or cut off before its index; download it again?") from error


def open_input(path: Path) -> av.container.InputContainer:
    """Open one film or sound file for reading, and nothing else. Use it in a `with`.

    Raises `InputError` (missing, a folder, a pipe), `NotMedia`, `Unsupported`, `Damaged` or `TooLarge`.
    """
    path = Path(path)
    check_readable(path)
    with naming_open_errors(path):
        container = av.open(file_url(path), "r", options=dict(_OPTIONS), metadata_errors=METADATA_ERRORS)
    try:
        _check_limits(path, container)
    except InputError:
        container.close()
        raise
    return container


def _check_limits(path: Path, container: av.container.InputContainer) -> None:
    if len(container.streams) > MAX_STREAMS:
        raise TooLarge(
            f"cannot read {path}: it has more than {MAX_STREAMS} streams; take those that are needed out of it"
        )
    picture = main_picture(container)
    if picture is not None:
        if picture.codec_context is None:
            raise Unsupported(f"cannot read {path}: the codec of its picture is not known; convert it first")
        if not picture.width * picture.height:
            raise Damaged(f"cannot use {path}: the size of its picture cannot be found; copy or download it again")
        picture.codec_context.options = {"max_pixels": str(MAX_PIXELS)}
        if picture.width * picture.height > MAX_PIXELS:
            size = f"{picture.width} × {picture.height}"
            raise TooLarge(f"cannot read {path}: its picture is {size}, the limit is 8192 × 4320; scale it first")
    for stream in sound_streams(container):
        if stream.channels > MAX_CHANNELS or stream.rate > MAX_SAMPLE_RATE:
            found = f"{stream.channels} channels at {stream.rate} Hz"
            limit = f"{MAX_CHANNELS} channels at {MAX_SAMPLE_RATE} Hz"
            raise TooLarge(f"cannot read {path}: a soundtrack has {found}, the limit is {limit}; convert it first")


def is_cover(stream: Stream) -> bool:
    """Is this a still image that the container shows as a cover?"""
    return stream.type == "video" and bool(stream.disposition & Disposition.attached_pic)


def main_picture(container: av.container.InputContainer) -> VideoStream | None:
    """The first moving picture; a cover image never is."""
    return next((stream for stream in container.streams.video if not is_cover(stream)), None)


def sound_streams(container: av.container.InputContainer) -> tuple[AudioStream, ...]:
    """The soundtracks that can be decoded, in the order of the file."""
    return tuple(
        stream for stream in container.streams.audio if cast(object, stream.codec_context) is not None and stream.rate
    )


def container_name(container: av.container.InputContainer, path: Path) -> str:
    """Our short name for the container: what it is inside, whatever the file's suffix says."""
    name = _NAMES.get(container.format.name, container.format.name)
    if name == "mp4":
        if container.metadata.get("major_brand") == "qt  ":
            return "mov"
        return "mp4" if main_picture(container) else "m4a"
    if name == "mkv":
        return "webm" if _matroska_document_type(path) == b"webm" else "mkv"
    return name


def _matroska_document_type(path: Path) -> bytes:
    """The DocType element (id 0x4282, one byte of length) in the EBML header of a Matroska file."""
    with path.open("rb") as file:
        head = file.read(256)
    at = head.find(b"\x42\x82")
    if at < 0 or at + 3 > len(head):
        return b""
    return head[at + 3 : at + 3 + (head[at + 2] & 0x7F)].rstrip(b"\0")


def codec_name(stream: Stream) -> str:
    """What a stream is coded in, by the codec's own name ("av1", not the name of one decoder of it)."""
    return stream.codec_context.codec.canonical_name


# Tags that describe the old file, not the film.
_OF_THE_FILE = frozenset({"major_brand", "minor_version", "compatible_brands", "encoder", "duration", "vendor_id"})
_STATISTICS = ("_statistics", "bps", "number_of_", "duration-", "source_id")  # written by mkvmerge for the old streams
_TRACK_NAMES = frozenset({"handler_name", "name", "title"})  # of a track
_NO_NAME = re.compile(r"handler|core media|iso media|mainconcept|^\s*$", re.IGNORECASE)
# ReplayGain, its kin in Opus and iTunes, and iTunes' lengths of the old codec's delay and padding.
_OF_THE_SOUND = re.compile(r"replaygain_|r128_|itunnorm$|itunsmpb$", re.IGNORECASE)
_BROADCAST_WAVE = frozenset(
    {"time_reference", "originator", "originator_reference", "origination_date", "origination_time", "umid", "coding_history"}
)  # fmt: skip
# FFmpeg reads these fields of a recorder's chunk under other names than it writes them.
_READ_AS = {
    "encoded_by": "originator",
    "date": "origination_date",
    "creation_time": "origination_time",
    "comment": "description",
}
_HAS_HANDLERS = frozenset({"mp4", "mov", "m4a"})


def film_tags(source: av.container.InputContainer, *, sound_changed: bool) -> tuple[dict[str, str], list[str]]:
    """The tags of the whole film that go along, and in words those that do not and why."""
    return _sorted_out(source.metadata, sound_changed=sound_changed)


def copy_metadata(stream: Stream, target: Stream, container: str, *, sound_changed: bool = False) -> list[str]:
    """Language, name and the like, and the disposition; says in words what does not go along."""
    kept, left_out = _sorted_out(stream.metadata, sound_changed=sound_changed)
    kept = {key: value for key, value in kept.items() if key.lower() not in _TRACK_NAMES}
    name, handler = track_name(stream), _value(stream.metadata, "handler_name")
    if container in _HAS_HANDLERS and (name or handler):
        kept["handler_name"] = name if not handler or _NO_NAME.search(handler) else handler
        kept["handler_name"] = kept["handler_name"] or handler
    if name:
        kept["title"] = name
    if container == "mov" and "language" in kept:
        kept["language"] = quicktime_language(kept["language"])
    target.metadata.update(kept)
    target.disposition = stream.disposition
    return left_out


# QuickTime knows languages by a list, in which some stand under their older code; FFmpeg leaves out what is not on it.
_OLDER_CODES = {"deu": "ger", "nld": "dut", "ell": "gre", "isl": "ice", "zho": "chi", "sqi": "alb", "swe": "sve"}


def quicktime_language(code: str) -> str:
    """The code under which QuickTime's list may know a language."""
    return _OLDER_CODES.get(code.lower(), code)


def copy_time_code(source: av.container.InputContainer, stream: VideoStream, target: VideoStream) -> None:
    """Let MP4 and MOV write a track of time code: it counts pictures, so FFmpeg needs their rate.

    A time code may be told of the picture, of the film, or of a track of its own.
    """
    told = [_value(part.metadata, "timecode") for part in (stream, source, *source.streams)]
    code = next(filter(None, told), "")
    if code:
        target.metadata["timecode"] = code
        target.codec_context.framerate = stream.average_rate or stream.guessed_rate or Fraction(25)


def has_time_code(container: av.container.InputContainer) -> bool:
    """Whether a film, or any of its streams, tells a time code."""
    return any(_value(part.metadata, "timecode") for part in (container, *container.streams))


def track_name(stream: Stream) -> str:
    """The name that somebody gave a track; "" where nobody did."""
    told = (_value(stream.metadata, key) for key in ("title", "name", "handler_name"))
    return next((name for name in told if not _NO_NAME.search(name)), "")


def has_apple_tags(source: av.container.InputContainer) -> bool:
    """Does a phone's film carry tags (place, maker, …) that MP4 keeps only in its newer kind of list?"""
    return any(key.lower().startswith(("com.apple.", "com.android.")) for key in source.metadata)


def has_broadcast_tags(source: av.container.InputContainer) -> bool:
    """Does a recorder's file say when and by whom it was recorded? WAV keeps that in a chunk of its own."""
    return any(key.lower() in _BROADCAST_WAVE for key in source.metadata)


def broadcast_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """The tags of a recorder's file under the names by which FFmpeg writes them into WAV."""
    return {_READ_AS[key.lower()]: value for key, value in tags.items() if key.lower() in _READ_AS}


def _sorted_out(tags: Mapping[str, str], *, sound_changed: bool) -> tuple[dict[str, str], list[str]]:
    kept = {key: value for key, value in tags.items() if not _is_of_the_file(key.lower())}
    stale = [key for key in kept if sound_changed and _OF_THE_SOUND.search(key)]
    left_out = [f"tag ({key}): it describes the sound as it was" for key in stale]
    return {key: value for key, value in kept.items() if key not in stale}, left_out


def _is_of_the_file(key: str) -> bool:
    return key in _OF_THE_FILE or key.startswith(_STATISTICS)


def _value(tags: Mapping[str, str], wanted: str) -> str:
    """A tag whatever its case: Matroska writes all in capitals."""
    return next((value for key, value in tags.items() if key.lower() == wanted), "")


def cover_type(data: bytes) -> str | None:
    """The MIME type of an image, by its first bytes; None where it is none."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return next((mime for head, mime in _IMAGE_HEADS.items() if data.startswith(head)), None)


_IMAGE_HEADS = {
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"BM": "image/bmp",
    b"GIF8": "image/gif",
}
