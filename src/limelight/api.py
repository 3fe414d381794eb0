"""The main path: a film in, a rebalanced film out. Each function here is one command, a line per step."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from limelight.errors import ModelError
from limelight.media.audio_files import write_sounds
from limelight.media.formats import default_suffix
from limelight.media.probe import probe
from limelight.media.read_audio import read_audio
from limelight.media.sample_frames import sample_frames
from limelight.media.spool import AudioSpool, ByteSpool, check_room
from limelight.media.target import naming_write_errors, prepare_target, scratch_beside
from limelight.media.write import Written, write_with_soundtrack
from limelight.mixing import render as mix
from limelight.mixing.controls import Controls
from limelight.mixing.job import PICTURE_HEIGHT, PICTURES_AHEAD, Job, Meter, Progress, analyse, measure_job_audio
from limelight.mixing.masks import KeptMasks
from limelight.mixing.plan import MixPlan
from limelight.mixing.planner import make_plan
from limelight.mixing.remix import Remixed, check_wishes, finished, make_remix
from limelight.models.registry import load_model, no_stems
from limelight.models.remix_card import RemixCard
from limelight.models.remixer import RemixModel
from limelight.models.separator import Model
from limelight.runtime import prefetch
from limelight.types import STEMS, Cues, Picture, Samples, SoundtrackInfo, SourceInfo
from limelight.vision.encoder import Encoder, NoPicture, PictureStatistics

STAGES = ("look", "measure", "plan", "render")
REMIX_STAGES = ("look", "measure", "remix", "render")


@dataclass(frozen=True)
class Highlighted:
    """What came of a film."""

    source: SourceInfo
    soundtrack: SoundtrackInfo
    plan: MixPlan | Remixed
    written: Written
    loudness_after_lufs: float
    true_peak_after_dbtp: float
    notes: tuple[str, ...]  # what had to be mended or could not be kept
    stage_seconds: dict[str, float]  # where the time went

    @property
    def dest(self) -> Path:
        return self.written.path


def highlight_video(
    source: Path | str,
    dest: Path | str | None = None,
    *,
    model: Model | RemixModel | None = None,
    encoder: Encoder | None = None,
    picture_height: int = PICTURE_HEIGHT,
    controls: Controls | None = None,
    audio_stream: int | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Highlighted:
    """Looks, listens, rebalances, writes; the picture stays as it is, bit for bit.

    dest: beside the source as NAME.highlighted.EXT, where none is given. encoder: what looks at the picture, scaled to
    `picture_height` lines; by default the measured cues. progress: called with the stage (of STAGES, or REMIX_STAGES)
    and how many seconds of film are done, of how many. Raises the errors of `limelight.errors`.
    """
    run = Job.of(source, audio_stream=audio_stream, picture_height=picture_height, progress=progress)
    target = prepare_target(run.info.path, Path(dest or default_target(run.info)), overwrite=overwrite)
    model, controls = model or load_model(), controls or Controls()
    if isinstance(model, RemixModel):
        return _remixed(run, model, encoder or default_eyes(model.card), controls, target, overwrite=overwrite)
    with scratch_beside(target) as scratch:
        kept = KeptMasks(ByteSpool(scratch, target), model.card)
        plan = plan_of(run, model, encoder or PictureStatistics(), controls, keep=kept)
        return _rendered(run, plan, model, target, kept=kept, overwrite=overwrite)


def plan_video(
    source: Path | str,
    *,
    model: Model | RemixModel | None = None,
    encoder: Encoder | None = None,
    picture_height: int = PICTURE_HEIGHT,
    controls: Controls | None = None,
    audio_stream: int | None = None,
    progress: Progress | None = None,
) -> MixPlan:
    """The mix plan alone; nothing is written. Raises ModelError for a model without stems."""
    run = Job.of(source, audio_stream=audio_stream, picture_height=picture_height, progress=progress)
    knowing = with_stems(model or load_model())
    return plan_of(run, knowing, encoder or PictureStatistics(), controls or Controls())


def render_video(
    source: Path | str,
    plan: MixPlan,
    dest: Path | str | None = None,
    *,
    model: Model | RemixModel | None = None,
    true_peak_dbtp: float | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Highlighted:
    """Renders a plan, edited or not; the picture is only copied. Raises PlanError where the plan is of another film."""
    run = Job.of(source, audio_stream=plan.source.audio_stream, progress=progress)
    plan.check_fit(run.info, run.soundtrack)
    target = prepare_target(run.info.path, Path(dest or default_target(run.info)), overwrite=overwrite)
    model = with_stems(model or load_model(plan.model.name))
    if model.card.fingerprint != plan.model.sha256:
        run.notes.append(f"the plan was made by another version of {plan.model.name}: the stems may differ a little")
    return _rendered(run, plan, model, target, overwrite=overwrite, true_peak_dbtp=true_peak_dbtp)


def inspect_video(
    source: Path | str,
    *,
    encoder: Encoder | None = None,
    picture_height: int = PICTURE_HEIGHT,
    progress: Progress | None = None,
) -> Cues:
    """What the picture says."""
    info = probe(source)
    report = progress or (lambda stage, done, total: None)

    def watched() -> Iterator[Picture]:
        for picture in prefetch(sample_frames(info, height=picture_height), count=PICTURES_AHEAD):
            report("look", picture.time_seconds, info.duration_seconds)
            yield picture

    return (encoder or PictureStatistics()).encode(watched(), duration_seconds=info.duration_seconds)


def separate_video(
    source: Path | str,
    folder: Path | str,
    *,
    model: Model | RemixModel | None = None,
    audio_stream: int | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> tuple[Path, ...]:
    """Writes speech.wav, music.wav and effects.wav (32-bit float), which sum to the soundtrack.

    Raises ModelError for a model without stems.
    """
    run = Job.of(source, audio_stream=audio_stream, progress=progress)
    model = with_stems(model or load_model())
    folder = Path(folder)
    with naming_write_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    targets = [prepare_target(run.info.path, folder / f"{stem}.wav", overwrite=overwrite) for stem in STEMS]
    rate, layout = run.soundtrack.sample_rate, run.soundtrack.layout
    surveyed = measure_job_audio(run.soundtrack, run.blocks("measure"))
    parts = mix.stems(run.blocks("render"), model, sample_rate=rate, layout=layout, mono_lufs=surveyed.downmix_lufs)
    write_sounds(targets, parts, sample_rate=rate, layout=layout, overwrite=overwrite)
    return tuple(targets)


def plan_of(run: Job, model: Model, encoder: Encoder, controls: Controls, *, keep: KeptMasks | None = None) -> MixPlan:
    """Look and measure, then decide. keep: where the masks are put by, for rendering."""
    known = analyse(run, encoder)
    started = time.perf_counter()
    plan = make_plan(run.blocks("plan"), known.surveyed, known.cues, model, controls, run.planned_source, keep=keep)
    run.timed("plan", started)
    return plan


def with_stems(model: Model | RemixModel) -> Model:
    """The model, where it knows stems. Raises ModelError where it remixes in one step."""
    if isinstance(model, RemixModel):
        raise no_stems(model.card.name)
    return model


def default_eyes(card: RemixCard) -> Encoder:
    """What a remixing model was trained to be told, where that needs no weights. Raises ModelError where it does."""
    if card.context == "none":
        return NoPicture()
    if card.context == "cues":
        return PictureStatistics()
    raise ModelError(
        f"Wanted to ask {card.name}, which was trained on the context {card.context!r}, found no encoder for it; give "
        "one, of limelight.vision.pretrained, or NoPicture()."
    )


def default_target(info: SourceInfo) -> Path:
    """NAME.highlighted.EXT beside the source."""
    return info.path.with_name(f"{info.path.stem}.highlighted{default_suffix(info)}")


def _rendered(
    run: Job,
    plan: MixPlan,
    model: Model,
    target: Path,
    *,
    kept: KeptMasks | None = None,
    true_peak_dbtp: float | None = None,
    overwrite: bool,
) -> Highlighted:
    original = prefetch(read_audio(run.info, run.soundtrack))
    blocks = prefetch(mix.render(original, plan, model, kept=kept, true_peak_dbtp=true_peak_dbtp))
    return _written(run, plan, blocks, target, overwrite=overwrite)


def _remixed(
    run: Job, model: RemixModel, encoder: Encoder, controls: Controls, target: Path, *, overwrite: bool
) -> Highlighted:
    """Look and measure, remix, write. The mix waits on the disk until it is known how loud it is."""
    check_wishes(model.card, controls)
    check_room(target, run.info, run.soundtrack)
    known = analyse(run, encoder)
    with scratch_beside(target) as scratch:
        started = time.perf_counter()
        shelf = AudioSpool(scratch, run.soundtrack.channels, target)
        remixed = make_remix(
            run.blocks("remix"), shelf, known.surveyed, known.cues, model, controls, run.planned_source
        )
        run.timed("remix", started)
        return _written(run, remixed, prefetch(finished(shelf, remixed)), target, overwrite=overwrite)


def _written(
    run: Job, plan: MixPlan | Remixed, blocks: Iterable[Samples], target: Path, *, overwrite: bool
) -> Highlighted:
    started = time.perf_counter()
    meter = Meter(run.soundtrack)
    blocks = meter.watch(run.followed("render", blocks))
    written = write_with_soundtrack(run.info, run.soundtrack, blocks, target, overwrite=overwrite, notes=run.notes)
    run.timed("render", started)
    return Highlighted(
        source=run.info,
        soundtrack=run.soundtrack,
        plan=plan,
        written=written,
        loudness_after_lufs=meter.loudness_lufs(),
        true_peak_after_dbtp=meter.true_peak_dbtp(),
        notes=tuple(dict.fromkeys(run.notes)),
        stage_seconds=run.stage_seconds,
    )
