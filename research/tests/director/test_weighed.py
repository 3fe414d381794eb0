"""Facts of a scene, the moves of a mixer, and curves that weigh them: what must hold whatever was learnt."""

from __future__ import annotations

import numpy as np
import pytest

from limelight.types import StemFeatures
from limelight.vision.encoder import without_picture
from research.director.moves import FACTS, MOVES, facts_of, moves_of
from research.director.weighed import HISS_DB, Weighed, curves_of, floor_rise_db, quiet_kept, steadied

STEP = 4 * 1024 / 48_000
ROWS = 150


def heard(seed: int = 0, *, spoken: bool = True, scale: float = 1.0) -> StemFeatures:
    """Stems that do not resemble each other, speech in the first two thirds or never."""
    rng = np.random.default_rng(seed)
    powers = np.zeros((3, 3, ROWS))
    for k in range(3):
        powers[k, k] = scale * 1e-3 * rng.uniform(0.2, 2, ROWS)
    presence = (np.arange(ROWS) < 100).astype(float) * spoken
    powers[0, 0] *= np.where(presence > 0, 1.0, 1e-4)
    return StemFeatures(np.arange(ROWS) * STEP, powers, np.ones((3, ROWS)), presence)


def everything() -> np.ndarray:
    return np.ones(ROWS, bool)


def director(**weights: float) -> Weighed:
    """Each move as heavy as it is said, whatever the facts."""
    rows = {move: [("spoken", (0.0, 1.0), (weights.get(move, 0.0),) * 2)] for move in MOVES}
    return Weighed(curves_of(rows | {"wrong": [("spoken", (0.0, 1.0), (2.0, 2.0))]}, "test"))


def decided(features: StemFeatures, by: Weighed) -> np.ndarray:
    return by.decide(features, without_picture(12)).gains_db


def test_facts_do_not_know_how_loud_the_whole_is() -> None:
    np.testing.assert_allclose(facts_of(heard(), everything()), facts_of(heard(scale=0.01), everything()), atol=1e-6)


def test_facts_say_what_was_put_in() -> None:
    features = heard()
    features.powers[0, 0, :100] = 1e-3
    features.powers[1, 1], features.powers[2, 2] = 5e-4, 5e-5
    said = dict(zip(FACTS, facts_of(features, everything()), strict=True))
    assert said["spoken"] == pytest.approx(2 / 3)
    assert 10 * said["over_spoken"] == pytest.approx(10 * np.log10(1 / 0.55), abs=1e-6)
    assert 10 * said["music_scene"] == pytest.approx(10.0)
    assert said["rest_spoken"] == pytest.approx(0.0, abs=1e-9)
    assert said["masked"] == pytest.approx(0.0, abs=0.05)


@pytest.mark.parametrize("presence", [0.0, np.nan])
def test_where_nobody_is_known_to_speak_the_moves_on_speech_are_nothing(presence: float) -> None:
    features = heard(spoken=False)
    features.presence[:] = presence
    moves = moves_of(features, everything())
    assert np.isfinite(facts_of(features, everything())).all()
    for move in ("speech", "duck", "even"):
        assert not moves[MOVES.index(move)].any()


def test_evening_lifts_what_is_soft_and_lowers_what_is_loud() -> None:
    features = heard()
    features.powers[0, 0, :50] *= 10
    even = moves_of(features, everything())[MOVES.index("even"), 0]
    assert even[10:40].mean() < -1 < 1 < even[65:95].mean()


def test_ducking_follows_who_speaks_and_taming_only_what_leaps() -> None:
    features = heard()
    features.powers[2, 2] = 1e-4
    features.powers[2, 2, 120:126] = 1e-1
    moves = moves_of(features, everything())
    duck, tame = moves[MOVES.index("duck"), 1], moves[MOVES.index("tame"), 2]
    np.testing.assert_allclose(duck[5:95], -1, atol=1e-9)
    np.testing.assert_allclose(duck[110:], 0, atol=1e-9)
    assert tame[123] == pytest.approx(-9)
    assert not tame[:110].any()


def test_nothing_is_done_below_the_least_weight() -> None:
    assert not decided(heard(), director(speech=1.4, duck=1.4, even=0.19, tame=0.1)).any()


@pytest.mark.parametrize(
    "weights", [{"speech": 8.0}, {"music": -6.0}, {"duck": 5.0}, {"even": 1.0}, {"speech": 9.0, "tame": 1.0}]
)
def test_a_scene_stays_as_loud_as_it_was(weights: dict[str, float]) -> None:
    features = heard()
    gains = decided(features, director(**weights))
    assert gains.any()
    factors = 10 ** (gains / 20)
    after = np.einsum("kt,jt,kjt->", factors, factors, features.powers)
    assert after == pytest.approx(features.powers.sum())


def test_a_weight_on_speech_is_the_shift_between_speech_and_the_rest() -> None:
    gains = decided(heard(), director(speech=8.0))
    np.testing.assert_allclose(gains[0] - gains[1], 8.0)
    np.testing.assert_allclose(gains[1], gains[2])


def test_confidence_is_that_of_the_doubt_where_something_is_done_and_of_its_absence_elsewhere() -> None:
    doubt = 1 / (1 + np.exp(-2))
    (acting,) = director(speech=8.0).decide(heard(), without_picture(12)).scenes
    (leaving,) = director().decide(heard(), without_picture(12)).scenes
    assert acting.confidence == pytest.approx(doubt)
    assert leaving.confidence == pytest.approx(1 - doubt)
    assert "while somebody speaks" in acting.reason


def test_neighbours_in_a_scene_come_nearer_and_scenes_stay_apart() -> None:
    weights = np.array([[6.0], [12.0], [0.0], [9.0]])
    parts = [(0.0, 20.0), (20.0, 40.0), (40.0, 60.0), (60.0, 80.0)]
    steady = steadied(weights, parts, (60.0,))
    np.testing.assert_allclose(steady[:, 0], [9.0, 6.0, 0.0, 9.0])
    assert np.abs(np.diff(steady[:2, 0])).max() <= np.abs(np.diff(weights[:2, 0])).max()


def test_twenty_minutes_of_one_scene_are_decided_alike() -> None:
    rows = round(1200 / STEP)
    powers = np.zeros((3, 3, rows))
    powers[0, 0], powers[1, 1], powers[2, 2] = 1e-4, 9e-4, 1e-4
    features = StemFeatures(np.arange(rows) * STEP, powers, np.ones((3, rows)), np.ones(rows))
    gains = director(speech=10.0).decide(features, without_picture(1200)).gains_db
    np.testing.assert_allclose(gains - gains[:, :1], 0, atol=1e-9)


def test_hiss_does_not_come_up() -> None:
    features = heard()
    features.powers[0, 0, :100], features.powers[1, 1], features.powers[2, 2] = 1e-2, 1e-9, 1e-6
    weights = np.array([-15.0, 0, 0, 0, 0])  # the rest up: nothing but hiss, while nobody speaks
    curves, share = quiet_kept(features, everything(), weights)
    assert floor_rise_db(features, everything(), curves) <= HISS_DB
    assert share < 1


def test_hiss_holds_back_nothing_else() -> None:
    _, share = quiet_kept(heard(), everything(), np.array([9.0, 0, 0, 0, 0]))
    assert share == 1
