"""The main path: a film in, a rebalanced film out. Each function here is one command, a line per step."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from limelight.app.ahead import ahead, meanwhile
from limelight.app.heap import give_back
from limelight.cues.encoder import Encoder, NoPicture, PictureStatistics
from limelight.dsp.loudness import LoudnessMeter
from limelight.dsp.true_peak import TruePeakMeter
from limelight.errors import PlanError
from limelight.media.formats import default_suffix
from limelight.media.listen import listen
from limelight.media.look import look
from limelight.media.probe import choose_soundtrack, probe
from limelight.media.sound_file import write_sounds
from limelight.media.target import prepare_target
from limelight.media.write import Written, write_with_soundtrack
from limelight.mixing import render as mix
from limelight.mixing.controls import Controls
from limelight.mixing.plan import MixPlan, PlannedSource
from limelight.mixing.planner import make_plan
from limelight.mixing.survey import Survey, survey
from limelight.runtime.model import Model
from limelight.runtime.registry import load_model
from limelight.signals import STEMS, Cues, Picture, Samples, SoundtrackInfo, SourceInfo

STAGES = ("look", "measure", "plan", "render")
PICTURES_AHEAD = 8  # a second: some are searched for faces, which takes as long as decoding five
# stage, seconds of film done, seconds of film in all
Progress = Callable[[str, float, float], None]


@dataclass(frozen=True)
class Highlighted:
    """What came of a film."""

    source: SourceInfo
    soundtrack: SoundtrackInfo
    plan: MixPlan
    written: Written
    loudness_after_lufs: float
    true_peak_after_dbtp: float
    notes: tuple[str, ...]  # what had to be mended or could not be kept
    stage_seconds: dict[str, float]  # where the time went

    @property
    def dest(self) -> Path:
        return self.written.path


@dataclass
class Run:
    """One film on its way: what is known of it, what is said about it."""

    info: SourceInfo
    soundtrack: SoundtrackInfo
    progress: Progress = lambda stage, done, total: None
    notes: list[str] = field(default_factory=list)
    stage_seconds: dict[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, source: Path | str, *, audio_stream: int | None = None, progress: Progress | None = None) -> Run:
        """Probes a file. Raises InputError, NoSoundtrack."""
        info = probe(source)
        run = cls(info, choose_soundtrack(info, audio_stream))
        if progress:
            run.progress = progress
        if info.picture is None:
            run.notes.append("no picture: balanced by the sound alone")
        return run

    @property
    def planned_source(self) -> PlannedSource:
        track = self.soundtrack
        return PlannedSource(
            name=self.info.path.name,
            duration_seconds=self.info.duration_seconds,
            sample_rate=track.sample_rate,
            layout=track.layout,
            audio_stream=self.info.soundtracks.index(track),
        )

    def blocks(self, stage: str) -> Iterator[Samples]:
        """The soundtrack, with progress."""
        return self.followed(stage, ahead(listen(self.info, self.soundtrack)))

    def followed(self, stage: str, blocks: Iterable[Samples]) -> Iterator[Samples]:
        """The same blocks, with progress."""
        done = 0
        for block in blocks:
            done += block.shape[1]
            self.progress(stage, done / self.soundtrack.sample_rate, self.info.duration_seconds)
            yield block

    def pictures(self, stage: str) -> Iterator[Picture]:
        """The pictures, with progress."""
        for picture in ahead(look(self.info, notes=self.notes), count=PICTURES_AHEAD):
            self.progress(stage, picture.time_seconds, self.info.duration_seconds)
            yield picture

    def timed(self, stage: str, started: float) -> None:
        """Notes how long a stage took, and that it is over: the memory it needed is not kept for the next one."""
        give_back()
        self.stage_seconds[stage] = self.stage_seconds.get(stage, 0.0) + time.perf_counter() - started
        self.progress(stage, self.info.duration_seconds, self.info.duration_seconds)


def highlight_video(
    source: Path | str,
    dest: Path | str | None = None,
    *,
    model: Model | None = None,
    encoder: Encoder | None = None,
    controls: Controls | None = None,
    audio_stream: int | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Highlighted:
    """Looks, listens, rebalances, writes; the picture stays as it is, bit for bit.

    dest: beside the source as NAME.highlighted.EXT, where none is given. progress: called with the stage (of STAGES)
    and how many seconds of film are done, of how many. Raises the errors of `limelight.errors`.
    """
    run = Run.of(source, audio_stream=audio_stream, progress=progress)
    target = prepare_target(run.info.path, Path(dest or default_target(run.info)), overwrite=overwrite)
    model = model or load_model()
    plan = plan_of(run, model, encoder or PictureStatistics(), controls or Controls())
    return _rendered(run, plan, model, target, overwrite=overwrite)


def plan_video(
    source: Path | str,
    *,
    model: Model | None = None,
    encoder: Encoder | None = None,
    controls: Controls | None = None,
    audio_stream: int | None = None,
    progress: Progress | None = None,
) -> MixPlan:
    """The mix plan alone; nothing is written."""
    run = Run.of(source, audio_stream=audio_stream, progress=progress)
    return plan_of(run, model or load_model(), encoder or PictureStatistics(), controls or Controls())


def render_video(
    source: Path | str,
    plan: MixPlan,
    dest: Path | str | None = None,
    *,
    model: Model | None = None,
    true_peak_dbtp: float | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Highlighted:
    """Renders a plan, edited or not; the picture is only copied. Raises PlanError where the plan is of another film."""
    run = Run.of(source, audio_stream=plan.source.audio_stream, progress=progress)
    _check_fit(run, plan)
    target = prepare_target(run.info.path, Path(dest or default_target(run.info)), overwrite=overwrite)
    if model is None:
        model = load_model(plan.model.name)
    if model.card.fingerprint != plan.model.sha256:
        run.notes.append(f"the plan was made by another version of {plan.model.name}: the stems may differ a little")
    return _rendered(run, plan, model, target, overwrite=overwrite, true_peak_dbtp=true_peak_dbtp)


def inspect_video(source: Path | str, *, encoder: Encoder | None = None, progress: Progress | None = None) -> Cues:
    """What the picture says."""
    info = probe(source)
    report = progress or (lambda stage, done, total: None)

    def watched() -> Iterator[Picture]:
        for picture in ahead(look(info), count=PICTURES_AHEAD):
            report("look", picture.time_seconds, info.duration_seconds)
            yield picture

    return (encoder or PictureStatistics()).encode(watched(), duration_seconds=info.duration_seconds)


def separate_video(
    source: Path | str,
    folder: Path | str,
    *,
    model: Model | None = None,
    audio_stream: int | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> tuple[Path, ...]:
    """Writes speech.wav, music.wav and effects.wav (32-bit float), which sum to the soundtrack."""
    run = Run.of(source, audio_stream=audio_stream, progress=progress)
    model = model or load_model()
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    targets = [prepare_target(run.info.path, folder / f"{stem}.wav", overwrite=overwrite) for stem in STEMS]
    rate, layout = run.soundtrack.sample_rate, run.soundtrack.layout
    surveyed = _surveyed(run.soundtrack, run.blocks("measure"))
    parts = mix.stems(run.blocks("render"), model, sample_rate=rate, layout=layout, mono_lufs=surveyed.downmix_lufs)
    write_sounds(targets, parts, sample_rate=rate, layout=layout, overwrite=overwrite)
    return tuple(targets)


def plan_of(run: Run, model: Model, encoder: Encoder, controls: Controls) -> MixPlan:
    """Look and measure, which do not need each other; then decide."""
    started = time.perf_counter()
    eyes = encoder if run.info.picture else NoPicture()
    heard: list[str] = []  # said after what was seen, whoever is first
    blocks = ahead(listen(run.info, run.soundtrack, notes=heard))
    if run.info.picture is None:  # else the picture's progress is told at that time
        blocks = run.followed("measure", blocks)
    with meanwhile(blocks, partial(_surveyed, run.soundtrack)) as measured:
        cues = eyes.encode(run.pictures("look"), duration_seconds=run.info.duration_seconds)
        run.timed("look", started)
        started = time.perf_counter()
        surveyed = measured()
    run.notes += heard
    run.timed("measure", started)
    started = time.perf_counter()
    plan = make_plan(run.blocks("plan"), surveyed, cues, model, controls, run.planned_source)
    run.timed("plan", started)
    return plan


def default_target(info: SourceInfo) -> Path:
    """NAME.highlighted.EXT beside the source."""
    return info.path.with_name(f"{info.path.stem}.highlighted{default_suffix(info)}")


def _surveyed(soundtrack: SoundtrackInfo, blocks: Iterable[Samples]) -> Survey:
    return survey(blocks, sample_rate=soundtrack.sample_rate, layout=soundtrack.layout)


def _rendered(
    run: Run, plan: MixPlan, model: Model, target: Path, *, overwrite: bool, true_peak_dbtp: float | None = None
) -> Highlighted:
    started = time.perf_counter()
    meter = _Meter(run.soundtrack)
    original = ahead(listen(run.info, run.soundtrack))
    blocks = ahead(mix.render(original, plan, model, true_peak_dbtp=true_peak_dbtp))
    blocks = meter.watch(run.followed("render", blocks))
    written = write_with_soundtrack(run.info, run.soundtrack, blocks, target, overwrite=overwrite, notes=run.notes)
    run.timed("render", started)
    return Highlighted(
        source=run.info,
        soundtrack=run.soundtrack,
        plan=plan,
        written=written,
        loudness_after_lufs=meter.loudness.finish().integrated_lufs,
        true_peak_after_dbtp=meter.peaks.finish(),
        notes=tuple(dict.fromkeys(run.notes)),
        stage_seconds=run.stage_seconds,
    )


class _Meter:
    """Measures what passes."""

    def __init__(self, soundtrack: SoundtrackInfo) -> None:
        self.loudness = LoudnessMeter(soundtrack.sample_rate, soundtrack.layout)
        self.peaks = TruePeakMeter(soundtrack.channels)

    def watch(self, blocks: Iterable[Samples]) -> Iterator[Samples]:
        for block in blocks:
            self.loudness.push(block)
            self.peaks.push(block)
            yield block


def _check_fit(run: Run, plan: MixPlan) -> None:
    track, planned = run.soundtrack, plan.source
    if (track.sample_rate, track.layout) != (planned.sample_rate, planned.layout):
        raise PlanError(
            f"The plan is for a soundtrack of {planned.sample_rate} Hz {planned.layout}, {run.info.path.name} has "
            f"{track.sample_rate} Hz {track.layout}; make a new plan with `limelight plan`."
        )
    if abs(run.info.duration_seconds - planned.duration_seconds) > max(1.0, 0.01 * planned.duration_seconds):
        raise PlanError(
            f"The plan is for a film of {planned.duration_seconds:.1f} s, {run.info.path.name} lasts "
            f"{run.info.duration_seconds:.1f} s; make a new plan with `limelight plan`."
        )
