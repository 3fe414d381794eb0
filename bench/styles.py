"""What each style does to films: how far talk stands over the rest, range, peaks and gains, before and after.

    python bench/styles.py FILE… [--seconds 60]      films; of recordings with several soundtracks these are the stems

Each film is heard once, in a stretch from its middle; then every style decides, and its mix is rendered, limited and
measured. A row a style:

    talk over rest   of the stems while somebody speaks, LU, K-weighted; by the separator's own account
    loudest over talk  the loudest three seconds over the loudness of talk, LU: what turning up for talk lets in
    lift, cut        of speech and of the loudest rest against the film's own level, dB: the furthest of the curves
    moved            share of the time in which a stem's gain is half a decibel and more off the make-up gain
"""

from __future__ import annotations

import argparse
import tempfile
from functools import partial
from pathlib import Path

import av
import numpy as np

from limelight.api import style_for, with_style
from limelight.audio.loudness import LoudnessMeter, dialogue_lufs, sliding_powers
from limelight.audio.peaks import TruePeakMeter
from limelight.errors import TracksUnclear
from limelight.media.probe import probe
from limelight.mixing.controls import Controls
from limelight.mixing.features import mix_powers
from limelight.mixing.job import Analysis, Job, Scratch, analyse
from limelight.mixing.mixers import StemMixer
from limelight.mixing.plan import MixPlan
from limelight.mixing.track_roles import find_tracks
from limelight.models.directors.style import Style, load_style, style_names
from limelight.models.registry import load_director, load_separator
from limelight.models.separators.tracks import Tracks
from limelight.types import SourceInfo, StemFeatures
from limelight.vision.encoder import PictureStatistics

SPEAKS, NOTICEABLE_DB = 0.5, 0.5
SHORT_TERM_BLOCKS = 30  # of 100 ms
COLUMNS = "style | talk over rest | talk | loudest over talk | range | loudness | true peak | lift | cut | moved"


def excerpt(film: Path, seconds: float, folder: Path) -> Path:
    """So many seconds from the middle, packets copied, from a key picture on."""
    made = folder / f"{film.stem}.mkv"
    with av.open(str(film)) as source, av.open(str(made), "w") as target:
        length = (source.duration or 0) / av.time_base
        start = max(0.0, (length - seconds) / 2)
        source.seek(round(start * av.time_base))
        chosen = [*source.streams.video[:1], *source.streams.audio]  # no covers
        streams = {stream.index: target.add_stream_from_template(stream, opaque=True) for stream in chosen}
        for stream in chosen:
            streams[stream.index].metadata.update(stream.metadata)
        first = None
        for packet in source.demux(chosen):
            if packet.pts is None or packet.dts is None or not packet.size:
                continue
            at = float(packet.dts * packet.time_base)
            first = at if first is None else first
            if at > first + seconds:
                break
            packet.stream = streams[packet.stream.index]
            target.mux(packet)
    return made


def known(info: SourceInfo) -> Tracks | None:
    """The tracks of a recording; several languages are no stems."""
    try:
        return find_tracks(info, tracks="auto") if len(info.soundtracks) > 1 else None
    except TracksUnclear:
        return None


def levels(job: Job, mixer: StemMixer, plan: MixPlan, heard: StemFeatures) -> dict[str, float]:
    """Of the plan's mix, rendered and limited."""
    meter, peaks = (
        LoudnessMeter(job.soundtrack.sample_rate, job.soundtrack.layout),
        TruePeakMeter(job.soundtrack.channels),
    )
    for block in mixer.blocks(job, plan):
        meter.push(block)
        peaks.push(block)
    found = meter.finish()
    middles = (np.arange(found.block_powers.size) + 0.5) * 0.1
    spoken = np.interp(middles, heard.times_seconds, heard.presence) > SPEAKS
    talk = dialogue_lufs(found.block_powers, spoken)
    loudest = -0.691 + 10 * np.log10(sliding_powers(found.block_powers, SHORT_TERM_BLOCKS).max())
    return {
        "talk": talk,
        "loudest over talk": loudest - talk,
        "range": found.range_lu,
        "loudness": found.integrated_lufs,
        "true peak": peaks.finish(),
    }


def over_rest(heard: StemFeatures, gains_db: np.ndarray) -> float:
    """Talk over music and effects while somebody speaks, under gains [K, T], LU."""
    spoken = heard.presence > SPEAKS
    if not spoken.any():
        return float("nan")
    speech, rest = gains_db.copy(), gains_db.copy()
    speech[1:], rest[:1] = -400, -400
    return float(
        10 * np.log10(mix_powers(heard, speech)[spoken].sum() / max(1e-20, mix_powers(heard, rest)[spoken].sum()))
    )


def row(name: str, job: Job, found: Analysis, style: Style | None, heard: StemFeatures, mixer: StemMixer) -> str:
    """A line of the table."""
    style = style_for(mixer.separator, style)
    mixer.director, mixer.style = load_director(style=style), style
    controls = with_style(Controls(), style) if name != "(before)" else Controls(strength=0)
    plan = mixer.plan(job, found, controls)
    gains = np.stack([np.interp(heard.times_seconds, plan.times_seconds, curve) for curve in plan.curves_db])
    told = {"talk over rest": over_rest(heard, gains)} | levels(job, mixer, plan, heard)
    told |= {"lift": gains[0].max(), "cut": gains[1:].min()}
    cells = " | ".join("–" if not np.isfinite(value) else f"{value:+.1f}" for value in told.values())
    moved = 100 * (np.abs(gains) >= NOTICEABLE_DB).any(axis=0).mean()
    return f"| {name} | {cells.replace('-', '−')} | {moved:.0f} % |"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("films", nargs="+", type=Path)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--styles", nargs="*", default=["(before)", "usual", *style_names()])
    asked = parser.parse_args()
    for film in asked.films:
        with tempfile.TemporaryDirectory() as folder, Scratch(Path(folder) / "mix") as scratch:
            info = probe(excerpt(film, asked.seconds, Path(folder)))
            tracks = known(info)
            job = Job.of(info.path, tracks=tracks, scratch=scratch)
            mixer = StemMixer(tracks or load_separator(), load_director())
            found = analyse(job, PictureStatistics(sampled=True), partial(mixer.hear, job))
            heard = found.heard
            spoken = float((heard.presence > SPEAKS).mean())
            print(f"\n{film.name}: somebody speaks for {100 * spoken:.0f} % of {info.duration_seconds:.0f} s\n")  # noqa: T201
            print(f"| {COLUMNS} |\n|---|{'---:|' * COLUMNS.count('|')}", flush=True)  # noqa: T201
            for name in asked.styles:
                style = None if name in ("(before)", "usual") else load_style(name)
                print(row(name, job, found, style, heard, mixer), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
