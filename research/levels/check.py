"""Holds the shipped levels against films that were not fitted, and against simpler models; prints Markdown.

    python -m research.levels.check film_levels.csv

The tables of README.md are its output.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from scipy.stats import norm

from limelight.dataset.film_levels import draw_sequence
from limelight.types import STEMS
from research.levels.chain import chain_log_likelihood, fit_transitions, lag_correlations
from research.levels.films import Array, Clips, at_hash, fit_and_check, read_clips
from research.levels.mixture import fit_states, log_likelihood

QUANTILES = (5, 25, 50, 75, 95)
LAGS = (1, 2, 4, 8)
DNR_LUFS = ((-27.0, 4.0), (-32.0, 6.0), (-32.0, 6.0))
DRAWN_FILMS, DRAWN_CLIPS, SEED = 2500, 10, 1
FOLDS = 5
GAUSSIANS = (1, 2, 3, 4, 6)

Cells = dict[str, str]


def drawn_clips() -> Clips:
    """Many films out of the shipped distribution."""
    rng = np.random.default_rng(SEED)
    films = [draw_sequence(rng, DRAWN_CLIPS) for _ in range(DRAWN_FILMS)]
    levels = [list(clip.by_stem().values()) for film in films for clip in film]
    names = np.repeat([f"{n:05d}" for n in range(DRAWN_FILMS)], DRAWN_CLIPS)
    return Clips(names, np.tile(np.arange(DRAWN_CLIPS), DRAWN_FILMS), np.array(levels))


def statistics(clips: Clips) -> Cells:
    """What real-film levels are judged by, as text by name."""
    return dict([*_of_stems(clips), *_of_mix(clips), *_over_time(clips)])


def _of_stems(clips: Clips) -> Iterator[tuple[str, str]]:
    rest = over_rest(clips.levels_lufs)
    loudest = np.where(clips.heard.any(axis=1), clips.levels_lufs.argmax(axis=1), -1)
    for k, stem in enumerate(STEMS):
        heard = clips.heard[:, k]
        beside = heard & np.isfinite(rest[:, k])
        yield f"{stem} heard, %", f"{100 * heard.mean():.0f}"
        yield f"{stem} over −45 LUFS, %", f"{100 * (clips.levels_lufs[:, k] > -45).mean():.0f}"
        yield f"{stem}, LUFS", quantiles(clips.levels_lufs[heard, k])
        yield f"{stem} over the rest, LU", quantiles(rest[beside, k])
        yield f"{stem} loudest, %", f"{100 * (loudest == k).mean():.0f}"


def _of_mix(clips: Clips) -> Iterator[tuple[str, str]]:
    levels, heard = clips.levels_lufs, clips.heard
    mix = sum_lufs(levels)
    yield "whole mix, LUFS", quantiles(mix[np.isfinite(mix)])
    ordered = np.sort(levels, axis=1)
    two = np.isfinite(ordered[:, 1])
    yield "loudest over second, LU", quantiles(ordered[two, 2] - ordered[two, 1])
    talk = (levels[:, 0] > -40) & np.isfinite(over_rest(levels)[:, 0])
    yield "speech over the rest where over −40 LUFS, LU", quantiles(over_rest(levels)[talk, 0])
    for a, b in ((0, 1), (0, 2), (1, 2)):
        both = heard[:, a] & heard[:, b]
        correlation = np.corrcoef(levels[both, a], levels[both, b])[0, 1]
        yield f"correlation of {STEMS[a]} and {STEMS[b]}", f"{correlation:.2f}"
    talking = heard[:, 0]
    yield "music where there is speech, median LUFS", f"{np.median(levels[talking & heard[:, 1], 1]):.0f}"
    yield "music where there is none, median LUFS", f"{np.median(levels[~talking & heard[:, 1], 1]):.0f}"


def _over_time(clips: Clips) -> Iterator[tuple[str, str]]:
    first, second = clips.neighbours(1).T
    for k, stem in enumerate(STEMS):
        correlations = lag_correlations(clips, k, LAGS)
        yield (
            f"{stem}, correlation with the 1st, 2nd, 4th, 8th clip after",
            " / ".join(f"{c:.2f}" for c in correlations),
        )
        stays = clips.heard[second, k][clips.heard[first, k]].mean()
        comes = clips.heard[second, k][~clips.heard[first, k]].mean()
        yield f"{stem} in the next clip if in this, if not, %", f"{100 * stays:.0f} / {100 * comes:.0f}"
    same = clips.levels_lufs[first].argmax(axis=1) == clips.levels_lufs[second].argmax(axis=1)
    yield "same stem loudest in the next clip, %", f"{100 * same.mean():.0f}"


def sum_lufs(levels: Array) -> Array:
    """Loudness of all stems together, [N]."""
    with np.errstate(divide="ignore"):
        return np.asarray(10 * np.log10((10 ** (levels / 10)).sum(axis=1)))


def over_rest(levels: Array) -> Array:
    """How far each stem stands over all others together, [N, K]."""
    others = [sum_lufs(np.delete(levels, k, axis=1)) for k in range(len(STEMS))]
    with np.errstate(invalid="ignore"):
        return levels - np.stack(others, axis=1)


def quantiles(values: Array) -> str:
    return " / ".join(f"{value:.0f}".replace("-", "−") for value in np.percentile(values, QUANTILES))


def independent(
    fit: Clips, check: Clips, *, presence: bool = True, levels: tuple[tuple[float, float], ...] = ()
) -> float:
    """Mean log likelihood where each stem is drawn by itself: its chance to be heard, one Gaussian of its level."""
    total = np.zeros(len(check.films))
    for k in range(len(STEMS)):
        chance = fit.heard[:, k].mean() if presence else (0.75, 0.75, 0.85)[k]
        found = fit.levels_lufs[fit.heard[:, k], k]
        mean, deviation = levels[k] if levels else (found.mean(), found.std())
        heard = check.heard[:, k]
        density = norm(mean, deviation).logpdf(np.where(heard, check.levels_lufs[:, k], mean))
        total += np.where(heard, np.log(chance) + density, np.log(1 - chance))
    return float(total.mean())


def likelihoods(fit: Clips, check: Clips) -> Iterator[tuple[str, str, str]]:
    """Model, cross-validated in the films to fit, on the films to check: nats a clip."""
    models: dict[str, Callable[[Clips, Clips], float]] = {
        "DnR v3 (each by itself; its levels, our old chances)": lambda a, b: independent(
            a, b, presence=False, levels=DNR_LUFS
        ),
        "DnR v3's levels, films' chances": lambda a, b: independent(a, b, levels=DNR_LUFS),
        "each stem by itself, fitted": independent,
    }
    for count in GAUSSIANS:
        models[f"together, {count} Gaussian{'s' * (count > 1)}"] = lambda a, b, n=count: _together(a, b, n)  # type: ignore[misc]
    models["together, 3 Gaussians, told the clips before"] = _chain
    place = (at_hash(fit.films) / 0.8 * FOLDS).astype(int)
    for name, model in models.items():
        folds = [model(fit.where(place != fold), fit.where(place == fold)) for fold in range(FOLDS)]
        yield name, f"{np.mean(folds):.2f}".replace("-", "−"), f"{model(fit, check):.2f}".replace("-", "−")


def _together(fit: Clips, check: Clips, gaussians: int) -> float:
    return float(log_likelihood(fit_states(fit, gaussians), check).mean())


def _chain(fit: Clips, check: Clips) -> float:
    states = fit_states(fit, 3)
    return chain_log_likelihood(states, fit_transitions(states, fit), check)


def tables(fit: Clips, check: Clips) -> Iterator[str]:
    """What is printed, line by line."""
    for clips, purpose in ((fit, "fit"), (check, "check")):
        yield f"{len(np.unique(clips.films))} films ({len(clips.films)} clips) to {purpose}."
    columns = [statistics(clips) for clips in (drawn_clips(), fit, check)]
    yield from ("", "| | drawn | films to fit | films to check |", "|---|---|---|---|")
    for name in columns[0]:
        yield f"| {name} | {' | '.join(column[name] for column in columns)} |"
    yield from ("", "| model | cross-validated | films to check |", "|---|---:|---:|")
    for row in likelihoods(fit, check):
        yield f"| {' | '.join(row)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("levels", type=Path, help="film_levels.csv")
    options = parser.parse_args()
    fit, check = fit_and_check(read_clips(options.levels))
    sys.stdout.writelines(f"{line}\n" for line in tables(fit, check))


if __name__ == "__main__":
    main()
