"""What is shown, drawn before a single point is painted: takes one after another, plain records that can be saved.

Three kinds of scene, after what leads in the sound: *talk* (a person speaks on screen), *action* (strong motion,
impacts), *scenery* (landscape, weather, dance, titles, montage). Any of them may be told from off-screen: then no mouth
follows the speech, and the faces of a talk listen. Everything that a record does not say follows from its seeds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

Kind = Literal["talk", "action", "scenery"]
Subject = Literal["person", "blast", "crash", "fight", "chase", "land", "sea", "city", "dance", "titles", "stills"]
Light = Literal["day", "dusk", "night", "indoors"]
Weather = Literal["none", "rain", "snow"]

KINDS: tuple[Kind, ...] = ("talk", "action", "scenery")
LIGHTS: tuple[Light, ...] = ("day", "dusk", "night", "indoors")
ACTION: tuple[Subject, ...] = ("blast", "crash", "fight", "chase")
SCENERY: tuple[Subject, ...] = ("land", "sea", "city", "dance", "titles", "stills")
SCENERY_SHARES = (0.27, 0.2, 0.13, 0.17, 0.1, 0.13)

SHORTEST_SECONDS = 0.8
PERSON_SECONDS, ACTION_SECONDS, SCENERY_SECONDS, MONTAGE_SECONDS = (2.5, 9.0), (1.2, 4.0), (4.0, 11.0), (1.2, 2.6)
CUTAWAYS, REACTIONS = 0.08, 0.12  # share of the takes of a talk: something else; whoever listens
FACES_IN_ACTION, FACES_IN_SCENERY = 0.15, 0.03  # share of the takes
MONTAGES = 0.2  # share of scenery
CLOSENESS = (0.22, 0.66)  # height of a face in picture heights: medium shot to close-up
WIDE, WIDE_SHOTS = 0.14, 0.12  # the same of a wide shot, and how many there are
MAX_SEED = 2**31


@dataclass(frozen=True)
class Take:
    """One shot: what is before the camera, and from when to when."""

    start_seconds: float
    end_seconds: float
    subject: Subject
    light: Light
    seed: int  # of all that is not said here
    place_seed: int  # takes of one place share it
    people: tuple[int, ...] = ()  # a seed each: the same number is the same person
    speaking: int | None = None  # which of the people follows the speech
    closeness: float = 0.0  # height of the face, or of the figures, in picture heights; 0 leaves figures to the seed
    weather: Weather | None = None  # None leaves it to the seed

    @property
    def duration_seconds(self) -> float:
        """How long it lasts."""
        return self.end_seconds - self.start_seconds


@dataclass(frozen=True)
class Grading:
    """How the film was shot, developed and coded, the same for all takes."""

    exposure: float  # factor
    warmth: float  # −1 blue … 1 orange
    contrast: float  # 1 leaves it
    saturation: float  # 0 black and white, 1 leaves it
    grain: float  # standard deviation, full scale
    vignette: float  # darkening of the corners, 0…1
    bars: float  # black above and below, share of the height each
    handheld: float  # sway of the camera, picture heights
    quality: int  # x264's constant rate factor: more is worse


@dataclass(frozen=True)
class Storyboard:
    """A clip before it is painted; its takes lie end to end."""

    kind: Kind
    off_screen: bool  # whoever speaks is not seen
    seconds: float
    takes: tuple[Take, ...]
    grading: Grading


def draw_storyboard(rng: np.random.Generator, kind: Kind, seconds: float, *, off_screen: bool = False) -> Storyboard:
    """Takes for a clip of `seconds`. Raises ValueError for a kind that is not one, or no time to show it."""
    if kind not in KINDS or not seconds > 0:
        raise ValueError(f"wanted a kind of {', '.join(KINDS)} and some seconds, got {kind!r} and {seconds}")
    takes = {"talk": _talk, "action": _action, "scenery": _scenery}[kind](rng, seconds, off_screen)
    return Storyboard(kind, off_screen, seconds, takes, _grading(rng))


def _talk(rng: np.random.Generator, seconds: float, off_screen: bool) -> tuple[Take, ...]:
    """One or two people in one place, mostly whoever speaks; now and then who listens, or something else."""
    people = tuple(_seed(rng) for _ in range(1 + (rng.random() < 0.4)))
    light, place = _light(rng, (0.3, 0.12, 0.13, 0.45)), _seed(rng)
    closeness = rng.uniform(*CLOSENESS, 2)
    takes: list[Take] = []
    for start, end in _cuts(rng, seconds, PERSON_SECONDS):
        what = rng.random()
        if what < CUTAWAYS and takes:
            takes.append(_other(rng, start, end, light, place))
            continue
        listener = len(people) == 2 and what < CUTAWAYS + REACTIONS
        shown = people[::-1] if listener else people
        both = len(people) == 2 and rng.random() < 0.25
        face = float(closeness[int(rng.integers(2))]) * (0.75 if both else 1.0)
        face = WIDE if rng.random() < WIDE_SHOTS else max(face, 0.2)
        speaking = None if off_screen or (listener and not both) else int(listener)
        takes.append(Take(start, end, "person", light, _seed(rng), place, shown if both else shown[:1], speaking, face))
    return tuple(takes)


def _action(rng: np.random.Generator, seconds: float, off_screen: bool) -> tuple[Take, ...]:
    """Things that hit, fall, race and burst, cut fast, in one or two places; rarely a face between."""
    light, place = _light(rng, (0.35, 0.2, 0.3, 0.15)), _seed(rng)
    subjects = rng.choice(len(ACTION), 2)
    person = _seed(rng)
    takes: list[Take] = []
    for start, end in _cuts(rng, seconds, ACTION_SECONDS):
        if rng.random() < FACES_IN_ACTION and takes:
            speaking = None if off_screen or rng.random() < 0.6 else 0
            face = float(rng.uniform(0.3, 0.6))
            takes.append(Take(start, end, "person", light, _seed(rng), place, (person,), speaking, face))
        else:
            takes.append(Take(start, end, ACTION[int(rng.choice(subjects))], light, _seed(rng), place))
    return tuple(takes)


def _scenery(rng: np.random.Generator, seconds: float, off_screen: bool) -> tuple[Take, ...]:
    """Slow takes of one subject, or a montage of many."""
    montage = rng.random() < MONTAGES
    light, place = _light(rng, (0.45, 0.3, 0.25, 0.0)), _seed(rng)
    subject = _scenery_subject(rng)
    takes: list[Take] = []
    for start, end in _cuts(rng, seconds, MONTAGE_SECONDS if montage else SCENERY_SECONDS):
        if montage:
            subject, light, place = _scenery_subject(rng), _light(rng, (0.5, 0.3, 0.2, 0.0)), _seed(rng)
        if rng.random() < FACES_IN_SCENERY:
            face = float(rng.uniform(0.22, 0.4))
            takes.append(Take(start, end, "person", light, _seed(rng), place, (_seed(rng),), None, face))
        else:
            takes.append(Take(start, end, subject, light, _seed(rng), place))
    return tuple(takes)


def _other(rng: np.random.Generator, start: float, end: float, light: Light, place: int) -> Take:
    outside: Light = "day" if light == "indoors" else light
    return Take(start, end, _scenery_subject(rng), outside, _seed(rng), place)


def _scenery_subject(rng: np.random.Generator) -> Subject:
    return SCENERY[int(rng.choice(len(SCENERY), p=SCENERY_SHARES))]


def _light(rng: np.random.Generator, shares: tuple[float, ...]) -> Light:
    return LIGHTS[int(rng.choice(len(LIGHTS), p=shares))]


def _seed(rng: np.random.Generator) -> int:
    return int(rng.integers(MAX_SEED))


def _cuts(rng: np.random.Generator, seconds: float, lasting: tuple[float, float]) -> list[tuple[float, float]]:
    """Stretches that lie end to end, each lasting so long by and large; what is left at the end goes to the last."""
    edges = [0.0]
    first = float(rng.uniform(0.3, 1.0))  # the clip begins somewhere within a take
    while edges[-1] < seconds:
        edges.append(edges[-1] + max(SHORTEST_SECONDS, first * float(rng.uniform(*lasting))))
        first = 1.0
    edges = [edge for edge in edges if edge <= seconds - SHORTEST_SECONDS] or [0.0]
    return list(zip(edges, [*edges[1:], seconds], strict=True))


def _grading(rng: np.random.Generator) -> Grading:
    colourless = rng.random() < 0.05
    return Grading(
        exposure=float(np.exp(rng.normal(0, 0.12))),
        warmth=float(np.clip(rng.normal(0, 0.4), -1, 1)),
        contrast=float(rng.uniform(0.85, 1.25)),
        saturation=0.0 if colourless else float(rng.uniform(0.65, 1.25)),
        grain=float(rng.choice([0.0, 0.006, 0.012, 0.02])),
        vignette=float(rng.uniform(0, 0.4)),
        bars=float(rng.choice([0.0, 0.12], p=[0.85, 0.15])),
        handheld=float(rng.choice([0.0, 0.003, 0.01], p=[0.5, 0.3, 0.2])),
        quality=int(rng.integers(20, 33)),
    )
