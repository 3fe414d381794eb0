"""How well do lips tell own from another's speech, and talk from silence?   python -m research.synchrony.lips CACHE

Own: a window of a mouth and the sound of the same time. Other: the same mouth with a window of another person's sound, at a
random place. The groups are persons. Columns: mean AUC of the persons (95 % interval by bootstrap over persons), AUC of all
windows pooled, persons, own windows.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np

from limelight.vision.synchrony import (
    LAGS_SECONDS,
    LEVEL_RATE,
    LIP_RATE,
    LipCurve,
    SpeechCurve,
    film_lag,
    follows,
    match,
)
from research.synchrony.corpus import Talk, auc, over_groups, talks

WINDOWS_SECONDS = (1.0, 2.0, 3.0, 5.0, 9.5)
OTHERS = 8  # windows of other persons for each own one
WHOLE = 1e3  # seconds of memory: evidence of the whole window

Score = Callable[[LipCurve, SpeechCurve, float], float]


def window(curve: LipCurve, start: int, length: int) -> LipCurve:
    part = slice(start, start + length)
    return LipCurve(curve.start_seconds + start / LIP_RATE, curve.opening[part], curve.confidence[part])


def shifted(speech: SpeechCurve, seconds: float) -> SpeechCurve:
    """The speech that is heard `seconds` later, earlier by as much; before and after it the level stays as it is."""
    places = np.arange(len(speech.level_db)) + round(seconds * LEVEL_RATE)
    return SpeechCurve(speech.level_db[np.clip(places, 0, len(speech.level_db) - 1)])


def correlation(curve: LipCurve, speech: SpeechCurve, lag_seconds: float) -> float:
    return float(match(curve, speech, lag_seconds, memory_seconds=WHOLE).correlation.mean())


def best_lag(curve: LipCurve, speech: SpeechCurve, _lag_seconds: float) -> float:
    return max(correlation(curve, speech, lag) for lag in LAGS_SECONDS[::2].tolist())


def odds(curve: LipCurve, speech: SpeechCurve, lag_seconds: float) -> float:
    return float(follows(match(curve, speech, lag_seconds, memory_seconds=WHOLE)).mean())


def compared(
    people: list[Talk], seconds: float, score: Score, *, kind: str = "speech", lags: bool = False, seed: int = 1
) -> dict[str, tuple[list[float], list[float]]]:
    """Scores of own and other windows by person. `lags`: found for each film with each sound, else the usual one."""
    random, length = np.random.default_rng(seed), round(seconds * LIP_RATE)
    found: dict[str, tuple[list[float], list[float]]] = {}
    for one in people:
        own = getattr(one, kind)
        lag = film_lag([one.lips], own) if lags else 0.02
        for start in range(0, len(one.lips.opening) - length + 1, max(length // 2, LIP_RATE // 2)):
            mouth = window(one.lips, start, length)
            scores = found.setdefault(one.person, ([], []))
            scores[0].append(score(mouth, own, lag))
            for _ in range(OTHERS):
                other, later = stranger(people, one, mouth, seconds, random)
                sound = shifted(getattr(other, kind), later)
                scores[1].append(score(mouth, sound, film_lag([one.lips], sound) if lags else 0.02))
    return {person: pair for person, pair in found.items() if pair[1]}


def stranger(
    people: list[Talk], one: Talk, mouth: LipCurve, seconds: float, random: np.random.Generator
) -> tuple[Talk, float]:
    """Another person, each as likely, and by how much to shift the sound so that a random place falls on the mouth."""
    long = [
        other
        for other in people
        if other.person != one.person and len(other.speech.level_db) >= (seconds - 0.5) * LEVEL_RATE
    ]
    names = sorted({other.person for other in long})
    chosen = names[random.integers(len(names))]
    films = [other for other in long if other.person == chosen]
    other = films[random.integers(len(films))]
    place = random.uniform(0, max(0.0, len(other.speech.level_db) / LEVEL_RATE - seconds))
    return other, place - mouth.start_seconds


def talk_or_silence(people: list[Talk], seconds: float) -> dict[str, tuple[list[float], list[float]]]:
    """Log of a mouth's motion while its person speaks, and while nobody does or somebody else in the picture, by person."""
    found: dict[str, tuple[list[float], list[float]]] = {}
    for one in people:
        for mouth, speaks in [(one.lips, True), *((other, False) for other in one.others)]:
            person = one.person if speaks else f"{one.person}, another face"
            length = round(seconds * LIP_RATE)
            for start in range(0, len(mouth.opening) - length + 1, max(1, length // 2)):
                part = window(mouth, start, length)
                at = np.arange(*np.round((part.times_seconds[0] / 0.032, part.times_seconds[-1] / 0.032)).astype(int))
                voiced = float(np.mean(one.voice[np.clip(at, 0, len(one.voice) - 1)] > 0.5))
                motion = float(np.log(match(part, one.speech, 0.02, memory_seconds=WHOLE).motion.mean() + 1e-9))
                if not speaks or voiced > 0.85 or voiced < 0.1:
                    found.setdefault(person, ([], []))[0 if speaks and voiced > 0.85 else 1].append(motion)
    return found


def motion_table(people: list[Talk]) -> None:
    say = sys.stdout.write
    for seconds in (0.5, 1.0, 2.0):
        found = talk_or_silence(people, seconds)
        talk = [value for pair in found.values() for value in pair[0]]
        still = [value for pair in found.values() for value in pair[1]]
        both = {person: pair for person, pair in found.items() if pair[0] and pair[1]}
        persons = f"{over_groups(both)} | {sum(len(pair[1]) for pair in both.values())}" if both else "-"
        say(
            f"| {seconds:g} s | {persons} | {auc(talk, still):.2f} | {len(talk)} | {len(still)} | "
            f"talk {np.mean(talk):.2f} ± {np.std(talk):.2f}, still {np.mean(still):.2f} ± {np.std(still):.2f} |\n"
        )


def calibration(people: list[Talk]) -> None:
    """Of what is said with a probability, how much is so? Own and other windows of 1, 2, 3, 5 s, each kind as heavy."""
    pairs = [compared(people, seconds, odds).values() for seconds in WINDOWS_SECONDS[:4]]
    own = np.concatenate([a for values in pairs for a, _ in values])
    other = np.concatenate([b for values in pairs for _, b in values])
    edges = [-np.inf, -3, -2, -1, -0.3, 0.3, 1, 2, 3, np.inf]
    for low, high in pairwise(edges):
        mine, theirs = np.mean((own > low) & (own <= high)), np.mean((other > low) & (other <= high))
        values = np.concatenate([own[(own > low) & (own <= high)], other[(other > low) & (other <= high)]])
        said = float(np.mean(1 / (1 + np.exp(-values)))) if len(values) else float("nan")
        so = mine / max(mine + theirs, 1e-9)
        sys.stdout.write(f"| odds {low} … {high} | {said:.2f} | {so:.2f} | {0.5 * (mine + theirs):.2f} |\n")


def main() -> None:
    people = talks(Path(sys.argv[1]))
    say = sys.stdout.write
    for one in people:
        lag, seconds = film_lag([one.lips], one.speech), len(one.lips.opening) / LIP_RATE
        r, voiced = correlation(one.lips, one.speech, lag), np.mean(one.voice > 0.5)
        say(f"| {one.name} | {seconds:.1f} s | lag {lag:+.2f} s | r {r:.2f} | voiced {voiced:.2f} |\n")
    rows: list[tuple[str, Score, str, bool]] = [
        ("correlation, usual lag", correlation, "speech", False),
        ("the same, level of the mixture", correlation, "mixture", False),
        ("best lag of each window (the laboratory's way)", best_lag, "speech", False),
        ("odds, usual lag", odds, "speech", False),
        ("odds, lag of the film", odds, "speech", True),
    ]
    motion_table(people)
    calibration(people)
    for seconds in WINDOWS_SECONDS:
        for name, score, kind, lags in rows:
            say(f"| {seconds:g} s | {name} | {over_groups(compared(people, seconds, score, kind=kind, lags=lags))} |\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
