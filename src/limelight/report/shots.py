"""The table of shots: when, what it looks like, what was done and why.

How a result was made, and what became of everything else in the file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version

from limelight.api import Highlighted
from limelight.mixing.controls import CEILING_DBTP, KEEP
from limelight.mixing.plan import MixPlan, PlannedControls, PlannedShot
from limelight.report.facts import picture_in_words, time_in_words
from limelight.report.lanes import data_url
from limelight.report.thumbnails import Cell
from limelight.report.words import clock_time, decibels, escaped, kilohertz, number
from limelight.types import STEMS

MOST_SHOTS = 200
MOST_TEXT_BYTES = 600_000
_MOST_CUES = 12


def shot_table(shots: Sequence[PlannedShot], cells: Sequence[Cell], pictures: Sequence[bytes | None]) -> str:
    """One row per shot; of a film of many, the first 200."""
    rows = _rows(shots, _picture_of(cells, pictures) if cells else None)
    heads = "".join(f'<th class="db" scope="col"><i class="key {stem}"></i>{stem.capitalize()}</th>' for stem in STEMS)
    said = f'<p class="quiet">The first {len(rows)} of {len(shots)} shots; all are in the mix plan.</p>'
    rest = said if len(rows) < len(shots) else ""
    shown = '<th scope="col">Shot</th>' if cells else ""
    return (
        f'<table class="shots"><thead><tr><th scope="col">Time</th>{shown}{heads}'
        f'<th scope="col">Why</th></tr></thead><tbody>{"".join(rows)}</tbody></table>{rest}'
    )


def seen_table(shots: Sequence[PlannedShot], cells: Sequence[Cell], pictures: Sequence[bytes | None]) -> str:
    """One row per shot with what is seen in it, where nothing is known of gains."""
    picture_of = _picture_of(cells, pictures)
    rows, room = [], MOST_TEXT_BYTES
    for k, shot in enumerate(shots[:MOST_SHOTS]):
        words = _words(shot.cues)
        room -= len(words.encode())
        if room < 0:
            break
        rows.append(f'<tr>{_time(shot)}{_cell(picture_of.get(k))}<td class="why">{words}</td></tr>')
    heads = "".join(f'<th scope="col">{head}</th>' for head in ("Time", "Shot", "What the picture shows"))
    rest = f'<p class="quiet">The first {len(rows)} of {len(shots)} shots.</p>' if len(rows) < len(shots) else ""
    return f'<table class="shots"><thead><tr>{heads}</tr></thead><tbody>{"".join(rows)}</tbody></table>{rest}'


def _picture_of(cells: Sequence[Cell], pictures: Sequence[bytes | None]) -> dict[int, bytes]:
    """Shot → its first picture."""
    pairs = reversed(list(zip(cells, pictures, strict=True)))
    return {cell.shot: picture for cell, picture in pairs if picture is not None}


def _rows(shots: Sequence[PlannedShot], picture_of: Mapping[int, bytes] | None) -> list[str]:
    """As many as the page can take: 200, fewer where a plan was filled with very long words."""
    rows, room = [], MOST_TEXT_BYTES
    for k, shot in enumerate(shots[:MOST_SHOTS]):
        row = _row(shot, "")
        room -= len(row.encode())
        if room < 0:
            break
        rows.append(row if picture_of is None else _row(shot, _cell(picture_of.get(k))))
    return rows


def _cell(picture: bytes | None) -> str:
    image = f'<img alt="" src="{data_url("image/jpeg", picture)}">' if picture else ""
    return f'<td class="picture">{image}</td>'


def _row(shot: PlannedShot, picture_cell: str) -> str:
    gains = "".join(
        f'<td class="db {stem}" data-stem="{stem.capitalize()}">{number(shot.gains_db.get(stem), sign=True)}</td>'
        for stem in STEMS
    )
    return f'<tr>{_time(shot)}{picture_cell}{gains}<td class="why">{escaped(shot.reason)}{_cues(shot)}</td></tr>'


def _time(shot: PlannedShot) -> str:
    lasts = number(shot.end_seconds - shot.start_seconds)
    return f'<td class="time">{clock_time(shot.start_seconds)}<span>{lasts} s</span></td>'


def _cues(shot: PlannedShot) -> str:
    """The six cues in words, folded away; nothing where there is no picture to speak of."""
    said = _words(shot.cues)
    return f"<details><summary>What the picture shows</summary>{said}</details>" if said else ""


def _words(cues: Mapping[str, str]) -> str:
    shown = list(cues.items())[:_MOST_CUES]
    if not shown or all(words == "no picture" for _, words in shown):
        return ""
    said = "".join(f"<dt>{escaped(kind, limit=60)}</dt><dd>{escaped(words)}</dd>" for kind, words in shown)
    return f"<dl>{said}</dl>"


_PACKAGES = {"limelight-audio": "Limelight", "av": "PyAV", "onnxruntime": "ONNX Runtime", "numpy": "NumPy"}
_MOST_LINES = 60


def made(result: Highlighted) -> str:
    """Two lists of terms: how it was made; what was copied, left out and noted."""
    plan, written = result.plan, result.written
    how = {
        "Model": f"{escaped(plan.model.name)}<br><code>sha256 {escaped(plan.model.sha256)}</code>",
        "Asked for": escaped(wishes(plan.controls)),
        "Whole mix": f"{decibels(plan.makeup_db)} on top of {_what_is_lifted(plan)}",
        "New soundtrack": escaped(_coded(result)),
        "Versions": escaped(versions()),
        "Time": escaped(time_in_words(result)),
    }
    kept = {
        "Picture": escaped(picture_in_words(result)),
        "Copied": _listed(written.copied, "nothing else was in the file"),
        "Left out": _listed(written.left_out, "nothing"),
        "Notes": _listed(result.notes, "none"),
    }
    return f"<h2>How it was made</h2>{_terms(how)}<h2>What became of the rest</h2>{_terms(kept)}"


def _what_is_lifted(plan: MixPlan) -> str:
    return "the stems’ gains" if plan.has_stems else "what the model makes"


def wishes(controls: PlannedControls) -> str:
    """The controls as a sentence; offsets only where there are any."""
    offsets = {"speech": controls.speech_db, "music": controls.music_db, "effects": controls.effects_db}
    moved = [f"{stem} {decibels(db)}" for stem, db in offsets.items() if db]
    loudness = controls.loudness
    wished = f"loudness {loudness}" if isinstance(loudness, str) else f"loudness {number(loudness)} LUFS"
    parts = [f"strength {controls.strength:g}", *moved, "loudness kept" if loudness == KEEP else wished]
    ceiling = CEILING_DBTP if controls.true_peak_dbtp is None else controls.true_peak_dbtp
    return ", ".join([*parts, f"true peak at most {number(ceiling)} dBTP"])


def versions() -> str:
    """Of Limelight and what it stands on, as far as they are installed as packages."""
    found = []
    for package, name in _PACKAGES.items():
        try:
            found.append(f"{name} {version(package)}")
        except PackageNotFoundError:
            continue
    return ", ".join(found)


def _coded(result: Highlighted) -> str:
    written, track = result.written, result.soundtrack
    rate = f", {round(written.bit_rate / 1000)} kb/s" if written.bit_rate else ", lossless"
    return f"{written.codec} in {written.container}{rate}, {track.layout}, {kilohertz(track.sample_rate)}"


def _terms(terms: dict[str, str]) -> str:
    return '<dl class="made">' + "".join(f"<dt>{term}</dt><dd>{said}</dd>" for term, said in terms.items()) + "</dl>"


def _listed(lines: Sequence[str], nothing: str) -> str:
    if not lines:
        return nothing
    more = len(lines) - _MOST_LINES
    items = [escaped(line) for line in lines[:_MOST_LINES]] + ([f"and {more} more"] if more > 0 else [])
    return "<ul>" + "".join(f"<li>{item}</li>" for item in items) + "</ul>"
