from typing import get_args

import numpy as np
import pytest

from research.painted.bursts import LASTS_SECONDS, Burst, Hit, paint_burst

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
