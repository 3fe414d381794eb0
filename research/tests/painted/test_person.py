from dataclasses import asdict

import numpy as np

from research.painted.person import HAIRS, draw_person


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
