"""Making the output file: its streams, the new sound encoded, everything else copied packet by packet, in order of time.

1  blocks [C, n] ──encoder──► packets of the new sound ──► spool
2  source ──demux──► packets of all other streams ──moved by T0──┐
                                                                 ├ by time ──► output
                     spool ──► packets of the new sound ─────────┘

Two steps, so that what makes the blocks and what copies the rest are never in memory together. A soundtrack that stays
as it is comes with the other streams in the second step.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import av.container
import av.error
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.packet import Packet
from av.stream import Stream

from limelight.errors import Damaged, OutputError
from limelight.media.clock import Clock, hours_minutes_seconds
from limelight.media.container import (
    open_input,
)
from limelight.media.copy_streams import (
    SoundNotCopied,
    StreamCopy,
    StreamMap,
    map_streams,
    on_the_clock,
)
from limelight.media.formats import (
    AS_BEFORE,
    NewTrack,
    SoundFormat,
    carrying_matrix,
    choose_sound_format,
    is_expected_in,
    is_lossless,
)
from limelight.media.packets import Damage, PacketSpool, is_end_of_subtitle, read_packets
from limelight.media.probe import measured_bit_rate
from limelight.media.target import naming_write_errors
from limelight.media.verify import DecodedSound, ExpectedSound
from limelight.types import Samples, SoundtrackInfo, SourceInfo

LONGEST_DRIFT = Fraction(1, 10)  # s, of the times in an AVI from what is decoded
MOST_REORDERED = 16  # pictures between the time of decoding and the time of showing
SHORTEST_PICTURE = 0.2  # of the average: what claims to last less does not know its length


# At 160 kb/s and more FFmpeg's fast search codes four times faster and two to three decibels nearer than its slow one.
_OPTIONS = {"aac": {"aac_coder": "fast"}}


class SoundEncoder:
    """One soundtrack being written: counts its samples and stamps them, so that the container starts it at 0.

    Frames are made interleaved ("flt"): PyAV 18 cannot make them from eight planes.
    """

    def __init__(
        self, output: av.container.OutputContainer, sound_format: SoundFormat, *, sample_rate: int, layout: str
    ) -> None:
        options = _OPTIONS.get(sound_format.codec)
        self.stream: AudioStream = output.add_stream(sound_format.codec, rate=sound_format.sample_rate, options=options)  # type: ignore[assignment]
        self.stream.layout = sound_format.layout
        if sound_format.bit_rate is not None:
            self.stream.bit_rate = sound_format.bit_rate
        if sound_format.sample_format is not None:
            self.stream.format = sound_format.sample_format
        self.stream.codec_context.time_base = Fraction(1, sound_format.sample_rate)
        self.samples = 0  # taken so far
        self._rate = sample_rate
        self._layout = sound_format.layout
        self._channels = av.AudioLayout(layout).nb_channels
        self._matrix = carrying_matrix(layout, sound_format.layout)

    def encode(self, block: Samples) -> list[Packet[AudioStream]]:
        """The packets that are ready after this block [C, n]. Raises `OutputError` where it is not sound."""
        if block.ndim != 2 or block.shape[0] != self._channels:
            raise OutputError(f"cannot write a block of shape {block.shape}: {self._channels} channels were announced")
        if not np.isfinite(block).all():
            raise OutputError("cannot write the new soundtrack: it holds values that are not numbers; report this")
        if block.shape[1] == 0:
            return []
        placed = block if self._matrix is None else self._matrix @ block  # [C_wide, n]
        flat = np.ascontiguousarray(placed.T, dtype=np.float32).reshape(1, -1)
        frame = AudioFrame.from_ndarray(flat, format="flt", layout=self._layout)
        frame.sample_rate = self._rate
        frame.time_base = Fraction(1, self._rate)
        frame.pts = self.samples
        self.samples += block.shape[1]
        return self.stream.encode(frame)

    def finish(self) -> list[Packet[AudioStream]]:
        """The last packets."""
        return self.stream.encode(None)


class Muxer:
    """Holds what its three steps share: the output, the clock, and how far each stream has come.

    The source is opened for the first step and the last: its index, which grows with the film, is not to be in memory
    while the blocks are made.
    """

    def __init__(
        self,
        info: SourceInfo,
        soundtrack: SoundtrackInfo,
        dest: Path,
        clock: Clock,
        output: av.container.OutputContainer,
        spool: PacketSpool,
        *,
        new: NewTrack = AS_BEFORE,
    ) -> None:
        self.sound_format: SoundFormat | None = None  # of the encoded soundtrack; None where it is copied
        self._info = info
        self._soundtrack = soundtrack
        self._dest = dest
        self._clock = clock
        self._output = output
        self._spool = spool
        self._new = new
        self._encoder: SoundEncoder | None = None
        self._sound_end = 0  # of the sound that is written, in samples of the encoder
        self._decoded_at: dict[int, int] = {}  # stream → its last decoding timestamp
        self._is_dated = False  # whether a picture has told its time of decoding
        self._made_up: int | None = None  # the last such time that was not told, ticks
        self._pictures = 0
        self._picture_span: tuple[int, int] | None = None  # ticks: the first and the last timestamp

    def start(self, container: str, *, sound_copied: bool) -> StreamMap:
        """Make the output's streams and write its head. Raises `SoundNotCopied` where it does not take the soundtrack."""
        self._hides = container in ("mp4", "mov", "m4a")  # has edit lists
        codec = self._soundtrack.codec
        if sound_copied and not is_expected_in(codec, container, source_container=self._info.container):
            raise SoundNotCopied(f"{container} does not hold {codec}")
        try:
            with open_input(self._info.path) as source, naming_write_errors(self._dest):
                if not sound_copied:
                    self.sound_format = self._choose_format(source, container)
                stream_map = map_streams(
                    source,
                    self._output,
                    container,
                    path=self._info.path,
                    sound_index=self._soundtrack.stream_index,
                    add_sound=None if sound_copied else self._add_sound,
                    clock=self._clock,
                    new=self._new,
                )
                self._output.start_encoding()
        except OutputError as error:
            if sound_copied:
                raise SoundNotCopied(f"{container} does not take its packets") from error
            raise
        return stream_map

    def encode(self, blocks: Iterable[Samples], stream_map: StreamMap) -> None:
        """Make the packets of the new sound. They wait in the spool, unless there is nothing to wait for."""
        assert self._encoder is not None
        take = self._spool.add if stream_map.copies else self._output.mux
        for block in blocks:
            with naming_write_errors(self._dest):
                take(self._encoder.encode(block))
        with naming_write_errors(self._dest):
            take(self._encoder.finish())

    def copy(self, stream_map: StreamMap) -> ExpectedSound:
        """Write all packets, whichever is due. Says what is to be heard."""
        sound = self._encoded()
        source_sound = DecodedSound(hashed=None)
        copies = {copy.source_index: copy for copy in stream_map.copies}
        with open_input(self._info.path) as source, self._falling_back():
            inputs = [source.streams[index] for index in copies]
            for packet in read_packets(source, inputs, Damage()) if inputs else ():
                if self._encoder is None and packet.stream_index == self._soundtrack.stream_index:
                    source_sound.add(packet)
                if packet.size:
                    self._sound_until(self._position(packet), sound)
                    copy = copies[packet.stream_index]
                    for due in copy.hidden.due(packet):
                        self._copy(due, copy)
        self._sound_until(None, sound)
        if self._encoder is not None:
            return ExpectedSound(Fraction(self._encoder.samples, self._soundtrack.sample_rate))
        if self._info.container == "avi" and abs(source_sound.span_seconds - source_sound.seconds) > LONGEST_DRIFT:
            raise SoundNotCopied("the file's index tells wrong times for it")
        start = (source_sound.start_seconds or self._clock.start) - self._clock.start
        return ExpectedSound(source_sound.seconds, start, source_sound)

    def _choose_format(self, source: av.container.InputContainer, container: str) -> SoundFormat:
        index = self._soundtrack.stream_index
        stream = source.streams[index] if index >= 0 else None
        sample_format = stream.format.name if isinstance(stream, AudioStream) else "fltp"
        track = self._soundtrack
        if stream is not None and track.bit_rate is None and not is_lossless(track.codec):
            track = replace(track, bit_rate=measured_bit_rate(source, stream))
        return choose_sound_format(track, container, sample_format=sample_format, wished=self._new)

    def _add_sound(self) -> Stream:
        assert self.sound_format is not None
        rate, layout = self._soundtrack.sample_rate, self._soundtrack.layout
        self._encoder = SoundEncoder(self._output, self.sound_format, sample_rate=rate, layout=layout)
        return self._encoder.stream

    def _encoded(self) -> Iterator[Packet[AudioStream]]:
        if self._encoder is None or self.sound_format is None:
            return iter(())
        return self._spool.packets(self._encoder.stream, Fraction(1, self.sound_format.sample_rate))

    @contextmanager
    def _falling_back(self) -> Iterator[None]:
        """What cannot be muxed may be the copied soundtrack's fault: it can still be encoded."""
        try:
            yield
        except Damaged as error:
            if self._encoder is not None:
                raise
            raise SoundNotCopied(str(error)) from error

    def _position(self, packet: Packet[Stream]) -> int:
        """How many samples of sound come before a packet."""
        timestamp = packet.pts if packet.dts is None else packet.dts
        rate = self.sound_format.sample_rate if self.sound_format else self._soundtrack.sample_rate
        return 0 if timestamp is None else self._clock.samples(timestamp, packet.time_base, rate)

    def _sound_until(self, position: int | None, sound: Iterator[Packet[AudioStream]]) -> None:
        """Write the sound until it has come as far as the picture; all of it where no position is given."""
        with naming_write_errors(self._dest):
            while position is None or self._sound_end <= position:
                packet = next(sound, None)
                if packet is None:
                    return
                self._sound_end = (packet.pts or 0) + (packet.duration or 0)
                self._output.mux(packet)

    def _copy(self, packet: Packet[Stream], copy: StreamCopy) -> None:
        copy.fingerprint.add(packet)
        if is_end_of_subtitle(packet):
            return  # the muxer writes its own
        if packet.is_discard and copy.is_picture and not self._hides:
            wished = f"cannot write the trimmed film {self._info.path} as {self._dest.suffix}"
            raise OutputError(f"{wished}: what was trimmed away would be shown again; choose .mp4 or .mov")
        if copy.is_picture:
            self._give_decoding_time(packet)
            self._give_duration(packet)
        if not copy.is_cover:
            on_the_clock(packet, self._clock)
            self._refuse_backwards(packet, copy)
        packet.stream = copy.target
        with naming_write_errors(self._dest), self._naming_damage(packet, copy):
            self._output.mux(packet)

    def _give_duration(self, packet: Packet[Stream]) -> None:
        """Broadcasts often do not tell how long a picture lasts; the last one would be shown for no time at all."""
        if packet.pts is None:
            return
        self._pictures += 1
        first, last = self._picture_span or (packet.pts, packet.pts)
        self._picture_span = min(first, packet.pts), max(last, packet.pts)
        average = (self._picture_span[1] - self._picture_span[0]) // max(1, self._pictures - 1)
        if (packet.duration or 0) < SHORTEST_PICTURE * average:
            packet.duration = average

    def _give_decoding_time(self, packet: Packet[Stream]) -> None:
        """Matroska does not tell when pictures are decoded. FFmpeg finds out, but for the first ones; where nothing tells how
        long these last either, the muxer would give them the time of the next."""
        if packet.dts is not None or packet.pts is None or packet.duration:
            self._is_dated = True
        elif not self._is_dated:
            self._made_up = packet.pts - MOST_REORDERED if self._made_up is None else self._made_up + 1
            packet.dts = self._made_up

    @contextmanager
    def _naming_damage(self, packet: Packet[Stream], copy: StreamCopy) -> Iterator[None]:
        """A packet that no container takes is the source's fault, not the target's."""
        at = packet.pts if packet.dts is None else packet.dts
        seconds = Fraction(0) if at is None else at * packet.time_base
        try:
            yield
        except (av.error.InvalidDataError, av.error.ArgumentError) as error:
            wished = f"cannot copy the {copy.words} of {self._info.path}"
            place = hours_minutes_seconds(seconds)
            raise Damaged(f"{wished}: it is damaged at {place}; copy or download it again, or remux it") from error

    def _refuse_backwards(self, packet: Packet[Stream], copy: StreamCopy) -> None:
        last = self._decoded_at.get(copy.target_index)
        if packet.dts is None:
            return
        if last is not None and packet.dts < last:
            wished = f"cannot copy the {copy.words} of {self._info.path}"
            at = hours_minutes_seconds(last * packet.time_base)
            raise Damaged(f"{wished}: timestamps run backwards at {at} (joined recordings?); remux the file first")
        self._decoded_at[copy.target_index] = packet.dts
