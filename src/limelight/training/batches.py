"""Training examples, drawn on the fly: example n of a seed is always the same, whoever draws it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset

from limelight.muddy.mixtures import Casting, draw_mixture
from limelight.muddy.sounds import SoundLibrary
from limelight.muddy.variety import Variety

Example = dict[str, Tensor]


@dataclass(frozen=True)
class DrawConfig:
    """How examples are drawn."""

    seconds: float = 240 * 1024 / 48_000  # a length that the FFT likes
    batch: int = 8
    seed: int = 0
    casting: Casting = field(default_factory=Casting)
    variety: Variety = field(default_factory=Variety)
    level_spread: bool = True  # away from the programme level, as a film's passages are


class Examples(IterableDataset[Example]):
    """An endless run of mixtures, from example `start` on; workers take turns."""

    def __init__(self, library: SoundLibrary, config: DrawConfig, start: int) -> None:
        self.sounds, self.config, self.start = library, config, start

    def __iter__(self) -> Iterator[Example]:
        worker = torch.utils.data.get_worker_info()
        offset, stride = (worker.id, worker.num_workers) if worker else (0, 1)
        # One worker fills whole batches, so that batches arrive in the order of their numbers.
        number, batch = self.start + offset * self.config.batch, self.config.batch
        while True:
            for n in range(number, number + batch):
                yield draw_example(np.random.default_rng([self.config.seed, n]), self.sounds, self.config)
            number += stride * batch


def draw_example(rng: np.random.Generator, library: SoundLibrary, config: DrawConfig) -> Example:
    """Stems of the good mix [K, N], the gains that spoil it in dB [K], and its distance from the programme level in dB."""
    mixture = draw_mixture(rng, library, seconds=config.seconds, casting=config.casting, variety=config.variety)
    return {
        "stems": torch.from_numpy(mixture.target_stems),
        "gains_db": torch.tensor(mixture.degradation.gains_db),
        "level_db": torch.tensor(_draw_level_db(rng) if config.level_spread else 0.0),
    }


def _draw_level_db(rng: np.random.Generator) -> float:
    """Mostly near the programme level, at times a quiet passage of a film or a loud one."""
    return float(rng.normal(0, 4) if rng.random() < 0.6 else rng.uniform(-20, 8))


def loader(library: SoundLibrary, config: DrawConfig, *, start_step: int, workers: int) -> DataLoader[Example]:
    """Batches from step `start_step` on."""
    examples = Examples(library, config, start_step * config.batch)
    return DataLoader(
        examples,
        batch_size=config.batch,
        num_workers=workers,
        prefetch_factor=4 if workers else None,
        worker_init_fn=_one_thread,
    )


def _one_thread(_worker: int) -> None:
    torch.set_num_threads(1)
