"""What an edit list hides stays hidden.

MP4 and MOV keep packets that are not shown: pictures that others refer to, and whatever a phone or an editor trimmed away
without cutting the file. FFmpeg marks them "discard". Of these,

    before the first shown picture     all are kept; they lie before time 0, which hides them in MP4 and MOV
    after the last                     none is kept
    between, then a key picture        none is kept: nothing refers to them
    between, later than what follows   kept (what follows refers to them), and the new edit list ends before them
    between, earlier than what follows a cut that cannot be written without encoding the picture again: refused
"""

from __future__ import annotations

from fractions import Fraction

from av.packet import Packet
from av.stream import Stream

from limelight.errors import Unsupported

MOST_WAITING = 1000  # packets: more than lie between two key pictures, and a bound on memory


class HiddenPackets:
    """Decides for one stream which hidden packets are copied."""

    def __init__(self, words: str, *, is_picture: bool) -> None:
        self._words = words
        self._is_picture = is_picture
        self._waiting: list[Packet[Stream]] = []
        self._too_many = False  # of them: they were let go
        self._hidden_from: int | None = None  # ticks: the earliest of those kept behind what is shown
        self._shown_from: int | None = None  # ticks
        self._shown_until: int | None = None
        self._tick: Fraction | None = None

    def due(self, packet: Packet[Stream]) -> list[Packet[Stream]]:
        """The packets to be copied now that this one has come. Raises `Unsupported` where a cut cannot be copied."""
        if packet.is_discard:
            self._waiting.append(packet)
            if len(self._waiting) > MOST_WAITING:
                self._waiting.clear()
                self._too_many = True
            return []
        if self._too_many and self._is_picture and not packet.is_keyframe:
            raise self._cut()
        self._too_many = False
        waiting, self._waiting = self._waiting, []
        if self._shown_until is not None and not (self._is_picture and not packet.is_keyframe):
            waiting = []
        if packet.pts is not None:
            end = packet.pts + (packet.duration or 0)
            self._shown_from = packet.pts if self._shown_from is None else min(packet.pts, self._shown_from)
            self._shown_until = end if self._shown_until is None else max(end, self._shown_until)
            self._tick = packet.time_base
            self._check_cut(waiting, packet.pts, self._shown_from)
        return [*waiting, packet]

    @property
    def end_seconds(self) -> Fraction | None:
        """Where the new edit list is to end, on the source's time line; None where nothing lies behind."""
        if self._hidden_from is None or self._shown_until is None or self._tick is None:
            return None
        return min(self._shown_until, self._hidden_from) * self._tick

    def _check_cut(self, waiting: list[Packet[Stream]], time: int, shown_from: int) -> None:
        behind = [hidden.pts for hidden in waiting if hidden.pts is not None and hidden.pts > shown_from]
        if self._hidden_from is not None:
            behind.append(self._hidden_from)
        self._hidden_from = min(behind, default=None)
        if self._hidden_from is not None and time > self._hidden_from:
            raise self._cut()

    def _cut(self) -> Unsupported:
        return Unsupported(
            f"cannot copy the {self._words}: an edit list cuts something out of its middle, at a place where it cannot be "
            "cut without encoding it again; export the film from the editor, or convert it"
        )
