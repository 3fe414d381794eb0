import numpy as np
import pytest

from limelight.vision.frames import text_share
from research.painted.canvas import Size
from research.painted.scenery import Dance, Landscape, Sea, Stills, Titles
from research.painted.sky import Rainfall
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
        weather = Rainfall(np.random.default_rng(seed), chance=1.0)
        one, later = np.full((90, 160, 3), 0.3, np.float32), np.full((90, 160, 3), 0.3, np.float32)
        weather.paint(one, 0.0)
        weather.paint(later, 0.2)
        assert one.max() > 0.35
        assert np.abs(one - later).max() > 0.05
        seen.add(round(float(one.max()), 1))
    assert len(seen) > 1


def test_fair_weather_is_not_seen() -> None:
    canvas = np.full((90, 160, 3), 0.3, np.float32)
    Rainfall(np.random.default_rng(0), chance=0.0).paint(canvas, 1.0)
    assert np.ptp(canvas) == 0


STAGE = Size(180, 320)


def test_dancers_take_a_new_posture_on_the_beat() -> None:
    dance = Dance(take("dance", 2), timing(talks=False, beats=(1.0, 2.0, 3.0)), STAGE)

    def step(at: float) -> float:
        return float(np.abs(dance.paint(at + 0.15) - dance.paint(at)).mean())

    on_the_beat, between = np.mean([step(1.0), step(2.0)]), np.mean([step(1.5), step(2.5)])
    assert on_the_beat > 1.5 * between


def test_without_music_they_sway() -> None:
    dance = Dance(take("dance", 2), timing(talks=False), STAGE)
    assert np.abs(dance.paint(1.0) - dance.paint(2.0)).max() > 0.1


def test_titles_come_and_are_seen_as_text() -> None:
    shares = []
    for seed in range(4):
        picture = Titles(take("titles", seed), timing(), STAGE).paint(2.5)
        shares.append(text_share((np.clip(picture, 0, 1) * 255).astype(np.uint8)[..., 1].copy()))
    assert np.mean(np.array(shares) > 0.005) >= 0.75


def test_a_title_is_not_there_at_first() -> None:
    held = [title for title in (Titles(take("titles", seed), timing(), STAGE) for seed in range(5)) if not title._rolls]
    assert held
    for title in held:
        assert np.abs(title.paint(0.0) - title.paint(2.0)).max() > 0.1
        assert np.ptp(title.paint(0.0) - title._ground) < 1e-6


def test_stills_move_by_the_camera_alone() -> None:
    stills = Stills(take("stills", 3), timing(), STAGE)
    assert stills.paint(0.0).shape == (180, 320, 3)
    assert np.abs(stills.paint(0.125) - stills.paint(0.0)).mean() < 0.02
