"""Answers of a listening study, into figures with intervals over clips and persons; as Markdown, as a page, for programs.

    answers, key ──► who is left out, and why ──► comparisons (person, clip, better, worse) ──► rates, Bradley–Terry

Intervals are of 95 % by the pigeonhole bootstrap (Owen, "The pigeonhole bootstrap", Annals of Applied Statistics 2007): persons
and clips are resampled independently, because both are samples. Strengths are those of Bradley and Terry (1952), a tie being
half a win to each, found by Hunter's MM steps (2004). VisAH (CVPR 2025) tells of its own study the top-2 rate, how often its
output is preferred to the film's own mix, and how often to the badly mixed original.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limelight.errors import InputError
from limelight.report.templating import render
from limelight.study.make import ANCHOR, KEY, ORIGINAL

ANSWERS, NO_DIFFERENCE = "limelight-study-answers", "no difference"
DRAWS, LEAST_TAU = 2000, 0.0
PRIOR_WINS = 0.1  # of each against each: a version that never lost still has a strength
Array = NDArray[np.float64]


@dataclass(frozen=True)
class ShareInterval:
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float
    count: int  # comparisons, or rankings, that it comes from


@dataclass(frozen=True)
class LeftOut:
    """A person whose answers do not count."""

    person: str
    reason: str


@dataclass(frozen=True)
class Figures:
    """What a study says."""

    versions: tuple[str, ...]
    persons: int
    clips: int
    left_out: tuple[LeftOut, ...]
    top_2: dict[str, ShareInterval]  # of rankings only
    wins: dict[str, dict[str, ShareInterval]]  # version → over which other → share, ties half
    strengths_db: dict[str, ShareInterval]  # 10 log₁₀ of Bradley–Terry's strength over the first version's


@dataclass(frozen=True)
class Comparisons:
    """Who preferred what: one row a pair of versions."""

    person: NDArray[np.int64]
    clip: NDArray[np.int64]
    first: NDArray[np.int64]  # versions
    second: NDArray[np.int64]
    won: Array  # by the first: 1, 0, or ½ for no difference


def read_study(key_path: Path, answers: Sequence[Path], *, seed: int = 0) -> Figures:
    """Figures of a study. Raises InputError for files that are not of this study."""
    key = _json(key_path, KEY)
    people = [_json(path, ANSWERS) for path in answers]
    for path, one in zip(answers, people, strict=True):
        if one.get("study") != key["study"]:
            raise InputError(f"{path.name} is of another study than {key_path.name}; leave it out.")
    if len({one["person"] for one in people}) != len(people):
        raise InputError("Wanted one file of answers a person, found one twice; leave the copy out.")
    left = [LeftOut(one["person"], reason) for one in people if (reason := why_left_out(one, key))]
    gone = {one.person for one in left}
    kept = [one for one in people if one["person"] not in gone]
    if not kept:
        raise InputError(f"Nobody's answers can be counted ({len(left)} left out); ask more people.")
    return figures(kept, key, left, seed=seed)


def why_left_out(answers: Mapping[str, Any], key: Mapping[str, Any]) -> str:
    """Why a person's answers do not count; "" where they do."""
    trials = {one["id"]: one for one in key["trials"]}
    given = {one["trial"]: one for one in answers["trials"]}
    if missing := len(set(trials) - set(given)):
        return f"{missing} of {len(trials)} questions not answered"
    headphones = answers.get("headphones") or {}
    if not headphones.get("passed"):
        return f"no headphones ({headphones.get('right', 0)} of {headphones.get('of', 0)} tones right)"
    for name, trial in trials.items():
        if trial["trap"] == "same" and given[name].get("preferred") != NO_DIFFERENCE:
            return "heard a difference between two sounds that are one"
        if (
            trial["trap"] == "repeat"
            and (tau := _agreement(given[name.removesuffix("-again")], given[name])) < LEAST_TAU
        ):
            return f"answered a clip that came twice the other way round (τ = {tau:.1f})"
    return ""


def figures(
    people: Sequence[Mapping[str, Any]], key: Mapping[str, Any], left: Sequence[LeftOut], *, seed: int = 0
) -> Figures:
    """Rates and strengths of those whose answers count."""
    version_of = {sound: version for sounds in key["sounds"].values() for sound, version in sounds.items()}
    versions = sorted(set(version_of.values()), key=lambda name: (name != ORIGINAL, name == ANCHOR, name))
    clips = sorted(key["sounds"])
    trials = {one["id"]: one for one in key["trials"]}
    rows: list[tuple[int, int, int, int, float]] = []
    places: list[tuple[int, int, list[int]]] = []
    for person, one in enumerate(people):
        for answer in one["trials"]:
            trial = trials[answer["trial"]]
            if trial["trap"]:
                continue
            clip = clips.index(trial["clip"])
            if "ranking" in answer:
                order = [versions.index(version_of[sound]) for sound in answer["ranking"]]
                places.append((person, clip, order))
                rows += [(person, clip, a, b, 1.0) for n, a in enumerate(order) for b in order[n + 1 :]]
            else:
                a, b = (versions.index(version_of[sound]) for sound in trial["sounds"])
                said = answer["preferred"]
                rows.append(
                    (person, clip, a, b, 0.5 if said == NO_DIFFERENCE else float(version_of[said] == versions[a]))
                )
    table = np.array(rows, np.float64).reshape(-1, 5)
    who, which, first, second = table[:, :4].astype(np.int64).T
    heard = Comparisons(who, which, first, second, table[:, 4])
    weights = _resampled(len(people), len(clips), seed)
    return Figures(
        versions=tuple(versions),
        persons=len(people),
        clips=len(clips),
        left_out=tuple(left),
        top_2=_top_2(places, versions, weights),
        wins={
            a: {b: _win_rate(heard, n, m, weights) for m, b in enumerate(versions) if m != n}
            for n, a in enumerate(versions)
        },
        strengths_db=_strengths(heard, versions, weights),
    )


def bradley_terry(wins: Array, *, rounds: int = 500) -> Array:
    """Strengths [V] of wins [V, V] (row over column), with mean logarithm 0."""
    wins = wins + PRIOR_WINS * (1 - np.eye(len(wins)))
    met = wins + wins.T
    strength = np.ones(len(wins))
    for _ in range(rounds):
        strength = wins.sum(axis=1) / (met / (strength[:, None] + strength[None])).sum(axis=1)
        strength /= np.exp(np.log(strength).mean())
    return strength


def _resampled(persons: int, clips: int, seed: int) -> tuple[Array, Array]:
    """How often each person [DRAWS + 1, P] and clip [DRAWS + 1, C] is drawn; in the first row all once."""
    rng = np.random.default_rng(seed)
    drawn = [rng.multinomial(n, np.full(n, 1 / n), size=DRAWS).astype(np.float64) for n in (persons, clips)]
    people, films = (np.concatenate([np.ones((1, one.shape[1])), one]) for one in drawn)
    return people, films


def _interval(values: Array, count: int) -> ShareInterval:
    """The first is the figure, the others what resampling makes of it."""
    drawn = values[1:][np.isfinite(values[1:])]
    low, high = np.percentile(drawn, [2.5, 97.5]) if len(drawn) else (np.nan, np.nan)
    return ShareInterval(float(values[0]), float(low), float(high), count)


def _rate(
    person: NDArray[np.int64], clip: NDArray[np.int64], value: Array, weights: tuple[Array, Array]
) -> ShareInterval:
    people, films = weights
    weight = people[:, person] * films[:, clip]  # [DRAWS + 1, rows]
    with np.errstate(invalid="ignore", divide="ignore"):
        return _interval(weight @ value / weight.sum(axis=1), len(value))


def _win_rate(heard: Comparisons, a: int, b: int, weights: tuple[Array, Array]) -> ShareInterval:
    straight, turned = (heard.first == a) & (heard.second == b), (heard.first == b) & (heard.second == a)
    chosen = straight | turned
    value = np.where(straight, heard.won, 1 - heard.won)[chosen]
    return _rate(heard.person[chosen], heard.clip[chosen], value, weights)


def _top_2(
    places: Sequence[tuple[int, int, list[int]]], versions: Sequence[str], weights: tuple[Array, Array]
) -> dict[str, ShareInterval]:
    if not places or len(versions) < 3:
        return {}
    person, clip = (np.array([one[n] for one in places], np.int64) for n in (0, 1))
    return {
        name: _rate(person, clip, np.array([float(n in order[:2]) for *_, order in places]), weights)
        for n, name in enumerate(versions)
    }


def _strengths(heard: Comparisons, versions: Sequence[str], weights: tuple[Array, Array]) -> dict[str, ShareInterval]:
    people, films = weights
    count, found = len(versions), []
    pair = heard.first * count + heard.second
    for draw in range(0, len(people), max(1, len(people) // 400)):  # a few hundred are enough for an interval
        weight = people[draw, heard.person] * films[draw, heard.clip]
        won, lost = (np.bincount(pair, weight * share, count**2) for share in (heard.won, 1 - heard.won))
        wins = won.reshape(count, count).astype(np.float64) + lost.reshape(count, count).T
        strength = bradley_terry(wins, rounds=100)
        found.append(10 * np.log10(strength / strength[0]))
    values = np.array(found)
    return {name: _interval(values[:, n], len(heard.won)) for n, name in enumerate(versions)}


def _agreement(once: Mapping[str, Any], again: Mapping[str, Any]) -> float:
    """Kendall's τ of two answers to the same question: 1 the same, −1 turned round."""
    if "ranking" not in once:
        same, ties = once["preferred"] == again["preferred"], NO_DIFFERENCE in (once["preferred"], again["preferred"])
        return 1.0 if same else 0.0 if ties else -1.0
    order = [again["ranking"].index(sound) for sound in once["ranking"]]
    pairs = [(a, b) for n, a in enumerate(order) for b in order[n + 1 :]]
    return float(np.mean([1 if a < b else -1 for a, b in pairs]))


def _json(path: Path, kind: str) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"Wanted {kind} in {path}, found that it cannot be opened: {error.strerror}.") from error
    except ValueError as error:
        raise InputError(f"Wanted {kind} in {path}, found no JSON that can be read ({error}).") from error
    if not isinstance(found, dict) or found.get("format") != kind or found.get("version") != 1:
        raise InputError(f"Wanted a file of the format {kind}, version 1, found another in {path}.")
    return found


# ---- the figures, told ----

# VisAH, CVPR 2025: its own study of four versions
PAPER = (
    ("in the top two", "77 %"),
    ("preferred to the film's own mix", "34 %"),
    ("preferred to the badly mixed original", "80 %"),
)


def as_markdown(figures: Figures) -> str:
    """Tables."""
    return render("study", "figures.md.j2", **_values(figures))


def as_page(figures: Figures) -> str:
    """A page that opens by itself."""
    return render("study", "figures.html.j2", **_values(figures))


def as_json(figures: Figures) -> dict[str, Any]:
    """For programs."""
    return asdict(figures)


def _values(figures: Figures) -> dict[str, object]:
    others = [name for name in figures.versions if name != ORIGINAL]
    return {
        "figures": figures,
        "paper": PAPER,
        "top": [(name, _share(one)) for name, one in figures.top_2.items()],
        "over": [
            (a, [(_share(figures.wins[a][b]) if a != b else "") for b in figures.versions]) for a in figures.versions
        ],
        "others": others,
        "strengths": [(name, _decibels(one)) for name, one in figures.strengths_db.items()],
    }


def _share(one: ShareInterval) -> str:
    if one.value != one.value:
        return "–"
    return f"{100 * one.value:.0f} % ({100 * one.low:.0f} … {100 * one.high:.0f})"


def _decibels(one: ShareInterval) -> str:
    return f"{one.value:+.1f} ({one.low:+.1f} … {one.high:+.1f})".replace("-", "−")
