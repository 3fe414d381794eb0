"""What a file holds, told from its head."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import av.container
from av.audio.stream import AudioStream
from av.sidedata.sidedata import SideData as SideDatum
from av.sidedata.sidedata import Type as SideData
from av.stream import Disposition, Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from limelight.errors import NoSoundtrack, NotMedia, TooLarge
from limelight.media.container import (
    codec_name,
    container_name,
    is_cover,
    main_picture,
    open_input,
    sound_streams,
    track_name,
)
from limelight.media.mp4_boxes import read_kept
from limelight.media.packets import Damage, decode_packet, read_packets
from limelight.types import PictureInfo, SoundtrackInfo, SourceInfo

# A layout without names ("6 channels") gets the one that players assume for its count.
_LAYOUT_OF_COUNT = {1: "mono", 2: "stereo", 3: "2.1", 4: "quad", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}
_DOLBY_VISION = frozenset(
    {b"dvcC", b"dvvC", b"dvwC"}
)  # in MP4 names of boxes, in Matroska the type of a block addition
_ASIDE = Disposition.comment | Disposition.dub | Disposition.hearing_impaired | Disposition.visual_impaired
_HEAD_BYTES = 1 << 16
_PACKETS_TO_TRY = 50
MAX_SECONDS = 24 * 3600


def probe(path: Path | str) -> SourceInfo:
    """Say what a film or sound file holds: container, length, picture, soundtracks, the rest in words, tags.

    Decodes one picture at most. A film without sound has no soundtracks, a sound file no picture.
    Raises `InputError`, `NotMedia`, `Unsupported`, `Damaged` or `TooLarge`.
    """
    path = Path(path)
    with open_input(path) as container:
        picture = main_picture(container)
        soundtracks = sound_streams(container)
        if picture is None and not soundtracks:
            raise NotMedia(f"cannot use {path}: it holds neither a moving picture nor sound that can be decoded")
        duration = _duration(container)
        if duration > MAX_SECONDS:
            hours = f"{float(duration) / 3600:.0f} h"
            raise TooLarge(f"cannot use {path}: it lasts {hours}, the limit is {MAX_SECONDS // 3600} h; cut it first")
        status = path.stat()
        known = {stream.index for stream in (*soundtracks, *([picture] if picture else []))}
        return SourceInfo(
            path=path,
            container=container_name(container, path),
            duration_seconds=float(duration),
            size_bytes=status.st_size,
            picture=_picture_info(picture) if picture else None,
            soundtracks=tuple(_soundtrack_info(stream) for stream in soundtracks),
            others=tuple(in_words(stream) for stream in container.streams if stream.index not in known),
            tags=dict(container.metadata),
            written_ns=status.st_mtime_ns,
        )


def choose_soundtrack(info: SourceInfo, index: int | None = None) -> SoundtrackInfo:
    """The soundtrack to work on: the one with this number (from 0), else the default one, else the first.

    Raises `NoSoundtrack` where there is none, or none with this number.
    """
    if not info.soundtracks:
        raise NoSoundtrack(f"cannot rebalance {info.path}: it has no sound; give a film with a soundtrack")
    if index is None:
        return next((track for track in info.soundtracks if track.is_default), info.soundtracks[0])
    if not 0 <= index < len(info.soundtracks):
        found = "only soundtrack 0" if len(info.soundtracks) == 1 else f"soundtracks 0 to {len(info.soundtracks) - 1}"
        raise NoSoundtrack(f"cannot use soundtrack {index} of {info.path}: it has {found}; choose one of these")
    return info.soundtracks[index]


def layout_name(stream: AudioStream) -> str:
    """The names of a stream's channels; where it gives none, the usual ones for their number."""
    if any(channel.name == "NONE" for channel in stream.layout.channels):
        return _LAYOUT_OF_COUNT[stream.channels]
    return stream.layout.name


def in_words(stream: Stream) -> str:
    """A stream as a person would call it: "subtitle (subrip, eng)", "attachment (font.ttf)", "data (GoPro MET)"."""
    if stream.type == "attachment":
        return f"attachment ({stream.metadata.get('filename', 'unnamed')})"
    kind = {"video": "cover image" if is_cover(stream) else "picture", "audio": "soundtrack"}
    name = kind.get(stream.type, stream.type)
    codec = codec_name(stream) if stream.codec_context is not None else None
    purpose = stream.metadata.get("handler_name", "").strip() if stream.type == "data" else None  # its only name
    inside = ", ".join(word for word in (codec, purpose, stream.language) if word and word != "und")
    return f"{name} ({inside})" if inside else name


def counted(number: int, thing: str) -> str:
    """A number of things in words: "1 hole", "2 holes"."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def picture_traits(path: Path) -> frozenset[str]:
    """What a player must know to show a picture as it is meant, in words: Dolby Vision, 360° projection, stereo picture."""
    traits = set()
    with open_input(path) as container:
        stream = main_picture(container)
        if stream is None:
            return frozenset()
        track = stream.index if container.format.name.startswith("mov") else None
        frame = _first_frame(stream)
    if frame is not None:
        spherical, stereo = _side_data(frame, SideData.SPHERICAL), _side_data(frame, SideData.STEREO3D)
        if spherical is not None:
            traits.add("360° projection")
        if stereo is not None and any(stereo[:4]):  # the first number is the kind; 0 says that it is flat
            traits.add("stereo picture")
    if track is not None:
        boxes = read_kept(path, track).entry_boxes
        is_dolby_vision = any(box[4:8] in _DOLBY_VISION for box in boxes)
    else:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
        is_dolby_vision = any(kind in head for kind in _DOLBY_VISION)
    return frozenset(traits | {"Dolby Vision"} if is_dolby_vision else traits)


def _picture_info(stream: VideoStream) -> PictureInfo:
    rate = stream.average_rate or stream.guessed_rate or Fraction(0)
    return PictureInfo(
        stream_index=stream.index,
        codec=codec_name(stream),
        width=stream.width,
        height=stream.height,
        frames_per_second=float(rate),
        rotation_degrees=_rotation(stream),
    )


def _rotation(stream: VideoStream) -> int:
    """How far the stored picture is to be turned counter-clockwise; only a decoded picture says so."""
    frame = _first_frame(stream)
    return frame.rotation if frame is not None else 0


def _first_frame(stream: VideoStream) -> VideoFrame | None:
    damage = Damage()
    container = cast(av.container.InputContainer, stream.container)
    for packet in read_packets(container, [stream], damage):
        for frame in decode_packet(packet, damage):
            return frame if isinstance(frame, VideoFrame) else None
        if damage.bad + damage.good > _PACKETS_TO_TRY:
            break
    return None


def _side_data(frame: VideoFrame, kind: SideData) -> bytes | None:
    sides = cast("list[SideDatum]", list(frame.side_data))  # a mapping that yields its values
    return next((bytes(side) for side in sides if side.type == kind), None)


def _soundtrack_info(stream: AudioStream) -> SoundtrackInfo:
    return SoundtrackInfo(
        stream_index=stream.index,
        codec=codec_name(stream),
        sample_rate=stream.rate,
        layout=layout_name(stream),
        channels=stream.channels,
        bit_rate=stream.bit_rate or None,
        language=stream.language,
        is_default=bool(stream.disposition & Disposition.default),
        title=track_name(stream),
        is_aside=bool(stream.disposition & _ASIDE),
    )


def _duration(container: av.container.InputContainer) -> Fraction:
    """How long the film lasts, in seconds.

    Matroska writes the time of its end, not its length: a recording that starts at 24 h claims to last a day. A file
    that was written live may not say anything, and a damaged one something absurd: then its packets are counted.
    """
    if container.duration is None:
        return _counted_duration(container)
    duration = Fraction(container.duration, av.time_base)
    if container.format.name == "matroska,webm" and container.start_time:
        duration -= Fraction(container.start_time, av.time_base)
    return _counted_duration(container) if duration > MAX_SECONDS else max(duration, Fraction(0))


def _counted_duration(container: av.container.InputContainer) -> Fraction:
    first, last = None, Fraction(0)
    for packet in read_packets(container, [s for s in container.streams if s.type in ("video", "audio")], Damage()):
        if packet.pts is not None:
            start = packet.pts * packet.time_base
            first = start if first is None else min(first, start)
            last = max(last, start + (packet.duration or 0) * packet.time_base)
    return Fraction(0) if first is None else last - first


RATE_SECONDS = 20  # in which a stream's bit rate is found


def measured_bit_rate(source: av.container.InputContainer, stream: Stream) -> int | None:
    """Bit/s of the beginning of a stream: Matroska and others do not tell it."""
    size, seconds = 0, Fraction(0)
    for packet in read_packets(source, [stream], Damage()):
        size += packet.size
        seconds += (packet.duration or 0) * packet.time_base
        if seconds > RATE_SECONDS:
            break
    return round(8 * size / seconds) if seconds else None
