"""The main path: a film in, a rebalanced film out. Each function here is one command, a line per step.

probe ──► watch, measure ──► separate, decide ──► render ──► write, verify
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from limelight.errors import ModelError
from limelight.media.audio_files import write_sounds
from limelight.media.formats import AS_BEFORE, NewTrack, choose_sound_format, container_of, default_suffix, is_lossless
from limelight.media.probe import probe
from limelight.media.target import naming_write_errors, prepare_target
from limelight.media.write import Written, check_container, write_with_same_soundtrack, write_with_soundtrack
from limelight.mixing import one_step
from limelight.mixing.controls import KEEP, Controls
from limelight.mixing.job import (
    Analysis,
    Job,
    Progress,
    Scratch,
    analyse,
    measure_soundtrack,
    tracks_of,
)
from limelight.mixing.mixers import AnySeparator, Mixer, OneStepMixer, StemMixer
from limelight.mixing.plan import MixPlan
from limelight.mixing.render import Delivery, Levels, levels_before, stems
from limelight.models.directors.style import Style
from limelight.models.protocols import Director, Remixer
from limelight.models.registry import load_director, load_separator, styled
from limelight.models.separators.tracks import Tracks
from limelight.runtime import prefetch
from limelight.types import STEMS, Cues, Samples, SoundtrackInfo, SourceInfo
from limelight.vision.encoder import PICTURE_HEIGHT, Encoder, NoPicture, PictureStatistics

MIX = "Mix"  # of known tracks
STAGES = ("look", "measure", "plan", "render")


@dataclass(frozen=True)
class Highlighted:
    """What came of a film."""

    source: SourceInfo
    soundtrack: SoundtrackInfo
    plan: MixPlan
    written: Written
    levels: Levels  # of the written soundtrack, as it is decoded from the file
    notes: tuple[str, ...]  # what had to be mended or could not be kept
    stage_seconds: dict[str, float]  # where the time went
    tracks: Tracks | None = None  # where the original is the sum of known tracks

    @property
    def dest(self) -> Path:
        return self.written.path

    @property
    def loudness_after_lufs(self) -> float:
        """Integrated, of the written soundtrack; −inf is silence."""
        return self.levels.loudness_lufs

    @property
    def true_peak_after_dbtp(self) -> float:
        """Of the written soundtrack; −inf is silence."""
        return self.levels.true_peak_dbtp


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
    style: Style | None = None,
    audio_stream: int | None = None,
    tracks: Tracks | None = None,
    new_track: NewTrack = AS_BEFORE,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Highlighted:
    """Watches, listens, rebalances, writes; the picture stays as it is, bit for bit.

    style: what kind of film it is; its loudness and ceiling hold where controls say nothing of them. tracks: the parts of the
    mix where they are known (`limelight.find_tracks`); nothing is separated then. new_track: whether the new soundtrack comes
    in the place of the old one or beside it, its name and codec.
    dest: beside the source as NAME.highlighted.EXT, where none is given. separator, director: by default the packaged
    ones; remixer: a network that remixes in one step, in place of both. encoder: what looks at the picture, scaled to
    `picture_height` lines; by default the measured cues. progress: called with the stage (of STAGES) and how many seconds
    of film are done, of how many. Raises the errors of `limelight.errors`.
    """
    return highlight_with(
        source,
        dest,
        mixer=mixer_of(tracks or separator, director, remixer, style=style),
        encoder=encoder,
        picture_height=picture_height,
        controls=with_style(controls or Controls(), style),
        audio_stream=audio_stream,
        tracks=tracks,
        new_track=new_track,
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
    tracks: Tracks | None = None,
    new_track: NewTrack = AS_BEFORE,
) -> Highlighted:
    """The main path, whatever way the new mix is made."""
    job = Job.of(source, audio_stream=audio_stream, picture_height=picture_height, progress=progress, tracks=tracks)
    new_track = joined(new_track, tracks)
    target = _prepared(job, dest, overwrite=overwrite, new_track=new_track)
    mixer.check(controls)
    with Scratch(target) as job.scratch:
        found = analyse(job, encoder or usual_encoder(mixer), partial(mixer.hear, job))
        plan = decide(job, mixer, found, controls)
        return _written(job, plan, mixer, target, overwrite=overwrite, new_track=new_track)


def plan_video(
    source: Path | str,
    *,
    separator: AnySeparator | None = None,
    director: Director | None = None,
    encoder: Encoder | None = None,
    picture_height: int = PICTURE_HEIGHT,
    controls: Controls | None = None,
    style: Style | None = None,
    audio_stream: int | None = None,
    tracks: Tracks | None = None,
    progress: Progress | None = None,
) -> MixPlan:
    """The mix plan alone; nothing is written."""
    wished = with_style(controls or Controls(), style)
    job = Job.of(source, audio_stream=audio_stream, picture_height=picture_height, progress=progress, tracks=tracks)
    mixer = mixer_of(tracks or separator, director, None, style=style)
    with Scratch() as job.scratch:
        found = analyse(job, encoder or usual_encoder(mixer), partial(mixer.hear, job))
        return decide(job, mixer, found, wished)


def render_video(
    source: Path | str,
    plan: MixPlan,
    dest: Path | str | None = None,
    *,
    separator: AnySeparator | None = None,
    true_peak_dbtp: float | None = None,
    new_track: NewTrack = AS_BEFORE,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Highlighted:
    """Renders a plan, edited or not; the picture is only copied. Raises PlanError where the plan is of another film."""
    tracks = tracks_of(plan.source, probe(source)) if plan.source.tracks else None
    job = Job.of(source, audio_stream=plan.source.audio_stream, progress=progress, tracks=tracks)
    plan.check_fit(job.info, job.soundtrack)
    new_track = joined(new_track, tracks)
    target = _prepared(job, dest, overwrite=overwrite, new_track=new_track)
    mixer = mixer_of(tracks or separator or load_separator(plan.model.name), None, None)
    if tracks is None and mixer.card.fingerprint != plan.model.sha256:
        job.notes.append(f"the plan was made by another version of {plan.model.name}: the stems may differ a little")
    with Scratch(target) as job.scratch:
        return _written(
            job, plan, mixer, target, overwrite=overwrite, new_track=new_track, true_peak_dbtp=true_peak_dbtp
        )


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
    tracks: Tracks | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> tuple[Path, ...]:
    """Writes speech.wav, music.wav and effects.wav (32-bit float), which sum to the soundtrack, or to the known tracks."""
    job = Job.of(source, audio_stream=audio_stream, progress=progress, tracks=tracks)
    mixer, folder = StemMixer(tracks or separator or load_separator(), load_director()), Path(folder)
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


def mixer_of(
    separator: AnySeparator | None,
    director: Director | None,
    remixer: Remixer | None,
    *,
    style: Style | None = None,
) -> Mixer:
    """The way to a new mix. Raises ModelError where stems are asked of a network that has none, or a style of a director."""
    if remixer is None:
        style = style_for(separator, style)
        directing = styled(director, style) if director else load_director(style=style)
        return StemMixer(separator or load_separator(), directing, style)
    if separator or director or style:
        raise one_step.no_stems(remixer.card.name)
    return OneStepMixer(remixer)


def style_for(separator: AnySeparator | None, style: Style | None) -> Style | None:
    """A style as it holds where the parts are known, or separated."""
    return style.of_tracks if style and isinstance(separator, Tracks) else style


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


def with_style(controls: Controls, style: Style | None) -> Controls:
    """Loudness and ceiling as the style has them, where nothing was said of them."""
    if style is None:
        return controls
    loudness = style.loudness if controls.loudness == KEEP else controls.loudness
    peak = style.true_peak_dbtp if controls.true_peak_dbtp is None else controls.true_peak_dbtp
    return replace(controls, loudness=loudness, true_peak_dbtp=peak)


def joined(new_track: NewTrack, tracks: Tracks | None) -> NewTrack:
    """How the mix of known tracks joins the film: in their place, or before them."""
    if tracks is None:
        return new_track
    mixed = tracks.soundtrack
    gone = {track.stream_index for track in (*tracks.own, *tracks.dropped)} - {mixed.stream_index}
    kept = new_track.place != "instead"
    return replace(
        new_track,
        place="before" if kept else "instead",
        is_default=True,
        title=MIX if new_track.title is None else new_track.title,
        language=mixed.language,
        leave_out=frozenset() if kept else frozenset(gone),
    )


def _prepared(job: Job, dest: Path | str | None, *, overwrite: bool, new_track: NewTrack) -> Path:
    """Where the result goes, before any work. Raises OutputError where it cannot, or its container cannot take the film."""
    target = prepare_target(job.info.path, Path(dest or default_target(job.info)), overwrite=overwrite)
    check_container(job.info, job.soundtrack, target, new=new_track)
    return target


def _written(
    job: Job,
    plan: MixPlan,
    mixer: Mixer,
    target: Path,
    *,
    overwrite: bool,
    new_track: NewTrack,
    true_peak_dbtp: float | None = None,
) -> Highlighted:
    """Writes the film, its picture copied; where nothing is changed, the soundtrack's packets as well."""
    started = time.perf_counter()
    unchanged = plan.changes_nothing and true_peak_dbtp is None
    if unchanged and new_track.codec is None and new_track.bit_rate is None:
        if new_track.place != "instead":
            job.notes.append("nothing was changed, so no second soundtrack was added")
        written = write_with_same_soundtrack(job.info, job.soundtrack, target, overwrite=overwrite)
        levels = levels_before(plan.loudness)
    else:

        def blocks(changed: MixPlan, limit_dbtp: float) -> Iterator[Samples]:
            sound = mixer.blocks(job, changed, true_peak_dbtp=None if unchanged else limit_dbtp)
            return job.followed("render", prefetch(sound))

        lossy = not is_lossless(
            choose_sound_format(job.soundtrack, container_of(target), sample_format="fltp", wished=new_track).codec
        )
        delivery = Delivery.of(plan, blocks, true_peak_dbtp=true_peak_dbtp, lossy=lossy, untouched=unchanged)
        written = write_with_soundtrack(
            job.info,
            job.soundtrack,
            blocks(plan, delivery.limit_dbtp),
            target,
            overwrite=overwrite,
            new=new_track,
            listener=delivery,
        )
        plan, levels = delivery.plan, delivery.levels or levels_before(plan.loudness)
        job.notes += delivery.notes
    job.timed("render", started)
    return Highlighted(
        source=job.info,
        soundtrack=job.soundtrack,
        plan=plan,
        written=written,
        levels=levels,
        notes=tuple(dict.fromkeys((*job.notes, *written.notes))),
        stage_seconds=job.stage_seconds,
        tracks=job.tracks,
    )
