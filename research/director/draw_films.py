# ruff: noqa: T201 - a script talks
"""Cases out of real films: finished ones as they are, and people who speak, laid over the sound of films without talk.

    python -m research.director.draw_films INTO FOLDER --films FILM_LEVELS.csv

FOLDER has `films/manifest.csv` and `manifest.csv`, which say what is seen and heard and who belongs to which group. A talker's
picture is kept; its sound and the bed stand to each other as speech and the rest do in a clip of a real film. The papers' rule
moves the loudest stem of that clip down and the others up; a bed is one stem here, so it moves with its louder part.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from limelight.audio.convert import downmix_weights, resample
from limelight.media.probe import choose_soundtrack, probe
from limelight.media.read_audio import read_audio
from limelight.types import STEMS, Cues
from limelight.vision.watch import watch
from research.director.cases import SAMPLE_RATE, Case, path_of, write
from research.director.draw_mixtures import below_full_scale, ducking, lv

LONGEST_SECONDS = 30.0
TALK_SECONDS = 10
SEED, STEPS_DB = 4_000, (6.0, 9.0, 12.0)
TALKERS = {"film-maui": 4, "film-opendubbing_office": 8, "film-whitehouse_obama_iran": 8, "film-grid": 3}  # beds each
BEDS = ("bbb_full", "google_", "gopro_")
HEARD_LUFS, CHECKED_SHARE = -60.0, 0.2
SPEECH_LUFS, BED_LUFS = -40.0, -50.0  # rows of levels in which both are heard; beds that are loud enough to be one

Mono = NDArray[np.float32]


@dataclass(frozen=True)
class Film:
    path: Path
    group: str
    talk: bool

    @property
    def name(self) -> str:
        return self.path.stem


def films_of(folder: Path) -> Iterator[Film]:
    """All films of a folder with manifests."""
    for manifest, wanted in ((folder / "films/manifest.csv", None), (folder / "manifest.csv", "video")):
        with manifest.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                if wanted is None or row["kind"] == wanted:
                    talk = row.get("type") == "talk" or "nasa" in row["file"]
                    yield Film(folder / row["file"], row["group"], talk)


@lru_cache(maxsize=64)
def sound_of(path: Path) -> Mono:
    """The mono downmix at 48 kHz, [N]."""
    info = probe(path)
    track = choose_soundtrack(info, None)
    whole = np.concatenate(list(read_audio(info, track)), axis=1)
    mono = (downmix_weights(track.layout) @ whole)[None].astype(np.float32)
    return np.asarray(resample(mono, track.sample_rate, SAMPLE_RATE)[0])


@lru_cache(maxsize=64)
def seen_in(path: Path) -> Cues:
    return watch(probe(path))


def stretch(film: Film, start: int, seconds: float) -> tuple[Mono, tuple[float, ...], NDArray[np.float32]]:
    """Sound, cuts and cues from a whole second on."""
    sound = sound_of(film.path)[start * SAMPLE_RATE :][: round(seconds * SAMPLE_RATE)]
    seen = seen_in(film.path)
    cuts = (shot.start_seconds - start for shot in seen.shots[1:])
    rows = seen.values[start : start + int(np.ceil(len(sound) / SAMPLE_RATE))]
    return sound, tuple(cut for cut in cuts if 0.1 < cut < len(sound) / SAMPLE_RATE - 0.1), rows


def finished(films: list[Film]) -> Iterator[Case]:
    """Stretches of equal length, in whole seconds."""
    for film in films:
        seconds = len(sound_of(film.path)) / SAMPLE_RATE
        count = int(np.ceil(seconds / LONGEST_SECONDS))
        edges = [*np.round(np.linspace(0, seconds, count + 1)[:-1]).astype(int).tolist(), seconds]
        for n, (start, end) in enumerate(pairwise(edges)):
            sound, cuts, rows = stretch(film, start, end - start)
            facts = {"film": film.name, "start_seconds": start}
            yield Case(f"films/{film.name}-{n:05d}", film.group, film.talk, sound, sound, cuts, rows, facts)


def talkers(films: list[Film], rows: NDArray[np.float64]) -> Iterator[Case]:
    """People who speak in the picture, over beds."""
    beds = [film for film in films if film.name.startswith(BEDS)]
    number = 0
    for film in films:
        beds_each = next((n for group, n in TALKERS.items() if film.group.startswith(group)), 0)
        length = len(sound_of(film.path)) // SAMPLE_RATE
        for start in range(0, max(1, length - TALK_SECONDS // 2), TALK_SECONDS):
            for _ in range(beds_each):
                rng = np.random.default_rng([SEED, number])
                yield from _laid_over(rng, number, film, start, beds, rows)
                number += 1


def film_rows(path: Path) -> NDArray[np.float64]:
    """LUFS of speech, music, effects of clips in which somebody is heard beside something else, of a fifth of the films."""
    rows = []
    with path.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            levels = [float(row[f"{stem}_lufs"]) for stem in STEMS]
            levels = [level if level > HEARD_LUFS else -np.inf for level in levels]
            share = int(sha256(row["film"].encode()).hexdigest()[:8], 16) / 2**32
            if share < CHECKED_SHARE and levels[0] > SPEECH_LUFS and max(levels[1:]) > -np.inf:
                rows.append(levels)
    return np.array(rows)


def _laid_over(
    rng: np.random.Generator, number: int, film: Film, start: int, beds: list[Film], rows: NDArray[np.float64]
) -> Iterator[Case]:
    talk, cuts, values = stretch(film, start, TALK_SECONDS)
    bed, name = _bed(rng, beds, len(talk))
    row = rows[int(rng.integers(len(rows)))]
    over_lu = row[0] - 10 * np.log10(np.sum(10 ** (row[1:] / 10)))
    have_lu = lufs(talk) - lufs(bed)
    bed = bed * np.float32(10 ** ((have_lu - over_lu) / 20)) * ducking(rng, talk)[0]
    wished = talk + bed
    scale = np.float32(10 ** ((-27 - lufs(wished)) / 20))
    talk, bed = talk * scale, bed * scale
    step_db = float(rng.choice(STEPS_DB)) * (-1 if row[0] > row[1:].max() else 1)  # of the speech
    given = talk * np.float32(10 ** (step_db / 20)) + bed * np.float32(10 ** (-step_db / 20))
    facts = {"bed": name, "over_lu": round(float(over_lu), 1), "speech_step_db": step_db, "film": film.name}
    mixes = {"paper": below_full_scale(given), "good": below_full_scale(talk + bed)}
    for kind, mix in mixes.items():
        target = mixes["good"]
        yield Case(f"talkers/{kind}-{number:05d}", film.group, True, mix, target, cuts, values, facts)


def _bed(rng: np.random.Generator, beds: list[Film], length: int) -> tuple[Mono, str]:
    """A stretch of one of the beds, each kind of film as likely as another."""
    while True:
        kind = BEDS[int(rng.integers(len(BEDS)))]
        of_kind = [film for film in beds if film.name.startswith(kind)]
        film = of_kind[int(rng.integers(len(of_kind)))]
        sound = sound_of(film.path)
        start = int(rng.integers(0, max(1, len(sound) - length)))
        part = sound[start : start + length]
        if len(part) == length and lufs(part) > BED_LUFS:
            return part, f"{film.name} at {start / SAMPLE_RATE:.1f} s"


def lufs(x: Mono) -> float:
    return float(lv.integrated_lufs(lv.block_powers(x)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("into", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--films", type=Path, required=True, help="A table of film, clip and the LUFS of each stem.")
    parser.add_argument("--only", choices=["talkers", "films"], help="One of the two.")
    options = parser.parse_args()
    films = list(films_of(options.folder))
    makers = {"talkers": talkers(films, film_rows(options.films)), "films": finished(films)}
    for make in [makers[options.only]] if options.only else makers.values():
        count = 0
        for case in make:
            if not path_of(options.into, case.name).is_file():
                write(options.into, case)
            count += 1
        print(count, flush=True)


if __name__ == "__main__":
    main()
