"""A film's soundtrack as blocks, at its own rate and layout, from time 0 on the one clock.

    packets ──decode──► frames ──convert──► samples ──place (sample_clock)──► pieces ──► blocks of one size

A packet that cannot be decoded costs its own length, and becomes silence. A soundtrack that changes its rate or layout
on the way is converted to how it began.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.packet import Packet
from av.stream import Stream

from limelight.errors import Damaged, NoSoundtrack, Unsupported
from limelight.media.clock import FAR_SECONDS, Clock, DecodeReport, SampleClock, read_clock
from limelight.media.container import MAX_CHANNELS, open_input
from limelight.media.copy_streams import check_unchanged
from limelight.media.packets import Reading, decode_packet, read_packets
from limelight.types import Samples, SoundtrackInfo, SourceInfo

MAX_DAMAGE = 0.2  # of all packets
PAUSING_CODECS = frozenset({"opus", "speex", "amr_nb", "amr_wb", "g723_1", "g729", "evrc", "qcelp"})  # send no silence
REGULAR_HOLES = 0.25  # of all frames: recordings have holes here and there, not behind every few frames
LOUDEST = 1e6  # times full scale; beyond are no sounds but broken bytes, read as floating point


def read_audio(info: SourceInfo, soundtrack: SoundtrackInfo, *, block_seconds: float = 1.0) -> Reading[Samples]:
    """The decoded soundtrack, block by block: [C, n] each, n = `block_seconds` but for the last; sample 0 is at T0.

    Its own rate and layout; a soundtrack that changes either on the way is converted to how it began. Samples beyond
    ±1 are passed through; values that are no numbers, or absurd ones, become 0. What had to be mended is told in the
    `notes` of what is returned, after the last block. Raises `Damaged` where more than a fifth cannot be decoded,
    `Unsupported` where that is so because packets hold more frames than FFmpeg decodes, `NoSoundtrack` where there is no
    sound at all, `InputError` where the file changes meanwhile.
    """

    def read(notes: list[str]) -> Generator[Samples, None, None]:
        check_unchanged(info)
        report = DecodeReport()
        pieces = _only_numbers(_placed(info, soundtrack, report), report)
        yield from in_blocks(pieces, max(1, round(block_seconds * soundtrack.sample_rate)))
        check_unchanged(info)
        _check(info, soundtrack, report)
        notes += report.in_words(info, soundtrack)

    return Reading(read)


def in_blocks(pieces: Iterable[Samples], size: int) -> Iterator[Samples]:
    """Cut and join pieces of sound [C, n] to blocks of `size` samples; the last is as long as what remains."""
    waiting: list[Samples] = []
    count = 0
    for piece in pieces:
        waiting.append(piece)
        count += piece.shape[1]
        if count >= size:
            joined = np.concatenate(waiting, axis=1)
            whole = count - count % size
            yield from np.split(joined[:, :whole], whole // size, axis=1)
            waiting, count = [joined[:, whole:]], count - whole
    if count:
        yield np.concatenate(waiting, axis=1)


def _check(info: SourceInfo, soundtrack: SoundtrackInfo, report: DecodeReport) -> None:
    if report.damage.good + report.damage.bad == 0:
        raise NoSoundtrack(f"cannot rebalance {info.path}: its soundtrack is empty; choose another with --audio-stream")
    if report.damage.fraction > MAX_DAMAGE or not report.samples:
        share = f"{report.damage.fraction:.0%} of its sound ({soundtrack.codec}) cannot be decoded"
        raise Damaged(f"cannot use {info.path}: {share}; it is damaged or encrypted, copy or download it again")
    lost = sum(report.holes, Fraction(0)) * soundtrack.sample_rate / report.samples
    pauses = soundtrack.codec in PAUSING_CODECS
    if not pauses and lost > MAX_DAMAGE and len(report.holes) > REGULAR_HOLES * report.frames:
        raise Unsupported(
            f"cannot use {info.path}: {float(lost):.0%} of its sound ({soundtrack.codec}) cannot be decoded: there are holes "
            "behind its frames, as when packets hold several frames of which FFmpeg decodes one; convert the sound first"
        )


def _placed(info: SourceInfo, soundtrack: SoundtrackInfo, report: DecodeReport) -> Iterator[Samples]:
    """The decoded frames in their places: silence where there is none, cut where two overlap."""
    clock = read_clock(info.path)
    rate = soundtrack.sample_rate
    longest = info.duration_seconds + FAR_SECONDS
    sample_clock = SampleClock(rate, report, longest, str(info.path), tells_times=info.container != "avi")
    for frame in _frames(info, soundtrack, clock, report):
        silence, skip = sample_clock.place(frame.position, frame.samples.shape[1], frame.tick)
        while silence > 0:
            yield np.zeros((soundtrack.channels, min(silence, rate)), np.float32)
            silence -= rate
        if skip < frame.samples.shape[1]:
            yield frame.samples[:, skip:]
    report.samples = sample_clock.count


@dataclass(frozen=True)
class _Frame:
    """One decoded frame, converted to the soundtrack's rate and layout."""

    position: int | None  # samples, on the one clock
    tick: Fraction  # s, how finely its container tells time
    samples: Samples  # [C, n]


def _frames(info: SourceInfo, soundtrack: SoundtrackInfo, clock: Clock, report: DecodeReport) -> Iterator[_Frame]:
    with open_input(info.path) as container:
        stream = container.streams[soundtrack.stream_index]
        if not isinstance(stream, AudioStream):
            raise NoSoundtrack(
                f"cannot rebalance {info.path}: stream {stream.index} is not a soundtrack; choose another"
            )
        watched: list[Stream] = [stream]  # the picture only tells how far the file goes
        if info.picture is not None:
            watched.append(container.streams[info.picture.stream_index])
        converter = _Converter(soundtrack, report)
        tick = stream.time_base or Fraction(1, stream.rate)
        for packet in read_packets(container, watched, report.damage):
            _note_end(packet, report)
            if packet.stream_index != stream.index:
                continue
            for frame in decode_packet(packet, report.damage):
                if isinstance(frame, AudioFrame) and frame.samples:
                    report.frames += 1
                    yield from converter.convert(frame, clock, tick)
        yield from converter.finish(clock)
        report.end_seconds = max(
            (
                clock.seconds(report.ends[s.index], s.time_base)
                for s in watched
                if s.index in report.ends and s.time_base
            ),
            default=Fraction(0),
        )


def _note_end(packet: Packet[Stream], report: DecodeReport) -> None:
    if packet.pts is not None and packet.size:
        end = packet.pts + (packet.duration or 0)
        report.ends[packet.stream_index] = max(report.ends.get(packet.stream_index, end), end)


class _Converter:
    """Any decoded frame → [C, n] float32 at the soundtrack's rate and layout.

    Interleaved "flt" frames only, one plane: reading eight planes through NumPy crashes PyAV 18. And a resampler that
    has once passed frames through goes on doing so when they change: each (format, layout, rate) gets its own.
    """

    def __init__(self, soundtrack: SoundtrackInfo, report: DecodeReport) -> None:
        self._soundtrack = soundtrack
        self._report = report
        self._key: tuple[str, str, int] | None = None
        self._resampler: AudioResampler | None = None
        self._layout: str | None = None  # as the decoder names it, maybe without names of channels
        self._tick = Fraction(1, soundtrack.sample_rate)

    def convert(self, frame: AudioFrame, clock: Clock, tick: Fraction) -> Iterator[_Frame]:
        self._tick = tick
        key = (frame.format.name, frame.layout.name, frame.sample_rate)
        if frame.layout.nb_channels > MAX_CHANNELS:
            self._report.damage.bad += 1
            return
        if key != self._key:
            yield from self.finish(clock)
            self._start(key, frame)
        if self._resampler is not None:
            yield from self._frames_of(self._resampler.resample(frame), clock)

    def finish(self, clock: Clock) -> Iterator[_Frame]:
        """What the resampler still holds."""
        if self._resampler is not None and self._key is not None:
            yield from self._frames_of([f for f in self._resampler.resample(None) if f is not None], clock)

    def _start(self, key: tuple[str, str, int], frame: AudioFrame) -> None:
        if self._key is None and frame.layout.nb_channels == self._soundtrack.channels:
            self._layout = frame.layout.name
        layout = self._layout or self._soundtrack.layout
        rate = self._soundtrack.sample_rate
        if self._key is not None and key[1:] != self._key[1:]:
            self._report.changes.append(f"{frame.layout.name}, {frame.sample_rate} Hz")
        self._key = key
        self._resampler = AudioResampler(format="flt", layout=layout, rate=rate)

    def _frames_of(self, frames: list[AudioFrame], clock: Clock) -> Iterator[_Frame]:
        channels = self._soundtrack.channels
        for frame in frames:
            flat = np.frombuffer(memoryview(frame.planes[0]), np.float32, count=frame.samples * channels)
            samples = np.ascontiguousarray(flat.reshape(-1, channels).T)  # [C, n]
            position = None
            if frame.pts is not None and frame.time_base is not None:
                position = clock.samples(frame.pts, frame.time_base, self._soundtrack.sample_rate)
            yield _Frame(position, self._tick, samples)


def _only_numbers(pieces: Iterable[Samples], report: DecodeReport) -> Iterator[Samples]:
    for piece in pieces:
        sound = np.abs(piece) <= LOUDEST  # not so for what is no number
        if not sound.all():
            report.not_sound += int(np.count_nonzero(~sound))
            piece = np.where(sound, piece, np.float32(0))
        yield piece
