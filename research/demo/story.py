"""The story on one clock: what is said, what falls when, and how loud each stem is meant to be.

Picture and sound both read their times here, so that a burst is seen in the frame in which it is heard.
Times are seconds from the first picture; every impact lies on the frame grid.
"""

from dataclasses import dataclass

FRAMES_PER_SECOND = 25
WIDTH, HEIGHT = 1280, 720
SAMPLE_RATE = 48_000  # Hz
DURATION_SECONDS = 30.0
FRAMES = round(DURATION_SECONDS * FRAMES_PER_SECOND)
SAMPLES = round(DURATION_SECONDS * SAMPLE_RATE)

STEMS = ("speech", "music", "effects")
MIX_LUFS = -23.0
TRUTH_PEAK_DBTP = -2.0
DEGRADED_PEAK_DBFS = -1.2
TRANSITION_SECONDS = 0.3


@dataclass(frozen=True)
class Stretch:
    """A part of the film: what leads, the level of each stem when well mixed, and what the degradation does to it."""

    name: str
    start_seconds: float
    end_seconds: float
    leader: str
    level_lufs: dict[str, float]  # well mixed, before the one scalar that brings the film to MIX_LUFS
    degrade_db: dict[str, float]


TALK = Stretch(
    "talk",
    0.0,
    11.0,
    "speech",
    {"speech": -23.0, "music": -38.5, "effects": -44.0},
    {"speech": -9.0, "music": +9.0, "effects": +6.0},
)
ACTION = Stretch(
    "action", 11.0, 20.0, "effects", {"music": -32.0, "effects": -21.0}, {"music": +8.0, "effects": -9.0, "speech": 0.0}
)
LANDSCAPE = Stretch(
    "landscape",
    20.0,
    30.0,
    "music",
    {"speech": -21.0, "music": -24.5, "effects": -38.0},
    {"speech": -6.0, "music": -9.0, "effects": +9.0},
)
STRETCHES = (TALK, ACTION, LANDSCAPE)


@dataclass(frozen=True)
class Line:
    """One spoken line. `pace` stretches time (1 is the voice's own), `pitch_hz` and `lilt_hz` shape its melody."""

    start_seconds: float
    text: str
    pace: float
    pitch_hz: float
    lilt_hz: float


LINES = (
    Line(0.30, "Good evening!", 0.95, 200, 34),
    Line(1.35, "Tonight: a storm, a harbour falling to pieces, and one man, running for his boat.", 0.92, 186, 30),
    Line(6.30, "They told him to stay at home.", 0.92, 176, 22),
    Line(7.95, "He did not listen!", 0.95, 196, 34),
    Line(9.20, "Turn it up, and hold on!", 0.92, 200, 36),
    Line(22.30, "And then, the sea was quiet.", 1.18, 168, 16),
)


@dataclass(frozen=True)
class Impact:
    """Something that hits the ground at (x, y), in picture widths and heights, and bursts."""

    time_seconds: float
    kind: str  # "crate", "barrel" or "explosion"
    x: float
    y: float
    size: float  # 1 is a crate

    @property
    def pan(self) -> float:
        """Left −1 … right +1, a little narrower than the picture."""
        return 1.4 * (self.x - 0.5)


SHOTS = (11.0, 14.2, 17.4, 20.0)  # cuts inside the action, its two ends included
IMPACTS = (
    Impact(11.96, "crate", 0.24, 0.80, 1.0),
    Impact(12.76, "crate", 0.68, 0.82, 1.2),
    Impact(13.52, "crate", 0.30, 0.80, 1.1),
    Impact(14.84, "barrel", 0.22, 0.84, 1.5),
    Impact(15.68, "barrel", 0.80, 0.86, 1.7),
    Impact(16.56, "crate", 0.26, 0.84, 2.0),
    Impact(18.04, "explosion", 0.66, 0.60, 1.8),
    Impact(18.96, "explosion", 0.47, 0.72, 2.3),
)
LIGHTNING_SECONDS = (11.40, 17.72)
FALL_SECONDS = 0.72  # how long a falling body is seen, and its whoosh heard, before it lands

STRIDES_PER_SECOND = 3.1  # footfalls of the runner
TITLE = "limelight"
TITLE_SECONDS = 25.6


def footfalls() -> list[float]:
    """The instants at which the runner's feet touch the quay; he leaps before the last explosion."""
    first, last = ACTION.start_seconds, 18.9
    return [first + k / STRIDES_PER_SECOND for k in range(int((last - first) * STRIDES_PER_SECOND))]


def stretch_at(time_seconds: float) -> Stretch:
    """The stretch that holds this instant."""
    return next((s for s in STRETCHES if time_seconds < s.end_seconds), LANDSCAPE)
