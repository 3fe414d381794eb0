from __future__ import annotations

import numpy as np
import pytest

from limelight.vision.pretrained.captions import consistency, grounding
from limelight.vision.pretrained.sampling import unit_length


def drawn(count: int, *, seed: int = 0) -> np.ndarray:
    return unit_length(np.random.default_rng(seed).standard_normal((count, 64)).astype(np.float32))


def test_captions_of_their_own_pictures_lead_and_shuffled_ones_do_not() -> None:
    pictures = drawn(12)
    near = unit_length(pictures + 0.5 * drawn(12, seed=1))
    true = grounding(pictures, near)
    assert true.is_grounded
    assert true.found == 1
    assert true.lead > 0.5
    shuffled = grounding(pictures, np.roll(near, 5, axis=0))
    assert not shuffled.is_grounded
    assert shuffled.found == 0
    np.testing.assert_allclose(shuffled.own.mean() + 11 * shuffled.others.mean(),
                               true.own.mean() + 11 * true.others.mean(), atol=1e-6)  # fmt: skip


def test_one_caption_for_all_suits_every_picture_alike() -> None:
    pictures = drawn(50)
    same = np.repeat(drawn(1, seed=3), 50, axis=0)
    assert abs(grounding(pictures, same).lead) < 1e-6


def test_similarities_are_cosines() -> None:
    found = grounding(
        np.eye(3, 4, dtype=np.float32), unit_length(np.float32([[1, 1, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0]]))
    )
    np.testing.assert_allclose(found.own, [0.5**0.5, 1, 0], atol=1e-6)
    np.testing.assert_allclose(found.others, [0.5**1.5, 0, 0], atol=1e-6)


@pytest.mark.parametrize("counts", [(1, 1), (3, 2), (0, 0)])
def test_it_takes_pairs(counts: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="at least two pictures"):
        grounding(drawn(counts[0]), drawn(counts[1]))


def test_embeddings_are_of_length_one_or_zeros() -> None:
    rows = drawn(5)
    rows[2] = 0
    found = consistency(rows)
    assert (found.width, found.rows, found.empty) == (64, 5, 1)
    assert found.is_unit
    assert not consistency(2 * rows).is_unit
    assert consistency(2 * rows).longest == pytest.approx(2, abs=1e-5)
    assert consistency(np.zeros((3, 8), np.float32)).is_unit
