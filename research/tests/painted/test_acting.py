import numpy as np

from research.painted.acting import Pose, Temper, draw_temper, pose_at
from research.tests.painted.staging import timing

TIMES = np.arange(0, 4, 0.04)


def temper(seed: int = 1, *, speaks: bool) -> Temper:
    return draw_temper(np.random.default_rng(seed), 0.0, 4.0, speaks=speaks)


def acted(somebody: Temper, **sounds: object) -> list[Pose]:
    sound = timing(**sounds)
    return [pose_at(somebody, sound, t) for t in TIMES]


def test_the_jaw_of_a_speaker_follows_the_speech() -> None:
    jaw = [pose.jaw for pose in acted(temper(speaks=True))]
    mouth = timing().mouth[(TIMES * 100).astype(int)]
    assert np.corrcoef(jaw, mouth)[0, 1] > 0.9


def test_a_speaker_who_says_nothing_is_shut() -> None:
    assert max(pose.jaw for pose in acted(temper(speaks=True), talks=False)) == 0


def test_who_listens_moves_alike_whatever_is_said() -> None:
    for seed in range(3):
        listener = temper(seed, speaks=False)
        assert acted(listener) == acted(listener, talks=False)


def test_some_who_listen_chew_most_hardly_move() -> None:
    jaws = np.array([temper(seed, speaks=False).chews for seed in range(200)])
    assert 0.15 < np.mean(jaws > 0.2) < 0.4
    assert np.median(jaws) < 0.12


def test_lids_shut_at_a_blink_and_open_again() -> None:
    somebody = temper(speaks=True)
    blink = float(somebody.blinks[0])
    assert pose_at(somebody, timing(), blink).lids > 0.99
    assert pose_at(somebody, timing(), blink - 0.4).lids < 0.05
