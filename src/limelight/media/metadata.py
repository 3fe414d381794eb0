"""What is said about a film and its streams: which tags go along, under which name, and which no longer hold.

MP4 and MOV name a track in two places, `hdlr` ("handler_name") and `udta/name`; Matroska and Ogg have a title. A name
that somebody gave ("Mic/Aux") is written wherever the target has a place for it; "SoundHandler" and the like are no
names. Gain tags tell players how much louder or softer to play; over a soundtrack that was changed they are wrong.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction

import av.container
from av.stream import Stream
from av.video.stream import VideoStream

# Tags that describe the old file, not the film.
_OF_THE_FILE = frozenset({"major_brand", "minor_version", "compatible_brands", "encoder", "duration", "vendor_id"})
_STATISTICS = ("_statistics", "bps", "number_of_", "duration-", "source_id")  # written by mkvmerge for the old streams
_NAMES = frozenset({"handler_name", "name", "title"})  # of a track
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
    kept = {key: value for key, value in kept.items() if key.lower() not in _NAMES}
    name, handler = track_name(stream), _value(stream.metadata, "handler_name")
    if container in _HAS_HANDLERS and (name or handler):
        kept["handler_name"] = name if not handler or _NO_NAME.search(handler) else handler
        kept["handler_name"] = kept["handler_name"] or handler
    if name:
        kept["title"] = name
    target.metadata.update(kept)
    target.disposition = stream.disposition
    return left_out


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
