# ruff: noqa: T201 - a script talks
"""Draws mixtures with known truth, and films of several of them.

    python -m research.director.draw_mixtures INTO --split test --libraries LIBRARY.csv --count 100

Stems and scenes are those of `research/separator` in their plain settings, the levels those of clips of real films. Most good
mixes with talk duck music and effects while somebody speaks. Bad ones: the papers' rule, and the faults that move of
`limelight.dataset.faults`.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from limelight.dataset.degrade import DegradationChoice, sample_degradation
from limelight.dataset.film_levels import FilmLevels, draw_levels, draw_sequence
from limelight.dataset.levels import StemLevels
from research.director.cases import SAMPLE_RATE, Case, path_of, write

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "separator"))  # whose scripts find each other by folder
import levels as lv
from scenes import PLAIN, SceneMaker, speech_activity
from sounds import SoundLibrary

Stems = NDArray[np.float32]  # [K, N]
SEEDS = {"train": 1_000, "validation": 2_000, "test": 3_000}
KINDS = ("good", "paper", "fault")
PROGRAMME_LUFS, AWAY_DB = -27.0, 4.0
HEARD_LU = -16.0  # speech over the rest in the good mix: softer talk is not meant to be followed
SCENE_SECONDS = (8.0, 16.0)
SCENES = (3, 5)
LARGEST_LIFT_DB = 60.0
DUCKED, DUCKED_DB = 0.85, (3.0, 10.0)


class Mixtures:
    """Draws good mixes out of a library."""

    def __init__(self, libraries: list[Path], split: str, seconds: float) -> None:
        variety = replace(PLAIN, room_tone=0.3)
        if split == "train":
            variety = replace(variety, colour=True, noise=0.15)
        self.maker = SceneMaker(SoundLibrary(libraries, split), seconds=seconds, variety=variety)
        self.split, self.seconds = split, seconds

    def good(self, rng: np.random.Generator, levels: FilmLevels, *, seconds: float | None = None) -> Stems:
        """Mono stems of a good mix at some levels."""
        self.maker.samples = round((seconds or self.seconds) * SAMPLE_RATE)
        self.maker.freq = np.fft.rfftfreq(self.maker.samples, 1 / SAMPLE_RATE)
        stems = np.stack([self._stem(rng, stem, wished) for stem, wished in levels.by_stem().items()])
        if stems[0].any():
            stems[1:] *= ducking(rng, stems[0])
        return stems * at_programme(rng, stems.sum(0))

    def _stem(self, rng: np.random.Generator, stem: str, wished_lufs: float) -> NDArray[np.float32]:
        if not np.isfinite(wished_lufs):
            return np.zeros(self.maker.samples, np.float32)
        sound: NDArray[np.float32] = getattr(self.maker, stem)(rng, {}).mean(axis=0)
        have = lv.integrated_lufs(lv.block_powers(sound))
        return (
            sound * np.float32(10 ** (min(wished_lufs - have, LARGEST_LIFT_DB) / 20))
            if np.isfinite(have)
            else sound * 0
        )


def levels_of_a_clip(rng: np.random.Generator) -> FilmLevels:
    """Of some clip of some film in which something is heard."""
    while not np.isfinite((levels := draw_levels(rng)).mix_lufs):
        pass
    return levels


def ducking(rng: np.random.Generator, speech: NDArray[np.float32]) -> Stems:
    """What a mixer does to music and effects while somebody speaks, [2, N].

    Levels of films are those of whole clips; while somebody speaks, speech stands 6 to 14 LU over the rest where it was looked
    at closely, a few more than the clips' levels say.
    """
    depth_db = float(rng.uniform(*DUCKED_DB)) if rng.random() < DUCKED else 0.0
    shares = np.array([[1.0], [float(rng.uniform(0.3, 1))]], np.float32)
    return (10 ** (-depth_db * shares * speech_activity(speech) / 20)).astype(np.float32)


def at_programme(rng: np.random.Generator, mix: NDArray[np.float32]) -> np.float32:
    have = lv.integrated_lufs(lv.block_powers(mix))
    gain_db = PROGRAMME_LUFS + float(rng.normal(0, AWAY_DB)) - have
    return np.float32(10 ** (gain_db / 20)) if np.isfinite(have) else np.float32(1)


def below_full_scale(mix: NDArray[np.float32]) -> NDArray[np.float32]:
    """One gain where a peak passes full scale, as a file could not hold it."""
    return mix / max(1.0, float(np.abs(mix).max(initial=0)))


def has_talk(stems: Stems) -> bool:
    """Whether speech is there, and near enough to the rest while it sounds to be followed."""
    if not stems[0].any():
        return False
    speech, rest = (lv.block_powers(x) for x in (stems[0], stems[1] + stems[2]))
    active = speech > speech.max() * 1e-2
    over = 10 * np.log10(speech[active].mean() / (rest[active].mean() + 1e-12) + 1e-12)
    return bool(active.mean() > 0.15 and over > HEARD_LU)


def spoilt(rng: np.random.Generator, stems: Stems, recipe: str) -> tuple[Stems, str]:
    """The stems with wrong gains, and what is wrong."""
    levels = StemLevels.of(stems[:, None], layout="mono")
    degradation = sample_degradation(rng, DegradationChoice(recipe), levels)
    return degradation.applied(stems[:, None])[:, 0], f"{degradation.fault}, {degradation.step_db:g} dB"


def cases_of(rng: np.random.Generator, number: int, mixtures: Mixtures) -> list[Case]:
    """A good mix and two that were made of it."""
    stems = mixtures.good(rng, levels_of_a_clip(rng))
    wished, talk, group = below_full_scale(stems.sum(0)), has_talk(stems), f"{mixtures.split}-{number}"
    made = []
    for kind, recipe in zip(KINDS, ("none", "paper", "timevarying"), strict=True):
        bad, fault = spoilt(rng, stems, recipe)
        given = wished if kind == "good" else below_full_scale(bad.sum(0))
        made.append(Case(f"{mixtures.split}/{kind}-{number:05d}", group, talk, given, wished, facts={"fault": fault}))
    return made


def film_of(rng: np.random.Generator, number: int, mixtures: Mixtures) -> list[Case]:
    """One film of several scenes, good and with each scene spoilt by the papers' rule."""
    count = int(rng.integers(SCENES[0], SCENES[1] + 1))
    good, bad, talk, ends = [], [], False, [0]
    for levels in draw_sequence(rng, count):
        if not np.isfinite(levels.mix_lufs):
            continue
        stems = mixtures.good(rng, levels, seconds=float(rng.integers(*SCENE_SECONDS)))
        good.append(stems.sum(0))
        bad.append(spoilt(rng, stems, "paper")[0].sum(0))
        talk |= has_talk(stems)
        ends.append(ends[-1] + len(good[-1]))
    wished, given = below_full_scale(np.concatenate(good)), below_full_scale(np.concatenate(bad))
    cuts = tuple(end / SAMPLE_RATE for end in ends[1:-1])
    group = f"{mixtures.split}-film-{number}"
    name = f"{mixtures.split}/{{}}film-{number:05d}"
    return [
        Case(name.format("good"), group, talk, wished, wished, cuts),
        Case(name.format("paper"), group, talk, given, wished, cuts),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("into", type=Path)
    parser.add_argument("--split", default="test")
    parser.add_argument("--libraries", type=Path, nargs="+", required=True)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--scenes", type=int, default=0, help="Films of several scenes.")
    options = parser.parse_args()
    mixtures = Mixtures(options.libraries, options.split, 10.24)
    for count, make, last in ((options.count, cases_of, "fault"), (options.scenes, film_of, "paperfilm")):
        for number in range(count):
            if path_of(options.into, f"{options.split}/{last}-{number:05d}").is_file():
                continue
            rng = np.random.default_rng([SEEDS[options.split], number, len(last)])
            for case in make(rng, number, mixtures):
                write(options.into, case)
        print(options.split, make.__name__, count, flush=True)


if __name__ == "__main__":
    main()
