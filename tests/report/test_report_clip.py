import io

import av
import numpy as np
import pytest
from film_sound import lag_and_likeness, noise
from invented import invented_plan

from limelight.audio.layouts import db_to_gain
from limelight.audio.loudness import measure_loudness
from limelight.report.listening import (
    RATE,
    Excerpt,
    Recorder,
    choose_excerpt,
    clip_bytes,
    match_loudness,
    stereo_matrix,
)
from limelight.types import SoundtrackInfo


def track(rate, layout, channels):
    return SoundtrackInfo(0, "aac", rate, layout, channels, None, None, is_default=True)


def test_a_short_film_is_heard_whole():
    assert choose_excerpt(invented_plan(180.0), 180.0) == Excerpt(0.0, 180.0, is_whole=True)


@pytest.mark.parametrize(("moved", "start"), [(300, 270), (20, 0), (590, 540)])
def test_a_long_film_is_heard_around_its_largest_change(moved, start):
    plan = invented_plan(600.0)
    bump = 10 * np.exp(-0.5 * np.square((plan.times_seconds - moved) / 20))
    plan = plan.model_copy(
        update={"gains_db": {"speech": bump.tolist(), "music": (-bump).tolist(), "effects": (0 * bump).tolist()}}
    )
    excerpt = choose_excerpt(plan, 600.0)
    assert excerpt.end_seconds - excerpt.start_seconds == pytest.approx(60)
    assert excerpt.start_seconds == pytest.approx(start, abs=0.2)
    assert 0 <= excerpt.start_seconds < excerpt.end_seconds <= 600
    assert not excerpt.is_whole


def test_a_plan_shorter_than_the_film_still_gives_a_minute():
    excerpt = choose_excerpt(invented_plan(20.0), 400.0)
    assert (excerpt.start_seconds, excerpt.end_seconds) == (0.0, 60.0)


@pytest.mark.parametrize("layout", ["mono", "stereo", "quad", "5.1", "5.1(side)", "7.1", "2 channels"])
def test_a_downmix_is_symmetric_and_does_not_clip(layout):
    matrix = stereo_matrix(layout)
    assert np.abs(matrix).sum(axis=1) == pytest.approx([1, 1])


def test_a_downmix_keeps_sides_apart():
    left, right = stereo_matrix("5.1")
    assert left.tolist() == pytest.approx(right[[1, 0, 2, 3, 5, 4]].tolist())
    assert left[1] == left[3] == left[5] == 0
    np.testing.assert_allclose(stereo_matrix("stereo"), np.eye(2))


def test_the_recorder_keeps_just_the_excerpt():
    sound = noise(3.0, RATE, 2)
    recorder = Recorder(Excerpt(1.0, 2.0, is_whole=False), track(RATE, "stereo", 2))
    for start in range(0, sound.shape[1], 10_007):
        recorder.push(sound[:, start : start + 10_007])
    np.testing.assert_allclose(recorder.finish(), sound[:, RATE : 2 * RATE], atol=1e-6)


def test_another_rate_becomes_48_khz_of_the_same_length():
    recorder = Recorder(Excerpt(0.0, 1.0, is_whole=True), track(22_050, "mono", 1))
    recorder.push(noise(1.0, 22_050, 1))
    assert recorder.finish().shape == (2, RATE)


@pytest.mark.parametrize("factor", [0.25, 1.0, 3.0])
def test_matched_clips_are_equally_loud_and_within_full_scale(factor):
    before, after = noise(2.0, RATE, 2), factor * noise(2.0, RATE, 2, seed=2)
    match = match_loudness(before, after)
    heard = [db_to_gain(match.before_db) * before, db_to_gain(match.after_db) * after]
    loud = [measure_loudness(clip, RATE).integrated_lufs for clip in heard]
    assert loud[0] == pytest.approx(loud[1], abs=0.01)
    assert max(match.before_db, match.after_db) <= 0
    assert max(np.abs(clip).max() for clip in heard) <= 0.97 + 1e-6


def test_silence_is_not_matched():
    silence = np.zeros((2, RATE), np.float32)
    match = match_loudness(silence, noise(1.0, RATE, 2, amplitude=0.1))
    assert (match.before_db, match.after_db) == (0, 0)


def test_a_clip_comes_back_softer_and_in_time():
    sound = noise(1.5, RATE, 2)
    data = clip_bytes(sound, -6.0)
    assert len(data) < 1.5 * 96_000 / 8 * 1.3
    with av.open(io.BytesIO(data)) as file:
        back = np.concatenate([frame.to_ndarray() for frame in file.decode(audio=0)], axis=1)
    lags, likeness = lag_and_likeness(sound, back)
    assert lags == [0, 0]
    assert likeness > 0.9
    ratio = np.linalg.norm(back[:, : sound.shape[1]]) / np.linalg.norm(sound)
    assert ratio == pytest.approx(db_to_gain(-6.0), rel=0.05)
