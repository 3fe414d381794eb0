from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from fake_models import fake_card

from limelight.mixing.separation import Lines

EDGES = (0, 1, 2, 3, 5, 9, 33)
LINES = Lines(EDGES)
RNG = np.random.default_rng(0)


def test_lines_have_what_their_bins_have() -> None:
    power = RNG.random((2, 7, 33)).astype(np.float32)
    sums = LINES.sums(power)
    assert sums.shape == (2, 7, len(LINES))
    assert sums.dtype == np.float32
    for line, (first, end) in enumerate(pairwise(EDGES)):
        np.testing.assert_allclose(sums[..., line], power[..., first:end].sum(axis=-1), rtol=1e-5)


def test_each_bin_gets_what_its_line_has() -> None:
    masks = RNG.random((3, 4, len(LINES))).astype(np.float32)
    bins = LINES.of_bins(masks)
    assert bins.shape == (3, 4, 33)
    for bin_number in range(33):
        line = np.searchsorted(EDGES, bin_number, side="right") - 1
        np.testing.assert_array_equal(bins[..., bin_number], masks[..., line])


def test_weighing_lines_is_weighing_bins() -> None:
    """Σ_f M_f P_f = Σ_n M_n Σ_(f in n) P_f: why levels may be measured on lines."""
    power, masks = RNG.random((5, 33)).astype(np.float32), RNG.random((5, len(LINES))).astype(np.float32)
    by_bin = (LINES.of_bins(masks) * power).sum(axis=1)
    np.testing.assert_allclose((masks * LINES.sums(power)).sum(axis=1), by_bin, rtol=1e-5)


def test_a_card_without_edges_means_a_line_a_bin() -> None:
    each = Lines.of(fake_card(n_fft=64))
    assert len(each) == 33
    power = RNG.random((5, 33)).astype(np.float32)
    np.testing.assert_array_equal(each.sums(power), power)
    np.testing.assert_array_equal(each.of_bins(power), power)


def test_edges_are_those_of_the_card() -> None:
    assert Lines.of(fake_card(n_fft=64, line_edges=EDGES)) == LINES


def test_torch_says_the_same() -> None:
    torch = pytest.importorskip("torch", exc_type=ImportError)
    from limelight.networks import bands as networks

    theirs = networks.Lines(1025, 48_000 / 2048)
    ours = Lines(tuple(networks.line_edges(1025, 48_000 / 2048)))
    power, masks = RNG.random((4, 1025)).astype(np.float32), RNG.random((4, len(ours))).astype(np.float32)
    np.testing.assert_allclose(ours.sums(power), theirs.sums(torch.from_numpy(power)), rtol=1e-5)
    np.testing.assert_array_equal(ours.of_bins(masks), theirs.of_bins(torch.from_numpy(masks)))
