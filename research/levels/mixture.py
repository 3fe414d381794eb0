"""Mixtures of Gaussians over stems' levels, one for each set of stems that is heard, fitted by expectation maximisation.

The likelihood of a clip is the chance of what is heard times the density of its levels, so that clips with different
stems can be compared, and simpler models with this one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.stats import multivariate_normal

from research.levels.films import Array, Clips, Flags

ENOUGH_CLIPS = 400  # for more than one Gaussian
SPREAD_LU = 1.0  # added to every deviation: no Gaussian shrinks onto a few clips
STEPS, STARTS, SEED = 200, 5, 2026
SMOOTHING = 0.5  # clips added to each set of stems: none is impossible


@dataclass(frozen=True)
class State:
    """One Gaussian: its chance, the stems heard, mean and covariance of their levels."""

    weight: float
    heard: tuple[int, ...]
    mean_lufs: Array  # [H]
    covariance: Array  # [H, H]

    def log_density(self, clips: Clips) -> Array:
        """Log density of every clip's levels, [N]; −∞ where other stems are heard."""
        result = np.full(len(clips.films), -np.inf)
        same = (clips.heard == self.flags).all(axis=1)
        levels = clips.levels_lufs[same][:, list(self.heard)]
        if self.heard and len(levels):
            levels = multivariate_normal(self.mean_lufs, self.covariance).logpdf(levels)
        else:
            levels = np.zeros(len(levels))
        result[same] = levels
        return result

    @property
    def flags(self) -> Flags:
        return np.isin(np.arange(3), self.heard)


def log_densities(states: list[State], clips: Clips) -> Array:
    """[N, S]"""
    return np.stack([state.log_density(clips) for state in states], axis=1)


def log_likelihood(states: list[State], clips: Clips) -> Array:
    """Of every clip by itself, in nats, [N]."""
    return log_sum(np.log([state.weight for state in states]) + log_densities(states, clips))


def log_sum(logs: Array) -> Array:
    """log Σ exp along the last axis."""
    highest = logs.max(axis=-1, keepdims=True)
    return np.asarray(highest[..., 0] + np.log(np.exp(logs - highest).sum(axis=-1)))


def fit_states(clips: Clips, gaussians: int) -> list[State]:
    """States for all eight sets of stems; `gaussians` for those that are often heard, one for the others."""
    states: list[State] = []
    for number in range(8):
        flags = np.array([number & 4, number & 2, number & 1], bool)
        same = (clips.heard == flags).all(axis=1)
        share = (same.sum() + SMOOTHING) / (len(same) + 8 * SMOOTHING)
        levels = clips.levels_lufs[same][:, flags]
        heard = tuple(np.flatnonzero(flags).tolist())
        if len(levels) < 3 or not heard:
            if not heard:
                states.append(State(float(share), heard, np.zeros(0), np.zeros((0, 0))))
            continue
        count = gaussians if len(levels) > ENOUGH_CLIPS else 1
        states += [State(float(share * weight), heard, mean, cov) for weight, mean, cov in _best_mixture(levels, count)]
    total = sum(state.weight for state in states)
    return [State(s.weight / total, s.heard, s.mean_lufs, s.covariance) for s in states]


def _best_mixture(levels: Array, count: int) -> list[tuple[float, Array, Array]]:
    rng = np.random.default_rng(SEED)
    fits = [_mixture(levels, count, rng) for _ in range(STARTS)]
    weights, means, covariances, _ = max(fits, key=lambda fit: fit[3])
    order = np.argsort(-weights)
    return [(float(weights[n]), means[n], covariances[n]) for n in order]


def _mixture(levels: Array, count: int, rng: np.random.Generator) -> tuple[Array, Array, Array, float]:
    size, width = levels.shape
    spread = np.cov(levels.T).reshape(width, width) + SPREAD_LU**2 * np.eye(width)
    weights, means = np.full(count, 1 / count), levels[rng.choice(size, count, replace=False)]
    covariances, likelihood = np.stack([spread] * count), -np.inf
    for _ in range(STEPS):
        logs = np.stack(list(_weighted(levels, weights, means, covariances)), axis=1)
        all_together = log_sum(logs)
        shares = np.exp(logs - all_together[:, None])
        weights, likelihood = shares.mean(axis=0), float(all_together.mean())
        means = shares.T @ levels / (size * weights[:, None])
        for n in range(count):
            apart = levels - means[n]
            covariances[n] = (shares[:, n, None] * apart).T @ apart / (size * weights[n])
            covariances[n] += SPREAD_LU**2 * np.eye(width)
    return weights, means, covariances, likelihood


def _weighted(levels: Array, weights: Array, means: Array, covariances: Array) -> Iterator[Array]:
    for weight, mean, covariance in zip(weights, means, covariances, strict=True):
        yield np.log(weight) + multivariate_normal(mean, covariance).logpdf(levels).reshape(len(levels))
