"""Reading the result back before it gets its name.

Every copied stream must say what it said in the source (SHA-256 over its packets), the new sound must start where it
was sent, against the picture, and last as long as it was, within one frame of its codec. A soundtrack whose packets were
copied must also decode to the very same samples.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av.container
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.packet import Packet
from av.stream import Stream

from limelight.errors import InputError, OutputError
from limelight.media.clock import Clock
from limelight.media.container import has_time_code, is_cover, open_input
from limelight.media.copy_streams import SoundNotCopied, StreamCopy, StreamMap
from limelight.media.packets import Damage, Fingerprint, decode_packet, read_packets
from limelight.media.probe import picture_traits
from limelight.types import Samples

Ear = Callable[[Samples, int, str], None]  # a block [C, n], its rate in Hz, its layout


class DecodedSound:
    """What a soundtrack decodes to, packet by packet: its start, its length, and a hash of its samples.

    `hashed`: so many samples enter the hash; None is all, 0 none. `ear`: is given every block [C, n], with its rate and layout.
    """

    def __init__(self, *, hashed: int | None = 0, ear: Ear | None = None) -> None:
        self.start_seconds: Fraction | None = None
        self.span_seconds = Fraction(0)  # from the start to the end by the container's clock: holes count
        self.samples = 0
        self.sample_rate = 1  # Hz
        self.longest_frame = 0  # samples
        self.damage = Damage()
        self._hashed, self._ear = hashed, ear
        self._hash = hashlib.sha256()
        self._format: tuple[str, str, int] | None = None
        self._resampler: AudioResampler | None = None

    def add(self, packet: Packet[Stream]) -> None:
        """Decode one packet; the empty one at the end as well."""
        for frame in decode_packet(packet, self.damage):
            if isinstance(frame, AudioFrame) and frame.samples:
                self._add(frame)

    @property
    def seconds(self) -> Fraction:
        """The length of all samples."""
        return Fraction(self.samples, self.sample_rate)

    @property
    def sha256(self) -> str:
        """The hash of the samples, interleaved 32-bit floats."""
        return self._hash.hexdigest()

    def _add(self, frame: AudioFrame) -> None:
        self.sample_rate = frame.sample_rate
        if frame.pts is not None and frame.time_base is not None:
            start = frame.pts * frame.time_base
            self.start_seconds = start if self.start_seconds is None else self.start_seconds
            self.span_seconds = start + Fraction(frame.samples, frame.sample_rate) - self.start_seconds
        wanted = frame.samples if self._hashed is None else min(frame.samples, self._hashed - self.samples)
        channels = frame.layout.nb_channels
        data = self._interleaved(frame) if wanted > 0 or self._ear else b""
        if wanted > 0:
            self._hash.update(data[: wanted * channels * 4])
        if self._ear:
            self._ear(np.frombuffer(data, np.float32).reshape(-1, channels).T, frame.sample_rate, frame.layout.name)
        self.samples += frame.samples
        self.longest_frame = max(self.longest_frame, frame.samples)

    def _interleaved(self, frame: AudioFrame) -> bytes:
        """Through a resampler that only interleaves: PyAV 18 crashes on eight planes."""
        key = (frame.format.name, frame.layout.name, frame.sample_rate)
        if key != self._format or self._resampler is None:
            self._format = key
            self._resampler = AudioResampler(format="flt", layout=frame.layout.name, rate=frame.sample_rate)
        width = frame.layout.nb_channels * 4  # bytes
        return b"".join(bytes(part.planes[0])[: part.samples * width] for part in self._resampler.resample(frame))


@dataclass(frozen=True)
class Verification:
    """What was found when the result was read back."""

    picture_packets: int  # bit for bit those of the source
    sha256: Mapping[str, str]  # copied stream in words → hash of its packets
    sound_samples: int  # decoded again
    start_drift_samples: int  # of the new sound against the picture
    lost_tags: tuple[str, ...]  # names of tags that the container did not take
    lost_traits: tuple[str, ...] = ()  # of the picture, in words


@dataclass(frozen=True)
class ExpectedSound:
    """What the soundtrack of the result is to be."""

    seconds: Fraction
    start_seconds: Fraction = Fraction(0)  # on the one clock
    copied: DecodedSound | None = None  # where its packets were copied: what they decode to in the source


def verify(
    path: Path, stream_map: StreamMap, expected: ExpectedSound, clock: Clock, *, ear: Ear | None = None
) -> Verification:
    """Compare a written file with what was sent into it. `ear`: hears the soundtrack as it is decoded.

    Raises `OutputError` at the first difference, `SoundNotCopied` where a copied soundtrack is whole but heard otherwise.
    """
    with _reopened(path) as result:
        lost_tags = _lost_tags(result, stream_map)
        streams = _matched(result, stream_map)
        prints = {
            copy.target_index: Fingerprint(streams[copy.target_index], units=copy.units)
            for copy in _moving(stream_map)
            if copy.target_index in streams
        }
        sound = DecodedSound(hashed=expected.copied.samples if expected.copied else 0, ear=ear)
        shown: list[Fraction] = []
        tick = _tick(streams, stream_map)  # a stream is gone with its container
        target_of = {stream.index: index for index, stream in streams.items()}
        for packet in read_packets(result, list(streams.values()), sound.damage):
            index = target_of[packet.stream_index]
            if index == stream_map.sound_index:
                sound.add(packet)
            if index in prints and packet.size:
                prints[index].add(packet)
                if stream_map.picture is not None and index == stream_map.picture.target_index:
                    shown += _shown(packet, len(shown))
    _compare(stream_map, prints)
    if expected.copied is None:
        _check_length(sound, expected.seconds)
    else:
        _check_copied(sound, expected.copied)
    picture = stream_map.picture
    return Verification(
        picture_packets=picture.fingerprint.packets if picture else 0,
        sha256={copy.words: copy.fingerprint.sha256 for copy in stream_map.copies},
        sound_samples=sound.samples,
        lost_tags=lost_tags,
        lost_traits=tuple(sorted(stream_map.traits - picture_traits(path))) if picture else (),
        start_drift_samples=_drift(sound, min(shown, default=None), clock, expected, tick),
    )


def _reopened(path: Path) -> av.container.InputContainer:
    try:
        return open_input(path)
    except InputError as error:
        raise OutputError(f"the result failed its check: it cannot be read back ({error}); report this") from error


def _lost_tags(result: av.container.InputContainer, stream_map: StreamMap) -> tuple[str, ...]:
    """Tags of the film that are found neither on the result nor, as in Ogg, on its sound; and its time code."""
    kept = [result.metadata, *(stream.metadata for stream in result.streams.audio)]
    found = {key.lower() for tags in kept for key in tags}
    lost = [key for key in stream_map.tags if key.lower() not in found and key.lower() != "timecode"]
    if stream_map.has_time_code and not has_time_code(result):
        lost.append("timecode")
    return tuple(lost)


def _moving(stream_map: StreamMap) -> list[StreamCopy]:
    """The copies that come back as streams of their own; covers may come back as attachments."""
    return [copy for copy in stream_map.copies if not copy.is_cover]


def _matched(result: av.container.InputContainer, stream_map: StreamMap) -> dict[int, Stream]:
    """Index of each stream as it was made → stream as it is found; the order is kept, covers and data move.

    MP4 and MOV leave a stream without packets out.
    """
    wanted = sorted({copy.target_index for copy in _moving(stream_map)} | {stream_map.sound_index})
    found = [
        stream for stream in result.streams if stream.type in ("video", "audio", "subtitle") and not is_cover(stream)
    ]
    if len(found) < len(wanted):
        empty = {copy.target_index for copy in _moving(stream_map) if not copy.fingerprint.packets}
        wanted = [index for index in wanted if index not in empty]
    if len(found) != len(wanted):
        raise OutputError(
            f"the result failed its check: {len(wanted)} streams were written, {len(found)} found; report this"
        )
    return dict(zip(wanted, found, strict=True))


def _shown(packet: Packet[Stream], seen: int) -> list[Fraction]:
    enough = seen >= 18  # more than any reordering delay
    return [] if enough or packet.is_discard or packet.pts is None else [packet.pts * packet.time_base]


def _compare(stream_map: StreamMap, prints: Mapping[int, Fingerprint]) -> None:
    for copy in _moving(stream_map):
        back = prints.get(copy.target_index)
        if back is not None and back.sha256 != copy.fingerprint.sha256:
            counts = f"{copy.fingerprint.packets} packets sent, {back.packets} found"
            raise OutputError(f"the result failed its check: the {copy.words} was changed ({counts}); report this")


def _check_length(sound: DecodedSound, sent_seconds: Fraction) -> None:
    off = abs(sound.seconds - sent_seconds) * sound.sample_rate
    if off > max(sound.longest_frame, 1):
        lengths = f"{float(sent_seconds):.3f} s of sound sent, {float(sound.seconds):.3f} s found"
        raise OutputError(f"the result failed its check: {lengths}; report this")


def _check_copied(sound: DecodedSound, source: DecodedSound) -> None:
    """The same samples, and after them at most one frame of padding that the source's container left out."""
    added = sound.samples - source.samples
    if not 0 <= added <= sound.longest_frame or sound.sha256 != source.sha256:
        raise SoundNotCopied("its packets would be heard differently in this container")
    if abs(sound.span_seconds - source.span_seconds) * sound.sample_rate > sound.longest_frame:
        raise SoundNotCopied("this container would move what comes after a hole in it")


def _tick(streams: Mapping[int, Stream], stream_map: StreamMap) -> Fraction:
    """How finely the result tells the times of picture and sound."""
    seen: Sequence[int] = [stream_map.sound_index, *([stream_map.picture.target_index] if stream_map.picture else [])]
    return sum((streams[index].time_base or Fraction(0) for index in seen), Fraction(0))


def _drift(
    sound: DecodedSound, first_picture: Fraction | None, clock: Clock, expected: ExpectedSound, tick: Fraction
) -> int:
    """How many samples too late the sound starts; what is within the container's rounding is none."""
    if first_picture is None or sound.start_seconds is None or clock.first_picture is None:
        return 0
    sent = clock.start + expected.start_seconds - clock.first_picture
    drift = (sound.start_seconds - first_picture) - sent
    if abs(drift) <= tick:
        return 0
    samples = round(drift * sound.sample_rate)
    told = f"the sound starts {samples} samples off the picture"
    if expected.copied is not None:
        raise SoundNotCopied(told)
    raise OutputError(f"the result failed its check: {told}; report this")
