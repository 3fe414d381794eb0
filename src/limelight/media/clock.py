"""The one clock of a film.

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
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av.container
from av.audio.frame import AudioFrame
from av.packet import Packet
from av.stream import Stream

from limelight.media.container import main_picture, open_input, sound_streams
from limelight.media.packets import Damage, decode_packet, read_packets

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
