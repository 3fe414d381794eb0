"""Everything of a film but one soundtrack, copied packet by packet.

Each stream of the source gets a stream in the result, in the same order, with its language, title, disposition and
rotation; chapters, attachments and tags come along. What the container cannot hold is named with the reason.

A film is read four times over, and must be the same film every time: somebody may save over it, a download or a
recording may still be going on. Then picture and new sound would be of two different films, and nobody would notice; so
`check_unchanged` looks at the file before and after every pass.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, cast

import av.container
import av.error
from av.audio.stream import AudioStream
from av.packet import Packet
from av.stream import AttachmentStream, Disposition, Stream
from av.video.stream import VideoStream

from limelight.errors import InputError, OutputError
from limelight.media.clock import Clock
from limelight.media.container import (
    broadcast_tags,
    check_readable,
    codec_name,
    container_name,
    copy_metadata,
    copy_time_code,
    cover_type,
    film_tags,
    has_broadcast_tags,
    has_time_code,
    is_cover,
    main_picture,
    open_input,
    quicktime_language,
)
from limelight.media.formats import AS_BEFORE, SOUND_CONTAINERS, NewTrack, other_container
from limelight.media.matroska_elements import ROOM
from limelight.media.mp4_boxes import HiddenPackets, KeptBoxes, read_kept
from limelight.media.packets import Damage, Fingerprint, needs_unwrapping, read_packets
from limelight.media.probe import counted, in_words, picture_traits
from limelight.types import SourceInfo

if TYPE_CHECKING:
    from av.container.core import Chapter  # a typed dictionary that exists for type checkers only


ROOM_FOR_HEADERS = 16  # bytes, of the boxes that are left when the spaces are gone


@dataclass(frozen=True)
class StreamCopy:
    """One stream on its way: where it comes from, where it goes, and what it has said so far."""

    source_index: int
    target: Stream
    target_index: int
    words: str
    is_picture: bool
    is_cover: bool
    units: bool  # compare what is in the wrapping
    fingerprint: Fingerprint
    hidden: HiddenPackets


@dataclass
class StreamMap:
    """What is copied, and what is not and why."""

    copies: list[StreamCopy] = field(default_factory=list)
    sound_index: int = 0  # of the new soundtrack, in the output
    carried: list[str] = field(default_factory=list)  # in words: attachments, chapters, tags
    left_out: list[str] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)  # of the whole film
    has_time_code: bool = False
    source_container: str = ""
    kept: KeptBoxes = field(default_factory=KeptBoxes)  # boxes of an MP4 or MOV file
    title: str = ""  # of the picture's track
    traits: frozenset[str] = frozenset()  # of the picture, in words
    display: tuple[int, int, Fraction] | None = (
        None  # width and height of the picture and shape of its pixels, for Matroska
    )

    @property
    def picture(self) -> StreamCopy | None:
        """The main picture on its way, where there is one."""
        return next((copy for copy in self.copies if copy.is_picture), None)

    def leave_out(self, words: str, reason: str) -> None:
        """Name something that does not come along."""
        self.left_out.append(f"{words}: {reason}")


class SoundNotCopied(Exception):
    """A soundtrack cannot go into a container packet by packet; the reason in words."""


def map_streams(
    source: av.container.InputContainer,
    output: av.container.OutputContainer,
    container: str,
    *,
    path: Path,
    sound_index: int,
    add_sound: Callable[[], Stream] | None,
    clock: Clock,
    new: NewTrack = AS_BEFORE,
) -> StreamMap:
    """Give every stream of the source its place in the output; the new sound takes the old one's (`add_sound`), or one beside.

    Without `add_sound` that soundtrack is copied like all others. Where the film has no stream `sound_index` the new sound
    comes last. Raises `OutputError` where the container cannot hold the picture, `SoundNotCopied` where it cannot hold that
    soundtrack.
    """
    stream_map, chapters, main = StreamMap(), source.chapters(), main_picture(source)

    def add(stream: Stream | None) -> None:
        if add_sound is not None:
            target = add_sound()
            stream_map.sound_index = target.index
            stream_map.left_out += _describe_new(stream, target, container, new)

    def add_old(stream: Stream) -> None:
        if _add_stream(stream, output, container, stream_map, is_picture=False) is None:
            raise OutputError(f"cannot keep the {in_words(stream)} in {container}: it cannot hold it; choose .mkv")

    for stream in source.streams:
        if stream.index == sound_index and add_sound is not None:
            if new.place == "behind":
                add_old(stream)
            add(stream)
            if new.place == "before":
                add_old(stream)
        elif stream.index in new.leave_out:
            stream_map.leave_out(in_words(stream), "the new soundtrack stands in its place")
        elif isinstance(stream, AttachmentStream):
            _add_attachment(stream, output, container, stream_map)
        elif is_cover(stream) and stream.codec_context is not None:
            _add_cover(stream, path, output, container, stream_map)
        elif stream.type in ("video", "audio", "subtitle"):
            copy = _add_stream(
                stream, output, container, stream_map, is_picture=main is not None and stream.index == main.index
            )
            if stream.index == sound_index:
                stream_map.sound_index = _place_of_sound(copy, container)
        elif not _is_written_anew(stream, container, chapters=bool(chapters)):
            stream_map.leave_out(in_words(stream), "timed data cannot be copied")
    if not any(stream.index == sound_index for stream in source.streams):
        add(None)
    if new.is_default and add_sound is not None:
        _leave_one_default(output, stream_map.sound_index)
    if stream_map.picture is not None:
        _make_room(source, container, path, stream_map, stream_map.picture)
    stream_map.traits = picture_traits(path)
    _copy_chapters(chapters, output, clock, stream_map)
    _copy_tags(source, output, stream_map, sound_changed=add_sound is not None)
    return stream_map


def _describe_new(stream: Stream | None, target: Stream, container: str, new: NewTrack) -> list[str]:
    """Say of the new soundtrack what was said of the one that it was made from, unless told; give what does not go along."""
    left_out = copy_metadata(stream, target, container, sound_changed=True) if stream is not None else []
    if new.title is not None:
        target.metadata["title"] = new.title
        if container in ("mp4", "mov", "m4a"):
            target.metadata["handler_name"] = new.title
    if new.language is not None:
        target.metadata["language"] = quicktime_language(new.language) if container == "mov" else new.language
    if new.is_default is not None:
        others = target.disposition & ~Disposition.default
        target.disposition = others | Disposition.default if new.is_default else others
    return left_out


def _leave_one_default(output: av.container.OutputContainer, index: int) -> None:
    """Players choose the first soundtrack that calls itself the default one."""
    for stream in output.streams.audio:
        if stream.index != index:
            stream.disposition &= ~Disposition.default


def _add_stream(
    stream: Stream, output: av.container.OutputContainer, container: str, stream_map: StreamMap, *, is_picture: bool
) -> StreamCopy | None:
    words = in_words(stream)
    if is_picture and container in SOUND_CONTAINERS:
        raise OutputError(f"cannot write the {words} into {container}: that is for sound alone; choose .mp4 or .mkv")
    if stream.codec_context is None:
        stream_map.leave_out(words, "its codec is not known, so it cannot be copied")
        return None
    if isinstance(stream, AudioStream) and not (stream.rate and stream.channels):
        stream_map.leave_out(words, "there is no sound in it")  # broadcasts announce tracks that are silent for hours
        return None
    try:
        target = output.add_stream_from_template(stream, opaque=True)
    except (ValueError, av.error.FFmpegError) as error:
        if is_picture:
            advice = other_container(codec_name(stream), container)
            raise OutputError(f"cannot write the {words} into {container}: it cannot hold it; {advice}") from error
        stream_map.leave_out(words, f"{container} cannot hold it")
        return None
    stream_map.left_out += copy_metadata(stream, target, container)
    if isinstance(stream, VideoStream) and isinstance(target, VideoStream):
        _copy_picture_settings(stream, target, container, is_picture=is_picture)
    units = needs_unwrapping(stream)
    copy = StreamCopy(
        source_index=stream.index,
        target=target,
        target_index=target.index,
        words=words,
        is_picture=is_picture,
        is_cover=is_cover(stream),
        units=units,
        fingerprint=Fingerprint(stream, units=units),
        hidden=HiddenPackets(words, is_picture=stream.type == "video"),
    )
    stream_map.copies.append(copy)
    return copy


def _copy_picture_settings(stream: VideoStream, target: VideoStream, container: str, *, is_picture: bool) -> None:
    """What the container says of a picture and the codec may not: its shape, its time code, its kind of HEVC."""
    if stream.sample_aspect_ratio:
        target.codec_context.sample_aspect_ratio = stream.sample_aspect_ratio
    if container in ("mp4", "mov"):
        if is_picture:
            copy_time_code(cast(av.container.InputContainer, stream.container), stream, target)
        if codec_name(stream) == "hevc" and stream.codec_context.codec_tag != "hev1":
            target.codec_context.codec_tag = "hvc1"  # QuickTime and Safari refuse "hev1", FFmpeg's choice


def _make_room(
    source: av.container.InputContainer, container: str, path: Path, stream_map: StreamMap, picture: StreamCopy
) -> None:
    """Spaces behind the name of the picture's track, in the place of which is put later what FFmpeg does not write."""
    stream_map.title = picture.target.metadata.get("title", "")
    stream_map.source_container = container_name(source, path)
    room = 0
    if container in ("mp4", "mov") and stream_map.source_container in ("mp4", "mov"):
        stream_map.kept = read_kept(path, picture.source_index)
        room = stream_map.kept.room_needed + ROOM_FOR_HEADERS if stream_map.kept.room_needed else 0
    elif container in ("mkv", "webm"):
        stream = cast(VideoStream, source.streams[picture.source_index])
        shape, own = stream.sample_aspect_ratio, stream.codec_context.sample_aspect_ratio
        if shape and (shape != 1 or own not in (None, shape)):
            stream_map.display = (stream.width, stream.height, shape)
            room = ROOM
    if room:
        picture.target.metadata["title"] = stream_map.title + " " * room


def _place_of_sound(copy: StreamCopy | None, container: str) -> int:
    if copy is None:
        raise SoundNotCopied(f"{container} cannot hold it as it is")
    return copy.target_index


def _is_written_anew(stream: Stream, container: str, *, chapters: bool) -> bool:
    """Chapters and time code are tracks in MP4 and MOV; FFmpeg reads them as what they are and writes such tracks again."""
    is_time_code = "timecode" in stream.metadata
    return container in ("mp4", "mov", "m4a") and (chapters or is_time_code)


def _add_attachment(
    stream: AttachmentStream, output: av.container.OutputContainer, container: str, stream_map: StreamMap
) -> None:
    words = in_words(stream)
    if container != "mkv":
        stream_map.leave_out(words, f"{container} has no attachments")
        return
    name = stream.metadata.get("filename", "attachment")
    output.add_attachment(name, stream.mimetype or "application/octet-stream", stream.data)
    stream_map.carried.append(words)


def _add_cover(
    stream: Stream, path: Path, output: av.container.OutputContainer, container: str, stream_map: StreamMap
) -> None:
    """In Matroska a cover becomes an attachment: as a stream it would be shown as a second picture."""
    data = _first_packet(path, stream.index)
    mime = cover_type(data)
    if mime is None:
        stream_map.leave_out(in_words(stream), "it is no image")
    elif container == "mkv":
        suffix = mime.removeprefix("image/").replace("jpeg", "jpg")
        output.add_attachment(stream.metadata.get("filename", f"cover.{suffix}"), mime, data)
        stream_map.carried.append(in_words(stream))
    else:
        _add_stream(stream, output, container, stream_map, is_picture=False)


def _first_packet(path: Path, index: int) -> bytes:
    with open_input(path) as source:
        packets = read_packets(source, [source.streams[index]], Damage())
        return next((bytes(packet) for packet in packets if packet.size), b"")


def _copy_chapters(
    chapters: list[Chapter], output: av.container.OutputContainer, clock: Clock, stream_map: StreamMap
) -> None:
    moved: list[Chapter] = []
    for chapter in chapters:
        zero = clock.ticks(chapter["time_base"] or Fraction(1, 1000))
        start, end = max(0, chapter["start"] - zero), max(0, chapter["end"] - zero)
        moved.append({**chapter, "start": start, "end": end})
    if moved:
        output.set_chapters(moved)
        stream_map.carried.append(counted(len(moved), "chapter"))


def _copy_tags(
    source: av.container.InputContainer,
    output: av.container.OutputContainer,
    stream_map: StreamMap,
    *,
    sound_changed: bool,
) -> None:
    tags, stale = film_tags(source, sound_changed=sound_changed)
    if output.format.name == "wav" and has_broadcast_tags(source):
        output.metadata.update(broadcast_tags(tags))
    output.metadata.update(tags)
    stream_map.tags = tags
    stream_map.has_time_code = has_time_code(source)
    stream_map.left_out += stale
    if tags:
        stream_map.carried.append(counted(len(tags), "tag"))


def on_the_clock(packet: Packet[Stream], clock: Clock) -> None:
    """Move a packet's timestamps so that T0 becomes 0. A cover image has none."""
    zero = clock.ticks(packet.time_base)
    if packet.pts is not None:
        packet.pts -= zero
    if packet.dts is not None:
        packet.dts -= zero


def check_unchanged(info: SourceInfo) -> None:
    """Raises `InputError` where the file is not as it was when it was probed: another length or time of writing."""
    check_readable(info.path)
    status = info.path.stat()
    written_ns = status.st_mtime_ns if info.written_ns is None else info.written_ns
    if (status.st_size, status.st_mtime_ns) != (info.size_bytes, written_ns):
        raise InputError(f"cannot use {info.path}: it was changed while it was read; run again when it is finished")
