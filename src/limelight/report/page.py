"""The whole page from what was found: head, figures, time line, players, shots, how it was made.

Nothing is fetched: styles, script, pictures and sound are inside, and the page's own policy forbids the rest. The
script is named by its hash, so that no text of a file could ever run.

Two players, before and after, that run together: one is heard, the other is mute, a button swaps them.

The little JavaScript of the page: swap before and after while they play, and show where they are.

The look of the page: calm, one column, dark where the reader's system is dark, fit for paper and telephones.

Stems are blue, vermilion and green after Okabe and Ito's palette, which stays apart for colour-blind readers, darker on
white so that numbers in them can be read; the curves differ in their dashes too.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from limelight.api import Highlighted
from limelight.mixing.plan import MixPlan
from limelight.report.facts import StemChange, stem_changes
from limelight.report.lanes import TimeAxis, cut_lane, data_url, gain_lane, strip_lane, time_lane, wave_lane, wave_scale
from limelight.report.listening import Excerpt, Match, SoundtrackView, clip_bytes, match_loudness
from limelight.report.shots import made, seen_table, shot_table
from limelight.report.thumbnails import Cell
from limelight.report.words import change, clock_time, escaped, kilohertz, number
from limelight.types import STEMS, Samples


@dataclass(frozen=True)
class ReportData:
    """What the page is made from, beside the result itself."""

    axis: TimeAxis
    excerpt: Excerpt
    before: SoundtrackView
    after: SoundtrackView
    cells: Sequence[Cell]  # none where there is no picture
    pictures: Sequence[bytes | None]


def page(result: Highlighted, found: ReportData) -> str:
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


def _time_line(result: Highlighted, found: ReportData) -> str:
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
    if not result.plan.has_stems:
        return ""
    legend = "".join(f'<span class="legend"><i class="key {stem}"></i>{stem}</span>' for stem in STEMS)
    return _lane("Gain of each stem, dB", f"<span>{legend}</span>", gain_lane(axis, result.plan, cuts))


def _no_stems(result: Highlighted) -> str:
    if result.plan.has_stems:
        return ""
    name = escaped(result.plan.model.name, limit=100)
    return f'<p class="quiet">{name} remixes in one step, without stems: there are none to show, hence no gains to show.</p>'


def _marked(found: ReportData) -> str:
    """Where the excerpt lies that can be heard."""
    if found.excerpt.is_whole:
        return ""
    axis, part = found.axis, found.excerpt
    width = 100 * (axis.share(part.end_seconds) - axis.share(part.start_seconds))
    return f'<div class="excerpt" style="left:{axis.percent(part.start_seconds)};width:{width:.3f}%"></div>'


def _lane(name: str, said: str, drawing: str) -> str:
    return f'<h3>{name}{said}</h3><div class="lane">{drawing}</div>'


def _listening(found: ReportData) -> str:
    match = match_loudness(found.before.clip, found.after.clip)
    heard = players(found.before.clip, found.after.clip, match, found.excerpt)
    return f'<section class="listen"><h2>Listen: before and after</h2>{heard}</section>'


def _shots(result: Highlighted, found: ReportData) -> str:
    plan = result.plan
    if not plan.has_stems:
        return _seen(plan, found)
    if not plan.shots:
        return ""
    seen = "what is seen, " if found.cells else ""
    said = f"Mean gain of each stem in dB, and why: {seen}how the stems stood to each other, and what was done."
    title = "Shot by shot" if found.cells else "Why"
    return f'<h2>{title}</h2><p class="quiet">{said}</p>{shot_table(plan.shots, found.cells, found.pictures)}'


def _seen(plan: MixPlan, found: ReportData) -> str:
    if not found.cells:
        return ""
    return f"<h2>Shot by shot</h2>{seen_table(plan.shots, found.cells, found.pictures)}"


_AUDIBLE_DB = 0.1


def players(before: Samples, after: Samples, match: Match, excerpt: Excerpt) -> str:
    """The players and their buttons; without JavaScript two plain players remain."""
    if before.shape[1] == 0 or after.shape[1] == 0:
        return '<p class="quiet">There is no sound to be heard.</p>'
    sounds = _sound("before", before, match.before_db) + _sound("after", after, match.after_db)
    return (
        f'<div class="players" data-start="{excerpt.start_seconds:.3f}">'
        '<div class="transport" hidden><button type="button" class="play">Play</button>'
        '<div class="switch" role="group" aria-label="Version that is heard" title="Swap with the key S">'
        '<button type="button" aria-pressed="true">Before</button>'
        '<button type="button" aria-pressed="false">After</button></div>'
        '<input type="range" min="0" max="1" step="0.001" value="0" aria-label="Position">'
        f"<output>{clock_time(excerpt.start_seconds)}</output></div>"
        f'<div class="plain">{sounds}</div></div><p class="quiet">{_said(match, excerpt)}</p>'
    )


def _sound(name: str, clip: Samples, gain_db: float) -> str:
    address = data_url("audio/mp4", clip_bytes(clip, gain_db))
    return f'<label>{name.capitalize()}<audio class="{name}" controls preload="auto" src="{address}"></audio></label>'


def _said(match: Match, excerpt: Excerpt) -> str:
    apart = match.after_db - match.before_db
    softer, by = ("after", -apart) if apart < 0 else ("before", apart)
    level = (
        f"Loudness-matched: “{softer}” is played {number(by)} dB softer, so that both are equally loud."
        if by >= _AUDIBLE_DB
        else "Loudness-matched: both are equally loud as they are."
    )
    return f"{str(excerpt).capitalize()}. {level} Stereo at about 96 kb/s, for listening here only."


SCRIPT = """
(() => {
  const box = document.querySelector('.players');
  if (!box) return;
  const sounds = [...box.querySelectorAll('audio')];
  const play = box.querySelector('.play');
  const picks = [...box.querySelectorAll('.switch button')];
  const slider = box.querySelector('input');
  const said = box.querySelector('output');
  const head = document.querySelector('.playhead');
  const lanes = document.querySelector('.lanes');
  const film = Number(lanes.dataset.duration);
  const start = Number(box.dataset.start);
  let heard = 0;
  const now = () => sounds[heard];
  const clock = (s) => {
    const t = Math.floor(s), two = (n) => String(n).padStart(2, '0');
    return Math.floor(t / 3600) + ':' + two(Math.floor(t / 60) % 60) + ':' + two(t % 60);
  };
  const follow = () => {  // the mute one runs along
    const other = sounds[1 - heard];
    if (Math.abs(other.currentTime - now().currentTime) > 0.03) other.currentTime = now().currentTime;
  };
  const show = () => {
    const at = now().currentTime, paused = now().paused;
    slider.value = at / (now().duration || 1);
    said.textContent = clock(start + at);
    head.hidden = false;
    head.style.left = 100 * Math.min(1, (start + at) / film) + '%';
    play.textContent = paused ? 'Play' : 'Pause';
    if (!paused) requestAnimationFrame(show);
  };
  const pick = (which) => {
    const from = now(), to = sounds[which], playing = !from.paused;
    if (Math.abs(to.currentTime - from.currentTime) > 0.03) to.currentTime = from.currentTime;
    heard = which;
    from.muted = true;
    to.muted = false;
    if (playing && to.paused) to.play();
    picks.forEach((button, k) => button.setAttribute('aria-pressed', k === which));
    show();
  };
  const seek = (seconds) => {
    const at = Math.max(0, Math.min(seconds, (now().duration || 0) - 0.01));
    sounds.forEach((sound) => { sound.currentTime = at; });
    show();
  };
  play.onclick = () => {
    if (now().paused) { follow(); sounds.forEach((sound) => sound.play().then(show, () => {})); }
    else { sounds.forEach((sound) => sound.pause()); show(); }
  };
  picks.forEach((button, k) => { button.onclick = () => pick(k); });
  slider.oninput = () => seek(slider.value * (now().duration || 0));
  lanes.onclick = (event) => {
    const area = head.parentElement.getBoundingClientRect();
    seek((event.clientX - area.left) / area.width * film - start);
  };
  sounds.forEach((sound) => { sound.onended = show; });
  sounds[1].muted = true;
  box.querySelector('.transport').hidden = false;
  box.querySelector('.plain').hidden = true;
  document.addEventListener('keydown', (event) => {
    if (event.key === 's' && !event.ctrlKey && !event.metaKey) pick(1 - heard);
  });
})();
"""


STYLE = """
:root { color-scheme: light dark;
  --ground: #fbfbfa; --card: #ffffff; --ink: #1c1d1f; --quiet: #6a6d72; --line: #e3e3e0;
  --grid: #ececea; --cut: #c9c9c5;  --wave: #8b9099; --accent: #1c1d1f; --on-accent: #ffffff;
  --speech: #0072b2; --music: #bf4f00; --effects: #00805e; }
@media (prefers-color-scheme: dark) { :root {
  --ground: #16171a; --card: #1d1f23; --ink: #e8e8e6; --quiet: #9a9da3; --line: #303338;
  --grid: #292c31; --cut: #474b52;  --wave: #868c97; --accent: #e8e8e6; --on-accent: #16171a;
  --speech: #56b4e9; --music: #f0803c; --effects: #2cc79a; } }
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body { margin: 0; background: var(--ground); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
  font-variant-numeric: tabular-nums; -webkit-text-size-adjust: 100%; }
main { max-width: 1080px; margin: 0 auto; padding: 2.5rem 1.5rem 4rem; }
h1 { margin: .1rem 0 .3rem; font-size: 1.7rem; line-height: 1.25; font-weight: 650; letter-spacing: -.01em;
  overflow-wrap: anywhere; }
h2 { margin: 2.8rem 0 .9rem; font-size: 1.05rem; font-weight: 650; }
p { margin: .4rem 0; } .quiet, .over { color: var(--quiet); font-size: .87rem; overflow-wrap: anywhere; }
.notice { border-left: 3px solid var(--music); padding: .3rem .8rem; margin: 1rem 0 0; }
.figures { display: grid; grid-template-columns: repeat(3, 1fr); gap: 1px; margin-top: 1.6rem;
  background: var(--line); border: 1px solid var(--line); border-radius: 10px; overflow: hidden; }
.figures div { background: var(--card); padding: .8rem 1rem .75rem; }
.figures dt { color: var(--quiet); font-size: .82rem; }
.figures dd { margin: .1rem 0 0; font-size: 1.2rem; font-weight: 600; letter-spacing: -.01em; }
.figures dd small { display: block; font-size: .82rem; font-weight: 400; letter-spacing: 0; color: var(--quiet); }
.key { display: inline-block; width: 1.1em; height: 0; border-top: 3px solid; vertical-align: .22em;
  margin-right: .4em; }
.key.music { border-top-style: dashed; } .key.effects { border-top-style: dotted; }
.speech { color: var(--speech); } .music { color: var(--music); } .effects { color: var(--effects); }
.lanes { position: relative; padding-left: 3.2rem; cursor: default; }
.lane { position: relative; } .lane + h3, h3 { margin: 1.1rem 0 .3rem; font-size: .87rem; font-weight: 600; }
h3 span { font-weight: 400; color: var(--quiet); margin-left: .6em; }
h3 .legend { display: inline-block; margin: 0 .5em 0 .6em; color: var(--ink); white-space: nowrap; }
svg { display: block; width: 100%; overflow: visible; } path { vector-effect: non-scaling-stroke; fill: none; }
.wave { height: 84px; } .gains { height: 210px; } .cutmarks { height: 8px; }
.wave .peak { fill: var(--wave); opacity: .38; } .wave .rms { fill: var(--wave); }
.grid { stroke: var(--grid); } .zero { stroke: var(--quiet); opacity: .75; } .wave .zero { stroke: var(--line); }
.cuts { stroke: var(--cut); stroke-width: 1; } .gains .cuts, .wave .cuts { stroke: var(--grid); }
.cutmarks .cuts { stroke: var(--quiet); }
.curve { stroke: currentColor; stroke-width: 2; stroke-linejoin: round; }
.curve.music { stroke-dasharray: 7 3; } .curve.effects { stroke-dasharray: 2 2.5; }
.scale span { position: absolute; right: 100%; margin-right: .55rem; transform: translateY(-50%);
  color: var(--quiet); font-size: .75rem; white-space: nowrap; }
.strip { position: relative; height: 76px; background: var(--line); border-radius: 4px; overflow: hidden; }
.strip span { position: absolute; top: 0; bottom: 0; overflow: hidden; border-right: 1px solid var(--ground); }
.strip span:last-child { border-right: 0; }
.strip img { display: block; width: 100%; height: 100%; object-fit: cover; }
.times { position: relative; height: 1.5rem; margin-top: .45rem; border-top: 1px solid var(--line);
  color: var(--quiet); font-size: .75rem; }
.times span { position: absolute; top: .3rem; transform: translateX(-50%); }
.times span::before { content: ""; position: absolute; left: 50%; top: -.3rem; height: .25rem;
  border-left: 1px solid var(--cut); }
.times .first { transform: none; } .times .first::before { left: 0; }
.times .last { transform: translateX(-100%); } .times .last::before { left: 100%; }
.over-all { position: absolute; left: 3.2rem; right: 0; top: 0; bottom: 1.2rem; pointer-events: none; }
.excerpt { position: absolute; top: 0; bottom: 0; background: var(--quiet); opacity: .1; }
.playhead { position: absolute; top: 0; bottom: 0; border-left: 1.5px solid var(--ink); }
.transport { display: flex; flex-wrap: wrap; gap: .7rem 1rem; align-items: center; padding: .9rem 1rem;
  background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
button { font: inherit; color: inherit; background: none; border: 1px solid var(--line); padding: .4rem 1.1rem;
  border-radius: 7px; cursor: pointer; }
button:focus-visible, input:focus-visible, summary:focus-visible { outline: 2px solid var(--speech);
  outline-offset: 2px; }
.play { min-width: 5.4rem; background: var(--accent); color: var(--on-accent); border-color: var(--accent); }
.switch { display: flex; } .switch button { border-radius: 7px 0 0 7px; }
.switch button + button { border-radius: 0 7px 7px 0; border-left: 0; }
.switch [aria-pressed=true] { background: var(--line); font-weight: 600; }
.transport input { flex: 1 1 12rem; accent-color: var(--accent); min-width: 0; }
.plain { display: flex; flex-wrap: wrap; gap: 1rem; } .plain label { flex: 1 1 18rem; }
audio { display: block; width: 100%; }
table { width: 100%; border-collapse: collapse; } th { text-align: left; font-size: .82rem; font-weight: 400;
  color: var(--quiet); padding: 0 .8rem .4rem 0; white-space: nowrap; }
td { padding: .6rem .8rem .6rem 0; border-top: 1px solid var(--line); vertical-align: top; }
.time { white-space: nowrap; } .time span { display: block; color: var(--quiet); font-size: .82rem; }
.picture img { display: block; height: 54px; width: 96px; object-fit: cover; border-radius: 4px; }
th.db, td.db { text-align: right; padding-right: 1.1rem; white-space: nowrap; } td.db { font-weight: 600; }
.why { width: 60%; overflow-wrap: anywhere; } details { margin-top: .3rem; font-size: .87rem; }
summary { color: var(--quiet); cursor: pointer; }
.shots dl, .made { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; margin: .5rem 0 0; }
dt { color: var(--quiet); } dd { margin: 0; overflow-wrap: anywhere; } .figures dt i { margin-right: .5em; }
code { font: .85em ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
.made ul { margin: 0; padding: 0; list-style: none; }
@media (max-width: 640px) {
  main { padding: 1.4rem 1rem 3rem; } h1 { font-size: 1.35rem; } .figures { grid-template-columns: repeat(2, 1fr); }
  .lanes { padding-left: 2.4rem; } .over-all { left: 2.4rem; } .strip { height: 48px; } .wave { height: 64px; }
  .gains { height: 170px; } .times .odd { display: none; } h3 span { display: block; margin: 0; }
  h3 .legend { display: inline-block; margin: 0 .9em 0 0; } .figures dd { font-size: 1.05rem; }
  .shots thead { display: none; } .shots tr { display: flex; flex-wrap: wrap; gap: .3rem 1rem; padding: .8rem 0;
    border-top: 1px solid var(--line); align-items: center; } .shots .picture { flex: 1 1 60%; }
  .shots .picture:empty { display: none; }
  .shots td { border: 0; padding: 0; } .shots .why { width: 100%; } td.db::before { content: attr(data-stem) " ";
    font-weight: 400; } td.db { font-size: .87rem; } .made, .shots dl { grid-template-columns: 1fr; gap: 0; }
  .made dd, .shots dd { margin-bottom: .5rem; } }
@media print { body { background: none; font-size: 11px; } main { padding: 0; max-width: none; }
  .transport, .plain, .playhead, .listen { display: none !important; } tr, .lanes { break-inside: avoid; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
"""
