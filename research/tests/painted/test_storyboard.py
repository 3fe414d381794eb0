import json
from dataclasses import asdict
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from research.painted.storyboard import ACTION, KINDS, SCENERY, Storyboard, draw_storyboard


def drawn(kind: str, seed: int = 0, seconds: float = 10.0, **how: bool) -> Storyboard:
    return draw_storyboard(np.random.default_rng(seed), kind, seconds, **how)  # type: ignore[arg-type]


@given(st.sampled_from(KINDS), st.integers(0, 10_000), st.floats(0.3, 40), st.booleans())
@settings(max_examples=60, deadline=None)
def test_takes_lie_end_to_end(kind: str, seed: int, seconds: float, off_screen: bool) -> None:
    takes = drawn(kind, seed, seconds, off_screen=off_screen).takes
    assert takes[0].start_seconds == 0
    assert takes[-1].end_seconds == seconds
    assert all(one.end_seconds == other.start_seconds for one, other in pairwise(takes))
    assert all(take.duration_seconds > 0 for take in takes)


@pytest.mark.parametrize("kind", KINDS)
def test_one_seed_one_storyboard(kind: str) -> None:
    assert drawn(kind, 7) == drawn(kind, 7)
    assert drawn(kind, 7) != drawn(kind, 8)


@pytest.mark.parametrize("kind", KINDS)
def test_told_from_off_screen_no_mouth_speaks(kind: str) -> None:
    takes = [take for seed in range(50) for take in drawn(kind, seed, off_screen=True).takes]
    assert all(take.speaking is None for take in takes)


def share(kind: str, subjects: tuple[str, ...]) -> float:
    takes = [take for seed in range(200) for take in drawn(kind, seed).takes]
    shown = sum(take.duration_seconds for take in takes if take.subject in subjects)
    return shown / sum(take.duration_seconds for take in takes)


def test_each_kind_shows_mostly_what_it_is_about() -> None:
    assert share("talk", ("person",)) > 0.85
    assert share("action", ACTION) > 0.75
    assert share("scenery", SCENERY) > 0.9


def test_in_a_talk_whoever_is_seen_mostly_speaks() -> None:
    people = [take for seed in range(200) for take in drawn("talk", seed).takes if take.subject == "person"]
    assert np.mean([take.speaking is not None for take in people]) > 0.8
    assert all(take.speaking is None or take.speaking < len(take.people) for take in people)


def test_can_be_saved_as_json() -> None:
    record = asdict(drawn("talk", 3))
    assert json.loads(json.dumps(record))["takes"][0]["seed"] == record["takes"][0]["seed"]


@pytest.mark.parametrize(("kind", "seconds"), [("opera", 5.0), ("talk", 0.0)])
def test_other_wishes_are_refused(kind: str, seconds: float) -> None:
    with pytest.raises(ValueError, match="wanted a kind"):
        drawn(kind, 0, seconds)
