from itertools import islice

import numpy as np
import pytest
import torch
from muddy.shelves import library

from limelight.muddy.mixtures import draw_mixture
from limelight.training.batches import DrawConfig, Examples, draw_example, loader

LIBRARY = library()
CONFIG = DrawConfig(seconds=0.1, batch=2, seed=5)


def batches(start_step: int, count: int, *, workers: int = 0) -> list[dict[str, torch.Tensor]]:
    return list(islice(iter(loader(LIBRARY, CONFIG, start_step=start_step, workers=workers)), count))


def same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def test_shapes() -> None:
    first = batches(0, 1)[0]
    assert first["stems"].shape == (2, 3, 4800)
    assert first["gains_db"].shape == (2, 3)
    assert first["level_db"].shape == (2,)
    assert first["stems"].dtype == first["gains_db"].dtype == torch.float32


def test_going_on_from_a_step_is_going_on() -> None:
    assert all(same(a, b) for a, b in zip(batches(0, 4)[2:], batches(2, 2), strict=True))


@pytest.mark.slow
def test_workers_change_nothing() -> None:
    for workers in (1, 2, 3):
        assert all(same(a, b) for a, b in zip(batches(1, 5), batches(1, 5, workers=workers), strict=True))


def test_no_two_examples_are_alike() -> None:
    examples = list(islice(iter(Examples(LIBRARY, CONFIG, 0)), 12))
    names = {example["stems"].numpy().tobytes() for example in examples}
    assert len(names) == 12
    assert len({float(example["level_db"]) for example in examples}) == 12


def test_another_seed_is_another_run() -> None:
    one, other = (draw_example(np.random.default_rng([seed, 0]), LIBRARY, CONFIG) for seed in (1, 2))
    assert not torch.equal(one["stems"], other["stems"])


def test_stems_and_gains_are_those_of_the_mixture() -> None:
    example = draw_example(np.random.default_rng(3), LIBRARY, CONFIG)
    mixture = draw_mixture(
        np.random.default_rng(3), LIBRARY, seconds=CONFIG.seconds, casting=CONFIG.casting, variety=CONFIG.variety
    )
    assert np.array_equal(example["stems"].numpy(), mixture.target_stems)
    assert tuple(example["gains_db"].tolist()) == mixture.degradation.gains_db


def test_levels_spread_as_a_films_passages_do_or_not_at_all() -> None:
    some, none = DrawConfig(seconds=0.05), DrawConfig(seconds=0.05, level_spread=False)
    levels = [float(draw_example(np.random.default_rng(n), LIBRARY, some)["level_db"]) for n in range(60)]
    assert -20 <= min(levels) < -8
    assert 4 < max(levels) < 16
    assert float(draw_example(np.random.default_rng(0), LIBRARY, none)["level_db"]) == 0


def test_the_default_window_is_whole_tokens() -> None:
    """240 hops make 241 frames, of which whole tokens are kept."""
    assert DrawConfig().seconds * 48_000 == pytest.approx(240 * 1024)
