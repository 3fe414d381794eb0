"""The main path on synthesised films, with the packaged model."""

from __future__ import annotations

import errno
import json
from pathlib import Path

import av
import numpy as np
import pytest
from films import Film, film_path

from limelight.api import (
    STAGES,
    default_target,
    highlight_video,
    inspect_video,
    plan_video,
    render_video,
    separate_video,
)
from limelight.errors import NoSoundtrack, OutputError, PlanError, TargetExists
from limelight.media.probe import choose_soundtrack, probe
from limelight.media.read_audio import read_audio
from limelight.media.spool import ByteSpool
from limelight.media.target import naming_write_errors
from limelight.mixing.controls import Controls
from limelight.mixing.plan import MixPlan, plan_text
from limelight.models.registry import load_model
from limelight.types import STEMS

LOSSLESS = Film(container="mkv", sound="flac", seconds=3.0)


@pytest.fixture(scope="module")
def model():
    return load_model("lite", threads=1)


def decoded(path: Path) -> np.ndarray:
    info = probe(path)
    return np.concatenate(list(read_audio(info, choose_soundtrack(info, None))), axis=1)


def picture_packets(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(video=0) if packet.size]


@pytest.mark.parametrize(
    "film",
    [
        Film(container="mp4", seconds=3.0),
        Film(container="mp4", seconds=3.0, sample_rate=44_100, layout="5.1"),
        Film(container="webm", picture="libvpx-vp9", sound="libopus", seconds=2.0, b_frames=False),
        LOSSLESS,
    ],
    ids=["mp4", "5.1 at 44.1 kHz", "webm", "flac in mkv"],
)
def test_picture_is_untouched_and_sound_keeps_rate_layout_and_length(film, model, tmp_path):
    source = film_path(film)
    result = highlight_video(source, tmp_path / f"out.{film.container}", model=model)
    assert picture_packets(result.dest) == picture_packets(source)
    before, after = probe(source).soundtracks[0], probe(result.dest).soundtracks[0]
    assert (after.sample_rate, after.layout) == (before.sample_rate, before.layout)
    assert abs(decoded(result.dest).shape[1] - decoded(source).shape[1]) <= 1024
    assert result.written.verified.start_drift_samples == 0
    assert result.written.verified.picture_packets == len(picture_packets(source))


def test_strength_zero_is_the_original_sample_for_sample(model, tmp_path):
    source = film_path(LOSSLESS)
    result = highlight_video(source, tmp_path / "out.mkv", model=model, controls=Controls(strength=0))
    np.testing.assert_array_equal(decoded(result.dest), decoded(source))


def test_an_offset_on_every_stem_is_a_plain_gain_when_loudness_is_free(model, tmp_path):
    source = film_path(LOSSLESS)
    plan = plan_video(source, model=model, controls=Controls(strength=0, speech_db=-6, music_db=-6, effects_db=-6))
    free = plan.model_copy(update={"makeup_db": 0.0})
    result = render_video(source, free, tmp_path / "out.mkv", model=model)
    original = decoded(source)
    np.testing.assert_allclose(decoded(result.dest), original * 10 ** (-6 / 20), atol=2e-4)


def test_the_plan_is_what_highlight_renders(model, tmp_path):
    source = film_path(LOSSLESS)
    controls = Controls(music_db=-9)
    at_once = highlight_video(source, tmp_path / "a.mkv", model=model, controls=controls)
    plan = MixPlan.model_validate_json(plan_text(plan_video(source, model=model, controls=controls)))
    in_two_steps = render_video(source, plan, tmp_path / "b.mkv", model=model)
    np.testing.assert_array_equal(decoded(at_once.dest), decoded(in_two_steps.dest))


class Counted:
    """A model that counts how often it is asked for masks."""

    def __init__(self, model):
        self.card, self.direct, self._model, self.asked = model.card, model.direct, model, 0

    def separate(self, magnitude):
        self.asked += 1
        return self._model.separate(magnitude)


def test_each_window_is_heard_once_for_deciding_and_rendering(model, tmp_path):
    source, counted = film_path(LOSSLESS), Counted(model)
    plan = plan_video(source, model=counted, controls=Controls(music_db=-9))
    for_deciding, counted.asked = counted.asked, 0
    highlight_video(source, tmp_path / "a.mkv", model=counted, controls=Controls(music_db=-9))
    assert counted.asked == for_deciding > 0
    counted.asked = 0
    render_video(source, plan, tmp_path / "b.mkv", model=counted)
    assert counted.asked == for_deciding  # of a plan alone: heard for rendering
    assert {path.name for path in tmp_path.iterdir()} == {"a.mkv", "b.mkv"}


def test_where_masks_cannot_wait_it_is_told_and_nothing_is_left(model, tmp_path, monkeypatch):
    class Full(ByteSpool):
        def add(self, data):
            with naming_write_errors(self._dest):
                raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("limelight.api.Waiting", Full)
    with pytest.raises(OutputError, match="the disk is full"):
        highlight_video(film_path(LOSSLESS), tmp_path / "out.mkv", model=model)
    assert not list(tmp_path.iterdir())


def test_loudness_target_is_reached(model, tmp_path):
    source = film_path(LOSSLESS)
    result = highlight_video(source, tmp_path / "out.mkv", model=model, controls=Controls(loudness="ebu"))
    assert result.loudness_after_lufs == pytest.approx(-23, abs=0.5)
    assert result.plan.loudness.predicted_after_lufs == pytest.approx(-23, abs=0.1)


def test_a_film_pushed_far_up_stays_under_the_ceiling(model, tmp_path):
    source = film_path(LOSSLESS)
    result = highlight_video(source, tmp_path / "out.mkv", model=model, controls=Controls(loudness=-3.0))
    assert result.true_peak_after_dbtp <= -1.0 + 0.05
    assert np.abs(decoded(result.dest)).max() < 1.0


def test_stems_sum_to_the_original(model, tmp_path):
    source = film_path(LOSSLESS)
    paths = separate_video(source, tmp_path / "stems", model=model)
    assert [path.stem for path in paths] == list(STEMS)
    total, original = sum(decoded(path) for path in paths), decoded(source)
    error_db = 10 * np.log10(np.mean((total - original) ** 2) / np.mean(original**2) + 1e-20)
    assert error_db < -80


def test_sound_alone_works_and_says_so(model, tmp_path):
    source = film_path(Film(container="wav", picture=None, sound="pcm_s16le", seconds=2.0))
    result = highlight_video(source, tmp_path / "out.wav", model=model)
    assert any("no picture" in note for note in result.notes)
    assert decoded(result.dest).shape == decoded(source).shape


def test_progress_goes_through_the_stages_and_never_back(model, tmp_path):
    seen: list[tuple[str, float, float]] = []
    highlight_video(film_path(LOSSLESS), tmp_path / "out.mkv", model=model, progress=lambda *step: seen.append(step))
    assert list(dict.fromkeys(stage for stage, _, _ in seen)) == list(STAGES)
    for stage in STAGES:
        done = [d for s, d, _ in seen if s == stage]
        assert done == sorted(done)


def test_the_target_is_checked_before_the_long_work(model, tmp_path):
    target = tmp_path / "out.mkv"
    target.write_bytes(b"precious")
    asked: list[str] = []
    with pytest.raises(TargetExists, match="--force"):
        highlight_video(film_path(LOSSLESS), target, model=model, progress=lambda s, d, t: asked.append(s))
    assert not asked
    assert target.read_bytes() == b"precious"


def test_no_soundtrack(model):
    with pytest.raises(NoSoundtrack):
        highlight_video(film_path(Film(sound=None)), model=model)


def test_a_plan_of_another_film_is_refused(model, tmp_path):
    plan = plan_video(film_path(LOSSLESS), model=model)
    with pytest.raises(PlanError, match="44100"):
        render_video(film_path(Film(sample_rate=44_100, seconds=3.0)), plan, tmp_path / "o.mp4", model=model)
    with pytest.raises(PlanError, match="lasts"):
        render_video(film_path(Film(seconds=8.0)), plan, tmp_path / "o.mp4", model=model)


def test_inspect_has_a_row_a_second():
    cues = inspect_video(film_path(Film(seconds=3.0)))
    assert cues.values.shape[0] == 3
    assert cues.shots[-1].end_seconds == pytest.approx(3.0, abs=0.1)
    json.dumps([dict(shot.words) for shot in cues.shots])


def test_default_target_is_beside_the_source():
    info = probe(film_path(LOSSLESS))
    assert default_target(info) == info.path.with_name(info.path.stem + ".highlighted.mkv")
