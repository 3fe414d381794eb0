"""The report of a film: its page, and the files beside it.

The page of one film: the facts of a result, put into the words and numbers that `templates/report.html.j2` lays out.

Nothing is fetched: style, script, pictures and sound are inside, and the page's own policy forbids the rest. The script is
named by its hash, so that no text of a file could ever run; what a file says is escaped by the template.

From a result to its page: listen to both, find pictures, lay out, write.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from limelight.api import Highlighted
from limelight.errors import OutputError
from limelight.media.probe import probe
from limelight.media.target import check_place
from limelight.mixing.plan import MixPlan, PlannedShot
from limelight.report import facts
from limelight.report.drawings import (
    TimeAxis,
    cut_marks,
    data_url,
    gain_drawing,
    strip,
    time_labels,
    wave_drawing,
    wave_scale,
)
from limelight.report.listening import (
    Excerpt,
    LoudnessMatch,
    SoundtrackView,
    choose_excerpt,
    clip_bytes,
    loudness_between,
    match_loudness,
    new_soundtrack,
    view_soundtrack,
)
from limelight.report.templating import render, write_text
from limelight.report.thumbnails import Cell, strip_cells, thumbnails
from limelight.report.words import change, clock_time, decibels, escaped, kilohertz, number, plain
from limelight.types import STEMS, SoundtrackInfo

TEMPLATES = Path(__file__).with_name("templates")
STYLE = (TEMPLATES / "style.css").read_text(encoding="utf-8")
SCRIPT = (TEMPLATES / "report.js").read_text(encoding="utf-8")
MOST_SHOTS = 200
MOST_TEXT_BYTES = 600_000  # of all shots
_MOST_CUES = 12
_MOST_LINES = 60
_AUDIBLE_DB = 0.1


@dataclass(frozen=True)
class ReportData:
    """What the page is made from, beside the result itself."""

    axis: TimeAxis
    excerpt: Excerpt
    before: SoundtrackView
    after: SoundtrackView
    cells: Sequence[Cell]  # none where there is no picture
    pictures: Sequence[bytes | None]
    new_track: SoundtrackInfo  # as the written file tells it


@dataclass(frozen=True)
class ShotRow:
    """One shot, ready for the table."""

    at: str
    lasts: str
    gains: Mapping[str, str]  # none where there are no stems
    told: Mapping[str, str]  # seen, heard, decided, sure
    cues: Mapping[str, str]
    picture: Markup | None

    @property
    def text_bytes(self) -> int:
        """How much room its words take on the page."""
        return sum(
            len(escaped(text).encode()) for part in (self.told, self.cues) for pair in part.items() for text in pair
        )


def page(result: Highlighted, found: ReportData) -> str:
    """The page as HTML."""
    shots = shot_rows(result, found)
    script_hash = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
    return render(
        "report",
        "report.html.j2",
        style=Markup(STYLE),
        script=Markup(SCRIPT),
        script_hash=Markup(script_hash),
        **_head(result),
        **_figures(result),
        **_time_line(result.plan, found),
        **_listening(result, found),
        shots=shots,
        shots_said=_shots_said(result.plan),
        shots_head="Seen, heard, decided" if result.plan.has_stems else "Seen and heard",
        shots_left_out=_left_out(result.plan, len(shots)),
        made=_made(result, found),
        kept=_kept(result),
    )


def _head(result: Highlighted) -> dict[str, object]:
    source, track = result.source, result.soundtrack
    parts = [clock_time(source.duration_seconds), source.container]
    if source.picture:
        shown = source.picture
        rate = f"{round(shown.frames_per_second, 2):g} pictures/s"
        parts.append(f"{shown.codec} {shown.width} × {shown.height}, {rate}")
    parts.append(f"{track.codec} {track.layout}, {kilohertz(track.sample_rate)}")
    return {
        "name": plain(source.path.name),
        "title": plain(source.tags.get("title", ""), limit=200),
        "source": " · ".join(parts),
        "dest": plain(result.dest.name),
        "notices": list(_notices(result)),
    }


def _notices(result: Highlighted) -> Sequence[str]:
    said = []
    if result.source.picture is None:
        said.append("There is no picture: balanced by the sound alone.")
    if left := facts.left_as_it_was(result):
        copied = result.written.sound_copied
        how = "The soundtrack is copied packet by packet." if copied else "Why it was encoded again stands under Notes."
        said.append(f"{left.capitalize()}. {how}")
    return said


@dataclass(frozen=True)
class StemFigure:
    """The gain of a stem, large, and what belongs to it, small."""

    text: str
    small: str


def _figures(result: Highlighted) -> dict[str, object]:
    titles = {"loudness": "Loudness, integrated", "range": "Loudness range"}
    levels = {titles.get(name, name.capitalize()): said for name, said in facts.delivery_facts(result).items()}
    return {
        "gains": {stem: _stem_figure(gain) for stem, gain in facts.stem_changes(result.plan).items()},
        "figures": levels | {"Duration": clock_time(result.source.duration_seconds)},
    }


def _stem_figure(gain: facts.StemChange) -> StemFigure:
    if gain.left_alone:
        return StemFigure(str(gain), "less than 0.5 dB anywhere")
    span = gain.range_in_words
    return StemFigure(str(gain), f"on average{f', from {span} dB' if span else ', throughout'}")


def _time_line(plan: MixPlan, found: ReportData) -> dict[str, object]:
    axis, excerpt = found.axis, found.excerpt
    cuts = [shot.start_seconds for shot in plan.shots if 0 < shot.start_seconds < axis.duration_seconds]
    scale = wave_scale(found.before.envelope, found.after.envelope)
    stretch = {
        "left": axis.percent(excerpt.start_seconds),
        "width": axis.width(excerpt.start_seconds, excerpt.end_seconds),
    }
    return {
        "one_step": "" if plan.has_stems else facts.decider_in_words(plan),
        "duration": f"{axis.duration_seconds:.3f}",
        "strip": strip(axis, found.cells, found.pictures),
        "cuts_said": "one cut" if len(cuts) == 1 else f"{len(cuts) or 'no'} cuts",
        "cut_marks": cut_marks(axis, cuts),
        "before": wave_drawing(axis, found.before.envelope, scale, cuts),
        "after": wave_drawing(axis, found.after.envelope, scale, cuts),
        "curves": gain_drawing(axis, plan, cuts) if plan.has_stems else None,
        "times": time_labels(axis),
        "excerpt": None if excerpt.is_whole else stretch,
    }


def _listening(result: Highlighted, found: ReportData) -> dict[str, object]:
    """Two players that run together, or none where there is nothing to compare."""
    excerpt, clips = found.excerpt, {"before": found.before.clip, "after": found.after.clip}
    told = {"start": f"{excerpt.start_seconds:.3f}", "start_said": clock_time(excerpt.start_seconds)}
    if result.written.sound_copied:
        return told | {"sounds": {}, "heard_said": "Both are the same, packet by packet: there is nothing to compare."}
    if not all(clip.shape[1] for clip in clips.values()):
        return told | {"sounds": {}, "heard_said": "There is no sound to be heard."}
    match = match_loudness(*clips.values())
    gains = {"before": match.before_db, "after": match.after_db}
    sounds = {name: data_url("audio/mp4", clip_bytes(clip, gains[name])) for name, clip in clips.items()}
    return told | {"sounds": sounds, "heard_said": _heard_said(match, excerpt)}


def _heard_said(match: LoudnessMatch, excerpt: Excerpt) -> str:
    apart = match.after_db - match.before_db
    softer, by = ("after", -apart) if apart < 0 else ("before", apart)
    level = (
        f"Loudness-matched: “{softer}” is played {number(by)} dB softer, so that both are equally loud."
        if by >= _AUDIBLE_DB
        else "Loudness-matched: both are equally loud as they are."
    )
    return f"{str(excerpt).capitalize()}. {level} Stereo at about 96 kb/s, for listening here only."


def shot_rows(result: Highlighted, found: ReportData) -> list[ShotRow]:
    """As many as the page can take: 200, fewer where a plan was filled with very long words."""
    pairs = reversed(list(zip(found.cells, found.pictures, strict=True)))
    picture_of = {cell.shot: picture for cell, picture in pairs if picture is not None}  # its first
    rows, room = [], MOST_TEXT_BYTES
    for k, shot in enumerate(result.plan.shots[:MOST_SHOTS]):
        row = _shot_row(result.plan, shot, found, picture_of.get(k))
        room -= row.text_bytes
        if room < 0:
            break
        rows.append(row)
    return rows


def _shot_row(plan: MixPlan, shot: PlannedShot, found: ReportData, picture: bytes | None) -> ShotRow:
    told = facts.told_of(plan, shot)
    told = {term: said for term, said in told.items() if term == "Seen"} | {"Heard": _heard(shot, found)} | told
    seen = list(shot.cues.items())[:_MOST_CUES]
    if all(words == "no picture" for _, words in seen):
        seen, told = [], {term: said for term, said in told.items() if term != "Seen"}
    return ShotRow(
        clock_time(shot.start_seconds),
        f"{number(shot.end_seconds - shot.start_seconds)} s",
        {stem: number(shot.gains_db.get(stem), sign=True) for stem in STEMS} if plan.has_stems else {},
        {term: plain(said) for term, said in told.items()},
        {plain(kind, limit=60): plain(words) for kind, words in seen},
        None if picture is None else data_url("image/jpeg", picture),
    )


def _heard(shot: PlannedShot, found: ReportData) -> str:
    """How much of the shot is speech, and how loud the whole is before and after."""
    before, after = (
        loudness_between(view, shot.start_seconds, shot.end_seconds) for view in (found.before, found.after)
    )
    return ", ".join(filter(None, [facts.heard_in_words(shot), f"all together {change(before, after, 'LUFS')}"]))


def _shots_said(plan: MixPlan) -> list[str]:
    if not plan.has_stems:
        return ["Heard: how loud all is together, before and after."]
    gains = "Gains are the mean over a shot, in dB. Heard: how much of the time somebody speaks, and how loud all is together."
    return [facts.decider_in_words(plan), gains]


def _left_out(plan: MixPlan, rows: int) -> str:
    if rows == len(plan.shots):
        return ""
    return f"The first {rows} of {len(plan.shots)} shots; all are in the mix plan."


def _made(result: Highlighted, found: ReportData) -> dict[str, object]:
    plan = result.plan
    lifted = "the stems’ gains" if plan.has_stems else "what the model makes"
    return {
        "Separator" if plan.has_stems else "Model": [plan.model.name, f"sha256 {plan.model.sha256}"],
        **({"Director": [plan.director.name, f"sha256 {plan.director.sha256}"]} if plan.director else {}),
        **({"Tracks": [f"{part.stem}: {plain(part.words)}" for part in result.tracks.parts]} if result.tracks else {}),
        **({"Style": plain(str(plan.style["name"]))} if plan.style else {}),
        "Asked for": facts.controls_in_words(plan.controls),
        "Whole mix": f"{decibels(plan.makeup_db)} on top of {lifted}",
        "New soundtrack": facts.sound_in_words(result, found.new_track),
        "Versions": facts.versions_in_words(),
        "Time": facts.time_in_words(result),
    }


def _kept(result: Highlighted) -> dict[str, object]:
    written = result.written
    return {
        "Picture": facts.picture_in_words(result),
        "Copied": _lines(written.copied, "nothing else was in the file"),
        "Left out": _lines(written.left_out, "nothing"),
        "Notes": _lines(result.notes, "none"),
    }


def _lines(lines: Sequence[str], nothing: str) -> str | list[str]:
    more = len(lines) - _MOST_LINES
    shown = [plain(line) for line in lines[:_MOST_LINES]]
    return [*shown, *([f"and {more} more"] if more > 0 else [])] or nothing


_SHORTEST_SECONDS = 0.001


def write_report(result: Highlighted, path: Path, *, overwrite: bool = False) -> Path:
    """One page that opens offline, beside the result or anywhere; under 8 MB, in constant memory.

    Reads the source and the written file once more. The page appears only when it is whole. Raises TargetExists where a
    file is there and `overwrite` is false, OutputError where it cannot be written.
    """
    check_page(result.source.path, path, result.dest, overwrite=overwrite)
    return write_text(page(result, find(result)), path)


def check_page(source: Path, path: Path, dest: Path, *, overwrite: bool) -> None:
    """Whether a page may be put there: before the work as well as after it. Raises as above."""
    if path.exists() and dest.exists() and path.samefile(dest):
        raise OutputError(f"cannot write the report to {path}: that is the film itself; choose another name")
    check_place(source, path, overwrite=overwrite)


def find(result: Highlighted) -> ReportData:
    """What the page shows and plays."""
    source, track = result.source, result.soundtrack
    seconds = max(source.duration_seconds, result.written.seconds, _SHORTEST_SECONDS)
    excerpt = choose_excerpt(result.plan, seconds)
    cells = strip_cells(result.plan.shots, seconds) if source.picture else []
    written = probe(result.dest)
    new_track = new_soundtrack(written, result.written.stream_index)
    return ReportData(
        axis=TimeAxis(seconds),
        excerpt=excerpt,
        before=view_soundtrack(source, track, excerpt, seconds, tracks=result.tracks),
        after=view_soundtrack(written, new_track, excerpt, seconds),
        cells=cells,
        pictures=thumbnails(source.path, cells),
        new_track=new_track,
    )
