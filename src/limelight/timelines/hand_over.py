"""From a plan to an editor and back: stems and a timeline are written, moved keyframes are read into a plan.

    plan + film ──► separate ──► stems, whole frames long ──► timeline ──► one file for each editor
    plan + timeline with moved keyframes ──► plan

The gains live in the timeline, the stems are as they were separated. What an editor's clips cannot be raised to, and the
make-up gain where the editor's file holds a master fader, goes to the master. No timeline holds our limiter: where the mix
would go over the plan's ceiling, that is said.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from limelight.audio.convert import db_to_gain
from limelight.errors import InputError, OutputError, PlanError, Unsupported, UsageError
from limelight.media.audio_files import write_sounds
from limelight.media.probe import probe
from limelight.media.target import check_place, naming_write_errors, prepare_target, whole_or_absent
from limelight.mixing.job import Job, Progress, ResultMeter, Scratch, tracks_of
from limelight.mixing.mixers import AnySeparator, StemMixer
from limelight.mixing.plan import MixPlan
from limelight.mixing.render import stems
from limelight.models.registry import load_director, load_separator
from limelight.timelines import adobe, final_cut, interchange, reaper
from limelight.timelines.keyframes import Played
from limelight.timelines.timeline import Frames, Timeline, frames_of, printable, timeline_of
from limelight.types import STEMS, Vector

READERS = {".rpp": reaper.read_reaper, ".csv": interchange.read_table}
UNMOVED_DB = 0.05  # a keyframe that thinning alone has put off by so much was not moved
LARGEST_TIMELINE_BYTES = 100_000_000
_SAMPLE_BYTES = 4


@dataclass(frozen=True)
class Editor:
    """What an editor's file is called, and what it can hold."""

    suffix: str
    write: Callable[[Timeline], str]
    on_frames: bool = False  # keyframes stand on frames
    has_master: bool = False
    loudest_db: float = math.inf  # of a keyframe


EDITORS = {
    "premiere": Editor(".xml", adobe.xmeml, on_frames=True, loudest_db=adobe.PREMIERE_LOUDEST_DB),
    "fcpxml": Editor(".fcpxml", final_cut.fcpxml, loudest_db=final_cut.LOUDEST_DB),
    "otio": Editor(".otio", interchange.otio, on_frames=True, loudest_db=interchange.LOUDEST_DB),
    "reaper": Editor(".rpp", reaper.reaper, has_master=True, loudest_db=reaper.LOUDEST_DB),
    "audition": Editor(".sesx", adobe.audition, has_master=True, loudest_db=adobe.AUDITION_LOUDEST_DB),
    "csv": Editor(".csv", interchange.table, has_master=True),
}


@dataclass(frozen=True)
class HandedOver:
    """What was written, and what the user should know."""

    timelines: tuple[Path, ...]
    stems: tuple[Path, ...]
    keyframes: int  # of all stems of the first timeline
    frames: Frames
    loudness_lufs: float  # of the timeline, played
    true_peak_dbtp: float
    notes: tuple[str, ...]


def export(
    plan: MixPlan,
    film: Path,
    folder: Path,
    editors: Iterable[str],
    *,
    separator: AnySeparator | None = None,
    baked: bool = False,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> HandedOver:
    """Writes NAME.speech.wav and its sisters, and a timeline for each of the editors (of EDITORS).

    baked: the gains go into the stems, and the timeline is flat: for editors that take no automation. Raises PlanError where
    the plan has no stems or is of another film, OutputError, UsageError.
    """
    chosen = list(dict.fromkeys(editors))
    source = check_stems(plan).source
    tracks = tracks_of(source, probe(film)) if source.tracks else None
    job = Job.of(film, audio_stream=source.audio_stream, progress=progress, tracks=tracks)
    plan.check_fit(job.info, job.soundtrack)
    check_editors(chosen, job.soundtrack.channels)
    frames = frames_of(job.info)
    texts, sounds = _targets(job, folder, chosen, overwrite=overwrite)
    mixer = StemMixer(tracks or separator or load_separator(plan.model.name), load_director())
    if tracks is None and mixer.card.fingerprint != plan.model.sha256:
        job.notes.append(f"the plan was made by another version of {plan.model.name}: the stems may differ a little")
    meter = ResultMeter(job.soundtrack)
    with Scratch(sounds["speech"]) as job.scratch:
        spooled = _Sound(job, plan, frames, meter, baked=baked)
        layout, rate = job.soundtrack.layout, job.soundtrack.sample_rate
        parts = spooled.through(_separated(job, plan, mixer))
        write_sounds(list(sounds.values()), parts, sample_rate=rate, layout=layout, overwrite=overwrite)
    played = flat(plan) if baked else plan
    made = [_write(job, played, frames, EDITORS[name], sounds, texts, spooled.samples, overwrite) for name in chosen]
    peak = meter.true_peak_dbtp()
    notes = [*job.notes, *_notes(plan, frames, made, chosen, peak)]
    return HandedOver(
        timelines=tuple(texts[EDITORS[name].suffix] for name in chosen),
        stems=tuple(sounds.values()),
        keyframes=sum(len(stem.keyframes) for stem in made[0].stems),
        frames=frames,
        loudness_lufs=meter.loudness_lufs(),
        true_peak_dbtp=peak,
        notes=tuple(dict.fromkeys(notes)),
    )


def check_stems(plan: MixPlan) -> MixPlan:
    """The same plan. Raises PlanError where it has no stems."""
    if plan.has_stems:
        return plan
    raise PlanError(
        f"Wanted stems and gains to hand over, found a plan of {printable(plan.model.name)}, which remixes in one step "
        "and has none; make a plan with `limelight plan`."
    )


def check_editors(names: Iterable[str], channels: int) -> None:
    """Raises UsageError for an editor that we do not know, Unsupported for one that does not take these channels."""
    for name in names:
        if name not in EDITORS:
            raise UsageError(f"Wanted a timeline for {name!r}, know {', '.join(EDITORS)}; choose one of these.")
        if name == "audition" and channels not in adobe.AUDITION_CHANNELS:
            raise Unsupported(
                f"Wanted a session of Audition with {channels} channels, which takes 1, 2 or 6; export to reaper instead."
            )


def film_of(plan: MixPlan, plan_file: Path, named: Path | None) -> Path:
    """The plan's film: the one that is named, else the one of its name beside the plan or here. Raises InputError."""
    if named:
        return named
    name = Path(plan.source.name).name
    places = [plan_file.parent / name, Path(name)]
    if found := next((place for place in places if place.is_file()), None):
        return found
    raise InputError(f"Wanted the film {name} of {plan_file} beside it, found none; say where it is with --film.")


def flat(plan: MixPlan) -> MixPlan:
    """The plan with all gains 0 dB."""
    gains = {stem: [0.0] * len(curve) for stem, curve in plan.gains_db.items()}
    return plan.model_copy(update={"gains_db": gains, "makeup_db": 0.0})


def _targets(job: Job, folder: Path, chosen: list[str], *, overwrite: bool) -> tuple[dict[str, Path], dict[str, Path]]:
    """Timelines by their suffix, stems by their name. Raises OutputError, TargetExists before anything is written."""
    name, source = job.info.path.stem, job.info.path
    suffixes = [EDITORS[editor].suffix for editor in chosen] + ([".shots.csv"] if "csv" in chosen else [])
    texts = {suffix: folder.absolute() / f"{name}{suffix}" for suffix in suffixes}
    sounds = {stem: folder.absolute() / f"{name}.{stem}.wav" for stem in STEMS}
    with naming_write_errors(folder):
        if not folder.is_dir():
            folder.mkdir(parents=True)
    for place in texts.values():
        check_place(source, place, overwrite=overwrite)
    sounds = {stem: prepare_target(source, place, overwrite=overwrite) for stem, place in sounds.items()}
    track = job.soundtrack
    needed = job.info.duration_seconds * track.sample_rate * track.channels * _SAMPLE_BYTES * len(STEMS)
    if shutil.disk_usage(folder).free < needed:
        raise OutputError(
            f"cannot write to {folder}: the stems take {needed / 1e9:.1f} GB; make room or choose another"
        )
    return texts, sounds


def _separated(job: Job, plan: MixPlan, mixer: StemMixer) -> Iterator[NDArray[np.float32]]:
    """The stems as `render` hears them, [K, C, n]."""
    lufs = plan.loudness.downmix_lufs
    mono_lufs = -math.inf if lufs is None else lufs
    chunks = mixer.chunk_source(job, mono_lufs=mono_lufs, inverted=plan.source.inverted)
    return stems(job.blocks("render"), chunks, mixer.card, sample_rate=job.soundtrack.sample_rate)


class _Sound:
    """Follows stems on their way into files: counts them, mixes them for the meter, fills up the last frame."""

    def __init__(self, job: Job, plan: MixPlan, frames: Frames, meter: ResultMeter, *, baked: bool) -> None:
        self._rate, self._plan, self._frames, self._meter = job.soundtrack.sample_rate, plan, frames, meter
        self._baked = baked
        self.samples = 0

    def through(self, parts: Iterable[NDArray[np.float32]]) -> Iterator[NDArray[np.float32]]:
        """The same, [K, C, n], or with their gains where these are baked in; and silence to the end of a frame."""
        shape: tuple[int, ...] = (len(STEMS), 1)
        for block in parts:
            shape = block.shape[:2]
            times = (self.samples + np.arange(block.shape[2])) / self._rate
            gains = db_to_gain(self._plan.at(times) + self._plan.makeup_db).astype(np.float32)
            played = block * gains[:, None]
            for _ in self._meter.watch([played.sum(axis=0)]):
                pass
            self.samples += block.shape[2]
            yield played if self._baked else block
        whole = self._frames.rate.covering(Fraction(self.samples, self._rate))
        missing = math.ceil(self._frames.rate.seconds(whole) * self._rate) - self.samples
        self.samples += missing
        yield np.zeros((*shape, missing), np.float32)


def _write(
    job: Job,
    plan: MixPlan,
    frames: Frames,
    editor: Editor,
    sounds: dict[str, Path],
    texts: dict[str, Path],
    samples: int,
    overwrite: bool,
) -> Timeline:
    """One editor's file, whole or absent."""
    timeline = timeline_of(
        plan,
        job.info,
        job.soundtrack,
        frames,
        stems=sounds,
        samples=samples,
        master_db=_master_db(plan, editor),
        on_frames=editor.on_frames,
    )
    written = {editor.suffix: editor.write(timeline)}
    if editor.suffix == ".csv":
        written[".shots.csv"] = interchange.shot_table(timeline)
    for suffix, text in written.items():
        with whole_or_absent(texts[suffix], overwrite=overwrite) as temporary:
            temporary.write_text(text, encoding="utf-8")
    return timeline


def _master_db(plan: MixPlan, editor: Editor) -> float:
    """What of the gains the master carries."""
    makeup = plan.makeup_db if editor.has_master else 0.0
    return makeup + max(0.0, float(plan.curves_db.max()) + plan.makeup_db - makeup - editor.loudest_db)


def _notes(plan: MixPlan, frames: Frames, made: list[Timeline], chosen: list[str], peak_dbtp: float) -> Iterator[str]:
    if frames.is_variable:
        average, rate = float(frames.average_per_second), float(frames.rate.per_second)
        yield f"{average:.2f} pictures a second are a variable or an unusual rate; the timeline runs at {rate:.3f}"
    for name, timeline in zip(chosen, made, strict=True):
        if timeline.master_db and not EDITORS[name].has_master:
            yield f"{name}: clips cannot be raised that far; raise the master by {timeline.master_db:.1f} dB"
    if not plan.changes_nothing and peak_dbtp > plan.ceiling_dbtp:
        yield f"the mix peaks at {peak_dbtp:+.1f} dBTP; put a limiter at {plan.ceiling_dbtp:g} dBTP on the master"


def import_timeline(timeline: Path, plan: MixPlan) -> MixPlan:
    """The plan with the gains that a timeline of ours says now; what was not moved stays as it was, to the last digit.

    Reads projects of Reaper and tables. Raises PlanError where it is not one of this plan, UsageError for another kind.
    """
    kind = timeline.suffix.lower()
    if kind not in READERS:
        raise UsageError(
            f"Wanted a project of Reaper (.rpp) or a table (.csv), found {timeline.name}; export to one of these."
        )
    times = check_stems(plan).times_seconds
    try:
        tracks = READERS[kind](_text(timeline), times)
    except ValueError as error:
        raise PlanError(f"{timeline} cannot be read: {error}; mend it there, or export anew.") from error
    if missing := [stem for stem in STEMS if stem not in tracks]:
        raise PlanError(f"Wanted the tracks {', '.join(STEMS)}, found no {', '.join(missing)}; was one renamed?")
    for stem in STEMS:
        _check_whole(stem, tracks[stem], plan)
    makeup = plan.makeup_db if kind == ".rpp" else 0.0  # there it lies on the master
    return with_gains(plan, {stem: tracks[stem].gains_db - makeup for stem in STEMS})


def with_gains(plan: MixPlan, found: dict[str, Vector]) -> MixPlan:
    """The plan with other gains, and the means of its shots."""
    gains = {}
    for stem, curve in zip(STEMS, plan.curves_db, strict=True):
        moved = np.abs(found[stem] - curve) > UNMOVED_DB
        gains[stem] = np.where(moved, found[stem].round(4).clip(reaper.SILENT_DB, 60.0), curve).tolist()
    if gains == plan.gains_db:
        return plan
    times = plan.times_seconds
    shots = []
    for shot in plan.shots:
        inside = (times >= shot.start_seconds) & (times < shot.end_seconds)
        means = (
            {stem: round(float(np.mean(np.array(gains[stem])[inside])), 2) for stem in STEMS} if inside.any() else None
        )
        shots.append(shot.model_copy(update={"gains_db": means}) if means and shot.gains_db else shot)
    return plan.model_copy(update={"gains_db": gains, "shots": shots})


def _text(timeline: Path) -> str:
    with timeline.open("rb") as file:
        data = file.read(LARGEST_TIMELINE_BYTES + 1)
    if len(data) > LARGEST_TIMELINE_BYTES:
        raise ValueError(f"it is larger than {LARGEST_TIMELINE_BYTES // 10**6} MB")
    return data.decode("utf-8")


def _check_whole(stem: str, track: Played, plan: MixPlan) -> None:
    """Raises PlanError where a stem was cut or shifted, or is of another film."""
    if track.clips != 1:
        raise PlanError(f"Wanted {stem} as one clip, found {track.clips}; a plan holds gains and no cuts: undo them.")
    if abs(track.start_seconds) > plan.step_seconds / 2:
        raise PlanError(
            f"Wanted {stem} to begin at 0, found {track.start_seconds:.2f} s; a plan shifts nothing: move it back."
        )
    wanted = plan.source.duration_seconds
    length = track.seconds if track.seconds is not None else max(wanted, track.last_seconds)
    if abs(length - wanted) > max(1.0, 0.01 * wanted):
        raise PlanError(
            f"The plan is for a film of {wanted:.1f} s, the timeline lasts {length:.1f} s; give the plan it was made from."
        )
