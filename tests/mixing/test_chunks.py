from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from audio.sounds import cut, noise
from hypothesis import given, settings
from hypothesis import strategies as st

from limelight.mixing.chunks import Answered, ChunkPlan, in_chunks

PLANS = (ChunkPlan(500, 100), ChunkPlan(20, 4, hop=16, lead=1), ChunkPlan(20, 4, hop=16, lead=2))
Answer = Callable[[np.ndarray, int], tuple[np.ndarray, ...]]


def answered(sound: np.ndarray, plan: ChunkPlan, answer: Answer, sizes: tuple[int, ...] = (37,)) -> list[Answered]:
    return list(in_chunks(cut(sound, list(sizes)), plan, len(sound), answer, axes=(1,)))


def steps_of(plan: ChunkPlan, samples: int) -> int:
    return -(-samples // plan.hop) + (1 if plan.lead else 0)


def centres(plan: ChunkPlan) -> Answer:
    """The sample on which each step is centred: linear, and the same whatever the chunk."""

    def answer(samples: np.ndarray, _first: int) -> tuple[np.ndarray, ...]:
        steps = samples.shape[1] // plan.hop - plan.reach
        return (samples[:, plan.lead * plan.hop :: plan.hop][:, :steps],)

    return answer


@pytest.mark.parametrize("plan", PLANS)
@given(samples=st.integers(0, 3000), size=st.integers(20, 4000))
@settings(max_examples=15, deadline=None)
def test_every_step_comes_once_in_order_with_its_own_samples(plan: ChunkPlan, samples: int, size: int) -> None:
    sound = noise(2, samples)
    done = answered(sound, plan, centres(plan), (size,))
    assert [one.first_step for one in done] == np.cumsum([0, *(one.answers[0].shape[1] for one in done)])[:-1].tolist()
    found = np.concatenate([np.zeros((2, 0)), *(one.answers[0] for one in done)], axis=1)
    padded = np.pad(sound, ((0, 0), (0, 2 * plan.hop)))
    np.testing.assert_allclose(found, padded[:, :: plan.hop][:, : steps_of(plan, samples)], atol=1e-6)
    for one in done:
        assert one.samples.shape[1] == (one.answers[0].shape[1] + plan.reach) * plan.hop
        start = (one.first_step - plan.lead) * plan.hop
        kept = slice(max(0, -start), None)
        wished = padded[:, max(0, start) : start + one.samples.shape[1]]
        np.testing.assert_array_equal(one.samples[:, kept][:, : wished.shape[1]], wished)


@pytest.mark.parametrize("plan", PLANS)
def test_chunks_are_whole_the_last_one_reaches_back_and_short_sounds_are_one(plan: ChunkPlan) -> None:
    lengths: list[int] = []

    def answer(samples: np.ndarray, first: int) -> tuple[np.ndarray, ...]:
        lengths.append(samples.shape[1] // plan.hop - plan.reach)
        assert first >= 0
        return centres(plan)(samples, first)

    answered(noise(1, 9 * plan.length * plan.hop + 5), plan, answer)
    assert set(lengths) == {plan.length}
    lengths.clear()
    answered(noise(1, 3 * plan.hop), plan, answer)
    assert lengths == [steps_of(plan, 3 * plan.hop)]


def test_answers_that_disagree_fade_linearly() -> None:
    plan, levels = ChunkPlan(500, 100), iter([0.0, 1.0] * 5)
    sound = noise(1, 1800)
    done = answered(sound, plan, lambda samples, _first: (np.full_like(samples, next(levels)),))
    found = np.concatenate([one.answers[0] for one in done], axis=1)[0]
    np.testing.assert_allclose(found[:400], 0)
    np.testing.assert_allclose(found[400:500], (np.arange(100) + 0.5) / 100, atol=1e-6)
    assert max(abs(b - a) for a, b in pairwise(found.tolist())) < 1.1 / 100


def test_the_cut_into_blocks_makes_no_difference() -> None:
    plan, sound = PLANS[1], noise(1, 2000)
    one, many = (answered(sound, plan, centres(plan), sizes) for sizes in ((2000,), (1, 500, 7)))
    for a, b in zip(one, many, strict=True):
        np.testing.assert_array_equal(a.answers[0], b.answers[0])
