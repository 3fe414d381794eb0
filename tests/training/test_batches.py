from itertools import islice

import numpy as np
import pytest
import torch
from muddy.shelves import library

from limelight.muddy.mixtures import Casting, draw_mixture
from limelight.signals import STEMS
from limelight.training.batches import DrawConfig, Examples, draw_example, loader

LIBRARY = library()
CONFIG = DrawConfig(seconds=0.1, batch=2, seed=5)
ALL_HEARD = Casting(presence=dict.fromkeys(STEMS, 1.0))


def batches(start_step: int, count: int, *, workers: int = 0) -> list[dict[str, torch.Tensor]]:
    return list(islice(iter(loader(LIBRARY, CONFIG, start_step=start_step, workers=workers)), count))


def same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def test_shapes() -> None:
    first = batches(0, 1)[0]
    assert first["stems"].shape == (2, 3, 4800)
    assert first["gains_db"].shape == (2, 3)
    assert first["seed"].shape == (2,)
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
    assert len({int(example["seed"]) for example in examples}) == 12


def test_another_seed_is_another_run() -> None:
    one, other = (draw_example(np.random.default_rng([seed, 0]), LIBRARY, CONFIG) for seed in (1, 2))
    assert not torch.equal(one["stems"], other["stems"])


def test_a_room_touches_speech_alone() -> None:
    dry, roomy = (DrawConfig(seconds=0.3, room=share, casting=ALL_HEARD) for share in (0.0, 1.0))
    a, b = (draw_example(np.random.default_rng(1), LIBRARY, config)["stems"] for config in (dry, roomy))
    assert torch.equal(a[1:], b[1:])
    assert not torch.equal(a[0], b[0])


def test_stems_and_gains_are_those_of_the_mixture() -> None:
    config = DrawConfig(seconds=0.3, room=0.0)
    example = draw_example(np.random.default_rng(3), LIBRARY, config)
    mixture = draw_mixture(np.random.default_rng(3), LIBRARY, seconds=0.3, casting=config.casting)
    assert np.array_equal(example["stems"].numpy(), mixture.target_stems)
    assert tuple(example["gains_db"].tolist()) == mixture.degradation.gains_db


def test_the_default_window_is_whole_tokens() -> None:
    """236 hops make 237 frames, of which whole tokens are kept."""
    assert DrawConfig().seconds * 48_000 == pytest.approx(236 * 1024)
