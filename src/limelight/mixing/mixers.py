"""The two ways to a new mix, behind one seam: by stems and gains, or in one step.

StemMixer       separator ──► features ──► director ──► plan ──► render
OneStepMixer    remixer ──► spool ──► plan (for the record) ──► make-up gain, limiter
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from limelight.audio.convert import downmix_weights
from limelight.errors import PlanError
from limelight.media.target import ByteSpool, has_room
from limelight.mixing import one_step, render
from limelight.mixing.chunks import AudioSpool, check_room
from limelight.mixing.controls import Controls
from limelight.mixing.features import Measurements, features_of
from limelight.mixing.job import Analysis, Job
from limelight.mixing.plan import MixPlan
from limelight.mixing.planner import make_plan
from limelight.mixing.render import ChunkSource
from limelight.mixing.separation import KeptSeparation, separate, stems_bytes
from limelight.models.card import Card
from limelight.models.directors.style import Style
from limelight.models.protocols import Director, FilmSeparator, Remixer, Separator
from limelight.runtime import WhileWanted
from limelight.types import Samples, StemFeatures

AnySeparator = Separator | FilmSeparator


class Mixer(Protocol):
    """A way from a film's sound and picture to a new mix."""

    @property
    def card(self) -> Card:
        """Of the model that hears the film."""
        ...

    @property
    def context(self) -> str:
        """What it is told of the picture, as encoders are called."""
        ...

    @property
    def sampled(self) -> bool:
        """Whether few pictures will do; a network must be told what it was trained on, the cues of all."""
        ...

    def check_editable(self) -> None:
        """Raises ModelError where its plans cannot be edited and rendered again."""
        ...

    def check(self, controls: Controls) -> None:
        """Raises ModelError for wishes that cannot be fulfilled, before any work."""
        ...

    def hear(self, job: Job, measured: Measurements, wanted: WhileWanted) -> StemFeatures | None:
        """What is heard without being told of the picture: beside looking, in another thread."""
        ...

    def plan(self, job: Job, found: Analysis, controls: Controls) -> MixPlan:
        """Decides; what rendering needs again waits in the job's scratch space."""
        ...

    def blocks(self, job: Job, plan: MixPlan, *, true_peak_dbtp: float | None = None) -> Iterator[Samples]:
        """The finished sound of the plan, [C, n]."""
        ...


@dataclass
class StemMixer:
    """Separate, decide, render."""

    separator: AnySeparator
    director: Director
    style: Style | None = None  # what the director was told, for the record; its range holds for any director
    _opened: Separator | None = field(default=None, init=False, repr=False)
    _opened_for: Job | None = field(default=None, init=False, repr=False)
    _kept: KeptSeparation | None = field(default=None, init=False, repr=False)

    @property
    def card(self) -> Card:
        return self.separator.card

    @property
    def context(self) -> str:
        return "cues"

    @property
    def sampled(self) -> bool:
        return True

    def check_editable(self) -> None:
        """Gain curves can always be edited."""

    def check(self, controls: Controls) -> None:
        """Gains of stems can always be moved."""

    def hear(self, job: Job, measured: Measurements, wanted: WhileWanted) -> StemFeatures:
        store = ByteSpool(job.scratch.file(), job.scratch.dest)
        self._kept = KeptSeparation(store, self.card, stems=self._keeps_stems(job))
        # As the plan will say it, so that the same masks come again.
        mono_lufs = round(measured.downmix_lufs, 2)
        source = self.chunk_source(job, mono_lufs=mono_lufs, inverted=measured.inverted)
        chunks = self._kept.keep(source(wanted(job.blocks("plan"))))
        return features_of(chunks, self.card, layout=job.soundtrack.layout)

    def plan(self, job: Job, found: Analysis, controls: Controls) -> MixPlan:
        heard = found.heard or self.hear(job, found.measured, WhileWanted())
        source = job.planned_source(inverted=found.measured.inverted)
        return make_plan(
            heard, found.measured, found.seen, self.director, controls, source, separator=self.card, style=self.style
        )

    def _keeps_stems(self, job: Job) -> bool:
        """Not those that lie in files already, nor where they would fill the disk: then they are asked for once more."""
        needed = stems_bytes(job.info.duration_seconds, self.card, job.soundtrack.channels) + job.info.size_bytes
        return not isinstance(self.separator, FilmSeparator) and has_room(job.scratch.dest, needed)

    def chunk_source(self, job: Job, *, mono_lufs: float, inverted: bool) -> ChunkSource:
        """How blocks of this film's soundtrack become separated chunks."""
        track = job.soundtrack
        return partial(
            separate,
            separator=self._of_film(job),
            sample_rate=track.sample_rate,
            downmix=downmix_weights(track.layout, inverted=inverted),
            mono_lufs=mono_lufs,
        )

    def _of_film(self, job: Job) -> Separator:
        """Opened once for each job: programs run once, known tracks are measured once."""
        if not isinstance(self.separator, FilmSeparator):
            return self.separator
        if self._opened is None or self._opened_for is not job:
            opened = self.separator.open_film(job.info, job.soundtrack, job.scratch.folder())
            self._opened, self._opened_for = opened, job
        return self._opened

    def chunks_again(self, job: Job, plan: MixPlan) -> ChunkSource:
        """The chunks that the plan was made from: by what was kept of them, else by another hearing."""
        track = job.soundtrack
        if self._kept and self._kept.complete:
            return partial(self._kept.recall, sample_rate=track.sample_rate, channels=track.channels)
        lufs = plan.loudness.downmix_lufs
        mono_lufs = float("-inf") if lufs is None else lufs
        return self.chunk_source(job, mono_lufs=mono_lufs, inverted=plan.source.inverted)

    def blocks(self, job: Job, plan: MixPlan, *, true_peak_dbtp: float | None = None) -> Iterator[Samples]:
        source = self.chunks_again(job, plan)
        return render.render(job.original(), plan, source, self.card, true_peak_dbtp=true_peak_dbtp)


@dataclass
class OneStepMixer:
    """A network that answers with a change of the sound."""

    remixer: Remixer
    _spool: AudioSpool | None = field(default=None, init=False, repr=False)

    @property
    def card(self) -> Card:
        return self.remixer.card

    @property
    def context(self) -> str:
        return self.card.context

    @property
    def sampled(self) -> bool:
        return False

    def check_editable(self) -> None:
        raise one_step.no_stems(self.card.name)

    def check(self, controls: Controls) -> None:
        one_step.check_controls(self.card, controls)

    def hear(self, job: Job, measured: Measurements, wanted: WhileWanted) -> None:
        """It must know what is seen before it hears."""

    def plan(self, job: Job, found: Analysis, controls: Controls) -> MixPlan:
        check_room(job.scratch.dest, job.info, job.soundtrack)
        self._spool = AudioSpool(job.scratch.file(), job.soundtrack.channels, job.scratch.dest)
        inverted = found.measured.inverted
        return one_step.remix(
            job.blocks("plan"),
            self._spool,
            found.measured,
            found.seen,
            self.remixer,
            controls,
            job.planned_source(inverted=inverted),
            downmix=downmix_weights(job.soundtrack.layout, inverted=inverted),
        )

    def blocks(self, job: Job, plan: MixPlan, *, true_peak_dbtp: float | None = None) -> Iterator[Samples]:
        if self._spool is None:
            raise PlanError(
                f"The plan of {job.info.path.name} is of {self.card.name}, which remixes in one step; use `highlight`."
            )
        return one_step.finished(self._spool, plan, true_peak_dbtp=true_peak_dbtp)
