"""Projects of Reaper, .rpp, written and read again.

Text in nested <BLOCKS. A point of an envelope is `PT seconds amplitude shape`. Without VOLTYPE its lines are straight in
amplitude (its developers say so in their forum); with it, along the fader of the user's preferences.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from limelight.audio.convert import db_to_gain
from limelight.timelines.keyframes import LAWS, Played, amplitude_db
from limelight.timelines.timeline import Marker, Stem, Timeline
from limelight.types import Vector

LOUDEST_DB = 6.0  # of an envelope, as Reaper is set at first
SILENT_DB = -120.0
_QUOTES = "\"'`"


def reaper(timeline: Timeline) -> str:
    """The timeline as a project of Reaper."""
    rate = timeline.rate
    drop = 1 if rate.drop else 2 if rate.ntsc else 0
    lines = [
        '<REAPER_PROJECT 0.1 "7.0" 0',
        f"  PROJOFFS {float(timeline.start_seconds):.9f} 0 0",
        "  PANLAW 1",
        f"  TIMEMODE 1 5 -1 {rate.timebase} {drop} 0 -1",
        f"  SAMPLERATE {timeline.sample_rate} 1 0",
        f"  MASTER_NCH {_even(timeline.channels)} 2",
        f"  MASTER_VOLUME {float(db_to_gain(timeline.master_db)):.9f} 0 -1 -1 1",
    ]
    for number, marker in enumerate(timeline.markers, 1):
        lines += _region(number, marker)
    if timeline.footage:
        start = float(rate.seconds(timeline.footage.first_frame))
        path = str(timeline.footage.path.absolute())
        length = float(rate.seconds(timeline.footage.frames))
        lines += _track(timeline, "picture", _item("picture", start, length, "VIDEO", path), volume=0.0)
    for stem in timeline.stems:
        length = timeline.samples / timeline.sample_rate
        item = _item(stem.name, 0.0, length, "WAVE", stem.path.name)
        lines += _track(timeline, stem.name, [*_envelope(stem), *item], volume=1.0)
    return "\n".join([*lines, ">", ""])


def _track(timeline: Timeline, name: str, inside: list[str], *, volume: float) -> list[str]:
    """The picture's track is at volume 0: muted, it would not be shown."""
    return [
        f"  <TRACK {_guid(name)}",
        f"    NAME {name}",
        f"    VOLPAN {volume:g} 0 -1 -1 1",
        "    MUTESOLO 0 0 0",
        f"    NCHAN {_even(timeline.channels)}",
        "    MAINSEND 1 0",
        *(f"    {line}" for line in inside),
        "  >",
    ]


def _item(name: str, start: float, length: float, kind: str, path: str) -> list[str]:
    """GROUP links picture and stems: they are moved and cut together."""
    return [
        "<ITEM",
        f"  POSITION {start:.9f}",
        f"  LENGTH {length:.9f}",
        "  LOOP 0",
        "  FADEIN 0 0 0",
        "  FADEOUT 0 0 0",
        "  GROUP 1",
        f"  NAME {name}",
        "  VOLPAN 1 0 1 -1",
        "  SOFFS 0",
        f"  <SOURCE {kind}",
        f"    FILE {_quoted(path)}",
        "  >",
        ">",
    ]


def _envelope(stem: Stem) -> list[str]:
    points = zip(stem.keyframes.times_seconds, db_to_gain(stem.keyframes.gains_db), strict=True)
    return [
        "<VOLENV2",
        "  ACT 1 -1",
        "  VIS 1 1 1",
        "  LANEHEIGHT 0 0",
        "  ARM 0",
        "  DEFSHAPE 0 -1 -1",
        *(f"  PT {seconds:.9f} {amplitude:.9f} 0" for seconds, amplitude in points),
        ">",
    ]


def _region(number: int, marker: Marker) -> list[str]:
    return [
        f"  MARKER {number} {marker.start_seconds:.9f} {_quoted(marker.name)} 1 0 1 B {_guid(f'shot {number}')} 0",
        f'  MARKER {number} {marker.end_seconds:.9f} "" 1',
    ]


def _quoted(text: str) -> str:
    """In whatever quotes it does not hold; Reaper knows no escapes."""
    quote = next((quote for quote in _QUOTES if quote not in text), "`")
    return f"{quote}{text.replace('`', chr(39)) if quote == '`' else text}{quote}"


def _guid(name: str) -> str:
    """The same for the same name, so that the same plan gives the same file."""
    return f"{{{str(uuid.uuid5(uuid.NAMESPACE_OID, f'limelight {name}')).upper()}}}"


def _even(channels: int) -> int:
    return channels + channels % 2


@dataclass
class Block:
    """A <BLOCK of a project: its words, its lines, its blocks."""

    words: list[str]
    lines: list[list[str]] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)

    def find(self, *names: str) -> Iterator[Block]:
        return (block for block in self.blocks if block.words[0] in names)

    def number(self, name: str, place: int, usual: float) -> float:
        """A number of the first line of a name. Raises ValueError where it is none."""
        line = next((line for line in self.lines if line[0] == name), [])
        return float(line[place]) if len(line) > place else usual


def read_reaper(text: str, times_seconds: Vector) -> dict[str, Played]:
    """Each track of a project by its name, and what is heard of it at some times: master, fader, item and envelopes together.

    Raises ValueError where it is no project.
    """
    project = _blocks(text)
    master = project.number("MASTER_VOLUME", 1, 1.0)
    tracks: dict[str, Played] = {}
    for track in project.find("TRACK"):
        name = next((line[1] for line in track.lines if line[0] == "NAME" and len(line) > 1), "")
        tracks.setdefault(name.casefold(), _played(track, master, times_seconds))
    return tracks


def _played(track: Block, master: float, times_seconds: Vector) -> Played:
    items = list(track.find("ITEM"))
    item = items[0] if items else Block(["ITEM"])
    static = master * track.number("VOLPAN", 1, 1.0) * item.number("VOLPAN", 1, 1.0) * item.number("VOLPAN", 3, 1.0)
    if track.number("MUTESOLO", 1, 0.0) or item.number("MUTE", 1, 0.0):
        static = 0.0
    gains = np.full(len(times_seconds), float(amplitude_db(np.array(abs(static)))))
    for envelope in track.find("VOLENV", "VOLENV2", "VOLENV3"):
        if envelope.number("ACT", 1, 1.0):
            gains = gains + _envelope_db(envelope, times_seconds)
    start = item.number("POSITION", 1, 0.0) - item.number("SOFFS", 1, 0.0)
    return Played(np.maximum(gains, SILENT_DB), len(items), start, item.number("LENGTH", 1, 0.0))


# How far along a line is, a share of its way, by the shape of the point before it; 5 is a curve of Bézier, read as a line.
_SHAPES: dict[int, Callable[[Vector], Vector]] = {
    1: lambda share: 0.0 * share,
    2: lambda share: share**2 * (3 - 2 * share),
    3: lambda share: 1 - (1 - share) ** 3,
    4: lambda share: share**3,
}


def _envelope_db(envelope: Block, times_seconds: Vector) -> Vector:
    """An envelope at some times. On the user's fader (VOLTYPE) lines are taken as straight in dB, to which it is close."""
    points = sorted([float(word) for word in (*line[1:4], "0")[:3]] for line in envelope.lines if line[0] == "PT")
    if not points:
        return np.zeros(len(times_seconds))
    there, back = LAWS["decibels" if envelope.number("VOLTYPE", 1, 0.0) else "amplitude"]
    times, amplitudes, shapes = (np.array(column) for column in zip(*points, strict=True))
    values = there(LAWS["amplitude"][1](amplitudes))
    before = np.clip(np.searchsorted(times, times_seconds, side="right") - 1, 0, len(times) - 1)
    after = np.minimum(before + 1, len(times) - 1)
    share = np.clip((times_seconds - times[before]) / np.maximum(times[after] - times[before], 1e-12), 0, 1)
    for shape, curve in _SHAPES.items():
        share = np.where(shapes[before] == shape, curve(share), share)
    return back(values[before] + (values[after] - values[before]) * share)


def _blocks(text: str) -> Block:
    """The project as a tree. Raises ValueError where it is none."""
    stack: list[Block] = []
    for line in text.splitlines():
        words = _words(line)
        if not words:
            continue
        if words[0].startswith("<"):
            block = Block([words[0][1:], *words[1:]])
            if stack:
                stack[-1].blocks.append(block)
            stack.append(block)
        elif words[0] == ">" and len(stack) > 1:
            stack.pop()
        elif words[0] == ">" and stack:
            return stack[0]
        elif stack:
            stack[-1].lines.append(words)
    raise ValueError("it ends before its last block does" if stack else "it begins with no block")


def _words(line: str) -> list[str]:
    """Words of a line; each may stand in one of three kinds of quotes."""
    return [found[0] or found[1] or found[2] or found[3] for found in _WORD.findall(line)]


_WORD = re.compile(r"\"([^\"]*)\"|'([^']*)'|`([^`]*)`|(\S+)")
