"""Training examples, drawn on the fly: example n of a seed is always the same, whoever draws it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset

from limelight.errors import InputError
from limelight.muddy.mixtures import PRIORS_LUFS, Casting
from limelight.muddy.recipes import NONE, Degradation, draw_paper
from limelight.muddy.variety import low_pass_curve
from limelight.networks.lite import PROGRAMME_LUFS, k_weights, mean_square
from limelight.signals import STEMS
from limelight.training.pool import LEVEL_LUFS, StemPool, cut

Example = dict[str, Tensor]
INAUDIBLE_DB = -45.0  # under the whole
TRIES = 100


@dataclass(frozen=True)
class DrawConfig:
    """How examples are drawn."""

    steps: int = 120  # STFT steps of an example, 2.56 s
    batch: int = 8
    seed: int = 0
    examples_per_stem: int = 8  # that pass before the pool's window moves on by one
    casting: Casting = field(default_factory=Casting)
    level_spread: bool = True  # away from the programme level, as a film's passages are


class Mixer:
    """Draws examples from a pool of stems.

    An example holds powers of lines: of the spoilt mixture [T, N], of its stems [K, T, N] and of the good mix at the input's
    loudness [T, N]; the gains that lead there in dB [K], which stems are heard [K], and whether the mixture is good already.
    """

    def __init__(self, pool: StemPool, config: DrawConfig) -> None:
        self.pool, self.config = pool, config
        self._lines = pool.network.backbone.lines()
        self._weights = k_weights(pool.network)

    @cached_property
    def _hertz(self) -> Tensor:
        band = self.pool.network.backbone
        return torch.arange(band.bins) * band.sample_rate / band.n_fft

    def example(self, number: int) -> Example:
        rng = np.random.default_rng([self.config.seed, number])
        stems, levels_lufs = self._audible_stems(rng, number // self.config.examples_per_stem)
        degradation = self._degradation(rng, levels_lufs)
        gains = 10 ** (torch.tensor(degradation.gains_db) / 20)
        good = torch.stack(list(stems.values())).sum(0)
        spoilt = {k: stem * gains[k] for k, stem in stems.items()}
        mixture = torch.stack(list(spoilt.values())).sum(0)
        kept_db = self._lufs(mixture) - self._lufs(good)
        scale = 10 ** ((PROGRAMME_LUFS + self._level_db(rng) - self._lufs(mixture)) / 20)
        powers = torch.zeros(len(STEMS), len(mixture), len(self._lines))
        for k, stem in spoilt.items():
            powers[k] = self._power(stem * scale)
        loudness = -torch.inf * torch.ones(len(STEMS))
        for k, stem in spoilt.items():
            loudness[k] = self._lufs(stem) - self._lufs(mixture)
        audible = (loudness > INAUDIBLE_DB).float()
        return {
            "mixture": self._power(mixture * scale),
            "stems": powers,
            "target": self._power(good * (scale * 10 ** (kept_db / 20))),
            "gains_db": (kept_db - torch.tensor(degradation.gains_db)) * audible,
            "audible": audible,
            "good": torch.tensor(float(degradation == NONE)),
        }

    def _audible_stems(self, rng: np.random.Generator, first: int) -> tuple[dict[int, Tensor], dict[str, float]]:
        """As `_stems`, drawn again where nothing is to be heard. Raises InputError where that never ends."""
        for _ in range(TRIES):
            stems, levels_lufs = self._stems(rng, first)
            if stems:
                return stems, levels_lufs
        raise InputError(f"Wanted sounds to mix, found only silence in {TRIES} tries; look at the library's files.")

    def _stems(self, rng: np.random.Generator, first: int) -> tuple[dict[int, Tensor], dict[str, float]]:
        """Spectra of the stems that are heard, and the levels at which a mixer would have put them."""
        heard = [k for k, stem in enumerate(STEMS) if rng.random() < self.config.casting.presence[stem]]
        band = torch.as_tensor(low_pass_curve(rng, self._hertz.numpy(), self.pool.config.variety.low_pass_all))
        stems: dict[int, Tensor] = {}
        levels_lufs = dict.fromkeys(STEMS, -np.inf)
        for k in heard or [int(rng.integers(len(STEMS)))]:
            stem = self.pool.draw(rng, k, first)
            start = int(rng.integers(self.pool.config.steps - self.config.steps + 1))
            level = float(rng.normal(*PRIORS_LUFS[STEMS[k]]))
            if stem is not None:
                levels_lufs[STEMS[k]] = level
                stems[k] = cut(stem, start, self.config.steps) * (10 ** ((level - LEVEL_LUFS) / 20) * band)
        if all(not stem.any() for stem in stems.values()):
            return {}, levels_lufs
        return stems, levels_lufs

    def _degradation(self, rng: np.random.Generator, levels_lufs: dict[str, float]) -> Degradation:
        return NONE if rng.random() < self.config.casting.undegraded else draw_paper(rng, levels_lufs)

    def _level_db(self, rng: np.random.Generator) -> float:
        """From the programme level: mostly near, at times a quiet passage of a film or a loud one."""
        if not self.config.level_spread:
            return 0.0
        return float(rng.normal(0, 4) if rng.random() < 0.6 else rng.uniform(-20, 8))

    def _power(self, spectra: Tensor) -> Tensor:
        return self._lines.sums(torch.view_as_real(spectra).square().sum(-1))

    def _lufs(self, spectra: Tensor) -> Tensor:
        """Ungated loudness of spectra [T, F]."""
        per_bin = torch.view_as_real(spectra).square().sum(-1).mean(0)
        return -0.691 + 10 * torch.log10((mean_square(per_bin, self.pool.network) * self._weights).sum() + 1e-12)


class Examples(IterableDataset[Example]):
    """An endless run of examples, from example `start` on; workers take turns."""

    def __init__(self, mixer: Mixer, start: int) -> None:
        self.mixer, self.start = mixer, start

    def __iter__(self) -> Iterator[Example]:
        worker = torch.utils.data.get_worker_info()
        offset, stride = (worker.id, worker.num_workers) if worker else (0, 1)
        # One worker fills whole batches, so that batches arrive in the order of their numbers.
        batch = self.mixer.config.batch
        number = self.start + offset * batch
        while True:
            for n in range(number, number + batch):
                yield self.mixer.example(n)
            number += stride * batch


def loader(mixer: Mixer, *, start_step: int, workers: int) -> DataLoader[Example]:
    """Batches from step `start_step` on."""
    return DataLoader(
        Examples(mixer, start_step * mixer.config.batch),
        batch_size=mixer.config.batch,
        num_workers=workers,
        prefetch_factor=8 if workers else None,
        worker_init_fn=_one_thread,
    )


def _one_thread(_worker: int) -> None:
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
