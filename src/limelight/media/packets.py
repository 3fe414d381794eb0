"""Reading packets and frames from files that are not perfect.

A damaged packet must cost its own length and no more; a damaged container must cost its rest. PyAV's `demux()` raises
on the first, and its `decode()` gives up on the second; here both carry on and count, up to a limit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import av.container
import av.error
from av.audio.frame import AudioFrame
from av.packet import Packet
from av.stream import Stream
from av.video.frame import VideoFrame

MAX_RESTARTS = 20


@dataclass
class Damage:
    """How much of a stream could not be decoded."""

    good: int = 0  # packets
    bad: int = 0
    restarts: int = 0  # of the container's reader

    @property
    def fraction(self) -> float:
        """The part of all packets that could not be decoded, 0…1."""
        return self.bad / max(1, self.good + self.bad)


def read_packets(
    container: av.container.InputContainer, streams: Sequence[Stream], damage: Damage
) -> Iterator[Packet[Stream]]:
    """Every packet of `streams` that holds data, in the order of the file, then one empty packet each to flush.

    A reader that stumbles is started again where it stopped, at most 20 times. A stream that turns up late makes
    PyAV 18 raise IndexError once it has read everything (mended in 19): that is the end of the file.
    """
    while damage.restarts <= MAX_RESTARTS:
        try:
            yield from container.demux(*streams)
        except IndexError:
            return
        except av.error.FFmpegError:
            damage.restarts += 1
            continue
        return


def decode_packet(packet: Packet[Stream], damage: Damage) -> list[VideoFrame | AudioFrame]:
    """The frames in a packet; none, and counted, where it cannot be decoded."""
    try:
        frames = packet.decode()
    except av.error.EOFError:
        return []
    except av.error.FFmpegError:
        damage.bad += 1
        return []
    damage.good += packet.size > 0
    return [frame for frame in frames if isinstance(frame, VideoFrame | AudioFrame)]
