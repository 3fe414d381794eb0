"""Where decoded sound belongs: samples are counted, and timestamps followed only where they clearly say otherwise.

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

from dataclasses import dataclass, field
from fractions import Fraction

from limelight.errors import Damaged
from limelight.media.clock import hours_minutes_seconds
from limelight.media.packets import Damage
from limelight.media.probe import counted
from limelight.types import SoundtrackInfo, SourceInfo

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
