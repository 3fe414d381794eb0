import numpy as np

from limelight.vision.frames import text_share
from research.painted.canvas import Size
from research.painted.spectacle import Dance, Stills, Titles
from research.tests.painted.staging import take, timing

SIZE = Size(180, 320)


def test_dancers_take_a_new_posture_on_the_beat() -> None:
    dance = Dance(take("dance", 2), timing(talks=False, beats=(1.0, 2.0, 3.0)), SIZE)

    def step(at: float) -> float:
        return float(np.abs(dance.paint(at + 0.15) - dance.paint(at)).mean())

    on_the_beat, between = np.mean([step(1.0), step(2.0)]), np.mean([step(1.5), step(2.5)])
    assert on_the_beat > 1.5 * between


def test_without_music_they_sway() -> None:
    dance = Dance(take("dance", 2), timing(talks=False), SIZE)
    assert np.abs(dance.paint(1.0) - dance.paint(2.0)).max() > 0.1


def test_titles_come_and_are_seen_as_text() -> None:
    shares = []
    for seed in range(4):
        picture = Titles(take("titles", seed), timing(), SIZE).paint(2.5)
        shares.append(text_share((np.clip(picture, 0, 1) * 255).astype(np.uint8)[..., 1].copy()))
    assert np.mean(np.array(shares) > 0.005) >= 0.75


def test_a_title_is_not_there_at_first() -> None:
    held = [title for title in (Titles(take("titles", seed), timing(), SIZE) for seed in range(5)) if not title._rolls]
    assert held
    for title in held:
        assert np.abs(title.paint(0.0) - title.paint(2.0)).max() > 0.1
        assert np.ptp(title.paint(0.0) - title._ground) < 1e-6


def test_stills_move_by_the_camera_alone() -> None:
    stills = Stills(take("stills", 3), timing(), SIZE)
    assert stills.paint(0.0).shape == (180, 320, 3)
    assert np.abs(stills.paint(0.125) - stills.paint(0.0)).mean() < 0.02
