"""Dry stems: those of the cast equally loud, the others silent, all from one seed."""

from __future__ import annotations

import numpy as np
import pytest
from dataset.shelves import library, silent_shelf

from limelight.dataset.levels import StemLevels
from limelight.types import STEMS
from research.scenes.dry import REFERENCE_LUFS, draw_dry


@pytest.mark.parametrize("layout", ["mono", "stereo"])
def test_a_cast_is_equally_loud_and_the_rest_is_nothing(layout: str) -> None:
    dry = draw_dry(np.random.default_rng(0), ("speech", "music"), library(), seconds=3.0, layout=layout)
    assert dry.stems.shape == (3, 1 if layout == "mono" else 2, 144_000)
    again = StemLevels.of(dry.stems, layout=layout)
    for stem in ("speech", "music"):
        assert dry.levels.loudness_lufs[stem] == pytest.approx(REFERENCE_LUFS, abs=0.01)
        assert again.loudness_lufs[stem] == pytest.approx(REFERENCE_LUFS, abs=0.01)
    assert not dry.stems[STEMS.index("effects")].any()
    assert dry.levels.audible == ["speech", "music"]
    np.testing.assert_allclose(dry.levels.powers, again.powers, rtol=1e-3, atol=1e-12)


def test_a_silent_recording_is_silence_not_an_accident() -> None:
    dry = draw_dry(np.random.default_rng(0), STEMS, library(music=silent_shelf()), seconds=2.0)
    assert not dry.stems[1].any()
    assert np.isfinite(dry.stems).all()


def test_the_same_seed_gives_the_same_sounds() -> None:
    one, other = (draw_dry(np.random.default_rng(4), STEMS, library(), seconds=1.0) for _ in range(2))
    np.testing.assert_array_equal(one.stems, other.stems)
