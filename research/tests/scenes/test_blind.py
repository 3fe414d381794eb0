"""A mix that was made blindly: twins are given the same one, and its inverse is the good mix."""

from __future__ import annotations

import json

import numpy as np
from dataset.shelves import library

from limelight.dataset.degrade import Degradation
from research.scenes.batch import Mixed, SceneSettings, mix
from research.scenes.draw import draw_scene, draw_twin
from research.scenes.rules import KINDS

BLIND = SceneSettings(clip_seconds=2.0, recipes=("blind",))


def mixed(number: int, *, of_twin: bool = False, settings: SceneSettings = BLIND) -> Mixed:
    scene = draw_scene(0, "train", number)
    return mix(draw_twin(scene) if of_twin else scene, library(), settings, KINDS)


def test_twins_are_given_the_same_bad_mix_and_want_another_good_one() -> None:
    for number in range(4):
        one, other = mixed(number), mixed(number, of_twin=True)
        np.testing.assert_array_equal(one.dry.stems, other.dry.stems)
        # A scalar keeps peaks in bounds; it may not be the same for both.
        back = [10 ** (-of.pair.scale_db / 20) for of in (one, other)]
        error = one.pair.input * back[0] - other.pair.input * back[1]
        assert np.abs(error).max() < 0.01 * np.abs(one.pair.input).max()  # curves are rounded to 0.01 dB
        assert np.abs(one.pair.target - other.pair.target).max() > 0.1 * np.abs(one.pair.target).max()


def test_the_inverse_returns_the_target() -> None:
    for recipe in ("blind", "paper", "timevarying"):
        pair = mixed(1, settings=SceneSettings(clip_seconds=2.0, recipes=(recipe,))).pair
        spoilt = pair.spoiling.applied(pair.stems)
        assert np.abs(spoilt.sum(axis=0) - pair.input).max() < 1e-6
        assert np.abs(pair.spoiling.inverse.applied(spoilt).sum(axis=0) - pair.target).max() < 1e-5
        assert Degradation.from_json(json.loads(json.dumps(pair.spoiling.as_json()))) == pair.spoiling


def test_stems_sum_to_the_target_and_no_peak_is_above_the_ceiling() -> None:
    for number in range(3):
        pair = mixed(number).pair
        np.testing.assert_array_equal(pair.stems.sum(axis=0, dtype=np.float64), pair.target)
        assert max(np.abs(pair.stems).max(), np.abs(pair.target).max(), np.abs(pair.input).max()) <= 10 ** (-0.5 / 20)


def test_what_is_silent_is_not_moved() -> None:
    number = next(n for n in range(50) if "speech" not in draw_scene(0, "train", n).cast)
    spoiling = mixed(number).pair.spoiling
    assert set(spoiling.curves_db[0]) == {0.0}
    assert spoiling.step_db > 0
