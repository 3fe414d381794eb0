"""What is seen in any stretch of a film: watched once, then asked for the numbers of each clip.

The numbers are the encoder's own (`cues`), per second from where the clip begins, not from where the film does. A film
keeps about 250 bytes a picture: 15 MB for two hours.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from limelight.cues.catalogue import CUE_NAMES, scale_all
from limelight.cues.encoder import evidence_of
from limelight.cues.observe import observe
from limelight.cues.shots import find_cuts
from limelight.cues.summary import Stretches, cues_of_pictures, summarise
from limelight.media.look import look
from limelight.signals import SourceInfo, Vector


@dataclass(frozen=True, repr=False)
class Sight:
    """A film that was watched."""

    duration_seconds: float
    cut_seconds: Vector  # where a new shot begins
    columns: dict[str, Vector]  # raw cues of every picture, name → [P]; empty where there is no picture

    def cues(self, start_seconds: float, seconds: float) -> NDArray[np.float32]:
        """The cues of a clip, one row a second, [T, D] in 0…1; zeros where no picture is shown yet."""
        count = math.ceil(seconds)
        if not self.columns:
            return np.zeros((count, len(CUE_NAMES)), np.float32)
        inside = start_seconds + np.arange(count + 1.0)
        # One stretch before and one after take the pictures that are not the clip's; the last ends where the film does.
        end = max(math.ceil(self.duration_seconds), inside[-1] + 1e-6)
        stretches = Stretches(np.concatenate([[-1.0], inside, [end]]))
        values = scale_all(summarise(self.columns, stretches, self.cut_seconds))[1:-1]
        values[inside[1:] <= self.columns["time_seconds"][0]] = 0.0
        return values

    def cuts_within(self, start_seconds: float, seconds: float) -> list[float]:
        """Cuts inside a clip, in seconds from its beginning."""
        inside = (self.cut_seconds > start_seconds + 1e-6) & (self.cut_seconds < start_seconds + seconds)
        return [round(float(cut - start_seconds), 3) for cut in self.cut_seconds[inside]]


def watch(info: SourceInfo) -> Sight:
    """Looks at a whole film in one pass; a sound file is never seen."""
    seen = observe(look(info)) if info.picture else None
    if seen is None or len(seen.moments) == 0:
        return Sight(info.duration_seconds, np.zeros(0), {})
    cuts = find_cuts(evidence_of(seen))
    return Sight(info.duration_seconds, np.asarray(seen.moments["time_seconds"][cuts]), cues_of_pictures(seen, cuts))
