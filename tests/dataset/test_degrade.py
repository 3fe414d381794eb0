import json

import numpy as np
import pytest
from dataset.stems import levels_of, make_stems
from hypothesis import given, settings
from hypothesis import strategies as st

from limelight.dataset.augmentation import RoomAndNoise
from limelight.dataset.degrade import (
    LEVELS_DB,
    NONE,
    RECIPES,
    Degradation,
    DegradationChoice,
    GainChange,
    sample_degradation,
)
from limelight.errors import InputError

STEMS_4S = make_stems(4.0)
LEVELS = levels_of(STEMS_4S)
few = settings(max_examples=15, deadline=None)
seeds = st.integers(0, 2**32 - 1)


def draw(seed: int, recipe: str = "timevarying", level: str = "mixed") -> Degradation:
    return sample_degradation(np.random.default_rng(seed), DegradationChoice(recipe, level), LEVELS)


@few
@given(seeds, st.sampled_from(["paper", "released", "timevarying", "none"]), st.sampled_from(sorted(LEVELS_DB)))
def test_recipe_then_inverse_returns_the_stems(seed: int, recipe: str, level: str) -> None:
    degradation = draw(seed, recipe, level)
    back = degradation.inverse.applied(degradation.applied(STEMS_4S))
    np.testing.assert_allclose(back, STEMS_4S, rtol=1e-5, atol=1e-7)


@few
@given(seeds, st.sampled_from(RECIPES))
def test_json_holds_everything(seed: int, recipe: str) -> None:
    degradation = draw(seed, recipe)
    again = Degradation.from_json(json.loads(json.dumps(degradation.as_json())))
    assert again == degradation
    one, other = (s.mixed(s.applied(STEMS_4S), layout="mono") for s in (degradation, again))
    assert one.tobytes() == other.tobytes()


@few
@given(seeds, st.sampled_from(RECIPES))
def test_a_seed_names_a_recipe(seed: int, recipe: str) -> None:
    assert draw(seed, recipe) == draw(seed, recipe)


@pytest.mark.parametrize("recipe", ["paper", "released"])
@pytest.mark.parametrize(("level", "step"), [("low", 6.0), ("medium", 9.0), ("high", 12.0)])
def test_levels_are_six_nine_twelve(recipe: str, level: str, step: float) -> None:
    for seed in range(5):
        degradation = draw(seed, recipe, level)
        assert {abs(curve[0]) for curve in degradation.curves_db} == {step}
        assert degradation.step_db == step


def test_static_gains_are_gains() -> None:
    degradation = Degradation.static(GainChange("paper", (-6.0, 6.0, 6.0)))
    np.testing.assert_allclose(degradation.gains(10)[:, 0], [0.50119, 1.99526, 1.99526], rtol=1e-4)
    assert np.array_equal(Degradation.static(NONE).applied(STEMS_4S), STEMS_4S)


def test_a_curve_passes_through_its_points() -> None:
    degradation = Degradation("timevarying", "made up", 6.0, ((0.0, -6.0, 6.0), (0.0,) * 3, (1.0,) * 3))
    gains_db = 20 * np.log10(degradation.gains(14_400)[0])
    assert gains_db[[2400, 7200, 12_000]] == pytest.approx([0.0, -6.0, 6.0], abs=1e-4)
    assert gains_db[4800] == pytest.approx(-3.0, abs=1e-4)


def test_room_and_noise_have_no_inverse_and_the_record_says_so() -> None:
    degradation = draw(1, "degraded")
    assert isinstance(degradation.room_and_noise, RoomAndNoise)
    assert not degradation.is_invertible
    assert degradation.as_json()["invertible"] is False
    with pytest.raises(ValueError, match="cannot be undone"):
        _ = degradation.inverse


def test_silence_can_be_degraded_without_harm() -> None:
    silence = np.zeros((3, 1, 48_000), np.float32)
    for recipe in RECIPES:
        degradation = sample_degradation(np.random.default_rng(0), DegradationChoice(recipe), levels_of(silence))
        assert not degradation.mixed(degradation.applied(silence), layout="mono").any()


def test_a_wish_is_read_as_it_is_written() -> None:
    assert DegradationChoice.of("paper") == DegradationChoice("paper", "mixed")
    assert DegradationChoice.of(str(DegradationChoice("timevarying", "low"))) == DegradationChoice("timevarying", "low")


@pytest.mark.parametrize("text", ["", "papers", "paper:loud", ":low"])
def test_unknown_recipes_are_refused(text: str) -> None:
    with pytest.raises(InputError, match="Wanted the recipe"):
        DegradationChoice.of(text)


@pytest.mark.parametrize("data", [{}, {"surroundings": None, "curves_db": 3, "recipe": "x", "fault": "", "step_db": 0}])
def test_json_that_is_no_recipe_is_refused(data: dict[str, object]) -> None:
    with pytest.raises(InputError, match="Wanted a recipe"):
        Degradation.from_json(data)


@pytest.mark.parametrize("curves", [[], [[0.0]], [[], [], []], [[0.0], [0.0], [0.0, 1.0]], [[0.0], [0.0], [np.nan]], 5])
def test_curves_that_are_none_are_refused(curves: object) -> None:
    with pytest.raises(InputError, match="Wanted a recipe"):
        Degradation.from_json(draw(1, "paper").as_json() | {"curves_db": curves})
