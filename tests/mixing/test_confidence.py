"""How sure a separator is of its stems, told by the powers between them."""

from __future__ import annotations

import numpy as np

from limelight.types import StemFeatures


def heard(masks: np.ndarray, power: np.ndarray) -> StemFeatures:
    """Masks [K, T, L] and power [T, L] as features."""
    powers = np.einsum("ktl,jtl,tl->kjt", masks, masks, power)
    return StemFeatures(np.arange(power.shape[0]) * 0.085, powers, np.ones(masks.shape[:2]), np.zeros(len(power)))


def test_confidence_is_the_mean_mask_of_what_is_called_a_stem() -> None:
    rng = np.random.default_rng(1)
    masks = rng.dirichlet(np.ones(3), (5, 40)).transpose(2, 0, 1)
    power = rng.random((5, 40))
    wished = (masks**2 * power).sum(-1) / (masks * power).sum(-1)
    np.testing.assert_allclose(heard(masks, power).confidence, wished)


def test_hard_masks_are_sure_and_even_ones_know_nothing() -> None:
    hard = np.zeros((3, 2, 6))
    hard[0, :, :3] = hard[1, :, 3:] = 1
    np.testing.assert_allclose(heard(hard, np.ones((2, 6))).confidence, 1)
    np.testing.assert_allclose(heard(np.full((3, 2, 6), 1 / 3), np.ones((2, 6))).confidence, 1 / 3)
