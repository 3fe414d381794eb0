from dataclasses import asdict

import numpy as np

from research.painted.person import HAIRS, Mannerisms, Pose, draw_mannerisms, draw_person, pose_at
from research.tests.painted.staging import timing


def test_one_seed_one_person() -> None:
    assert draw_person(5) == draw_person(5)
    assert draw_person(5) != draw_person(6)


def test_people_differ_in_everything() -> None:
    crowd = [asdict(draw_person(seed)) for seed in range(300)]
    assert {person["style"] for person in crowd} == set(HAIRS)
    for name in ("skin", "eyes", "moustache", "glasses", "beard"):
        assert len({person[name] for person in crowd}) > 1
    lightness = [np.mean(person["skin"]) for person in crowd]
    assert min(lightness) < 0.35
    assert max(lightness) > 0.75


def test_colours_are_colours_and_shadows_darker_than_skin() -> None:
    for person in map(draw_person, range(100)):
        for colour in (person.skin, person.lips, person.hair, person.eyes, person.cloth):
            assert all(0 <= value <= 1 for value in colour)
        assert sum(person.deep) < sum(person.skin)


TIMES = np.arange(0, 4, 0.04)


def mannerisms(seed: int = 1, *, speaks: bool) -> Mannerisms:
    return draw_mannerisms(np.random.default_rng(seed), 0.0, 4.0, speaks=speaks)


def acted(somebody: Mannerisms, **sounds: object) -> list[Pose]:
    sound = timing(**sounds)
    return [pose_at(somebody, sound, t) for t in TIMES]


def test_the_jaw_of_a_speaker_follows_the_speech() -> None:
    jaw = [pose.jaw for pose in acted(mannerisms(speaks=True))]
    mouth = timing().mouth[(TIMES * 100).astype(int)]
    assert np.corrcoef(jaw, mouth)[0, 1] > 0.9


def test_a_speaker_who_says_nothing_is_shut() -> None:
    assert max(pose.jaw for pose in acted(mannerisms(speaks=True), talks=False)) == 0


def test_who_listens_moves_alike_whatever_is_said() -> None:
    for seed in range(3):
        listener = mannerisms(seed, speaks=False)
        assert acted(listener) == acted(listener, talks=False)


def test_some_who_listen_chew_most_hardly_move() -> None:
    jaws = np.array([mannerisms(seed, speaks=False).chews for seed in range(200)])
    assert 0.15 < np.mean(jaws > 0.2) < 0.4
    assert np.median(jaws) < 0.12


def test_lids_shut_at_a_blink_and_open_again() -> None:
    somebody = mannerisms(speaks=True)
    blink = float(somebody.blinks[0])
    assert pose_at(somebody, timing(), blink).lids > 0.99
    assert pose_at(somebody, timing(), blink - 0.4).lids < 0.05
