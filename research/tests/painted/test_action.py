from itertools import pairwise
from typing import get_args

import numpy as np
import pytest

from research.painted.action import Action
from research.painted.bursts import LASTS_SECONDS, Hit, paint_burst
from research.painted.canvas import Size
from research.painted.storyboard import ACTION
from research.painted.timing import Burst, Timing
from research.tests.painted.staging import take, timing

BURSTS = get_args(Burst)


def after(burst: str, age: float) -> np.ndarray:
    canvas = np.full((90, 160, 3), 0.3, np.float32)
    paint_burst(canvas, Hit(2.0, 80, 60, 70, 1.0, burst, 7), 2.0 + age)  # type: ignore[arg-type]
    return canvas


@pytest.mark.parametrize("burst", BURSTS)
def test_nothing_is_seen_before_and_long_after(burst: str) -> None:
    for age in (-0.01, LASTS_SECONDS):
        np.testing.assert_array_equal(after(burst, age), np.full((90, 160, 3), 0.3, np.float32))


@pytest.mark.parametrize("burst", BURSTS)
def test_brightest_at_the_hit(burst: str) -> None:
    brightness = [float(after(burst, age).mean()) for age in (0.0, 0.1, 0.4)]
    assert brightness[0] > 0.3
    assert brightness == sorted(brightness, reverse=True)


@pytest.mark.parametrize("burst", BURSTS)
def test_any_picture_can_be_painted_alone(burst: str) -> None:
    np.testing.assert_array_equal(after(burst, 0.3), after(burst, 0.3))


def test_fire_is_warm() -> None:
    red, _, blue = (after("fire", 0.1) - 0.3).mean(axis=(0, 1))
    assert red > blue


SIZE = Size(90, 160)
HIT = 2.0


def scene(subject: str, sound: Timing, light: str = "day") -> Action:
    return Action(take(subject, 5, light=light), sound, SIZE)


@pytest.mark.parametrize("subject", ACTION)
def test_a_hit_is_seen_at_its_time(subject: str) -> None:
    shown = scene(subject, timing(talks=False, hits=(HIT,)))
    instants = HIT + np.array([-0.26, -0.13, 0.01, 0.14])
    pictures = [shown.paint(t) for t in instants]
    steps = [float(np.abs(b - a).mean()) for a, b in pairwise(pictures)]
    assert steps[1] > 1.5 * steps[0]
    assert pictures[2].mean() > pictures[1].mean()


@pytest.mark.parametrize("subject", ["blast", "crash", "fight"])  # a chase runs as fast as the effects are loud
def test_before_anything_falls_the_picture_does_not_know_of_the_hit(subject: str) -> None:
    quiet, loud = (scene(subject, timing(talks=False, hits=hits)) for hits in ((), (3.5,)))
    np.testing.assert_allclose(quiet.paint(0.5), loud.paint(0.5), atol=0.02)


@pytest.mark.parametrize("light", ["day", "dusk", "night", "indoors"])
def test_any_light_will_do(light: str) -> None:
    picture = scene("crash", timing(hits=(1.0,)), light).paint(1.0)
    assert picture.shape == (90, 160, 3)
    assert np.isfinite(picture).all()


def test_the_louder_the_effects_the_faster_the_chase() -> None:
    def moved(hits: tuple[float, ...]) -> float:
        shown = scene("chase", timing(talks=False, hits=hits))
        return float(np.abs(shown.paint(3.9) - shown.paint(0.1)).mean())

    rest, busy = timing(talks=False), timing(talks=False, hits=(0.5, 1.0, 1.5, 2.0, 2.5, 3.0))
    assert busy.effects_level.mean() > rest.effects_level.mean()
    assert moved(()) > 0
