"""The main path: a film in, a rebalanced film out. Each function here is one command, a line per step.

probe ──► watch, measure ──► separate, decide ──► render ──► write, verify
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from limelight.errors import ModelError
from limelight.media.audio_files import write_sounds
from limelight.media.formats import default_suffix
from limelight.media.target import naming_write_errors, prepare_target
from limelight.media.write import Written, check_container, write_with_same_soundtrack, write_with_soundtrack
from limelight.mixing import one_step
from limelight.mixing.controls import Controls
from limelight.mixing.job import (
    Analysis,
    Job,
    Progress,
    ResultMeter,
    Scratch,
    analyse,
    measure_soundtrack,
)
from limelight.mixing.mixers import AnySeparator, Mixer, OneStepMixer, StemMixer
from limelight.mixing.plan import MixPlan
from limelight.mixing.render import stems
from limelight.models.protocols import Director, Remixer
from limelight.models.registry import load_director, load_separator
from limelight.runtime import prefetch
from limelight.types import STEMS, Cues, Samples, SoundtrackInfo, SourceInfo
from limelight.vision.encoder import PICTURE_HEIGHT, Encoder, NoPicture, PictureStatistics

STAGES = ("look", "measure", "plan", "render")


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


def highlight_video(
    source: Path | str,
    dest: Path | str | None = None,
    *,
    separator: AnySeparator | None = None,
    director: Director | None = None,
    remixer: Remixer | None = None,
    encoder: Encoder | None = None,
    picture_height: int = PICTURE_HEIGHT,
    controls: Controls | None = None,
    audio_stream: int | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Highlighted:
    """Watches, listens, rebalances, writes; the picture stays as it is, bit for bit.

    dest: beside the source as NAME.highlighted.EXT, where none is given. separator, director: by default the packaged
    ones; remixer: a network that remixes in one step, in place of both. encoder: what looks at the picture, scaled to
    `picture_height` lines; by default the measured cues. progress: called with the stage (of STAGES) and how many seconds
    of film are done, of how many. Raises the errors of `limelight.errors`.
    """
    return highlight_with(
        source,
        dest,
        mixer=mixer_of(separator, director, remixer),
        encoder=encoder,
        picture_height=picture_height,
        controls=controls or Controls(),
        audio_stream=audio_stream,
        overwrite=overwrite,
        progress=progress,
    )


def highlight_with(
    source: Path | str,
    dest: Path | str | None,
    *,
    mixer: Mixer,
    encoder: Encoder | None,
    picture_height: int,
    controls: Controls,
    audio_stream: int | None,
    overwrite: bool,
    progress: Progress | None,
) -> Highlighted:
    """The main path, whatever way the new mix is made."""
    job = Job.of(source, audio_stream=audio_stream, picture_height=picture_height, progress=progress)
    target = _prepared(job, dest, overwrite=overwrite)
    mixer.check(controls)
    with Scratch(target) as job.scratch:
        found = analyse(job, encoder or usual_encoder(mixer), partial(mixer.hear, job))
        plan = decide(job, mixer, found, controls)
        blocks = mixer.blocks(job, plan)
        return _written(job, plan, blocks, target, overwrite=overwrite, unchanged=plan.changes_nothing)


def plan_video(
    source: Path | str,
    *,
    separator: AnySeparator | None = None,
    director: Director | None = None,
    encoder: Encoder | None = None,
    picture_height: int = PICTURE_HEIGHT,
    controls: Controls | None = None,
    audio_stream: int | None = None,
    progress: Progress | None = None,
) -> MixPlan:
    """The mix plan alone; nothing is written."""
    job = Job.of(source, audio_stream=audio_stream, picture_height=picture_height, progress=progress)
    mixer = mixer_of(separator, director, None)
    with Scratch() as job.scratch:
        found = analyse(job, encoder or usual_encoder(mixer), partial(mixer.hear, job))
        return decide(job, mixer, found, controls or Controls())


def render_video(
    source: Path | str,
    plan: MixPlan,
    dest: Path | str | None = None,
    *,
    separator: AnySeparator | None = None,
    true_peak_dbtp: float | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Highlighted:
    """Renders a plan, edited or not; the picture is only copied. Raises PlanError where the plan is of another film."""
    job = Job.of(source, audio_stream=plan.source.audio_stream, progress=progress)
    plan.check_fit(job.info, job.soundtrack)
    target = _prepared(job, dest, overwrite=overwrite)
    mixer = mixer_of(separator or load_separator(plan.model.name), None, None)
    if mixer.card.fingerprint != plan.model.sha256:
        job.notes.append(f"the plan was made by another version of {plan.model.name}: the stems may differ a little")
    with Scratch(target) as job.scratch:
        blocks = mixer.blocks(job, plan, true_peak_dbtp=true_peak_dbtp)
        unchanged = plan.changes_nothing and true_peak_dbtp is None
        return _written(job, plan, blocks, target, overwrite=overwrite, unchanged=unchanged)


def inspect_video(
    source: Path | str,
    *,
    encoder: Encoder | None = None,
    picture_height: int = PICTURE_HEIGHT,
    progress: Progress | None = None,
) -> Cues:
    """What the picture says."""
    job = Job.of_picture(source, picture_height=picture_height, progress=progress)
    return (encoder or PictureStatistics()).encode(job.pictures("look"), duration_seconds=job.info.duration_seconds)


def separate_video(
    source: Path | str,
    folder: Path | str,
    *,
    separator: AnySeparator | None = None,
    audio_stream: int | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> tuple[Path, ...]:
    """Writes speech.wav, music.wav and effects.wav (32-bit float), which sum to the soundtrack."""
    job = Job.of(source, audio_stream=audio_stream, progress=progress)
    mixer, folder = StemMixer(separator or load_separator(), load_director()), Path(folder)
    with naming_write_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    targets = [prepare_target(job.info.path, folder / f"{stem}.wav", overwrite=overwrite) for stem in STEMS]
    track = job.soundtrack
    with Scratch(targets[0]) as job.scratch:
        measured = measure_soundtrack(track, job.blocks("measure"))
        chunks = mixer.chunk_source(job, mono_lufs=measured.downmix_lufs, inverted=measured.inverted)
        parts = stems(job.blocks("render"), chunks, mixer.card, sample_rate=track.sample_rate)
        write_sounds(targets, parts, sample_rate=track.sample_rate, layout=track.layout, overwrite=overwrite)
    return tuple(targets)


def mixer_of(separator: AnySeparator | None, director: Director | None, remixer: Remixer | None) -> Mixer:
    """The way to a new mix. Raises ModelError where stems are asked of a network that has none."""
    if remixer is None:
        return StemMixer(separator or load_separator(), director or load_director())
    if separator or director:
        raise one_step.no_stems(remixer.card.name)
    return OneStepMixer(remixer)


def usual_encoder(mixer: Mixer) -> Encoder:
    """What a model was trained to be told, where that needs no weights. Raises ModelError where it does."""
    if mixer.context == "none":
        return NoPicture()
    if mixer.context == "cues":
        return PictureStatistics(sampled=mixer.sampled)
    raise ModelError(
        f"Wanted to ask {mixer.card.name}, which was trained on the context {mixer.context!r}, found no encoder for it; "
        "give one, of limelight.vision.pretrained, or NoPicture()."
    )


def decide(job: Job, mixer: Mixer, found: Analysis, controls: Controls) -> MixPlan:
    """The plan, and how long it took to make."""
    started = time.perf_counter()
    plan = mixer.plan(job, found, controls)
    job.timed("plan", started)
    return plan


def default_target(info: SourceInfo) -> Path:
    """NAME.highlighted.EXT beside the source."""
    return info.path.with_name(f"{info.path.stem}.highlighted{default_suffix(info)}")


def _prepared(job: Job, dest: Path | str | None, *, overwrite: bool) -> Path:
    """Where the result goes, before any work. Raises OutputError where it cannot, or its container cannot take the film."""
    target = prepare_target(job.info.path, Path(dest or default_target(job.info)), overwrite=overwrite)
    check_container(job.info, job.soundtrack, target)
    return target


def _written(
    job: Job, plan: MixPlan, blocks: Iterator[Samples], target: Path, *, overwrite: bool, unchanged: bool
) -> Highlighted:
    """Writes the film, its picture copied; where nothing is changed, the soundtrack's packets as well."""
    started = time.perf_counter()
    if unchanged:
        written = write_with_same_soundtrack(job.info, job.soundtrack, target, overwrite=overwrite)
        loudness, true_peak = plan.loudness.before_lufs, plan.loudness.true_peak_before_dbtp
    else:
        meter = ResultMeter(job.soundtrack)
        followed = meter.watch(job.followed("render", prefetch(blocks)))
        written = write_with_soundtrack(job.info, job.soundtrack, followed, target, overwrite=overwrite)
        loudness, true_peak = meter.loudness_lufs(), meter.true_peak_dbtp()
    job.timed("render", started)
    return Highlighted(
        source=job.info,
        soundtrack=job.soundtrack,
        plan=plan,
        written=written,
        loudness_after_lufs=-math.inf if loudness is None else loudness,
        true_peak_after_dbtp=-math.inf if true_peak is None else true_peak,
        notes=tuple(dict.fromkeys((*job.notes, *written.notes))),
        stage_seconds=job.stage_seconds,
    )
