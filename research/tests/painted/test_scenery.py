import numpy as np
import pytest

from research.painted.canvas import Size
from research.painted.scenery import Landscape, Sea, Weather
from research.tests.painted.staging import take, timing

SIZE = Size(90, 160)
SOUND = timing(hits=(1.0, 2.0))


@pytest.mark.parametrize(("build", "subject"), [(Landscape, "land"), (Landscape, "city"), (Sea, "sea")])
@pytest.mark.parametrize("light", ["day", "dusk", "night", "indoors"])
def test_moves_little_and_whatever_is_heard(build: type, subject: str, light: str) -> None:
    shown, deaf = (build(take(subject, 4, light=light), sound, SIZE) for sound in (SOUND, timing(talks=False)))
    one, other = shown.paint(1.0), shown.paint(1.125)
    assert one.shape == (90, 160, 3)
    assert one.min() >= 0
    assert np.abs(other - one).mean() < 0.08
    np.testing.assert_array_equal(one, deaf.paint(1.0))


def test_the_sea_mirrors_the_sky() -> None:
    pictures = [
        Sea(take("sea", seed, light=light), SOUND, SIZE).paint(0.0) for seed in range(3) for light in ("day", "night")
    ]
    above, below = (
        [float(half.mean()) for half in halves] for halves in ([p[:30] for p in pictures], [p[60:] for p in pictures])
    )
    assert np.corrcoef(above, below)[0, 1] > 0.5


def test_weather_falls() -> None:
    seen = set()
    for seed in range(12):
        weather = Weather(np.random.default_rng(seed), chance=1.0)
        one, later = np.full((90, 160, 3), 0.3, np.float32), np.full((90, 160, 3), 0.3, np.float32)
        weather.paint(one, 0.0)
        weather.paint(later, 0.2)
        assert one.max() > 0.35
        assert np.abs(one - later).max() > 0.05
        seen.add(round(float(one.max()), 1))
    assert len(seen) > 1


def test_fair_weather_is_not_seen() -> None:
    canvas = np.full((90, 160, 3), 0.3, np.float32)
    Weather(np.random.default_rng(0), chance=0.0).paint(canvas, 1.0)
    assert np.ptp(canvas) == 0
