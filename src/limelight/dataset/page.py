"""A data set on one page that opens offline: the figures, and a few clips to look at and listen to.

The examples are spread over the recipes, so that each kind of fault is heard once before any is heard twice. Input and
target are played equally loud, since the louder one sounds better whatever was done to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from limelight.dataset.clips import CLIPS, SOUNDS, read_clip_sound, read_recipe
from limelight.dataset.degrade import Degradation
from limelight.dataset.manifest import Entry
from limelight.dataset.statistics import Statistics, rows
from limelight.media.target import naming_write_errors, whole_or_absent
from limelight.report.drawings import data_url
from limelight.report.listening import clip_bytes, match_loudness
from limelight.report.page import STYLE
from limelight.report.words import duration, escaped, number
from limelight.types import STEMS, Samples

EXAMPLES = 6
POLICY = "default-src 'none'; img-src data:; media-src data:; style-src 'unsafe-inline'"
WIDTH, HEIGHT, RANGE_DB = 1000, 120, 15.0  # of the drawing of gains


def write_page(
    folder: Path, entries: Sequence[Entry], found: Statistics, page: Path, *, examples: int = EXAMPLES
) -> None:
    """Writes the page; about 0.6 MB for each example of 10 s. Raises OutputError, NotMedia."""
    parts = [_head(folder, found), _figures(found)]
    parts += [_example(folder, entry) for entry in choose(entries, examples)]
    text = (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escaped(folder.name)} · Limelight</title><style>{STYLE}</style></head>"
        f"<body><main>{''.join(parts)}</main></body></html>\n"
    )
    with whole_or_absent(page) as temporary, naming_write_errors(page):
        temporary.write_text(text, encoding="utf-8")


def choose(entries: Sequence[Entry], count: int) -> list[Entry]:
    """A few clips, in turn from each kind of fault; the same ones for the same data set."""
    kinds: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries:
        kinds.setdefault((entry.recipe, entry.fault.split(",")[0]), []).append(entry)
    chosen: list[Entry] = []
    for turn in range(count):
        chosen += [of_kind[turn] for of_kind in kinds.values() if turn < len(of_kind)]
    return chosen[:count]


def _head(folder: Path, found: Statistics) -> str:
    length = duration(found.hours * 3600)
    return (
        f'<header><div class="over">Muddy Mix</div><h1>{escaped(folder.resolve().name)}</h1>'
        f'<p class="quiet">{found.clips} clips, {length}</p></header>'
    )


def _figures(found: Statistics) -> str:
    lines = "".join(
        f'<tr><td>{escaped(what)}</td><td>{escaped(here)}</td><td class="quiet">{escaped(there)}</td></tr>'
        for what, here, there in rows(found)
    )
    head = "<tr><th>median [middle half]</th><th>here</th><th>the papers' data, where known</th></tr>"
    return f"<h2>Figures</h2><table><thead>{head}</thead><tbody>{lines}</tbody></table>"


def _example(folder: Path, entry: Entry) -> str:
    spoiling = read_recipe(folder, entry.name)
    source = ", ".join(f"{one.name} at {duration(one.start_seconds)}, {one.licence}" for one in entry.sources)
    said = f"{entry.recipe}: {entry.fault} · {entry.split} · {source}"
    loud = " · ".join(f"{name} {number(entry.loudness_lufs[name])}" for name in (*STEMS, "target", "input"))
    return (
        f"<h2>{escaped(entry.name)}</h2>"
        f'<p class="quiet">{escaped(said)}<br>LUFS: {escaped(loud.replace("–", "silent"))}</p>'
        f"{_pictures(folder, entry)}<h3>What was done to each stem, dB<span>{_legend()}</span></h3>"
        f'{_curves(spoiling)}<div class="plain">{"".join(_players(folder, entry))}</div>'
    )


def _pictures(folder: Path, entry: Entry) -> str:
    names = sorted(name for name in entry.files if name.startswith("frames/"))
    images = "".join(
        f'<span style="left:{100 * n / len(names):.3f}%;width:{100 / len(names):.3f}%">'
        f'<img alt="" src="{data_url("image/jpeg", (folder / CLIPS / entry.name / name).read_bytes())}"></span>'
        for n, name in enumerate(names)
    )
    return f'<div class="strip">{images}</div>' if images else ""


def _legend() -> str:
    return "".join(f'<span class="legend"><i class="key {stem}"></i>{stem}</span>' for stem in STEMS)


def _curves(spoiling: Degradation) -> str:
    lines = "".join(
        f'<path class="curve {stem}" d="{_path(curve)}"/>'
        for stem, curve in zip(STEMS, spoiling.curves_db, strict=True)
    )
    drawn = f'<path class="zero" d="M0 {HEIGHT / 2}H{WIDTH}"/>{lines}'
    return (
        f'<div class="lanes"><div class="lane"><div class="scale">'
        f'<span style="top:0">+{RANGE_DB:g}</span><span style="top:50%">0</span><span style="top:100%">−{RANGE_DB:g}</span>'
        f'</div><svg style="height:{HEIGHT}px" viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none">{drawn}</svg>'
        "</div></div>"
    )


def _path(curve_db: Sequence[float]) -> str:
    levels = np.clip(np.resize(curve_db, max(2, len(curve_db))), -RANGE_DB, RANGE_DB)
    across = np.linspace(0, WIDTH, len(levels))
    down = HEIGHT / 2 * (1 - levels / RANGE_DB)
    return "M" + "L".join(f"{x:.0f} {y:.1f}" for x, y in zip(across, down, strict=True))


def _players(folder: Path, entry: Entry) -> Iterator[str]:
    sounds = {name: _stereo(read_clip_sound(folder, entry.name, name)) for name in SOUNDS}
    match = match_loudness(sounds["input"], sounds["target"])
    for name, sound in sounds.items():
        gain = match.before_db if name == "input" else match.after_db  # stems as loud as they are in the target
        address = data_url("audio/mp4", clip_bytes(sound, gain))
        yield f'<label>{name.capitalize()}<audio controls preload="none" src="{address}"></audio></label>'


def _stereo(samples: Samples) -> Samples:
    return np.broadcast_to(samples, (2, samples.shape[1])) if len(samples) == 1 else samples
