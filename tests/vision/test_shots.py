"""Cuts are found where they are, and nowhere else."""

import numpy as np
import pytest
from vision.painting import RATE, Image, film, plain, scene, window, with_ball

from limelight.vision.encoder import evidence_of
from limelight.vision.shots import find_cuts
from limelight.vision.summary import observe_frames

WIDE = scene(5, width=1200)
SCENES = [scene(seed) for seed in range(6)]


def cuts(paint, count: int = 48) -> list[float]:
    seen = observe_frames(film(paint, count))
    return [float(i) / RATE for i in find_cuts(evidence_of(seen))]


def mixed(a: Image, b: Image, share: float) -> Image:
    share = float(np.clip(share, 0, 1))
    return np.round(a * (1 - share) + b * share).astype(np.uint8)


@pytest.mark.slow
@pytest.mark.parametrize("length", [4, 7, 12])
def test_every_cut_is_found_at_its_first_picture(length: int) -> None:
    count = 6 * length
    assert cuts(lambda i: SCENES[i // length], count) == [k * length / RATE for k in range(1, 6)]


def test_cuts_between_scenes_of_one_colour_are_found() -> None:
    alike = [scene(seed, base=(120, 110, 100)) for seed in range(20, 24)]
    assert cuts(lambda i: alike[i // 12]) == [1.5, 3.0, 4.5]


def test_a_conversation_in_shot_and_reverse_shot_is_all_cuts() -> None:
    assert cuts(lambda i: SCENES[(i // 6) % 2], 36) == [0.75, 1.5, 2.25, 3.0, 3.75]


@pytest.mark.slow
def test_a_cut_within_a_pan_is_found() -> None:
    other = scene(8, width=1200)
    assert cuts(lambda i: window(WIDE if i < 20 else other, 8 * i)) == [2.5]


@pytest.mark.slow
@pytest.mark.parametrize("speed", [1, 5, 18])
def test_a_pan_is_no_cut(speed: int) -> None:
    assert cuts(lambda i: window(WIDE, speed * i)) == []


@pytest.mark.parametrize("rate", [0.94, 1.02, 1.08])
def test_a_zoom_is_no_cut(rate: float) -> None:
    assert cuts(lambda i: window(WIDE, 400, zoom=rate ** (i % 24)), 24) == []


@pytest.mark.slow
@pytest.mark.parametrize("length", [1, 2, 3])
@pytest.mark.parametrize("level", [120, 255])
def test_a_flash_is_no_cut(length: int, level: int) -> None:
    lit = np.clip(SCENES[0].astype(int) + level, 0, 255).astype(np.uint8)
    assert cuts(lambda i: lit if 12 <= i < 12 + length else SCENES[0]) == []


def test_things_that_move_and_appear_are_no_cut() -> None:
    ground = plain((90, 110, 130))
    assert cuts(lambda i: with_ball(ground, 20 + (37 * i) % 280, 90)) == []


def test_a_change_of_exposure_is_no_cut() -> None:
    assert cuts(lambda i: mixed(SCENES[0] // 3, SCENES[0], 0.5 + 0.5 * np.sin(0.3 * i))) == []


@pytest.mark.slow
@pytest.mark.parametrize("length", [4, 8, 14])
def test_a_dissolve_is_one_soft_cut(length: int) -> None:
    found = cuts(lambda i: mixed(SCENES[0], SCENES[1], (i - 20) / length))
    assert len(found) == 1
    assert 20 / RATE <= found[0] <= (20 + length + 4) / RATE


def test_a_fade_through_black_is_one_cut_where_the_picture_returns() -> None:
    black = plain((0, 0, 0))

    def paint(i: int) -> Image:
        return mixed(SCENES[0], black, (i - 12) / 8) if i < 24 else mixed(black, SCENES[1], (i - 24) / 8)

    found = cuts(paint)
    assert len(found) == 1
    assert abs(found[0] - 25 / RATE) <= 1 / RATE


def test_a_fade_in_at_the_beginning_begins_no_second_shot() -> None:
    assert cuts(lambda i: mixed(plain((0, 0, 0)), SCENES[2], (i - 8) / 10)) == []


@pytest.mark.slow
def test_shots_last_at_least_half_a_second() -> None:
    found = cuts(lambda i: SCENES[i % 6])
    assert np.diff([0.0, *found]).min(initial=9) >= 0.45
