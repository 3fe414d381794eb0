"""Films cut off, damaged, muxed again, or repeated, packet by packet: no encoder is asked twice."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np


def cut_short(source: Path, dest: Path, *, share: float) -> Path:
    """The first part of a file: a download that broke off."""
    data = source.read_bytes()
    dest.write_bytes(data[: round(len(data) * share)])
    return dest


def with_flipped_bytes(source: Path, dest: Path, *, count: int, start: float = 0.2, seed: int = 1) -> Path:
    """Some bytes changed at random, after the first part of the file."""
    data = bytearray(source.read_bytes())
    draw = np.random.default_rng(seed)
    for at in draw.integers(round(len(data) * start), len(data) - 500, count):
        data[at] = int(draw.integers(256))
    dest.write_bytes(bytes(data))
    return dest


def remuxed(
    source: Path,
    dest: Path,
    *,
    only: str | None = None,
    shift: Fraction = Fraction(0),
    options: dict[str, str] | None = None,
) -> Path:
    """The same packets in another container; `only` "video" or "audio"; `shift` seconds later.

    Shifted before 0, MP4 hides what lies there by an edit list: a film trimmed on a phone.
    """
    with av.open(str(source)) as old, av.open(str(dest), "w", container_options=options or {}) as new:
        kept = {s.index: new.add_stream_from_template(s, opaque=True) for s in old.streams if only in (None, s.type)}
        for packet in old.demux([s for s in old.streams if s.index in kept]):
            if packet.size:
                ticks = round(shift / packet.time_base)
                packet.pts = None if packet.pts is None else packet.pts + ticks
                packet.dts = None if packet.dts is None else packet.dts + ticks
                packet.stream = kept[packet.stream_index]
                new.mux(packet)
    return dest


def repeated(source: Path, dest: Path, *, times: int, seconds: Fraction) -> Path:
    """A film of `seconds` shown again and again, packet by packet: long films without the wait."""
    with av.open(str(dest), "w") as new:
        for turn in range(times):
            with av.open(str(source)) as old:
                if turn == 0:
                    kept = {stream.index: new.add_stream_from_template(stream, opaque=True) for stream in old.streams}
                for packet in old.demux():
                    if packet.size == 0:
                        continue
                    later = round(turn * seconds / packet.time_base)
                    packet.pts, packet.dts = packet.pts + later, packet.dts + later
                    packet.stream = kept[packet.stream_index]
                    new.mux(packet)
    return dest
