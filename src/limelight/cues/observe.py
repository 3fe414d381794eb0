"""The first pass: pictures come in one by one, a few numbers for each stay, the pictures go.

About 250 bytes a picture are kept: 7 MB for an hour at 8 pictures a second.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from limelight.cues.difference import Comparer, Difference
from limelight.cues.faces import FaceWatcher
from limelight.cues.light import Light, measure_light
from limelight.cues.motion import AT_REST, Motion, measure_motion
from limelight.cues.surface import Surface, SurfaceWatcher
from limelight.cues.view import View, prepare
from limelight.signals import Picture

MOMENT = np.dtype(
    [("time_seconds", np.float64)]
    + [(name, np.float32) for part in (Light, Surface, Motion, Difference) for name in part._fields]
)


@dataclass(frozen=True)
class Observations:
    """What stays of the pictures: one row of `moments` a picture [P], one of `sightings` a face and picture [S]."""

    moments: NDArray[np.void]
    sightings: NDArray[np.void]


def observe(pictures: Iterable[Picture]) -> Observations:
    """Watch the pictures once, in time order, holding no more than the last two."""
    faces = FaceWatcher()
    moments = np.fromiter(_moments(pictures, faces), MOMENT)
    return Observations(moments, faces.sightings())


def _moments(pictures: Iterable[Picture], faces: FaceWatcher) -> Iterator[tuple[float, ...]]:
    comparer, surfaces = Comparer(), SurfaceWatcher()
    earlier: View | None = None
    for picture in pictures:
        view = prepare(picture)
        alike = earlier is not None and earlier.small.shape == view.small.shape
        motion = measure_motion(earlier, view) if earlier is not None and alike else AT_REST
        faces.watch(view)
        yield (view.time_seconds, *measure_light(view), *surfaces.watch(view), *motion, *comparer.compare(view))
        earlier = view
