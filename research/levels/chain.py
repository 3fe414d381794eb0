"""How states follow one another in a film, and how much of a level's place within its state a film keeps.

The chain is fitted by expectation maximisation (Baum and Welch, 1970) with the states' Gaussians held fast. Its joint
distribution of two neighbours is kept symmetric and scaled (Sinkhorn) so that its margins are the states' weights: a
clip out of a film is then distributed as a clip alone. Where clips are missing between two, the chain takes more steps.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from research.levels.films import Array, Clips
from research.levels.mixture import State, log_densities

STEPS, SCALINGS = 30, 200
PRIOR_PAIRS = 60.0  # pairs as if clips had nothing to do with each other, added to those that were counted
LAGS = (1, 2, 3, 4, 6, 8)
SHARES = np.arange(0, 1, 0.05)
SIMULATED_FILMS, SIMULATED_CLIPS, SEED = 6000, 9, 2026


@dataclass(frozen=True)
class Film:
    """The clips of one film: densities under every state, [T, S], relative to the best; numbers, [T]."""

    densities: Array
    numbers: Array
    log_scale: float


def fit_transitions(states: list[State], clips: Clips) -> Array:
    """The chances of each state to follow each, [S, S]."""
    weights = np.array([state.weight for state in states])
    independent = np.outer(weights, weights)
    films, joint = list(split_films(states, clips)), independent
    for _ in range(STEPS):
        transitions = joint / weights[:, None]
        pairs = sum((_expected_pairs(film, transitions, weights) for film in films), PRIOR_PAIRS * independent)
        joint = _scaled(pairs + pairs.T, weights)
    return np.asarray(joint / weights[:, None])


def chain_log_likelihood(states: list[State], transitions: Array, clips: Clips) -> float:
    """Mean over clips, in nats, where each is told those of its film before it."""
    weights = np.array([state.weight for state in states])
    films = list(split_films(states, clips))
    return sum(_forward(film, transitions, weights)[1] for film in films) / len(clips.films)


def split_films(states: list[State], clips: Clips) -> Iterator[Film]:
    logs = log_densities(states, clips)
    highest = logs.max(axis=1)
    for film in np.unique(clips.films):
        here = clips.films == film
        yield Film(np.exp(logs[here] - highest[here, None]), clips.numbers[here], float(highest[here].sum()))


def _forward(film: Film, transitions: Array, weights: Array) -> tuple[Array, float]:
    """Chances of the states given all clips so far, [T, S], and the film's log likelihood."""
    chances: list[Array] = []
    log_likelihood, before = film.log_scale, weights
    for at, density in enumerate(film.densities):
        if at:
            before = chances[-1] @ np.linalg.matrix_power(transitions, int(film.numbers[at] - film.numbers[at - 1]))
        now = before * density
        chances.append(now / now.sum())
        log_likelihood += float(np.log(now.sum()))
    return np.array(chances), log_likelihood


def _expected_pairs(film: Film, transitions: Array, weights: Array) -> Array:
    """How often each state is expected before each, [S, S], counted where no clip is missing between."""
    chances, _ = _forward(film, transitions, weights)
    pairs, later = np.zeros_like(transitions), np.ones(len(weights))
    for at in range(len(chances) - 1, 0, -1):
        gap = int(film.numbers[at] - film.numbers[at - 1])
        told = film.densities[at] * later
        joint = chances[at - 1][:, None] * np.linalg.matrix_power(transitions, gap) * told
        if gap == 1:
            pairs += joint / joint.sum()
        later = np.linalg.matrix_power(transitions, gap) @ told
        later /= later.max()
    return pairs


def _scaled(joint: Array, weights: Array) -> Array:
    """A symmetric table, scaled until its rows sum to the weights."""
    scale = np.ones(len(weights))
    for _ in range(SCALINGS):
        scale = np.sqrt(scale * weights / (joint @ scale))
    return np.asarray(scale[:, None] * joint * scale)


def lag_correlations(clips: Clips, stem: int, lags: tuple[int, ...] = LAGS) -> Array:
    """Correlation of a stem's level with itself some clips later, where it is heard in both, [L]."""
    found = []
    for lag in lags:
        first, second = clips.neighbours(lag).T
        both = clips.heard[first, stem] & clips.heard[second, stem]
        found.append(np.corrcoef(clips.levels_lufs[first[both], stem], clips.levels_lufs[second[both], stem])[0, 1])
    return np.array(found)


def fit_kept(states: list[State], transitions: Array, clips: Clips) -> list[float]:
    """For each stem the share of its variance within a state that a whole film keeps.

    Found on a grid, so that simulated films have the correlations at several distances that the clips have.
    """
    simulation = Simulation.begin(states, transitions)
    pairs = np.sqrt([len(clips.neighbours(lag)) for lag in LAGS])
    fitted: list[float] = []
    for stem in range(3):
        wished = lag_correlations(clips, stem)
        guesses = [np.array([*fitted, share, 0.0, 0.0][:3]) for share in SHARES]
        misses = [np.sum((pairs * (simulation.correlations(guess, stem) - wished)) ** 2) for guess in guesses]
        fitted.append(round(float(SHARES[int(np.argmin(misses))]), 2))
    return fitted


@dataclass(frozen=True)
class Simulation:
    """Films with everything drawn but how levels keep their place."""

    path: Array  # [F, T] states
    heard: Array  # [S, K]
    mean: Array  # [S, K]
    factor: Array  # [S, K, K]
    of_film: Array  # [F, K]
    noise: Array  # [F, T, K]

    @classmethod
    def begin(cls, states: list[State], transitions: Array) -> Simulation:
        rng = np.random.default_rng(SEED)
        count = len(states)
        heard, mean, factor = np.zeros((count, 3), bool), np.zeros((count, 3)), np.zeros((count, 3, 3))
        for at, state in enumerate(states):
            picked = np.array(state.heard, int)
            heard[at, picked], mean[at, picked] = True, state.mean_lufs
            factor[at][np.ix_(picked, picked)] = np.linalg.cholesky(state.covariance)
        path = np.zeros((SIMULATED_FILMS, SIMULATED_CLIPS), int)
        path[:, 0] = rng.choice(count, SIMULATED_FILMS, p=[state.weight for state in states])
        above = np.cumsum(transitions, axis=1)
        for clip in range(1, SIMULATED_CLIPS):
            drawn = rng.random((SIMULATED_FILMS, 1))
            path[:, clip] = np.minimum((drawn > above[path[:, clip - 1]]).sum(axis=1), count - 1)
        shape = (SIMULATED_FILMS, SIMULATED_CLIPS, 3)
        return cls(path, heard, mean, factor, rng.standard_normal((SIMULATED_FILMS, 3)), rng.standard_normal(shape))

    def correlations(self, kept: Array, stem: int) -> Array:
        """What `lag_correlations` would say of these films, [L]."""
        residual = np.sqrt(kept) * self.of_film[:, None] + np.sqrt(1 - kept) * self.noise
        levels = self.mean[self.path, stem] + np.einsum("ftk,ftk->ft", self.factor[self.path, stem], residual)
        heard = self.heard[self.path, stem]
        found = []
        for lag in LAGS:
            both = heard[:, :-lag] & heard[:, lag:]
            found.append(np.corrcoef(levels[:, :-lag][both], levels[:, lag:][both])[0, 1])
        return np.array(found)
