"""A film before anything is decided: what is seen, and how loud it is."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from limelight.app.ahead import ahead, meanwhile
from limelight.app.run import Run
from limelight.cues.encoder import Encoder, NoPicture
from limelight.media.listen import listen
from limelight.mixing.survey import Survey, survey
from limelight.signals import Cues, Samples, SoundtrackInfo


@dataclass(frozen=True)
class Known:
    """What looking and measuring tell."""

    cues: Cues
    surveyed: Survey


def look_and_measure(run: Run, encoder: Encoder) -> Known:
    """Looks, and measures the sound meanwhile: neither needs the other."""
    started = time.perf_counter()
    eyes = encoder if run.info.picture else NoPicture()
    heard: list[str] = []  # said after what was seen, whoever is first
    blocks = ahead(listen(run.info, run.soundtrack, notes=heard))
    if run.info.picture is None:  # else the picture's progress is told at that time
        blocks = run.followed("measure", blocks)
    with meanwhile(blocks, partial(survey_of, run.soundtrack)) as measured:
        cues = eyes.encode(run.pictures("look"), duration_seconds=run.info.duration_seconds)
        run.timed("look", started)
        started = time.perf_counter()
        surveyed = measured()
    run.notes += heard
    run.timed("measure", started)
    return Known(cues, surveyed)


def survey_of(soundtrack: SoundtrackInfo, blocks: Iterable[Samples]) -> Survey:
    """Measures a soundtrack's blocks."""
    return survey(blocks, sample_rate=soundtrack.sample_rate, layout=soundtrack.layout)
