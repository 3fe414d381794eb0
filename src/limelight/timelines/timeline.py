"""A timeline as editors know it, of a plan and its film: picture, three stems with keyframes, a marker for each shot.

    0                                   frames, from the start time code
    ├─ picture ───────────────────────┤ from where its first picture is shown
    ├─ speech  ──●────────●──●────────┤ keyframes
    ├─ music   ──●──●─────────────●───┤
    ├─ effects ───────────────────────┤
    ▼ shot 1        ▼ shot 2            markers with reasons

Editors count frames at a constant rate. A film whose pictures come at a variable one is put on the standard rate that is
nearest to its closest pictures; its times are seconds and stay what they are.

Time codes by SMPTE ST 12-1: at 29.97 and 59.94 frames a second drop frame leaves out numbers (2 or 4 of each minute but
every tenth), so that the code keeps with the clock.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from av.container import InputContainer
from av.video.stream import VideoStream

from limelight.media.clock import read_clock
from limelight.media.container import main_picture, open_input
from limelight.media.packets import Damage, read_packets
from limelight.mixing.plan import MixPlan, PlannedShot
from limelight.timelines.keyframes import Keyframes, thinned
from limelight.types import STEMS, SoundtrackInfo, SourceInfo

STANDARD_RATES = tuple(
    Fraction(*rate)
    for rate in (
        (24000, 1001),
        (24, 1),
        (25, 1),
        (30000, 1001),
        (30, 1),
        (48000, 1001),
        (48, 1),
        (50, 1),
        (60000, 1001),
        (60, 1),
        (100, 1),
        (120000, 1001),
        (120, 1),
    )
)
SAME_RATE = Fraction(1, 2000)  # of a rate: 23.976 and 24 are two of it apart
NO_PICTURE = Fraction(25)
PICTURES_TO_SEE = 1200
REORDERED = 18  # the last that were read may have others between them that were not
JITTER = Fraction(16, 10_000)  # s: Matroska rounds times to 1 ms
_TIME_CODE = re.compile(r"(\d{1,2}):(\d{2}):(\d{2})([:;.,])(\d{2,3})")


@dataclass(frozen=True)
class FrameRate:
    """How frames are counted."""

    per_second: Fraction
    drop: bool  # whether time codes leave out numbers

    @property
    def timebase(self) -> int:
        """Frames of a second of time code."""
        return round(self.per_second)

    @property
    def ntsc(self) -> bool:
        """Whether a second of time code lasts 1.001 s."""
        return self.per_second.denominator != 1

    def frames(self, seconds: float | Fraction) -> int:
        """The nearest frame to a time."""
        return round(Fraction(seconds) * self.per_second)

    def covering(self, seconds: Fraction) -> int:
        """How many frames it takes to cover a time."""
        return -(-(seconds * self.per_second) // 1)

    def seconds(self, frames: int) -> Fraction:
        """When a frame begins."""
        return frames / self.per_second

    def time_code(self, frames: int) -> str:
        """HH:MM:SS:FF; with a semicolon before the frames where numbers are left out."""
        base = self.timebase
        if self.drop:
            dropped = base // 15  # 2 of 30, 4 of 60
            tens, rest = divmod(frames, 600 * base - 9 * dropped)
            frames += 9 * dropped * tens + dropped * (max(0, rest - dropped) // (60 * base - dropped))
        hours, minutes, seconds = frames // (3600 * base) % 24, frames // (60 * base) % 60, frames // base % 60
        return f"{hours:02d}:{minutes:02d}:{seconds:02d}{';' if self.drop else ':'}{frames % base:02d}"

    def parsed(self, time_code: str) -> int:
        """Frames of a time code. Raises ValueError where it is none."""
        match = _TIME_CODE.fullmatch(time_code.strip())
        if not match:
            raise ValueError(f"{time_code!r} is no time code")
        hours, minutes, seconds, frames = (int(match[group]) for group in (1, 2, 3, 5))
        count = ((hours * 60 + minutes) * 60 + seconds) * self.timebase + frames
        if self.drop:
            passed = hours * 60 + minutes
            count -= self.timebase // 15 * (passed - passed // 10)
        return count


@dataclass(frozen=True)
class Footage:
    """The film's picture on the timeline."""

    path: Path
    width: int
    height: int
    first_frame: int  # of the timeline, that shows its first picture
    frames: int
    soundtracks: int


@dataclass(frozen=True)
class Stem:
    """A stem's file and its gain over time."""

    name: str
    path: Path
    keyframes: Keyframes


@dataclass(frozen=True)
class Marker:
    """A stretch of the timeline and what is said of it."""

    start_seconds: float
    end_seconds: float
    name: str
    note: str


@dataclass(frozen=True)
class Timeline:
    """All that a writer needs."""

    name: str
    rate: FrameRate
    start_frame: int  # the time code of its first frame
    footage: Footage | None
    stems: tuple[Stem, ...]
    markers: tuple[Marker, ...]
    samples: int  # of each stem; they last whole frames
    sample_rate: int  # Hz
    layout: str
    channels: int
    master_db: float = 0.0  # one gain for the whole, on top of the keyframes

    @property
    def frames(self) -> int:
        """How long it is."""
        picture = self.footage.first_frame + self.footage.frames if self.footage else 0
        return max(picture, self.sound_frames)

    @property
    def sound_frames(self) -> int:
        """How long the stems are."""
        return int(Fraction(self.samples, self.sample_rate) * self.rate.per_second)

    @property
    def seconds(self) -> Fraction:
        return self.rate.seconds(self.frames)

    @property
    def start_seconds(self) -> Fraction:
        """The time of its first frame, by its time code."""
        return self.rate.seconds(self.start_frame)


@dataclass(frozen=True)
class Frames:
    """How a film's pictures are counted, found from the head of the file."""

    rate: FrameRate
    start_frame: int
    first_picture: int  # frame of the timeline that shows it
    is_variable: bool  # or at a rate that no timeline has
    average_per_second: Fraction


def frames_of(film: SourceInfo) -> Frames:
    """Rate, start time code and first picture of a film; of sound alone 25 frames a second from 0."""
    with open_input(film.path) as container:
        picture = main_picture(container)
        average = (picture.average_rate or picture.guessed_rate if picture else None) or NO_PICTURE
        found = [stream.metadata.get("timecode") for stream in container.streams]
        code = next((text for text in (*found, container.metadata.get("timecode")) if text), None)
        rate, variable = standard_rate(average, _intervals(container, picture) if picture else [])
    is_clock = code is None or ";" in code or "." in code
    counted = FrameRate(rate, drop=is_clock and rate.denominator != 1 and round(rate) % 30 == 0)
    clock = read_clock(film.path)
    lead = 0 if clock.first_picture is None else counted.frames(clock.first_picture - clock.start)
    try:
        start = 0 if code is None else max(0, counted.parsed(code) - lead)
    except ValueError:
        start = 0
    return Frames(counted, start, lead, variable, average)


def standard_rate(average: Fraction, intervals: list[Fraction]) -> tuple[Fraction, bool]:
    """The rate of a timeline, and whether the pictures come at another: by their average, where the intervals between them,
    in seconds, are all alike; else by the shortest of these, the first decile.
    """
    ordered = sorted(intervals) or [1 / average]
    middle, short = ordered[len(ordered) // 2], ordered[len(ordered) // 10]
    is_steady = max(ordered[-1] - middle, middle - ordered[0]) <= JITTER
    is_steady = is_steady and abs(average * middle - 1) <= JITTER / middle
    for rate in (*STANDARD_RATES, Fraction(round(average))):
        if is_steady and rate and abs(average - rate) <= SAME_RATE * rate:
            return rate, False
    for rate in STANDARD_RATES:
        if is_steady and rate > average and abs(rate / average - round(rate / average)) <= SAME_RATE:
            return rate, True  # every picture lasts some whole frames
    wanted = average if is_steady else 1 / short
    return min(STANDARD_RATES, key=lambda rate: max(rate / wanted, wanted / rate)), True


def _intervals(container: InputContainer, picture: VideoStream) -> list[Fraction]:
    """Between the pictures of the file's head, in seconds."""
    times: list[Fraction] = []
    for packet in read_packets(container, [picture], Damage()):
        if packet.size and packet.pts is not None and not packet.is_discard:
            times.append(packet.pts * packet.time_base)
        if len(times) > PICTURES_TO_SEE:
            break
    times.sort()
    return [after - before for before, after in pairwise(times[: max(2, len(times) - REORDERED)]) if after > before]


def timeline_of(
    plan: MixPlan,
    film: SourceInfo,
    track: SoundtrackInfo,
    frames: Frames,
    *,
    stems: Mapping[str, Path],
    samples: int,
    master_db: float,
    on_frames: bool,
) -> Timeline:
    """The timeline of a plan whose stems lie in files of so many samples.

    master_db: what of the gains, the make-up gain with them, the master is to carry. on_frames: keyframes stand on frames.
    """
    per_second = float(frames.rate.per_second) if on_frames else None
    curves = dict(zip(STEMS, plan.curves_db + (plan.makeup_db - master_db), strict=True))
    end = samples / track.sample_rate
    shown = film.picture
    return Timeline(
        name=film.path.stem,
        rate=frames.rate,
        start_frame=frames.start_frame,
        footage=None
        if shown is None
        else Footage(
            film.path,
            shown.width,
            shown.height,
            frames.first_picture,
            max(1, frames.rate.frames(film.duration_seconds) - frames.first_picture),
            len(film.soundtracks),
        ),
        stems=tuple(
            Stem(name, path, thinned(plan.times_seconds, curves[name], end_seconds=end, grid_per_second=per_second))
            for name, path in stems.items()
        ),
        markers=tuple(_markers(plan, end)),
        samples=samples,
        sample_rate=track.sample_rate,
        layout=track.layout,
        channels=track.channels,
        master_db=master_db,
    )


def _markers(plan: MixPlan, end_seconds: float) -> Iterator[Marker]:
    for number, shot in enumerate(plan.shots, 1):
        if shot.start_seconds < end_seconds:
            end = min(shot.end_seconds, end_seconds)
            yield Marker(shot.start_seconds, end, f"{number}: {printable(shot.reason)}", printable(_note(shot)))


def _note(shot: PlannedShot) -> str:
    """Gains and cues of a shot."""
    gains = ", ".join(f"{stem} {round(gain, 1) + 0.0:+.1f} dB" for stem, gain in shot.gains_db.items())
    return "; ".join(part for part in (gains, *(f"{cue}: {said}" for cue, said in shot.cues.items())) if part)


def printable(text: str) -> str:
    """Text that any format takes, on one line: what is no character becomes a question mark."""
    shown = text.encode("utf-8", "replace").decode()
    return "".join(sign if sign.isprintable() else " " if sign.isspace() else "?" for sign in shown)


def document(root: Element, doctype: str) -> str:
    """An XML file; editors look for the line that names its kind."""
    ElementTree.indent(root, " ")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{doctype}\n{ElementTree.tostring(root, encoding="unicode")}\n'


def add(parent: Element, tag: str, text: object = None, **attributes: object) -> Element:
    """A child with its text."""
    child = SubElement(parent, tag, {name: str(value) for name, value in attributes.items()})
    if text is not None:
        child.text = str(text)
    return child


def file_url(path: Path, host: str = "") -> str:
    """The address of a file, wherever it lies."""
    return path.absolute().as_uri().replace("file://", f"file://{host}", 1)
