"""The whole page from what was found: head, figures, time line, players, shots, how it was made.

Nothing is fetched: styles, script, pictures and sound are inside, and the page's own policy forbids the rest. The
script is named by its hash, so that no text of a file could ever run.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from limelight.app.pipeline import Highlighted
from limelight.app.report.axis import TimeAxis
from limelight.app.report.clip import Excerpt, match_loudness
from limelight.app.report.lanes import cut_lane, gain_lane, strip_lane, time_lane, wave_lane, wave_scale
from limelight.app.report.made import made
from limelight.app.report.players import players
from limelight.app.report.script import SCRIPT
from limelight.app.report.shots import seen_table, shot_table
from limelight.app.report.soundtracks import Heard
from limelight.app.report.style import STYLE
from limelight.app.report.thumbnails import Cell
from limelight.app.report.words import change, clock_time, escaped, kilohertz
from limelight.app.summary import StemChange, stem_changes
from limelight.mixing.remix import Remixed
from limelight.signals import STEMS


@dataclass(frozen=True)
class Found:
    """What the page is made from, beside the result itself."""

    axis: TimeAxis
    excerpt: Excerpt
    before: Heard
    after: Heard
    cells: Sequence[Cell]  # none where there is no picture
    pictures: Sequence[bytes | None]


def page(result: Highlighted, found: Found) -> str:
    """The page as HTML."""
    body = (
        _head(result)
        + _figures(result)
        + _time_line(result, found)
        + _listening(found)
        + _shots(result, found)
        + made(result)
    )
    policy = (
        "default-src 'none'; img-src data:; media-src data:; style-src 'unsafe-inline'; "
        f"script-src 'sha256-{base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()}'"
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escaped(result.source.path.name)} · Limelight</title><style>{STYLE}</style></head>"
        f"<body><main>{body}</main><script>{SCRIPT}</script></body></html>\n"
    )


def _head(result: Highlighted) -> str:
    source, track = result.source, result.soundtrack
    parts = [clock_time(source.duration_seconds), source.container]
    if source.picture:
        shown = source.picture
        rate = f"{round(shown.frames_per_second, 2):g} pictures/s"
        parts.append(f"{shown.codec} {shown.width} × {shown.height}, {rate}")
    parts.append(f"{track.codec} {track.layout}, {kilohertz(track.sample_rate)}")
    title = source.tags.get("title", "")
    titled = f'<p class="quiet">“{escaped(title, limit=200)}”</p>' if title else ""
    alone = "" if source.picture else '<p class="notice">There is no picture: balanced by the sound alone.</p>'
    return (
        f'<header><div class="over">Limelight report</div><h1>{escaped(source.path.name)}</h1>{titled}'
        f'<p class="quiet">{escaped(" · ".join(parts))}<br>written as {escaped(result.dest.name)}</p>{alone}</header>'
    )


def _figures(result: Highlighted) -> str:
    before = result.plan.loudness
    gains = "".join(
        f'<div><dt><i class="key {stem}"></i>{stem.capitalize()}</dt><dd>{_gain(gain)}</dd></div>'
        for stem, gain in stem_changes(result.plan).items()
    )
    loudness = change(before.before_lufs, result.loudness_after_lufs, "LUFS")
    peak = change(before.true_peak_before_dbtp, result.true_peak_after_dbtp, "dBTP")
    return (
        f'<dl class="figures">{gains}<div><dt>Loudness, integrated</dt><dd>{loudness}</dd></div>'
        f"<div><dt>True peak</dt><dd>{peak}</dd></div>"
        f"<div><dt>Duration</dt><dd>{clock_time(result.source.duration_seconds)}</dd></div></dl>"
    )


def _gain(gain: StemChange) -> str:
    if gain.left_alone:
        return f"{gain}<small>less than 0.5 dB anywhere</small>"
    span = gain.range_in_words
    return f"{gain}<small>on average{f', from {span} dB' if span else ', throughout'}</small>"


def _time_line(result: Highlighted, found: Found) -> str:
    axis, plan = found.axis, result.plan
    cuts = [shot.start_seconds for shot in plan.shots if 0 < shot.start_seconds < axis.duration_seconds]
    scale = wave_scale(found.before.envelope, found.after.envelope)
    number_of_cuts = "one cut" if len(cuts) == 1 else f"{len(cuts) or 'no'} cuts"
    strip = (
        _lane("Picture", f"<span>{number_of_cuts}</span>", strip_lane(axis, found.cells, found.pictures))
        + f'<div class="lane">{cut_lane(axis, cuts)}</div>'
        if found.cells
        else ""
    )
    waves = "".join(
        _lane(name, f"<span>{said}</span>", wave_lane(axis, heard.envelope, scale, cuts))
        for name, said, heard in (
            ("Before", "peak (pale) and RMS (solid), 1 is full scale", found.before),
            ("After", "on the same scale", found.after),
        )
    )
    return (
        f"<h2>Over time</h2>{_no_stems(result)}"
        f'<div class="lanes" data-duration="{axis.duration_seconds:.3f}">{strip}{waves}{_gains(result, axis, cuts)}'
        f'{time_lane(axis)}<div class="over-all">{_marked(found)}<div class="playhead" hidden></div></div></div>'
    )


def _gains(result: Highlighted, axis: TimeAxis, cuts: Sequence[float]) -> str:
    if isinstance(result.plan, Remixed):
        return ""
    legend = "".join(f'<span class="legend"><i class="key {stem}"></i>{stem}</span>' for stem in STEMS)
    return _lane("Gain of each stem, dB", f"<span>{legend}</span>", gain_lane(axis, result.plan, cuts))


def _no_stems(result: Highlighted) -> str:
    if not isinstance(result.plan, Remixed):
        return ""
    name = escaped(result.plan.model.name, limit=100)
    return f'<p class="quiet">{name} remixes in one step, by one mask: there are no stems, hence no gains to show.</p>'


def _marked(found: Found) -> str:
    """Where the excerpt lies that can be heard."""
    if found.excerpt.is_whole:
        return ""
    axis, part = found.axis, found.excerpt
    width = 100 * (axis.share(part.end_seconds) - axis.share(part.start_seconds))
    return f'<div class="excerpt" style="left:{axis.percent(part.start_seconds)};width:{width:.3f}%"></div>'


def _lane(name: str, said: str, drawing: str) -> str:
    return f'<h3>{name}{said}</h3><div class="lane">{drawing}</div>'


def _listening(found: Found) -> str:
    match = match_loudness(found.before.clip, found.after.clip)
    heard = players(found.before.clip, found.after.clip, match, found.excerpt)
    return f'<section class="listen"><h2>Listen: before and after</h2>{heard}</section>'


def _shots(result: Highlighted, found: Found) -> str:
    plan = result.plan
    if isinstance(plan, Remixed):
        return _seen(plan, found)
    if not plan.shots:
        return ""
    seen = "what is seen, " if found.cells else ""
    said = f"Mean gain of each stem in dB, and why: {seen}how the stems stood to each other, and what was done."
    if any(shot.by_ear_db for shot in plan.shots):
        said += " By ear alone: what the same model would have done without the picture."
    title = "Shot by shot" if found.cells else "Why"
    return f'<h2>{title}</h2><p class="quiet">{said}</p>{shot_table(plan.shots, found.cells, found.pictures)}'


def _seen(remixed: Remixed, found: Found) -> str:
    if not found.cells:
        return ""
    return f"<h2>Shot by shot</h2>{seen_table(remixed.shots, found.cells, found.pictures)}"
