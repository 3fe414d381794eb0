"""The main path on synthesised films, with the packaged model."""

from __future__ import annotations

import errno
import json
from pathlib import Path

import av
import numpy as np
import pytest
from fakes import FakeDirector
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
from limelight.errors import NoSoundtrack, OutputError, PlanError, TargetExists, Unsupported
from limelight.media.audio_files import write_sound
from limelight.media.probe import choose_soundtrack, probe
from limelight.media.read_audio import read_audio
from limelight.media.target import ByteSpool, naming_write_errors
from limelight.mixing.controls import Controls
from limelight.mixing.plan import MixPlan, plan_text
from limelight.models.card import plain_card
from limelight.models.registry import load_separator
from limelight.types import STEMS, Chunk, Separation

LOSSLESS = Film(container="mkv", sound="flac", seconds=3.0)


@pytest.fixture(scope="module")
def separator():
    return load_separator("lite", threads=1)


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
def test_picture_is_untouched_and_sound_keeps_rate_layout_and_length(film, separator, tmp_path):
    source = film_path(film)
    result = highlight_video(source, tmp_path / f"out.{film.container}", separator=separator)
    assert picture_packets(result.dest) == picture_packets(source)
    before, after = probe(source).soundtracks[0], probe(result.dest).soundtracks[0]
    assert (after.sample_rate, after.layout) == (before.sample_rate, before.layout)
    assert abs(decoded(result.dest).shape[1] - decoded(source).shape[1]) <= 1024
    assert result.written.verified.start_drift_samples == 0
    assert result.written.verified.picture_packets == len(picture_packets(source))


def test_strength_zero_is_the_original_sample_for_sample(separator, tmp_path):
    source = film_path(LOSSLESS)
    result = highlight_video(source, tmp_path / "out.mkv", separator=separator, controls=Controls(strength=0))
    np.testing.assert_array_equal(decoded(result.dest), decoded(source))


def test_where_nothing_is_changed_the_soundtrack_is_copied(separator, tmp_path):
    """Packet by packet: a lossy soundtrack is not coded a second time."""
    source = film_path(Film(container="mp4", seconds=3.0))
    result = highlight_video(source, tmp_path / "out.mp4", separator=separator, director=FakeDirector())
    assert result.plan.changes_nothing
    assert result.written.sound_copied
    with av.open(str(source)) as before, av.open(str(result.dest)) as after:
        assert [bytes(p) for p in before.demux(audio=0) if p.size] == [bytes(p) for p in after.demux(audio=0) if p.size]
    np.testing.assert_array_equal(decoded(result.dest), decoded(source))
    assert result.loudness_after_lufs == pytest.approx(result.plan.loudness.before_lufs)


def test_a_director_of_ones_own_decides(separator, tmp_path):
    source = film_path(LOSSLESS)
    director = FakeDirector((0.0, -6.0, 0.0))
    result = highlight_video(source, tmp_path / "out.mkv", separator=separator, director=director)
    assert result.plan.director.name == "fake-director"
    np.testing.assert_allclose(result.plan.curves_db[1], -6)
    assert not result.written.sound_copied


class Thirds:
    """A separator that answers with stems, and counts how often it is asked."""

    card = plain_card("thirds", "separator")

    def __init__(self) -> None:
        self.asked = 0

    def separate(self, chunk: Chunk) -> Separation:
        self.asked += 1
        steps = chunk.samples.shape[1] // self.card.hop - 1
        return Separation(np.ones(steps, np.float32), stems=np.stack([chunk.samples / 3] * 3))


def test_a_separator_that_answers_with_stems_is_asked_once_where_there_is_room(tmp_path, monkeypatch):
    source, director, mixes = film_path(LOSSLESS), FakeDirector((6.0, -6.0, 0.0)), []
    for room, times in ((True, 1), (False, 2)):
        monkeypatch.setattr("limelight.mixing.mixers.has_room", lambda *_, room=room: room)
        separator = Thirds()
        result = highlight_video(source, tmp_path / f"{room}.mkv", separator=separator, director=director)
        assert separator.asked == times
        mixes.append(decoded(result.dest))
    np.testing.assert_allclose(mixes[0], mixes[1], atol=1e-4)


def test_known_stems_get_exactly_their_gains(tmp_path):
    """Stems from files: the mix is their sum under the decided gains."""
    rng = np.random.default_rng(0)
    parts = 0.05 * rng.standard_normal((3, 2, 3 * 48_000)).astype(np.float32)
    write_sound(tmp_path / "film.wav", [parts.sum(axis=0)], sample_rate=48_000, layout="stereo")
    (tmp_path / "stems").mkdir()
    for name, part in zip(STEMS[:2], parts[:2], strict=True):
        write_sound(tmp_path / "stems" / f"{name}.wav", [part], sample_rate=48_000, layout="stereo")
    known = load_separator(f"stems:{tmp_path / 'stems'}")
    gains = (3.0, -9.0, 0.0)
    result = highlight_video(tmp_path / "film.wav", tmp_path / "o.wav", separator=known, director=FakeDirector(gains))
    factors = 10 ** ((np.array(gains) + result.plan.makeup_db) / 20)
    wished = np.tensordot(factors, parts, axes=1)
    assert np.abs(decoded(result.dest) - wished).max() < 2e-3


def test_an_offset_on_every_stem_is_a_plain_gain_when_loudness_is_free(separator, tmp_path):
    source = film_path(LOSSLESS)
    plan = plan_video(
        source, separator=separator, controls=Controls(strength=0, speech_db=-6, music_db=-6, effects_db=-6)
    )
    free = plan.model_copy(update={"makeup_db": 0.0})
    result = render_video(source, free, tmp_path / "out.mkv", separator=separator)
    original = decoded(source)
    np.testing.assert_allclose(decoded(result.dest), original * 10 ** (-6 / 20), atol=2e-4)


def test_the_plan_is_what_highlight_renders(separator, tmp_path):
    source = film_path(LOSSLESS)
    controls = Controls(music_db=-9)
    at_once = highlight_video(source, tmp_path / "a.mkv", separator=separator, controls=controls)
    plan = MixPlan.model_validate_json(plan_text(plan_video(source, separator=separator, controls=controls)))
    in_two_steps = render_video(source, plan, tmp_path / "b.mkv", separator=separator)
    np.testing.assert_array_equal(decoded(at_once.dest), decoded(in_two_steps.dest))


class Counted:
    """A separator that counts how often it is asked."""

    def __init__(self, separator):
        self.card, self._separator, self.asked = separator.card, separator, 0

    def separate(self, chunk):
        self.asked += 1
        return self._separator.separate(chunk)


def test_each_chunk_is_heard_once_for_deciding_and_rendering(separator, tmp_path):
    source, counted = film_path(LOSSLESS), Counted(separator)
    plan = plan_video(source, separator=counted, controls=Controls(music_db=-9))
    for_deciding, counted.asked = counted.asked, 0
    highlight_video(source, tmp_path / "a.mkv", separator=counted, controls=Controls(music_db=-9))
    assert counted.asked == for_deciding > 0
    counted.asked = 0
    render_video(source, plan, tmp_path / "b.mkv", separator=counted)
    assert counted.asked == for_deciding  # of a plan alone: heard for rendering
    assert {path.name for path in tmp_path.iterdir()} == {"a.mkv", "b.mkv"}


def test_where_masks_cannot_wait_it_is_told_and_nothing_is_left(separator, tmp_path, monkeypatch):
    class Full(ByteSpool):
        def add(self, data):
            with naming_write_errors(self._dest):
                raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("limelight.mixing.mixers.ByteSpool", Full)
    with pytest.raises(OutputError, match="the disk is full"):
        highlight_video(film_path(LOSSLESS), tmp_path / "out.mkv", separator=separator)
    assert not list(tmp_path.iterdir())


class Deaf:
    """A separator that must not be asked."""

    def __init__(self, card):
        self.card = card

    def separate(self, chunk):
        raise AssertionError("heard a film whose target cannot be written")


def test_a_container_that_cannot_hold_the_film_is_refused_before_anything_is_heard(separator, tmp_path):
    source = film_path(Film(container="mp4", seconds=2.0))
    with pytest.raises((OutputError, Unsupported), match="webm"):
        highlight_video(source, tmp_path / "out.webm", separator=Deaf(separator.card))
    assert not list(tmp_path.iterdir())


def test_loudness_target_is_reached(separator, tmp_path):
    source = film_path(LOSSLESS)
    result = highlight_video(source, tmp_path / "out.mkv", separator=separator, controls=Controls(loudness="ebu"))
    assert result.loudness_after_lufs == pytest.approx(-23, abs=0.5)
    assert result.plan.loudness.predicted_after_lufs == pytest.approx(-23, abs=0.1)


def test_a_film_pushed_far_up_stays_under_the_ceiling(separator, tmp_path):
    source = film_path(LOSSLESS)
    result = highlight_video(source, tmp_path / "out.mkv", separator=separator, controls=Controls(loudness=-3.0))
    assert result.true_peak_after_dbtp <= -1.0 + 0.05
    assert np.abs(decoded(result.dest)).max() < 1.0


def test_stems_sum_to_the_original(separator, tmp_path):
    source = film_path(LOSSLESS)
    paths = separate_video(source, tmp_path / "stems", separator=separator)
    assert [path.stem for path in paths] == list(STEMS)
    total, original = sum(decoded(path) for path in paths), decoded(source)
    error_db = 10 * np.log10(np.mean((total - original) ** 2) / np.mean(original**2) + 1e-20)
    assert error_db < -80


def test_sound_alone_works_and_says_so(separator, tmp_path):
    source = film_path(Film(container="wav", picture=None, sound="pcm_s16le", seconds=2.0))
    result = highlight_video(source, tmp_path / "out.wav", separator=separator)
    assert any("no picture" in note for note in result.notes)
    assert decoded(result.dest).shape == decoded(source).shape


def test_progress_goes_through_the_stages_and_never_back(separator, tmp_path):
    seen: list[tuple[str, float, float]] = []
    highlight_video(
        film_path(LOSSLESS), tmp_path / "out.mkv", separator=separator, progress=lambda *step: seen.append(step)
    )
    stages = list(dict.fromkeys(stage for stage, _, _ in seen))
    assert sorted(stages) == sorted(STAGES)  # looking and hearing go side by side
    assert stages[-1] == "render"
    for stage in STAGES:
        done = [d for s, d, _ in seen if s == stage]
        assert done == sorted(done)


def test_the_target_is_checked_before_the_long_work(separator, tmp_path):
    target = tmp_path / "out.mkv"
    target.write_bytes(b"precious")
    asked: list[str] = []
    with pytest.raises(TargetExists, match="--force"):
        highlight_video(film_path(LOSSLESS), target, separator=separator, progress=lambda s, d, t: asked.append(s))
    assert not asked
    assert target.read_bytes() == b"precious"


def test_no_soundtrack(separator):
    with pytest.raises(NoSoundtrack):
        highlight_video(film_path(Film(sound=None)), separator=separator)


def test_a_plan_of_another_film_is_refused(separator, tmp_path):
    plan = plan_video(film_path(LOSSLESS), separator=separator)
    with pytest.raises(PlanError, match="44100"):
        render_video(film_path(Film(sample_rate=44_100, seconds=3.0)), plan, tmp_path / "o.mp4", separator=separator)
    with pytest.raises(PlanError, match="lasts"):
        render_video(film_path(Film(seconds=5.0)), plan, tmp_path / "o.mp4", separator=separator)


def test_inspect_has_a_row_a_second():
    cues = inspect_video(film_path(Film(seconds=3.0)))
    assert cues.values.shape[0] == 3
    assert cues.shots[-1].end_seconds == pytest.approx(3.0, abs=0.1)
    json.dumps([dict(shot.words) for shot in cues.shots])


def test_default_target_is_beside_the_source():
    info = probe(film_path(LOSSLESS))
    assert default_target(info) == info.path.with_name(info.path.stem + ".highlighted.mkv")
