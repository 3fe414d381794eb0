"""The main path with a model that remixes in one step, on synthesised films."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from fakes import FakeDirector, FakeRemixer, gains, remix_card
from films import Film, film_path
from test_api import LOSSLESS, decoded, picture_packets

from limelight.api import STAGES, highlight_video
from limelight.cli.summary import summary
from limelight.errors import ModelError
from limelight.media.probe import probe
from limelight.mixing.controls import Controls
from limelight.report.facts import result_facts
from limelight.report.page import write_report
from limelight.vision.cues import CUE_NAMES
from limelight.vision.encoder import NoPicture

TOLD_CUES = {"context": "cues", "context_width": len(CUE_NAMES)}


@pytest.mark.parametrize(
    "film",
    [
        Film(container="mp4", seconds=2.0),
        Film(container="mp4", seconds=2.0, sample_rate=44_100, layout="5.1"),
        Film(container="webm", picture="libvpx-vp9", sound="libopus", seconds=2.0, b_frames=False),
        LOSSLESS,
    ],
    ids=["mp4", "5.1 at 44.1 kHz", "webm", "flac in mkv"],
)
def test_picture_is_untouched_and_sound_keeps_rate_layout_and_length(film, tmp_path):
    source = film_path(film)
    result = highlight_video(source, tmp_path / f"out.{film.container}", remixer=FakeRemixer(gains(0.5, 0.2)))
    assert picture_packets(result.dest) == picture_packets(source)
    before, after = probe(source).soundtracks[0], probe(result.dest).soundtracks[0]
    assert (after.sample_rate, after.layout) == (before.sample_rate, before.layout)
    assert abs(decoded(result.dest).shape[1] - decoded(source).shape[1]) <= 1024
    assert result.written.verified.start_drift_samples == 0
    assert not result.plan.has_stems
    assert [path.name for path in tmp_path.iterdir()] == [result.dest.name]


def test_strength_zero_is_the_original_sample_for_sample(tmp_path):
    source = film_path(LOSSLESS)
    result = highlight_video(
        source, tmp_path / "out.mkv", remixer=FakeRemixer(gains(0.1)), controls=Controls(strength=0)
    )
    np.testing.assert_array_equal(decoded(result.dest), decoded(source))


def test_a_mask_of_ones_is_the_original_but_for_the_limiter(tmp_path):
    source = film_path(LOSSLESS)
    result = highlight_video(source, tmp_path / "out.mkv", remixer=FakeRemixer())
    np.testing.assert_array_equal(decoded(result.dest), decoded(source))


def test_loudness_target_and_ceiling(tmp_path):
    source = film_path(LOSSLESS)
    result = highlight_video(
        source, tmp_path / "out.mkv", remixer=FakeRemixer(gains(0.8)), controls=Controls(loudness="ebu")
    )
    assert result.loudness_after_lufs == pytest.approx(-23, abs=0.2)
    assert result.true_peak_after_dbtp <= -0.95


def test_the_model_is_told_what_the_picture_says(tmp_path):
    model = FakeRemixer(card=remix_card(**TOLD_CUES))
    highlight_video(film_path(LOSSLESS), tmp_path / "out.mkv", remixer=model)
    rows = np.concatenate([rows for rows in model.told if rows is not None])
    assert rows.shape[1] == len(CUE_NAMES)
    assert rows[:, CUE_NAMES.index("picture")].all()


@pytest.mark.parametrize("how", ["no picture", "not looked at"])
def test_nothing_shown_is_told_as_zeros(how, tmp_path):
    sound = Film(container="wav", picture=None, sound="pcm_s16le", seconds=2.0)
    model = FakeRemixer(card=remix_card(context="clip", context_width=12))
    source = film_path(sound if how == "no picture" else LOSSLESS)
    result = highlight_video(source, tmp_path / f"out{source.suffix}", remixer=model, encoder=NoPicture())
    assert ("no picture" in " ".join(result.notes)) == (how == "no picture")
    assert model.told
    assert not any(rows.any() for rows in model.told if rows is not None)


def test_a_context_that_needs_weights_is_not_guessed(tmp_path):
    model = FakeRemixer(card=remix_card(context="captions", context_width=12))
    with pytest.raises(ModelError, match="trained on the context 'captions'"):
        highlight_video(film_path(LOSSLESS), tmp_path / "out.mkv", remixer=model)
    assert not list(tmp_path.iterdir())


def test_gains_of_stems_are_refused_before_anything_is_done(tmp_path):
    source, model = film_path(LOSSLESS), FakeRemixer()
    for refused in (
        lambda: highlight_video(source, tmp_path / "out.mkv", remixer=model, controls=Controls(speech_db=3)),
        lambda: highlight_video(source, tmp_path / "out.mkv", remixer=model, director=FakeDirector()),
    ):
        with pytest.raises(ModelError, match="knows no stems"):
            refused()
    assert not model.heard
    assert not list(tmp_path.iterdir())


def test_progress_goes_through_the_stages(tmp_path):
    seen: list[str] = []
    model = FakeRemixer()
    highlight_video(film_path(LOSSLESS), tmp_path / "o.mkv", remixer=model, progress=lambda s, d, t: seen.append(s))
    assert tuple(dict.fromkeys(seen)) == STAGES


def test_a_failing_model_leaves_the_old_result(tmp_path):
    target: Path = tmp_path / "out.mkv"
    target.write_bytes(b"precious")
    model = FakeRemixer(gains(float("nan")))
    with pytest.raises(ModelError, match="finite numbers"):
        highlight_video(film_path(LOSSLESS), target, remixer=model, overwrite=True)
    assert target.read_bytes() == b"precious"
    assert len(list(tmp_path.iterdir())) == 1


def test_summary_and_record_speak_of_no_stems(tmp_path):
    from rich.console import Console

    result = highlight_video(film_path(LOSSLESS), tmp_path / "out.mkv", remixer=FakeRemixer(gains(0.5)))
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(summary(result))
    said = console.export_text()
    assert "remixed by tiny in one step, without stems" in said
    assert "music" not in said
    assert all(shot.reason for shot in result.plan.shots)  # as README prints them
    facts = json.loads(json.dumps(result_facts(result)))
    assert facts["gains_db"] == {}
    assert facts["makeup_db"] == pytest.approx(6.0, abs=0.1)
    assert facts["model"]["name"] == "tiny"


def test_the_report_shows_waveforms_and_says_why_no_gains(tmp_path):
    from report.test_page import Reader

    model = FakeRemixer(gains(0.5), card=remix_card(name="<b>tiny</b>", **TOLD_CUES))
    result = highlight_video(film_path(Film(seconds=3.0)), tmp_path / "out.mp4", remixer=model)
    write_report(result, tmp_path / "out.html")
    page = Reader((tmp_path / "out.html").read_text(encoding="utf-8"))
    assert len(page.having("svg", "wave")) == 2
    assert not page.having("svg", "gains")
    assert not page.having("b")
    assert "without stems" in page.said
    assert "camera focus" in page.said
    assert len(page.having("audio")) == 2
