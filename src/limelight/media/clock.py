"""Time: the one clock of a film, and where decoded samples belong on it.

The one clock of a film.

Containers start anywhere: at 0, at 1.4 s (MPEG-TS), at ten hours (broadcast), sound before picture or after it. In
Limelight time 0 is the first shown picture, or a little before it where sound comes first, so that no sound is lost:

    T0 = v0                       if a0 ≥ v0 or there is no sound
    T0 = v0 − q·⌈(v0 − a0) / q⌉   else, with q = lcm(tick of the picture's stream, 1 ms)
    T0 = v0                       also if hidden pictures come before v0 and sound less than 50 ms
    T0 = a0                       if there is no picture

Hidden pictures, on which the first shown one depends, must end at time 0, or they would be shown for a moment.

v0 is the time of the first shown picture (an edit list may hide earlier ones), a0 the time of the first decoded sample
(codec priming is already gone). q keeps every shifted picture on a tick of its own stream and of Matroska's, so moving
a film by T0 rounds nothing; where that q is coarse (> 50 ms: 23.976 in AVI) the stream's tick alone is used. Fractions
throughout: a float at 24 h has lost a sample.

Where decoded sound belongs: samples are counted, and timestamps followed only where they clearly say otherwise.

    source      ......|aaaa|aaaa|  hole  |aaaa|aa…        frames with timestamps
    read        000000|aaaa|aaaa|00000000|aaaa|aa…        samples, counted
                ^ T0

The first sample is put where its timestamp says (silence before it, or cut where it is earlier than T0). From then on
samples are counted, because containers round times and counting does not. Only where the timestamp leaves the count is
there a hole (filled with silence) or an overlap (cut). How far it may leave: Matroska rounds to 1 ms, but Vorbis in
WebM and edited phone films were seen to waver by 11 ms around sound that is whole, and following them cuts it up a
hundred times a minute; so 15 ms, and 2 ms after a packet was lost. AVI tells no times, only a scale from which FFmpeg
computes them, and that is often wrong for MP3: where the count leaves it with no packet lost, only the count is believed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av.container
from av.audio.frame import AudioFrame
from av.packet import Packet
from av.stream import Stream

from limelight.errors import Damaged
from limelight.media.container import main_picture, open_input, sound_streams
from limelight.media.packets import Damage, decode_packet, read_packets
from limelight.media.probe import counted
from limelight.types import SoundtrackInfo, SourceInfo

MILLISECOND = Fraction(1, 1000)
COARSEST_TICK = Fraction(1, 20)  # s
HIDDEN_LEAD = Fraction(1, 20)  # s: sound that early is what a decoder needs to begin, not what is to be heard

_PICTURES_TO_SEE = 18  # more than any reordering delay of H.264 or HEVC
_PACKETS_TO_READ = 4000  # a soundtrack that starts later than this does not move the clock


@dataclass(frozen=True)
class Clock:
    """Where time 0 lies on the source's own time line, in seconds, exact."""

    start: Fraction
    first_picture: Fraction | None
    first_sound: Fraction | None
    hidden_pictures: bool = False  # whether some come before the first that is shown

    def seconds(self, timestamp: int, time_base: Fraction) -> Fraction:
        """A timestamp of the source on the one clock."""
        return timestamp * time_base - self.start

    def samples(self, timestamp: int, time_base: Fraction, sample_rate: int) -> int:
        """The same as the nearest count of samples. In integers: in fractions it takes as long as decoding the sound."""
        tick, zero = time_base.as_integer_ratio(), self.start.as_integer_ratio()
        above = sample_rate * (timestamp * tick[0] * zero[1] - zero[0] * tick[1])
        below = tick[1] * zero[1]
        return (2 * above + below) // (2 * below)

    def ticks(self, time_base: Fraction) -> int:
        """Time 0 in ticks of a stream, to subtract from its timestamps."""
        return round(self.start / time_base)


def read_clock(path: Path) -> Clock:
    """Find time 0 from the head of the file."""
    with open_input(path) as container:
        first_picture, first_sound, hidden = _first_times(container)
        picture = main_picture(container)
        tick = picture.time_base if picture is not None and picture.time_base else MILLISECOND
    start = time_zero(first_picture, first_sound, tick, hidden_pictures=hidden)
    return Clock(start, first_picture, first_sound, hidden)


def time_zero(
    first_picture: Fraction | None, first_sound: Fraction | None, tick: Fraction, *, hidden_pictures: bool = False
) -> Fraction:
    """T0, from the times of the first shown picture and the first sample; `tick` is that of the picture's stream.

    `hidden_pictures`: whether some come before the first that is shown.
    """
    if first_picture is None:
        return first_sound or Fraction(0)
    if first_sound is None or first_sound >= first_picture:
        return first_picture
    if hidden_pictures and first_picture - first_sound < HIDDEN_LEAD:
        return first_picture
    common = _least_common_multiple(tick, MILLISECOND)
    quantum = common if common <= COARSEST_TICK else tick
    return first_picture - quantum * math.ceil((first_picture - first_sound) / quantum)


def hours_minutes_seconds(seconds: Fraction) -> str:
    """A time as people write it: 01:02:03."""
    whole = int(seconds)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def _least_common_multiple(a: Fraction, b: Fraction) -> Fraction:
    return Fraction(math.lcm(a.numerator, b.numerator), math.gcd(a.denominator, b.denominator))


def _first_times(container: av.container.InputContainer) -> tuple[Fraction | None, Fraction | None, bool]:
    """The earliest shown picture, the earliest decoded sample of any soundtrack, and whether hidden pictures come first."""
    picture = main_picture(container)
    waited_for = {stream.index for stream in sound_streams(container)}  # soundtracks of which nothing is decoded yet
    streams: list[Stream] = [*sound_streams(container)] + ([picture] if picture else [])
    shown: list[Fraction] = []
    sounding: list[Fraction] = []
    hidden = False
    damage = Damage()
    for count, packet in enumerate(read_packets(container, streams, damage)):
        if picture is not None and packet.stream_index == picture.index:
            hidden = hidden or (packet.is_discard and not shown)
            shown += _shown(packet)
        elif packet.stream_index in waited_for and (times := _decoded_times(packet, damage)):
            sounding += times[:1]
            waited_for.discard(packet.stream_index)
        seen_enough = picture is None or len(shown) >= _PICTURES_TO_SEE
        if (seen_enough and not waited_for) or count >= _PACKETS_TO_READ:
            break
    return min(shown, default=None), min(sounding, default=None), hidden


def _shown(packet: Packet[Stream]) -> list[Fraction]:
    if packet.size == 0 or packet.is_discard:
        return []
    timestamp = packet.dts if packet.pts is None else packet.pts
    return [] if timestamp is None else [timestamp * packet.time_base]


def _decoded_times(packet: Packet[Stream], damage: Damage) -> list[Fraction]:
    return [
        frame.pts * frame.time_base
        for frame in decode_packet(packet, damage)
        if isinstance(frame, AudioFrame) and frame.pts is not None and frame.time_base is not None and frame.samples
    ]


JITTER = Fraction(15, 1000)  # s: how far a timestamp may leave the count
JITTER_AFTER_LOSS = Fraction(2, 1000)  # s
EARLY_SECONDS = 1.0  # a file that ends this much before its announced length was cut off
LOST_FRAMES = 200  # so many timestamps in a row that make no sense: the clock itself is broken
FAR_SECONDS = 60  # beyond the announced length, or backwards by a sixtieth of it: no sensible timestamp


@dataclass
class DecodeReport:
    """What happened while a soundtrack was decoded, for the notes."""

    damage: Damage = field(default_factory=Damage)
    samples: int = 0
    holes: list[Fraction] = field(default_factory=list)  # s, lengths of silence put in
    overlaps: list[Fraction] = field(default_factory=list)  # s, lengths cut out
    frames: int = 0  # decoded
    wrong_scale: bool = False  # times that an AVI computes from a wrong scale, not followed
    nonsense: int = 0  # timestamps not believed
    changes: list[str] = field(default_factory=list)  # formats that came in on the way
    not_sound: int = 0  # samples
    ends: dict[int, int] = field(default_factory=dict)  # stream → timestamp at which what was read of it ends
    end_seconds: Fraction = Fraction(0)  # of all that was read, sound or picture

    def in_words(self, info: SourceInfo, soundtrack: SoundtrackInfo) -> list[str]:
        said = []
        if self.damage.bad:
            said.append(f"{self.damage.fraction:.1%} of the sound cannot be decoded and became silence")
        if self.holes:
            holes = counted(len(self.holes), "hole")
            said.append(f"{holes} in the sound filled with silence ({float(sum(self.holes)):.2f} s)")
        if self.overlaps:
            overlaps = counted(len(self.overlaps), "overlap")
            said.append(f"{overlaps} in the sound cut ({float(sum(self.overlaps)):.2f} s)")
        if self.wrong_scale:
            said.append("the file's index tells wrong times for its sound; it was placed by counting samples")
        if self.nonsense:
            verbs = "makes no sense and was" if self.nonsense == 1 else "make no sense and were"
            said.append(f"{counted(self.nonsense, 'timestamp')} of the sound {verbs} not followed")
        if self.changes:
            began = f"{soundtrack.layout}, {soundtrack.sample_rate} Hz"
            said.append(f"the sound changes to {'; '.join(self.changes)} on the way; kept as it began: {began}")
        if self.not_sound:
            verbs = "is not a number, or an absurd one," if self.not_sound == 1 else "are not numbers, or absurd ones,"
            said.append(f"{counted(self.not_sound, 'sample')} of the source {verbs} and became 0")
        if self.end_seconds < info.duration_seconds - EARLY_SECONDS:
            said.append(
                f"the file ends early, at {float(self.end_seconds):.1f} s of {info.duration_seconds:.1f} s: cut off?"
            )
        return said


@dataclass
class SampleClock:
    """Counts samples, and says for each frame how much silence comes before it and how much of it is to be cut."""

    rate: int
    report: DecodeReport
    longest_seconds: float
    path: str
    tells_times: bool = True  # the container does; else they are computed from a scale
    count: int = 0
    started: bool = False
    forgiven: int = 0  # damaged packets before the last frame
    lost: int = 0  # timestamps in a row that were not believed

    def place(self, position: int | None, length: int, tick: Fraction) -> tuple[int, int]:
        """Samples of silence before this frame, and samples to skip at its head."""
        silence, skip = self._deviation(position, tick)
        skip = min(skip, length)
        self.count += silence + length - skip
        return silence, skip

    def _deviation(self, position: int | None, tick: Fraction) -> tuple[int, int]:
        if position is None:
            return 0, 0
        off = position - self.count
        if self._is_wrong_scale(off, tick):
            return 0, 0
        if not self._sensible(position, off):
            return 0, 0
        if not self.started:
            self.started = True
            return max(0, off), max(0, -off)
        jitter = JITTER if self.report.damage.bad == self.forgiven else JITTER_AFTER_LOSS
        self.forgiven = self.report.damage.bad
        if off == 0 or abs(off) <= max(2 * tick, jitter) * self.rate:
            return 0, 0
        (self.report.holes if off > 0 else self.report.overlaps).append(Fraction(abs(off), self.rate))
        return max(0, off), max(0, -off)

    def _is_wrong_scale(self, off: int, tick: Fraction) -> bool:
        lost = self.report.damage.bad != self.forgiven
        if self.started and not self.tells_times and not lost and abs(off) > max(2 * tick, JITTER) * self.rate:
            self.report.wrong_scale = True
        return self.report.wrong_scale

    def _sensible(self, position: int, off: int) -> bool:
        sensible = -FAR_SECONDS * self.rate <= 60 * off and position <= self.longest_seconds * self.rate
        self.lost = 0 if sensible else self.lost + 1
        self.report.nonsense += not sensible
        if self.lost >= LOST_FRAMES:
            at = hours_minutes_seconds(Fraction(self.count, self.rate))
            raise Damaged(f"cannot use {self.path}: timestamps run backwards at {at} (joined recordings?); remux it")
        return sensible
