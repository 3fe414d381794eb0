import json

import numpy as np
import pytest
from dataset.stems import levels_of, make_stems
from hypothesis import given, settings
from hypothesis import strategies as st

from limelight.dataset.degrade import (
    STEPS,
    Degradation,
    DegradationChoice,
    GainChange,
    Limit,
    Pair,
    degrade,
    on_grid,
    sample_degradation,
    why_trivial,
)

few = settings(max_examples=20, deadline=None)
loudness = st.floats(-60, 6) | st.just(-np.inf)


def pair(stems: np.ndarray, recipe: str = "paper:high", seed: int = 0, limit: Limit = "both") -> Pair:
    levels = levels_of(stems)
    degradation = sample_degradation(np.random.default_rng(seed), DegradationChoice.of(recipe), levels)
    return degrade(stems, degradation, layout="mono" if stems.shape[1] == 1 else "stereo", levels=levels, limit=limit)


def peak_db(samples: np.ndarray) -> float:
    return float(20 * np.log10(max(np.abs(samples).max(), 1e-12)))


def static(*gains: float) -> Degradation:
    return Degradation.static(GainChange("made up", gains))  # type: ignore[arg-type]


@few
@given(st.tuples(loudness, loudness, loudness), st.integers(0, 99), st.integers(1, 2))
def test_stems_sum_to_the_original_and_to_the_target_exactly(
    db: tuple[float, float, float], seed: int, channels: int
) -> None:
    stems = make_stems(0.5, db=db, seed=seed, channels=channels)
    made = pair(stems, seed=seed)
    assert np.array_equal(made.stems.sum(axis=0, dtype=np.float64), made.target)
    original = stems.sum(axis=0, dtype=np.float64) * 10 ** (made.scale_db / 20)
    assert peak_db(made.target - original) < -135


@few
@given(st.tuples(loudness, loudness, loudness), st.sampled_from(["paper", "released", "timevarying", "degraded"]))
def test_one_scalar_brings_peaks_down_and_never_up(db: tuple[float, float, float], recipe: str) -> None:
    stems = make_stems(0.5, db=db)
    made = pair(stems, recipe)
    degraded = made.degradation.applied(made.stems)
    highest = max(peak_db(part) for part in (made.stems, made.target, made.input, degraded))
    assert highest <= -0.5 + 1e-3
    assert made.scale_db <= 0
    if made.scale_db < 0:
        assert highest == pytest.approx(-0.5, abs=1e-2)


@few
@given(st.integers(0, 99), st.sampled_from(["paper", "released", "timevarying"]))
def test_recipe_then_inverse_returns_the_target(seed: int, recipe: str) -> None:
    made = pair(make_stems(1.0, seed=seed), recipe, seed)
    degraded = made.degradation.applied(made.stems)
    assert peak_db(degraded.sum(axis=0) - made.input) < -120
    assert peak_db(made.degradation.inverse.applied(degraded).sum(axis=0) - made.target) < -110


@few
@given(st.integers(0, 99), st.sampled_from(["paper", "released", "timevarying", "degraded"]))
def test_the_released_rule_brings_the_input_alone_down(seed: int, recipe: str) -> None:
    """Both rules: the same target but for one gain, the same balance; with the released one the target is not touched."""
    stems = make_stems(1.0, db=(-20, -22, -24), seed=seed)
    both, alone = pair(stems, recipe, seed), pair(stems, recipe, seed, "input")
    assert alone.scale_db == 0.0
    assert peak_db(alone.target - stems.sum(axis=0)) < -135
    assert peak_db(alone.input) <= -0.5 + 1e-3
    assert alone.degradation.limit_db <= 0
    if alone.degradation.limit_db < 0:
        assert peak_db(alone.input) == pytest.approx(-0.5, abs=0.02)
    difference = alone.degradation.limit_db - both.scale_db  # how far apart the two inputs are
    assert peak_db(alone.input * 10 ** (-difference / 20) - both.input) < -100
    degraded = alone.degradation.applied(alone.stems)
    if alone.degradation.is_invertible:
        assert peak_db(degraded.sum(axis=0) - alone.input) < -120
        assert peak_db(alone.degradation.inverse.applied(degraded).sum(axis=0) - alone.target) < -110
    assert Degradation.from_json(json.loads(json.dumps(alone.degradation.as_json()))) == alone.degradation


def test_older_recipes_without_a_limit_are_read() -> None:
    data = pair(make_stems(0.5)).degradation.as_json()
    del data["limit_db"]
    assert Degradation.from_json(data).limit_db == 0


def test_a_good_mix_stays_what_it_is_under_either_rule() -> None:
    made = pair(make_stems(0.5, db=(0, 0, 0)), "none", limit="input")
    assert np.array_equal(made.input, made.target)


def test_everything_lies_on_the_grid_of_24_bits() -> None:
    made = pair(make_stems(0.5))
    for part in (made.stems, made.target, made.input):
        assert np.array_equal(part * STEPS, np.rint(part * STEPS))


def test_what_does_not_fit_three_stems_goes_to_the_effects() -> None:
    third = np.full((3, 1, 100), 1 / 3, np.float32)
    exact = on_grid(third)
    assert np.all(exact[:2] == np.rint(2**23 / 3) / 2**23)
    assert np.all(exact.sum(axis=0, dtype=np.float64) == np.rint(third.sum(axis=0) * STEPS) / STEPS)


@pytest.mark.parametrize(
    ("db", "degradation", "why"),
    [
        ((-np.inf,) * 3, static(-6, 6, 6), "silent"),
        ((-20, -np.inf, -30), static(-6, 6, -6), "the boosted stem is silent"),
        ((-20, -60, -30), static(-6, 6, -6), "the boosted stem is silent"),
        ((-20, -np.inf, -np.inf), static(-6, 6, 6), "the boosted stem is silent"),
        ((-20, -26, -30), static(6, 6, 6), "nothing audible changed"),
        ((-20, -26, -30), static(0.1, -0.1, 0), "nothing audible changed"),
        ((-20, -26, -30), static(-6, 6, 6), None),
        ((-20, -np.inf, -30), static(-6, 6, 6), None),
        ((-20, -26, -30), static(-12, -6, -6), None),
    ],
)
def test_trivial_pairs_are_known(db: tuple[float, float, float], degradation: Degradation, why: str | None) -> None:
    assert why_trivial(degradation, levels_of(make_stems(1.0, db=db))) == why


def test_pairs_that_are_left_alone_on_purpose_are_not_trivial() -> None:
    made = pair(make_stems(0.5), "none")
    assert why_trivial(made.degradation, made.levels) is None
    assert np.array_equal(made.input, made.target)
