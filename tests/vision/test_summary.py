"""From numbers a picture to numbers a second, or a shot."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vision.painting import RATE, Face, film, plain, scene, with_ball

from limelight.vision.cues import CUE_NAMES
from limelight.vision.summary import Stretches, cues_of_pictures, observe_frames, strongest_impacts, summarise

GROUND = scene(1)


def raw(paint, count: int, edges, cuts: tuple[int, ...] = ()) -> dict[str, np.ndarray]:
    seen = observe_frames(film(paint, count))
    columns = cues_of_pictures(seen, np.array(cuts, np.intp))
    rows = summarise(columns, Stretches(np.asarray(edges, float)), np.array(cuts) / RATE)
    return dict(zip(CUE_NAMES, rows.T, strict=True))


@settings(deadline=None)
@given(st.lists(st.floats(0.1, 5), min_size=1, max_size=6), st.floats(0, 30))
def test_an_instant_lies_in_the_stretch_around_it(lengths: list[float], instant: float) -> None:
    edges = np.concatenate([[0], np.cumsum(lengths)])
    at = int(Stretches(edges).locate(np.array([instant]))[0])
    assert edges[at] <= instant + 1e-5
    assert instant < edges[at + 1] or at == len(lengths) - 1


@pytest.mark.slow
def test_means_of_seconds_are_the_mean_of_their_shot() -> None:
    pictures = [scene(seed) for seed in range(32)]
    seconds, shot = (raw(lambda i: pictures[i], 32, edges) for edges in ([0, 1, 2, 3, 4], [0, 4]))
    for name in ("key", "contrast", "warmth", "sharpness", "detail"):
        assert shot[name][0] == pytest.approx(seconds[name].mean())
    for name in ("impact", "flash"):
        assert shot[name][0] == pytest.approx(seconds[name].max())


def test_seconds_without_a_picture_hold_the_last_one_at_rest() -> None:
    seen = raw(lambda i: with_ball(GROUND, 40 + 12 * i, 90), 16, np.arange(6))
    assert np.all(seen["key"][2:] == seen["key"][1])
    assert np.all(seen["motion"][:2] > 0)
    assert np.all(seen["motion"][2:] == 0)
    assert np.all(seen["stillness"][2:] == 1)
    np.testing.assert_allclose(seen["since_cut"], np.arange(5) + 0.5)


def test_a_cut_is_neither_motion_nor_impact() -> None:
    scenes = [scene(1), plain((250, 250, 250))]
    seen = raw(lambda i: scenes[i // 8], 16, [0, 1, 2], cuts=(8,))
    for name in ("motion", "camera", "impact", "flash", "flicker"):
        np.testing.assert_allclose(seen[name], 0, atol=1e-6)


@pytest.mark.slow
def test_pace_counts_cuts_in_the_ten_seconds_around() -> None:
    cuts = tuple(range(80, 160, 8))  # one a second from 10 to 19 s
    seen = raw(lambda i: GROUND, 240, np.arange(31), cuts=cuts)
    assert seen["pace"][2] == 0
    assert seen["pace"][14] == pytest.approx(1.0)
    assert np.all(np.diff(seen["pace"][4:14]) >= 0)


def test_an_impact_is_a_flash_or_a_sudden_motion_and_not_a_steady_one() -> None:
    ground = scene(3)
    lit = np.clip(ground.astype(int) + 150, 0, 255).astype(np.uint8)
    flash = raw(lambda i: lit if i == 12 else ground, 24, [0, 1, 2, 3])
    assert flash["impact"].round(2).tolist() == [0, flash["impact"][1].round(2), 0]
    assert flash["impact"][1] > 1
    assert flash["motion"].max() < 1e-3

    def bump(i: int):
        return with_ball(ground, 160 + (0 if i < 12 else 45 * (i % 2)), 90, radius=45)

    sudden = raw(bump, 24, [0, 1, 2, 3])
    assert sudden["impact"][0] == 0
    assert sudden["impact"][1] > 0.5
    assert sudden["flash"].max() == 0
    steady = raw(lambda i: with_ball(ground, 160 + 45 * (i % 2), 90, radius=45), 24, [0, 1, 2, 3])
    assert steady["impact"][1:].max() < 0.1
    assert steady["sustained_motion"].min() > 5 * sudden["sustained_motion"][0]


@pytest.mark.slow
def test_the_largest_face_sets_the_scale_and_any_mouth_counts() -> None:
    ground = plain((90, 110, 130))

    def pair(i: int):
        return Face(x=80, height=130).on(Face(x=240, height=70, mouth=0.5 + 0.5 * np.sin(2 * i)).on(ground))

    seen = raw(pair, 24, [0, 1, 2, 3])
    np.testing.assert_allclose(seen["face_count"], 2)
    np.testing.assert_allclose(seen["face_height"], 0.85 * 130 / 180, rtol=0.2)
    assert seen["mouth"].min() > 0.012
    np.testing.assert_allclose(seen["face_centred"], 1 - 80 / 180, atol=0.1)


def test_the_strongest_impact_of_each_stretch_is_when_it_happens() -> None:
    columns = {"time_seconds": np.arange(6) / 2, "impact": np.array([0.1, 0.7, 0.2, 0.9, 0.3, 0.1])}
    assert strongest_impacts(columns, Stretches(np.array([0.0, 1, 2, 3, 4]))).tolist() == [0.5, 1.5, 2.0, 3.0]
