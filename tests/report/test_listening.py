"""Listening: envelopes, the excerpt, clips equally loud, and what one pass over two soundtracks leaves."""

import io

import av
import numpy as np
import pytest
from film_sound import lag_and_likeness, noise
from films import Film, film_path
from invented import invented_plan

from limelight.audio.convert import db_to_gain
from limelight.audio.loudness import measure_loudness
from limelight.media.probe import choose_soundtrack, probe
from limelight.report.listening import (
    MOST_COLUMNS,
    RATE,
    EnvelopeMeter,
    Excerpt,
    Recorder,
    choose_excerpt,
    clip_bytes,
    loudness_between,
    match_loudness,
    new_soundtrack,
    stereo_matrix,
    view_soundtrack,
)
from limelight.types import SoundtrackInfo

SECONDS = 2.0
WHOLE = Excerpt(0.0, SECONDS, is_whole=True)


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


def envelope(sound, sizes, total=None):
    meter = EnvelopeMeter(total or sound.shape[1], sound.shape[0])
    at = 0
    while at < sound.shape[1]:
        size = sizes[at % len(sizes)]
        meter.push(sound[:, at : at + size])
        at += size
    return meter.finish()


def naive(sound, columns=MOST_COLUMNS):
    """Every sample by itself."""
    total = sound.shape[1]
    column = np.arange(total) * columns // total
    parts = [sound[:, column == k] for k in range(columns)]
    return [np.abs(p).max() for p in parts], [np.sqrt(np.square(p).mean(axis=1).max()) for p in parts]


@pytest.mark.parametrize("sizes", [(100_000,), (7, 1, 300, 4096)])
def test_same_as_sample_by_sample_whatever_the_blocks(sizes):
    sound = noise(0.31, 16_000, 2)
    sound[1] *= 0.3
    found = envelope(sound, sizes)
    peak, rms = naive(sound)
    np.testing.assert_allclose(found.peak, peak, rtol=1e-6)
    np.testing.assert_allclose(found.rms, rms, rtol=1e-5)


def test_a_click_falls_into_the_column_of_its_time():
    sound = np.zeros((1, 48_000), np.float32)
    sound[0, 12_000] = -0.5
    found = envelope(sound, (1000,))
    assert np.flatnonzero(found.peak).tolist() == [MOST_COLUMNS // 4]
    assert found.peak.max() == 0.5


def test_fewer_samples_than_columns_and_more_than_announced():
    sound = np.full((1, 30), 0.25, np.float32)
    assert envelope(sound, (7,)).peak.tolist() == [0.25] * 30
    assert envelope(sound, (7,), total=10).peak.tolist() == [0.25] * 10
    assert envelope(sound, (7,), total=60).peak.tolist() == [0.25] * 30 + [0.0] * 30


def test_a_constant_has_its_root_mean_square():
    found = envelope(np.full((3, 5000), -0.5, np.float32), (640,))
    np.testing.assert_allclose(found.rms, 0.5)
    np.testing.assert_allclose(found.peak, 0.5)


def both(tracks, chosen):
    """A film, and the same half as loud, each lossless."""
    loud, soft = (
        probe(film_path(Film(container="mkv", sound="flac", soundtracks=tracks, amplitude=a))) for a in (0.5, 0.25)
    )
    track = choose_soundtrack(loud, chosen)
    new = new_soundtrack(soft, track.stream_index)
    return view_soundtrack(loud, track, WHOLE, SECONDS), view_soundtrack(soft, new, WHOLE, SECONDS)


def test_half_as_loud_is_half_as_high_and_matched_by_6_db():
    before, after = both(1, 0)
    np.testing.assert_allclose(after.envelope.peak, before.envelope.peak / 2, atol=1e-4)
    np.testing.assert_allclose(after.envelope.rms, before.envelope.rms / 2, atol=1e-4)
    match = match_loudness(before.clip, after.clip)
    np.testing.assert_allclose(match.before_db - match.after_db, -6.02, atol=0.02)


def test_the_second_soundtrack_is_compared_with_the_second():
    before, after = both(2, 1)
    np.testing.assert_allclose(after.clip, before.clip / 2, atol=1e-4)


@pytest.mark.parametrize(("start", "end"), [(0.0, SECONDS), (0.5, 1.5), (1.0, SECONDS + 5)])
def test_half_as_loud_is_6_lu_less_in_any_stretch(start, end):
    before, after = (loudness_between(view, start, end) for view in both(1, 0))
    assert before - after == pytest.approx(6.02, abs=0.02)
    assert loudness_between(both(1, 0)[0], 0.0, 0.2) == -np.inf
