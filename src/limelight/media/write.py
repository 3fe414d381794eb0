"""Writing the film with its new soundtrack: everything else packet by packet, checked, then named.

1  blocks [C, n] ──encoder──► packets of the new sound ──► spool
2  source ──demux──► packets of all other streams ──moved by T0──┐
                                                                 ├ by time ──► temporary ──► verified ──► target
                     spool ──► packets of the new sound ─────────┘

Two steps, so that what makes the blocks and what copies the rest are never in memory together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import av.container
import av.error
from av.audio.stream import AudioStream
from av.packet import Packet
from av.stream import Stream

from limelight.errors import Damaged, OutputError
from limelight.media.clock import Clock, hours_minutes_seconds, read_clock
from limelight.media.container import METADATA_ERRORS, file_url, main_picture, open_input
from limelight.media.copy_streams import (
    StreamCopy,
    StreamMap,
    check_unchanged,
    has_apple_tags,
    map_streams,
    on_the_clock,
)
from limelight.media.formats import MUXERS, SoundFormat, choose_sound_format, container_of, muxer_options
from limelight.media.packets import Damage, is_end_of_subtitle, read_packets
from limelight.media.spool import PacketSpool, SoundEncoder
from limelight.media.target import naming_write_errors, prepare_target, scratch_beside, whole_or_absent
from limelight.media.verify import Verification, verify
from limelight.types import Samples, SoundtrackInfo, SourceInfo


@dataclass(frozen=True)
class Written:
    """What came out."""

    path: Path
    container: str
    codec: str  # of the new soundtrack
    bit_rate: int | None  # bit/s; None where lossless
    seconds: float  # of the new soundtrack
    copied: tuple[str, ...]  # in words
    left_out: tuple[str, ...]  # in words, with the reason
    verified: Verification


def write_with_soundtrack(
    info: SourceInfo,
    soundtrack: SoundtrackInfo,
    blocks: Iterable[Samples],
    dest: Path,
    *,
    overwrite: bool = False,
    notes: list[str] | None = None,
) -> Written:
    """Write the source with `blocks` in place of one of its soundtracks.

    `blocks`: [C, n] each, at the soundtrack's rate and layout, sample 0 at T0 of the one clock; they are taken one at
    a time, all of them before the rest is copied. The container is the one that the suffix of `dest` asks for. The file
    appears only when it is whole and has been read back. What the encoder made necessary is told in `notes`.
    Raises `OutputError`, `TargetExists`, `Damaged` where the timestamps of the source run backwards, or `InputError` where
    the source was changed meanwhile.
    """
    dest = prepare_target(info.path, dest, overwrite=overwrite)
    container = container_of(dest)
    clock = read_clock(info.path)
    with whole_or_absent(dest) as temporary:
        with _open_output(temporary, dest, container, info.path) as output, scratch_beside(dest) as scratch:
            writer = _Writer(info, soundtrack, dest, clock, output, PacketSpool(scratch))
            cargo = writer.load(container)
            writer.encode(blocks, cargo)
            writer.copy(cargo)
        check_unchanged(info)
        samples = writer.encoder.samples
        with naming_write_errors(dest):
            verified = verify(temporary, cargo, Fraction(samples, soundtrack.sample_rate), clock)
    lost = [f"tag ({name}): {container} cannot hold it" for name in verified.lost_tags]
    if notes is not None:
        notes += _notes(soundtrack, writer.form)
    return Written(
        path=dest,
        container=container,
        codec=writer.form.codec.removeprefix("lib"),
        bit_rate=writer.form.bit_rate,
        seconds=samples / soundtrack.sample_rate,
        copied=tuple([copy.words for copy in cargo.copies] + cargo.carried),
        left_out=tuple(cargo.left_out + lost),
        verified=verified,
    )


def _form(source: av.container.InputContainer, soundtrack: SoundtrackInfo, container: str) -> SoundFormat:
    stream = source.streams[soundtrack.stream_index]
    sample_format = stream.format.name if isinstance(stream, AudioStream) else "fltp"
    return choose_sound_format(soundtrack, container, sample_format=sample_format)


def _notes(soundtrack: SoundtrackInfo, form: SoundFormat) -> list[str]:
    said = []
    if form.sample_rate != soundtrack.sample_rate:
        said.append(
            f"{form.codec} takes no {soundtrack.sample_rate} Hz: the sound was converted to {form.sample_rate} Hz"
        )
    if form.layout != soundtrack.layout:
        said.append(f"{form.codec} takes no {soundtrack.layout}: the sound is written as {form.layout}")
    return said


@contextmanager
def _open_output(temporary: Path, dest: Path, container: str, source: Path) -> Iterator[av.container.OutputContainer]:
    """An output that is closed without a second error when something has already gone wrong."""
    options = _muxer_options(container, source)
    with naming_write_errors(dest):
        output = av.open(
            file_url(temporary),
            "w",
            format=MUXERS.get(container, container),
            metadata_errors=METADATA_ERRORS,
            container_options=options,
        )
    try:
        yield output
    except BaseException:
        with suppress(OSError, av.error.FFmpegError):
            output.close()
        raise
    with naming_write_errors(dest):
        output.close()


def _muxer_options(container: str, path: Path) -> dict[str, str]:
    with open_input(path) as source:
        picture = main_picture(source)
        options = muxer_options(container, picture.time_base if picture else None)
        if container in ("mp4", "mov") and has_apple_tags(source):
            options["movflags"] += "+use_metadata_tags"
    return options


class _Writer:
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
    ) -> None:
        self._info = info
        self._soundtrack = soundtrack
        self._dest = dest
        self._clock = clock
        self._output = output
        self._spool = spool
        self._sound_end = 0  # of the sound that is written, in samples of the encoder
        self._decoded_at: dict[int, int] = {}  # stream → its last decoding timestamp

    def load(self, container: str) -> StreamMap:
        """Make the output's streams and write its head."""
        self._hides = container in ("mp4", "mov", "m4a")  # has edit lists

        def add_sound() -> Stream:
            rate, layout = self._soundtrack.sample_rate, self._soundtrack.layout
            self.encoder = SoundEncoder(self._output, self.form, sample_rate=rate, layout=layout)
            return self.encoder.stream

        with open_input(self._info.path) as source:
            self.form = _form(source, self._soundtrack, container)
            with naming_write_errors(self._dest):
                cargo = map_streams(
                    source,
                    self._output,
                    container,
                    path=self._info.path,
                    sound_index=self._soundtrack.stream_index,
                    add_sound=add_sound,
                    clock=self._clock,
                )
                self._output.start_encoding()
        return cargo

    def encode(self, blocks: Iterable[Samples], cargo: StreamMap) -> None:
        """Make the packets of the new sound. They wait in the spool, unless there is nothing to wait for."""
        take = self._spool.add if cargo.copies else self._output.mux
        for block in blocks:
            with naming_write_errors(self._dest):
                take(self.encoder.encode(block))
        with naming_write_errors(self._dest):
            take(self.encoder.finish())

    def copy(self, cargo: StreamMap) -> None:
        """Write both streams of packets, whichever is due."""
        sound = self._spool.packets(self.encoder.stream, Fraction(1, self.form.sample_rate))
        copies = {copy.source_index: copy for copy in cargo.copies}
        with open_input(self._info.path) as source:
            streams = [source.streams[index] for index in copies]
            for packet in read_packets(source, streams, Damage()) if streams else ():
                if packet.size:
                    self._sound_until(self._position(packet), sound)
                    self._copy(packet, copies[packet.stream_index])
        self._sound_until(None, sound)

    def _position(self, packet: Packet[Stream]) -> int:
        """How many samples of sound come before a packet."""
        timestamp = packet.pts if packet.dts is None else packet.dts
        rate = self.form.sample_rate
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
        if packet.is_discard and not self._hides:
            wished = f"cannot write the trimmed film {self._info.path} as {self._dest.suffix}"
            raise OutputError(f"{wished}: what was trimmed away would be shown again; choose .mp4 or .mov")
        if not copy.is_cover:
            on_the_clock(packet, self._clock)
            self._refuse_backwards(packet, copy)
        packet.stream = copy.target
        with naming_write_errors(self._dest), self._naming_damage(packet, copy):
            self._output.mux(packet)

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
