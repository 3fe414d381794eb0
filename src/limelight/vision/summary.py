"""From pictures to numbers: one row a picture, then one row a second, or a shot.

    pictures → observe_frames        a row of numbers each, and faces followed; pictures come one by one and go
             → cues_of_pictures      the raw value of every cue at each picture
             → summarise             the same for stretches of time: seconds go to networks, shots are put into words

About 250 bytes a picture are kept: 7 MB for an hour at 8 pictures a second. Pictures may come unevenly: what moves is measured
between two that lie close together.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from limelight.types import Picture, Vector
from limelight.vision.cues import CUES
from limelight.vision.face_tracks import LONGEST_STEP_SECONDS, FaceFollower, FaceTrack
from limelight.vision.frames import Light, Surface, SurfaceWatcher, View, measure_light, prepare
from limelight.vision.motion import AT_REST, Motion, measure_motion
from limelight.vision.shots import Comparer, Difference

MOMENT = np.dtype(
    [("time_seconds", np.float64), ("follows", np.float32), ("aspect", np.float32)]
    + [(name, np.float32) for part in (Light, Surface, Motion, Difference) for name in part._fields]
)  # follows: 1 where the picture before is near enough for motion to be measured; aspect: width over height


@dataclass(frozen=True)
class FrameObservations:
    """What stays of the pictures: a row of `moments` each [P], and the faces that were followed."""

    moments: NDArray[np.void]
    faces: tuple[FaceTrack, ...]


def observe_frames(pictures: Iterable[Picture]) -> FrameObservations:
    """Watch the pictures once, in time order, holding the few that are not yet searched for faces."""
    follower = FaceFollower()
    moments = np.fromiter(_moments(pictures, follower), MOMENT)
    return FrameObservations(moments, follower.tracks())


def _moments(pictures: Iterable[Picture], follower: FaceFollower) -> Iterator[tuple[float, ...]]:
    comparer, surfaces = Comparer(), SurfaceWatcher()
    earlier: View | None = None
    for picture in pictures:
        view = prepare(picture)
        alike = earlier is not None and earlier.small.shape == view.small.shape
        motion = measure_motion(earlier, view) if earlier is not None and alike else AT_REST
        near = earlier is not None and view.time_seconds - earlier.time_seconds <= LONGEST_STEP_SECONDS
        follower.watch(picture.time_seconds, picture.image)
        shape = (float(near), picture.image.shape[1] / picture.image.shape[0])
        seen = (*measure_light(view), *surfaces.watch(view), *motion, *comparer.compare(view))
        yield (view.time_seconds, *shape, *seen)
        earlier = view


PACE_SECONDS = 5.0  # to either side
RECENT, RECENT_SECONDS = 8, 4.0  # pictures before one against which it is sudden, and how long ago they may be
SUSTAINED_SECONDS = 1.0  # to either side
MOUTH_SECONDS = 0.25  # to either side
STRONG_JERK, STRONG_FLASH = 0.05, 0.25  # luma
MOVING_CAMERA = 0.1  # picture heights per second at which a background is half still
BLINDING = 0.1  # luma
EVEN_RATE = 16  # a second: twice as many as are ever looked at
OTHER_SHOT = 1e9  # seconds; a picture of another shot is no neighbour
MOVING = ("motion", "moving_share", "camera", "zoom")


@dataclass(frozen=True)
class Stretches:
    """Stretches of time [G] that lie end to end: seconds, or shots."""

    edges_seconds: Vector  # [G + 1]

    @property
    def count(self) -> int:
        return len(self.edges_seconds) - 1

    @property
    def middle_seconds(self) -> Vector:
        return (self.edges_seconds[1:] + self.edges_seconds[:-1]) / 2

    def locate(self, time_seconds: Vector) -> NDArray[np.intp]:
        """Which stretch each instant falls into; what lies outside belongs to the nearest."""
        inside = np.searchsorted(self.edges_seconds, time_seconds + 1e-6, side="right") - 1
        return np.clip(inside, 0, self.count - 1)


def cues_of_pictures(seen: FrameObservations, cuts: NDArray[np.intp]) -> dict[str, Vector]:
    """The raw value of every cue but the clock's (pace, since_cut) at each picture, name → [P]."""
    moments = seen.moments
    columns = {name: moments[name].astype(np.float64) for name in moments.dtype.names or ()}
    columns["light"][cuts] = 0
    # Across a cut, and into or out of a flash, there is no motion to be seen: what went before goes on. Where pictures were
    # left out, what is seen next has begun.
    apart = columns["follows"] == 0
    blind = (np.abs(columns["light"]) > BLINDING) | apart
    blind[cuts] = True
    columns["light"][apart] = 0
    seeing = _seeing(blind, apart)
    for name in MOVING:
        columns[name] = columns[name][seeing]
    recent = (
        columns["time_seconds"] - np.roll(columns["time_seconds"], RECENT) < RECENT_SECONDS
    )  # else nothing is sudden
    rise = np.maximum(columns["light"] - _recent_median(columns["light"]) - 0.03, 0)
    jerk = np.maximum(columns["motion"] - _recent_median(columns["motion"]) - 0.005, 0) * recent
    columns |= {
        "picture": np.ones(len(moments)),
        "stillness": (1 - columns["moving_share"]) / (1 + columns["camera"] / MOVING_CAMERA),
        "flicker": np.abs(columns["light"]),
        "flash": rise,
        "impact": np.maximum(jerk / STRONG_JERK, rise / STRONG_FLASH),
        "sustained_motion": _lasting(columns["time_seconds"], columns["motion"]),
    }
    return columns | _faces(seen)


def evenly(columns: dict[str, Vector], cut_seconds: Vector, duration_seconds: float) -> dict[str, Vector]:
    """The same 16 times a second, name → [P']: what was left out is as the nearest picture of the same shot."""
    times, at = columns["time_seconds"], (np.arange(math.ceil(EVEN_RATE * duration_seconds)) + 0.5) / EVEN_RATE
    behind = np.clip(np.searchsorted(times, at), 1, max(len(times) - 1, 1))
    around = np.minimum(np.stack([behind - 1, behind]), len(times) - 1)  # [2, P'], before and after
    shots, mine = np.searchsorted(cut_seconds, times + 1e-6), np.searchsorted(cut_seconds, at)
    away = np.abs(times[around] - at) + OTHER_SHOT * (shots[around] != mine)
    nearest = np.where(away[0] <= away[1], *around)
    return {name: values[nearest] for name, values in columns.items()} | {"time_seconds": at}


def summarise(columns: dict[str, Vector], stretches: Stretches, cut_seconds: Vector) -> Vector:
    """Raw values of every cue in each stretch, [G, D]; a stretch without a picture holds the last one, at rest."""
    group = stretches.locate(columns["time_seconds"])
    pictures = np.bincount(group, minlength=stretches.count)
    columns = columns | {"pace": np.zeros(len(group)), "since_cut": np.zeros(len(group))}
    rows = np.stack([_gathered(columns, cue.name, cue.gather, group, pictures) for cue in CUES], axis=1)  # [G, D]
    rows = _held(rows, pictures > 0)
    names = [cue.name for cue in CUES]
    middle = stretches.middle_seconds
    rows[:, names.index("pace")] = _pace(middle, cut_seconds, float(stretches.edges_seconds[-1]))
    starts = np.concatenate([[0.0], cut_seconds])
    rows[:, names.index("since_cut")] = middle - starts[np.searchsorted(starts, middle, side="right") - 1]
    return rows


def strongest_impacts(columns: dict[str, Vector], stretches: Stretches) -> Vector:
    """When the strongest impact of each stretch happens, seconds [G]; its start where there is no picture."""
    group = stretches.locate(columns["time_seconds"])
    instants = stretches.edges_seconds[:-1].copy()
    rising = np.argsort(columns["impact"], kind="stable")
    instants[group[rising]] = columns["time_seconds"][rising]  # the strongest is written last
    return instants


def _gathered(
    columns: dict[str, Vector], name: str, gather: str, group: NDArray[np.intp], pictures: NDArray[np.intp]
) -> Vector:
    values = columns[name]
    if gather == "max":
        highest = np.zeros(len(pictures))
        np.maximum.at(highest, group, values)
        return highest
    weights = columns["face_present"] if gather == "faces" else np.ones(len(values))
    total = np.bincount(group, weights * values, len(pictures))
    return np.asarray(total / np.maximum(np.bincount(group, weights, len(pictures)), 1e-9))


def _held(rows: Vector, shown: NDArray[np.bool_]) -> Vector:
    """Stretches without a picture repeat the last that had one, with nothing moving in it."""
    last = np.maximum.accumulate(np.where(shown, np.arange(len(shown)), -1))
    held = np.where(last[:, None] >= 0, rows[np.maximum(last, 0)], 0.0)
    moving = [d for d, cue in enumerate(CUES) if cue.kind == "sound-related elements" or cue.name == "flicker"]
    held[np.ix_(~shown, np.array(moving))] = 0.0
    held[~shown, [cue.name for cue in CUES].index("stillness")] = 1.0
    return np.asarray(held)


def _pace(middle: Vector, cut_seconds: Vector, duration_seconds: float) -> Vector:
    low, high = np.maximum(middle - PACE_SECONDS, 0), np.minimum(middle + PACE_SECONDS, duration_seconds)
    cuts = np.searchsorted(cut_seconds, high, side="right") - np.searchsorted(cut_seconds, low)
    return np.asarray(cuts / np.maximum(high - low, 2.0))


def _recent_median(values: Vector) -> Vector:
    """Median of the eight values before each."""
    padded = np.concatenate([np.repeat(values[:1], RECENT), values[:-1]])
    return np.asarray(np.median(np.lib.stride_tricks.sliding_window_view(padded, RECENT), axis=1)[: len(values)])


def _seeing(blind: NDArray[np.bool_], apart: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Which picture tells what moves at each: itself, else the one before, or, after a gap, the one behind."""
    at = np.arange(len(blind))
    before = np.maximum.accumulate(np.where(blind, 0, at))
    behind = np.minimum(at + 1, len(blind) - 1)
    return np.asarray(np.where(apart & ~blind[behind], behind, before))


def _lasting(time_seconds: Vector, motion: Vector) -> Vector:
    """What motion stays above for three quarters of the two seconds around."""
    first = np.searchsorted(time_seconds, time_seconds - SUSTAINED_SECONDS - 1e-3)
    last = np.searchsorted(time_seconds, time_seconds + SUSTAINED_SECONDS + 1e-3)
    return np.array([np.percentile(motion[a:b], 25) for a, b in zip(first, last, strict=True)])


def _faces(seen: FrameObservations) -> dict[str, Vector]:
    """Presence, count, the largest face's place and the liveliest mouth at each picture."""
    count = len(seen.moments)
    number, height, centred, mouth = np.zeros((4, count))
    for face in seen.faces:
        at = np.searchsorted(seen.moments["time_seconds"], face.times_seconds)
        number[at] += 1
        mouth[at] = np.maximum(mouth[at], _liveliness(face))
        largest = face.height > height[at]
        away = np.hypot(
            face.x - seen.moments["aspect"][at] / 2, face.y - 0.5
        )  # picture heights; a 16:9 corner is 1.02 away
        centred[at[largest]] = np.clip(1 - away, 0, 1)[largest]
        height[at] = np.maximum(height[at], face.height)
    return {
        "face_present": (number > 0).astype(np.float64),
        "face_count": number,
        "face_height": height,
        "face_centred": centred,
        "shot_scale": height,
        "mouth": mouth,
    }


def _liveliness(face: FaceTrack) -> Vector:
    """How much the opening of a mouth differs within half a second around each of its pictures."""
    first = np.searchsorted(face.times_seconds, face.times_seconds - MOUTH_SECONDS - 1e-3)
    last = np.searchsorted(face.times_seconds, face.times_seconds + MOUTH_SECONDS + 1e-3)
    return np.asarray(face.confidence * np.array([face.opening[a:b].std() for a, b in zip(first, last, strict=True)]))
