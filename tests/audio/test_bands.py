from __future__ import annotations

import numpy as np
from audio.sounds import noise
from hypothesis import given
from hypothesis import strategies as st

from limelight.audio.stft import Bands


def test_fine_bands_have_a_bin_each_below_and_a_share_of_the_frequency_above() -> None:
    bands = Bands.fine_below(1025, bin_hertz=48_000 / 2048)
    widths = np.diff(bands.edges)
    assert (bands.edges[0], bands.edges[-1]) == (0, 1025)
    assert (widths[:120] == 1).all()
    assert (np.diff(widths[:-1]) >= 0).all()
    assert 150 < len(bands) < 300


@given(st.lists(st.integers(1, 40), min_size=1, max_size=20))
def test_sums_are_kept_and_bins_get_what_their_band_has(widths: list[int]) -> None:
    bands = Bands((0, *np.cumsum(widths).tolist()))
    values = np.abs(noise(3, sum(widths)))
    np.testing.assert_allclose(bands.sums(values).sum(axis=1), values.sum(axis=1), rtol=1e-5)
    told = noise(2, len(bands))
    spread = bands.of_bins(told)
    assert spread.shape == (2, sum(widths))
    np.testing.assert_allclose(bands.sums(spread), told * np.array(widths), rtol=1e-4, atol=1e-5)


def test_a_card_without_bands_has_one_a_bin() -> None:
    bands, values = Bands.of((), 64), noise(2, 33)
    np.testing.assert_array_equal(bands.sums(values), values)
    np.testing.assert_array_equal(bands.of_bins(values), values)
