"""What the page has done for it, in processes of its own: a film analysed, rendered, taken apart, handed to an editor.

    analyse   watch, measure ──► separate, decide ──► plan.json · sound.bin (stems in pieces) · pictures.json, NNNN.jpg
    render    film + plan    ──► NAME.highlighted.EXT                               as `limelight render` does it
    stems     film           ──► NAME.speech.wav, …                                 as `limelight stems`
    tracks    film           ──► what each of its soundtracks is taken for          as `--tracks auto` guesses
    timeline  film + plan    ──► timelines and stems for an editor, in one ZIP      as `limelight export`

A job is a plain record and can be done again after any death: what it writes is whole or absent. It reports how far it is
as the number of its stage and the share of that stage: 2.25 is a quarter of its third stage.
"""

from __future__ import annotations

import json
import math
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Literal

from limelight import api
from limelight.errors import ModelError, OutputError, PlanError
from limelight.media.formats import choose_sound_format, container_of, is_lossless
from limelight.media.probe import probe
from limelight.media.target import naming_write_errors, whole_or_absent
from limelight.mixing.controls import Controls
from limelight.mixing.job import Job, Progress, Scratch, analyse, tracks_of
from limelight.mixing.mixers import AnySeparator, StemMixer
from limelight.mixing.plan import MixPlan, plan_text, read_plan
from limelight.mixing.render import LOSSY_MARGIN_DB
from limelight.mixing.track_roles import find_tracks, guesses_of
from limelight.models.registry import DEFAULT_SEPARATOR, load_director, load_separator, styled
from limelight.report.facts import result_facts
from limelight.report.thumbnails import Cell, thumbnails
from limelight.report.words import plain
from limelight.server.choices import AS_USUAL, Choices
from limelight.server.sound import write_sound
from limelight.timelines.hand_over import export
from limelight.vision.encoder import PictureStatistics

Kind = Literal["tracks", "analyse", "render", "stems", "timeline"]
Report = Callable[[float], None]
# The stages of each kind of job, and about which share of its time each takes.
STAGES: dict[Kind, dict[str, float]] = {
    "tracks": {"listen": 1.0},
    "analyse": {"look": 0.3, "measure": 0.05, "plan": 0.45, "sound": 0.15, "pictures": 0.05},
    "render": {"render": 1.0},
    "stems": {"measure": 0.2, "render": 0.8},
    "timeline": {"render": 0.9, "pack": 0.1},
}
PROPOSAL, PLAN, PICTURES, RESULTS = "proposal.json", "plan.json", "pictures.json", "results"
_FRESH = "fresh"  # what an analysis has made so far
_MOST_PICTURES = 300
_SHORTEST_CELL_SECONDS = 2.0
_CELLS = 60  # of a film that is one shot


@dataclass(frozen=True)
class Task:
    """A job on a film; a plain record."""

    kind: Kind
    film: str  # its path
    folder: str  # where all that is made of it lies
    separator: str | None = None
    director: str | None = None
    editors: tuple[str, ...] = ()  # of a timeline
    threads: int | None = 1  # of a model
    choices: Choices = AS_USUAL


@dataclass(frozen=True)
class Done:
    """What came of it: files in the folder `results`, and facts as `--json` tells them."""

    files: tuple[str, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)


def overall(kind: Kind, done: float) -> tuple[str, float]:
    """The stage that a report names, and the share of the whole job that is done, 0 … 1."""
    stages = list(STAGES[kind].items())
    number = min(int(done), len(stages) - 1)
    before = sum(share for _, share in stages[:number])
    return stages[number][0], min(1.0, before + stages[number][1] * min(1.0, done - number))


def do_task(task: Task, report: Report) -> Done:
    """Does a job. Raises the errors of `limelight.errors`."""
    work = {"tracks": _tracks, "analyse": _analyse, "render": _render, "stems": _stems, "timeline": _timeline}[
        task.kind
    ]
    return work(task, _progress(task.kind, report))


def _progress(kind: Kind, report: Report) -> Progress:
    """Stages with times become the number of a stage and its share; stages never go back."""
    numbers = {stage: number for number, stage in enumerate(STAGES[kind])}
    last = 0.0

    def progress(stage: str, done: float, total: float) -> None:
        nonlocal last
        share = min(0.999, done / total) if total > 0 else 0.0
        last = max(last, numbers.get(stage, int(last)) + share)
        report(last)

    return progress


def _tracks(task: Task, progress: Progress) -> Done:
    progress("listen", 0.0, 1.0)
    guesses = guesses_of(probe(task.film))
    return Done(facts={"guesses": [{"role": guess.role, "why": plain(guess.why)} for guess in guesses.values()]})


def _analyse(task: Task, progress: Progress) -> Done:
    """Made beside what an earlier analysis has left, which it replaces when it is whole."""
    folder, fresh, chosen = Path(task.folder), Path(task.folder) / _FRESH, task.choices
    shutil.rmtree(fresh, ignore_errors=True)
    with naming_write_errors(fresh):
        fresh.mkdir()
    notes = _analyse_into(fresh, task, chosen, progress)
    with naming_write_errors(folder):
        (folder / PLAN).unlink(missing_ok=True)
        made = sorted(fresh.iterdir(), key=lambda path: path.name == PLAN)  # it says that the others are there
        for path in made:
            path.replace(folder / path.name)
        fresh.rmdir()
    return Done(facts={"notes": notes, "chosen": {name: value for name, value in asdict(chosen).items() if value}})


def _analyse_into(folder: Path, task: Task, chosen: Choices, progress: Progress) -> list[str]:
    tracks = find_tracks(probe(task.film), tracks=chosen.tracks) if chosen.tracks else None
    job = Job.of(task.film, audio_stream=chosen.audio_stream, progress=progress, tracks=tracks)
    separator = tracks or _separator(task.separator or DEFAULT_SEPARATOR, task.threads)
    style = api.style_for(tracks, chosen.the_style())
    mixer = StemMixer(separator, styled(_director(task.director), style), style)
    with Scratch(folder / "scratch") as job.scratch:
        found = analyse(job, PictureStatistics(sampled=mixer.sampled), partial(mixer.hear, job))
        plan = mixer.plan(job, found, api.with_style(Controls(), style))
        if found.heard is None:  # as `analyse` promises, for a mixer that hears
            raise ModelError(f"wanted the features of {job.info.path.name}, heard nothing; report this")
        blocks = job.followed("sound", job.original())
        chunks, margin_db = mixer.chunks_again(job, plan), _limit_margin_db(job)
        write_sound(folder, blocks, chunks, mixer.card, job.soundtrack, found.heard, limit_margin_db=margin_db)
    _write_pictures(job, plan, folder, progress)
    _write(folder / PROPOSAL, plan_text(plan))
    _write(folder / PLAN, plan_text(plan))
    return [plain(note) for note in (*(tracks.reasons if tracks else ()), *job.notes)]


def _limit_margin_db(job: Job) -> float:
    """What `api` keeps free under the ceiling where the film's usual result is coded with losses."""
    container = container_of(api.default_target(job.info))
    form = choose_sound_format(job.soundtrack, container, sample_format="fltp")
    return 0.0 if is_lossless(form.codec) else LOSSY_MARGIN_DB


def _write_pictures(job: Job, plan: MixPlan, folder: Path, progress: Progress) -> None:
    """A small picture from each shot, from long ones several: when, how long, and whether it was found."""
    seconds = plan.source.duration_seconds
    cells = picture_cells(plan, seconds) if job.info.picture else []
    rows = []
    for number, cell in enumerate(cells):
        progress("pictures", number, len(cells))
        (picture,) = thumbnails(job.info.path, [cell])
        if picture is not None:
            with whole_or_absent(folder / f"{number:04d}.jpg") as temporary:
                temporary.write_bytes(picture)
        rows.append([round(cell.start_seconds, 3), round(cell.end_seconds, 3), picture is not None])
    _write(folder / PICTURES, json.dumps(rows))


def picture_cells(plan: MixPlan, duration_seconds: float) -> list[Cell]:
    """Shots cut into stretches of about a sixtieth of the film; of many shots those that are longest."""
    longest = max(_SHORTEST_CELL_SECONDS, duration_seconds / _CELLS)
    cells = []
    for k, shot in enumerate(plan.shots):
        count = max(1, round((shot.end_seconds - shot.start_seconds) / longest))
        step = (shot.end_seconds - shot.start_seconds) / count
        starts = (shot.start_seconds + n * step for n in range(count))
        cells += [Cell(start, start + step, k, start, start + step) for start in starts]
    by_length = sorted(cells, key=lambda cell: cell.start_seconds - cell.end_seconds)
    kept = by_length[:_MOST_PICTURES]
    return sorted(kept, key=lambda cell: cell.start_seconds)


def _render(task: Task, progress: Progress) -> Done:
    plan = read_plan(Path(task.folder) / PLAN)
    source = Path(task.film)
    target = _results(task) / api.default_target(probe(source)).name
    separator = _separator_of(task, plan)
    new = task.choices.new_track(plan)
    result = api.render_video(
        source, plan, target, separator=separator, new_track=new, overwrite=True, progress=progress
    )
    return Done((target.name,), result_facts(result))


def _stems(task: Task, progress: Progress) -> Done:
    plan = read_plan(Path(task.folder) / PLAN)
    written = api.separate_video(
        task.film,
        _results(task),
        separator=_separator_of(task, plan),
        tracks=tracks_of(plan.source, probe(task.film)) if plan.source.tracks else None,
        audio_stream=plan.source.audio_stream,
        overwrite=True,
        progress=progress,
    )
    return Done(tuple(path.name for path in written))


def _timeline(task: Task, progress: Progress) -> Done:
    """One ZIP: an editor wants the timeline and its stems side by side."""
    plan = read_plan(Path(task.folder) / PLAN)
    source, folder = Path(task.film), _results(task)
    separator = _separator_of(task, plan)
    with naming_write_errors(folder), Scratch(folder / "timeline") as scratch:
        made = export(plan, source, scratch.folder(), task.editors, separator=separator, progress=progress)
        target = folder / f"{source.stem}.{'-'.join(task.editors)}.zip"
        with whole_or_absent(target) as temporary, zipfile.ZipFile(temporary, "w") as packed:
            for path in (*made.timelines, *made.stems):
                progress("pack", 0.0, 1.0)
                packed.write(path, path.name)
    facts = {"keyframes": made.keyframes, "notes": [plain(note) for note in made.notes]}
    return Done((target.name,), facts)


def _results(task: Task) -> Path:
    folder = Path(task.folder) / RESULTS
    with naming_write_errors(folder):
        folder.mkdir(exist_ok=True)
    return folder


def _write(path: Path, text: str) -> None:
    with whole_or_absent(path) as temporary, naming_write_errors(path):
        temporary.write_text(text, encoding="utf-8")


def save_plan(plan: MixPlan, folder: Path) -> MixPlan:
    """Keeps an edited plan. Raises PlanError where it is not of this film, OutputError."""
    proposal = read_plan(folder / PROPOSAL)
    if (plan.source, plan.model) != (proposal.source, proposal.model):
        raise PlanError("wanted a plan of this film and its separator, got another one's; analyse the film again")
    if not plan.has_stems or len(plan.times_seconds) != len(proposal.times_seconds):
        raise PlanError(
            f"wanted gain curves of {len(proposal.times_seconds)} points, got {len(plan.times_seconds)}; "
            "keep the curves as long as the film"
        )
    if not math.isclose(plan.step_seconds, proposal.step_seconds):
        raise PlanError(f"wanted a point every {proposal.step_seconds} s, got {plan.step_seconds}; leave it as it is")
    _write(folder / PLAN, plan_text(plan))
    return plan


def check_room(folder: Path, film: Path) -> None:
    """Raises OutputError where the disk has no room for a film's stems: about a gigabyte and a half an hour."""
    needed = round(probe(film).duration_seconds * _BYTES_A_SECOND)
    with naming_write_errors(folder):
        if shutil.disk_usage(folder).free < needed:
            raise OutputError(
                f"wanted {needed / 1e9:.1f} GB for the stems of {plain(film.name)} in {folder}, the disk has less; "
                "make room, or choose another folder with --work"
            )


_BYTES_A_SECOND = 400_000  # of stereo at 48 kHz


def _separator_of(task: Task, plan: MixPlan) -> AnySeparator | None:
    """None where the tracks are known: the plan says which they are."""
    return None if plan.source.tracks else _separator(task.separator or plan.model.name, task.threads)


@lru_cache(maxsize=2)
def _separator(name: str, threads: int | None) -> AnySeparator:
    return load_separator(name, threads=threads)


@lru_cache(maxsize=2)
def _director(name: str | None) -> Any:
    return load_director(name) if name else load_director()
