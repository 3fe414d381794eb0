"""Invented results: what the report and the summary are made from, without a model."""

from pathlib import Path

import numpy as np

from limelight.api import Highlighted
from limelight.media.probe import choose_soundtrack, probe
from limelight.media.verify import Verification
from limelight.media.write import Written
from limelight.mixing.plan import MixPlan, PlannedControls, PlannedLoudness, PlannedModel, PlannedShot, PlannedSource
from limelight.mixing.render import Levels
from limelight.types import STEMS

KINDS = ("camera focus", "tone", "scene background", "appearance", "emotion", "sound-related elements")


def invented_plan(
    seconds: float, *, shots: int = 3, words: str = "close-up, sharp", points: int | None = None
) -> MixPlan:
    """Speech rises, music falls, effects stay; `shots` equally long shots."""
    count = points or round(seconds * 10) + 1
    edges = np.linspace(0, seconds, shots + 1).tolist()
    return MixPlan(
        source=PlannedSource(
            name="film.mp4", duration_seconds=seconds, sample_rate=48000, layout="stereo", audio_stream=0
        ),
        model=PlannedModel(name="invented", sha256="0123456789abcdef" * 4),
        controls=PlannedControls(
            strength=1, speech_db=0, music_db=-2, effects_db=0, loudness="keep", true_peak_dbtp=None
        ),
        loudness=PlannedLoudness(
            before_lufs=-23.4, predicted_after_lufs=-23.4, true_peak_before_dbtp=-4.3, downmix_lufs=-24.0
        ),
        makeup_db=1.25,
        gains_db={
            "speech": np.linspace(2, 4, count).tolist(),
            "music": np.linspace(-1, -7, count).tolist(),
            "effects": [0.25] * count,
        },
        shots=[
            PlannedShot(
                start_seconds=edges[k],
                end_seconds=edges[k + 1],
                cues={kind: f"{words} {kind}" for kind in KINDS},
                gains_db=dict.fromkeys(STEMS, float(k)),
                reason=f"{words}; shot {k}",
            )
            for k in range(shots)
        ],
    )


def invented_result(
    film: Path, *, dest: Path | None = None, plan: MixPlan | None = None, **changed: object
) -> Highlighted:
    """As if a film had been highlighted; its result is itself where there is no other."""
    info = probe(film)
    track = choose_soundtrack(info)
    verified = Verification(50 if info.picture else 0, {"picture (h264)": "ab" * 32}, 96000, 0, ())
    written = Written(
        path=dest or film,
        container=info.container,
        codec="aac",
        bit_rate=160_000,
        seconds=info.duration_seconds,
        copied=("picture (h264)", "2 chapters"),
        left_out=("data (tmcd): timed data cannot be copied",),
        verified=verified,
    )
    facts = {
        "source": info,
        "soundtrack": track,
        "plan": plan or invented_plan(info.duration_seconds),
        "written": written,
        "levels": Levels(-23.31, 6.2, -1.02, -22.4, 0.61),
        "notes": ("2 holes in the sound filled with silence (0.41 s)",),
        "stage_seconds": {"look": 0.25, "measure": 0.1, "plan": 0.3, "render": 0.35},
    }
    return Highlighted(**(facts | changed))  # type: ignore[arg-type]
