"""Pictures in, cues out: what every way of watching a film is like, and the measured cues.

pictures → summary.observe_frames (one pass, constant memory) → cuts → shots
                                                              → numbers a second [T, D] and words a shot
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from limelight.types import Cues, Picture, Shot, Vector
from limelight.vision.cues import CUE_NAMES, scale_all
from limelight.vision.describe import NO_PICTURE, describe
from limelight.vision.shots import Evidence, find_cuts
from limelight.vision.summary import (
    FrameObservations,
    Stretches,
    cues_of_pictures,
    evenly,
    observe_frames,
    strongest_impacts,
    summarise,
)


class Encoder(Protocol):
    """A way to say what the picture says."""

    def encode(self, pictures: Iterable[Picture], *, duration_seconds: float) -> Cues:
        """Watch pictures, in time order, of a film that lasts `duration_seconds`; T = ceil(duration_seconds)."""
        ...


class PictureStatistics:
    """Classical vision: light, colour, sharpness, motion, cuts and faces, measured about 8 times a second."""

    def __init__(self, *, sampled: bool = False) -> None:
        """`sampled`: pictures may be left out (`watch`); else what is not shown anew is a picture that is held."""
        self._sampled = sampled

    def encode(self, pictures: Iterable[Picture], *, duration_seconds: float) -> Cues:
        """Watch the pictures (RGB, upright, about 180 lines) once, in constant memory."""
        seen = observe_frames(pictures)
        if len(seen.moments) == 0 or duration_seconds <= 0:
            return without_picture(duration_seconds)
        cuts = find_cuts(evidence_of(seen))
        cuts = cuts[seen.moments["time_seconds"][cuts] < duration_seconds]
        cut_seconds = seen.moments["time_seconds"][cuts]
        columns = cues_of_pictures(seen, cuts)
        if self._sampled:
            columns = evenly(columns, cut_seconds, duration_seconds)
        seconds = Stretches(np.arange(math.ceil(duration_seconds) + 1, dtype=np.float64))
        shots = Stretches(np.concatenate([[0.0], cut_seconds, [duration_seconds]]))
        values = scale_all(summarise(columns, seconds, cut_seconds))
        values[_before(seconds, seen)] = 0.0
        return Cues(CUE_NAMES, values, _shots(shots, columns, cut_seconds))


class NoPicture:
    """Does not look: what is said of a film without a picture, for any film."""

    def encode(self, pictures: Iterable[Picture], *, duration_seconds: float) -> Cues:
        """Rows of zeros and one shot; the pictures are not even asked for."""
        return without_picture(duration_seconds)


def without_picture(duration_seconds: float) -> Cues:
    """The cues of sound alone: zeros [T, D] and one shot without a picture."""
    if duration_seconds < 0 or not math.isfinite(duration_seconds):
        raise ValueError(f"a duration must be finite and not negative, got {duration_seconds}")
    values = np.zeros((math.ceil(duration_seconds), len(CUE_NAMES)), np.float32)
    shots = (Shot(0.0, duration_seconds, NO_PICTURE),) if duration_seconds > 0 else ()
    return Cues(CUE_NAMES, values, shots)


def evidence_of(seen: FrameObservations) -> Evidence:
    def column(name: str) -> Vector:
        return np.asarray(seen.moments[name], np.float64)

    changes = np.stack([column(f"change_{k}") for k in (1, 2, 3, 4)], axis=1)
    return Evidence(
        column("time_seconds"), changes, column("match"), column("key"), column("contrast"), column("dissolve")
    )


def _before(seconds: Stretches, seen: FrameObservations) -> NDArray[np.bool_]:
    """Seconds that are over before the first picture is shown."""
    return np.asarray(seconds.edges_seconds[1:] <= seen.moments["time_seconds"][0])


def _shots(stretches: Stretches, columns: dict[str, Vector], cut_seconds: Vector) -> tuple[Shot, ...]:
    edges = stretches.edges_seconds.tolist()
    raw = summarise(columns, stretches, cut_seconds).tolist()
    impacts = strongest_impacts(columns, stretches).tolist()
    return tuple(
        Shot(
            start,
            end,
            describe(dict(zip(CUE_NAMES, row, strict=True)), duration_seconds=end - start, impact_seconds=impact),
        )
        for start, end, row, impact in zip(edges[:-1], edges[1:], raw, impacts, strict=True)
    )
