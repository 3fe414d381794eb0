"""A score as a Standard MIDI File (format 1, after the MIDI 1.0 specification): one track of tempi, one for each part."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator

from research.synthetic.notes import Part, Score

TICKS_PER_BEAT = 480
TAIL_BEATS = 4.0  # silence at the end, for releases and reverberation to ring out in

# Events at one tick are put in this order: a note that ends must not silence one that begins.
_SETTING, _ENDING, _STRIKING = range(3)
_Event = tuple[int, int, bytes]  # tick, order, message


def midi_bytes(score: Score) -> bytes:
    """The file."""
    end = _tick(score.length_beats + TAIL_BEATS)
    tempi = [
        (_tick(tempo.start_beats), _SETTING, b"\xff\x51\x03" + round(60e6 / tempo.beats_per_minute).to_bytes(3, "big"))
        for tempo in score.tempi
    ]
    tracks = [_track(tempi, end), *(_track(_part_events(part), end) for part in score.parts)]
    return b"MThd" + struct.pack(">IHHH", 6, 1, len(tracks), TICKS_PER_BEAT) + b"".join(tracks)


def variable_length(number: int) -> bytes:
    """A number ≥ 0 in groups of 7 bits, the highest first; all bytes but the last have their top bit set."""
    groups = [number & 0x7F]
    while number := number >> 7:
        groups.append(number & 0x7F | 0x80)
    return bytes(reversed(groups))


def _tick(beats: float) -> int:
    return max(0, round(beats * TICKS_PER_BEAT))


def _part_events(part: Part) -> Iterator[_Event]:
    yield 0, _SETTING, bytes((0xC0 | part.channel, part.program))
    for control in part.controls:
        yield _tick(control.start_beats), _SETTING, bytes((0xB0 | part.channel, control.number, control.value))
    for bend in part.bends:
        wheel = bend.value + 8192
        yield _tick(bend.start_beats), _SETTING, bytes((0xE0 | part.channel, wheel & 0x7F, wheel >> 7))
    for note in part.notes:
        first = _tick(note.start_beats)
        last = max(first + 1, _tick(note.start_beats + note.length_beats))
        yield first, _STRIKING, bytes((0x90 | part.channel, note.pitch, note.velocity))
        yield last, _ENDING, bytes((0x80 | part.channel, note.pitch, 64))


def _track(events: Iterable[_Event], end: int) -> bytes:
    body, now = bytearray(), 0
    for tick, _, message in sorted(events):
        body += variable_length(tick - now) + message
        now = tick
    body += variable_length(max(0, end - now)) + b"\xff\x2f\x00"
    return b"MTrk" + struct.pack(">I", len(body)) + bytes(body)
