"""The table of shots: when, what it looks like, what was done and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from limelight.app.report.lanes import data_url
from limelight.app.report.thumbnails import Cell
from limelight.app.report.words import clock_time, escaped, number
from limelight.mixing.plan import PlannedShot
from limelight.signals import STEMS, Shot

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


def seen_table(shots: Sequence[Shot], cells: Sequence[Cell], pictures: Sequence[bytes | None]) -> str:
    """One row per shot with what is seen in it, where nothing is known of gains."""
    picture_of = _picture_of(cells, pictures)
    rows, room = [], MOST_TEXT_BYTES
    for k, shot in enumerate(shots[:MOST_SHOTS]):
        words = _words(shot.words)
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


def _time(shot: PlannedShot | Shot) -> str:
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
