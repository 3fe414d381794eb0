"""Makes a sound library of rendered scores, synthesised voices and effects.

Every file is drawn from (seed, number) alone, so a library grows without changing what it holds. The kinds come by
turns, and a manifest row is written as soon as its file is whole: a run that was stopped leaves a smaller library, and the
next run goes on from there.
"""

from __future__ import annotations

import csv
import logging
import math
import shutil
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from limelight.errors import InputError
from limelight.media.audio_files import write_sound
from research.synthetic.effects import draw_effect
from research.synthetic.render import SAMPLE_RATE, SOUND_FONT, draw_studio, levelled, render
from research.synthetic.score import draw_score, instruments
from research.synthetic.speech import draw_speaker, draw_text, espeak_languages, espeak_variants, speak, trimmed

log = logging.getLogger(__name__)
PIECE_SECONDS = (40.0, 100.0)
SUNG_EVERY = 8
UTTERANCES = 6  # of a speaker
MEAN_SECONDS = (82.0, 48.0, 4.2)  # of a piece, a speaker, an effect, as measured; only the count of files hangs on them
PACKAGES = {"fluidsynth": "fluidsynth", "espeak-ng": "espeak-ng", "flite": "flite"}
KINDS = ("music", "speech", "effects")
MUSIC, SPEECH, EFFECTS = range(3)


@dataclass(frozen=True)
class Row:
    """A line of the manifest."""

    file: str
    kind: str
    split: str
    group: str
    seconds: float
    sr: int
    channels: int
    tag: str
    licence: str
    attribution: str


@dataclass(frozen=True)
class Job:
    """One piece of music, one speaker with all utterances, or one effect."""

    folder: Path
    kind: int
    seed: int
    number: int

    @property
    def name(self) -> str:
        """Of its files, and of its group."""
        return f"{KINDS[self.kind]}-s{self.seed}-{self.number:05d}"


@dataclass(frozen=True)
class Minutes:
    """How much to make, about."""

    music: float = 0.0
    speech: float = 0.0
    effects: float = 0.0


def make_library(folder: Path, *, seed: int, minutes: Minutes, workers: int) -> None:
    """Fills `folder` with about so many minutes and lists them in its manifest.csv; what is there already is kept.

    Raises InputError when a program or the sound font is missing.
    """
    check_installed()
    for kind in KINDS:
        (folder / kind).mkdir(parents=True, exist_ok=True)
    manifest = folder / "manifest.csv"
    listed = _listed_groups(manifest)
    jobs = [job for job in plan(folder, seed, minutes) if job.name not in listed]
    log.info("%d pieces, speakers and effects to make, %d there already", len(jobs), len(listed))
    started, made_seconds = time.monotonic(), 0.0
    with ProcessPoolExecutor(workers) as pool:
        for done, rows in enumerate(pool.map(work, jobs), start=1):
            _list_rows(manifest, rows)
            made_seconds += sum(row.seconds for row in rows)
            if done % 10 == 0 or done == len(jobs):
                passed = time.monotonic() - started
                log.info(
                    "%d of %d: %.1f min, %.1f × real time", done, len(jobs), made_seconds / 60, made_seconds / passed
                )


def plan(folder: Path, seed: int, minutes: Minutes) -> list[Job]:
    """What there is to make, the kinds spread evenly over one another."""
    wanted = (minutes.music, minutes.speech, minutes.effects)
    counts = [math.ceil(60 * much / each) for much, each in zip(wanted, MEAN_SECONDS, strict=True)]
    jobs = [((number + 0.5) / count, kind, number) for kind, count in enumerate(counts) for number in range(count)]
    return [Job(folder, kind, seed, number) for _, kind, number in sorted(jobs)]


def check_installed() -> None:
    """Raises InputError, naming what to install, when anything is missing."""
    missing = [package for program, package in PACKAGES.items() if shutil.which(program) is None]
    missing += [] if SOUND_FONT.is_file() else ["fluid-soundfont-gm"]
    if missing:
        raise InputError(
            f"Synthetic sounds need fluidsynth, espeak-ng, flite and {SOUND_FONT}; not all of them were found. "
            f"Install what is missing: apt install {' '.join(missing)}."
        )


def work(job: Job) -> list[Row]:
    """Makes one piece, speaker or effect; one that its program stumbles over is left out, with a warning."""
    try:
        return list((_music, _speech, _effect)[job.kind](job))
    except (InputError, subprocess.TimeoutExpired) as error:
        log.warning("%s left out: %s", job.name, error)
        return []


def _music(job: Job) -> Iterator[Row]:
    rng = np.random.default_rng([job.seed, MUSIC, job.number])
    sung = job.number % SUNG_EVERY == SUNG_EVERY - 1
    score = draw_score(rng, seconds=float(rng.uniform(*PIECE_SECONDS)), sung=sung)
    samples = levelled(trimmed(render(score, draw_studio(rng)), SAMPLE_RATE))
    tag = f"{score.style}: {instruments(score)}"
    made_of = "score drawn by Limelight, FluidR3 GM sound font by Frank Wen"
    yield _write(job, f"music/{job.name}.flac", samples, SAMPLE_RATE, tag, ("MIT", made_of))


def _speech(job: Job) -> Iterator[Row]:
    rng = np.random.default_rng([job.seed, SPEECH, job.number])
    speaker = draw_speaker(rng, espeak_languages(), espeak_variants())
    tag = f"{speaker.program} {speaker.voice}"
    for utterance in range(UTTERANCES):
        samples = levelled(speak(speaker, draw_text(rng, speaker.language)))
        if len(samples) > speaker.sample_rate / 2:  # some voices have nothing to say to some texts
            file = f"speech/{job.name}-{utterance}.flac"
            rights = ("synthesiser output", f"text drawn by Limelight, spoken by {tag}")
            yield _write(job, file, samples, speaker.sample_rate, tag, rights)


def _effect(job: Job) -> Iterator[Row]:
    name, samples = draw_effect(np.random.default_rng([job.seed, EFFECTS, job.number]))
    rights = ("CC0", "made by rule by Limelight")
    yield _write(job, f"effects/{job.name}.flac", levelled(samples), SAMPLE_RATE, name, rights)


def _write(
    job: Job, file: str, samples: NDArray[np.float32], sample_rate: int, tag: str, rights: tuple[str, str]
) -> Row:
    # 16 bits are what a library is read with; the file's spare bits are zeros, which cost nothing
    rounded = np.round(samples * 32767).astype(np.float32) / np.float32(32768)
    write_sound(job.folder / file, [rounded[None]], sample_rate=sample_rate, layout="mono", overwrite=True)
    seconds = round(len(samples) / sample_rate, 2)
    return Row(file, file.split("/")[0], "train", job.name, seconds, sample_rate, 1, tag, *rights)


def _listed_groups(manifest: Path) -> set[str]:
    """Of the pieces and speakers that the manifest lists; an unlisted file is made again."""
    if not manifest.is_file():
        return set()
    with manifest.open(encoding="utf-8", newline="") as lines:
        return {row["group"] for row in csv.DictReader(lines)}


def _list_rows(manifest: Path, rows: list[Row]) -> None:
    begun = manifest.is_file()
    with manifest.open("a", encoding="utf-8", newline="") as lines:
        table = csv.DictWriter(lines, [field.name for field in fields(Row)])
        if not begun:
            table.writeheader()
        table.writerows(asdict(row) for row in rows)
