import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from limelight.dataset.degrade import LEVELS_DB, NONE, STEPS_DB, GainChange, sample_paper, sample_released
from limelight.types import STEMS

loudness = st.floats(-60, -5) | st.just(-np.inf)


@given(st.integers(0, 2**32 - 1), st.tuples(loudness, loudness, loudness))
def test_the_loudest_comes_down_and_the_others_go_up_as_much(seed: int, lufs: tuple[float, float, float]) -> None:
    drawn = sample_paper(np.random.default_rng(seed), dict(zip(STEMS, lufs, strict=True)))
    loudest = int(np.argmax(lufs))
    step = -drawn.gains_db[loudest]
    assert step in STEPS_DB
    assert [g for k, g in enumerate(drawn.gains_db) if k != loudest] == [step, step]


def test_every_step_is_drawn_about_as_often() -> None:
    rng = np.random.default_rng(0)
    drawn = [sample_paper(rng, dict.fromkeys(STEMS, -30.0)).gains_db[1] for _ in range(600)]
    for step in STEPS_DB:
        assert drawn.count(step) == pytest.approx(200, abs=45)


@given(st.tuples(*[st.floats(-24, 24)] * 3))
def test_the_inverse_undoes_it(gains_db: tuple[float, float, float]) -> None:
    degradation = GainChange("any", gains_db)
    assert np.add(degradation.gains_db, degradation.inverse_db).tolist() == [0, 0, 0]


def test_none_changes_nothing() -> None:
    assert NONE.gains_db == (0, 0, 0)
    assert NONE.inverse_db == (0, 0, 0)


@given(st.integers(0, 2**32 - 1), st.tuples(loudness, loudness, loudness))
def test_released_brings_the_loudest_and_one_other_down_and_the_third_up(
    seed: int, lufs: tuple[float, float, float]
) -> None:
    drawn = sample_released(np.random.default_rng(seed), dict(zip(STEMS, lufs, strict=True)))
    assert drawn.gains_db[int(np.argmax(lufs))] < 0
    assert sorted(np.sign(drawn.gains_db)) == [-1, -1, 1]
    assert {abs(gain) for gain in drawn.gains_db} <= set(STEPS_DB)


def test_released_draws_each_step_and_the_third_by_themselves() -> None:
    rng = np.random.default_rng(0)
    drawn = [sample_released(rng, {"speech": -20.0, "music": -30.0, "effects": -30.0}).gains_db for _ in range(400)]
    assert sum(gains[1] > 0 for gains in drawn) == pytest.approx(200, abs=40)
    assert len(set(drawn)) == 2 * 3**3


@pytest.mark.parametrize(("level", "step"), [("low", 6), ("medium", 9), ("high", 12)])
def test_levels_are_one_step_each(level: str, step: float) -> None:
    lufs = dict.fromkeys(STEMS, -30.0)
    for draw in (sample_paper, sample_released):
        drawn = draw(np.random.default_rng(0), lufs, steps_db=LEVELS_DB[level])
        assert {abs(gain) for gain in drawn.gains_db} == {step}
