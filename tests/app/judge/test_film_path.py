from __future__ import annotations

import numpy as np
import pytest
from models import FakeModel
from muddy.stems import make_stems

from limelight.app.judge.film_path import planned, remixed, separated
from limelight.cues.encoder import without_picture


@pytest.mark.parametrize(("channels", "layout"), [(1, "mono"), (2, "stereo")])
def test_a_model_that_proposes_nothing_changes_nothing(channels: int, layout: str) -> None:
    mix = make_stems(1.0, channels=channels).sum(axis=0)
    assert np.array_equal(remixed(mix, FakeModel(), None, layout=layout), mix)


def test_the_plan_says_what_was_done() -> None:
    mix = make_stems(1.0).sum(axis=0)
    plan, output = planned(mix, FakeModel(gains_db=(6.0, 0.0, -6.0)), without_picture(1.0), layout="mono")
    np.testing.assert_allclose(plan.curves_db.mean(axis=1), [6, 0, -6], atol=0.1)
    assert output.shape == mix.shape
    assert not np.allclose(output, mix)


def test_stems_sum_to_the_mix() -> None:
    mix = make_stems(1.0, channels=2).sum(axis=0)
    np.testing.assert_allclose(separated(mix, FakeModel(), layout="stereo").sum(axis=0), mix, atol=1e-6)
