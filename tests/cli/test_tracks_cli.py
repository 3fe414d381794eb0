"""Tracks, styles, a second soundtrack and delivery on the command line; what is wrong is one line and writes nothing."""

from __future__ import annotations

import json
import shutil

import pytest
from recordings import Track, level, obs_tracks, recording
from voices import chords

from limelight.media.probe import probe


@pytest.fixture(scope="module")
def obs(tmp_path_factory):
    return recording(tmp_path_factory.mktemp("obs") / "obs.mkv", obs_tracks(5.0))


@pytest.fixture
def folder(obs, tmp_path):
    shutil.copy(obs, tmp_path / "obs.mkv")
    (tmp_path / "wrong.toml").write_text("speech_over = 3\n")
    recording(tmp_path / "one.mkv", [Track(level(chords(1.0), -20))])
    return tmp_path


@pytest.mark.slow
def test_tracks_are_told_and_the_record_has_all_of_it(server, folder):
    done = server.run("obs.mkv", "--tracks", "auto", "--style", "gameplay", "--keep-tracks", "--json", folder=folder)
    assert done.exit_code == 0, done.stderr
    assert "track 0 “Mic/Aux”: speech (by its title)" in done.stderr
    told = json.loads(done.stdout)
    assert told["style"] == "gameplay"
    assert [one["stem"] for one in told["tracks"]] == ["speech", "effects", "music", "speech"]
    assert told["target_met"] is True
    assert told["loudness_after_lufs"] == pytest.approx(-14, abs=0.3)
    assert told["dialogue_after_lufs"] is not None
    assert len(probe(folder / "obs.highlighted.mkv").soundtracks) == 5


@pytest.mark.slow
def test_a_plan_of_tracks_there_and_back(server, folder):
    made = server.run("plan", "obs.mkv", "--tracks", "0+3=speech,1=effects,2=music", "-o", "plan.json", folder=folder)
    assert made.exit_code == 0, made.stderr
    done = server.run("render", "obs.mkv", "plan.json", "-o", "out.mkv", "--audio-codec", "flac", folder=folder)
    assert done.exit_code == 0, done.stderr
    assert [track.codec for track in probe(folder / "out.mkv").soundtracks] == ["flac"]


@pytest.mark.slow
def test_a_second_soundtrack_of_the_night(server, folder):
    words = ["one.mkv", "--style", "night", "--add-track", "--default-track", "mix", "-o", "out.mp4"]
    done = server.run(*words, folder=folder)
    assert done.exit_code == 0, done.stderr
    tracks = probe(folder / "out.mp4").soundtracks
    assert [(track.title, track.is_default) for track in tracks] == [("", False), ("Rebalanced (night)", True)]


def test_styles_and_targets_are_listed(server, folder):
    listed = server.run("styles", folder=folder)
    assert "documentary" in listed.stdout
    one = server.run("styles", "vlog", folder=folder)
    (folder / "mine.toml").write_text(one.stdout)
    assert "speech_over_rest_lu = 12.0" in one.stdout
    assert (
        "netflix  −27 LUFS dialogue-gated ± 2 LU, true peak ≤ −2 dBTP" in server.run("loudness", folder=folder).stdout
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "code", "exit_code"),
    [
        (["obs.mkv", "--tracks", "0=speech,7=music"], "E_TRACKS", 3),
        (["obs.mkv", "--tracks", "0=speech,3=speech"], "E_TRACKS", 3),
        (["obs.mkv", "--tracks", "0:speech"], "E_USAGE", 2),
        (["obs.mkv", "--tracks", "1=effects", "--stem", "speech=one.mkv"], "E_TRACKS", 3),
        (["obs.mkv", "--tracks", "1=effects", "--stem", "speech=none.wav"], "E_INPUT", 3),
        (["obs.mkv", "--stem", "speech=obs.mkv"], "E_TRACKS", 3),
        (["obs.mkv", "--stem", "voice.wav"], "E_USAGE", 2),
        (["one.mkv", "--tracks", "auto"], "E_TRACKS", 3),
        (["obs.mkv", "--tracks", "auto", "--add-track"], "E_USAGE", 2),
        (["obs.mkv", "--tracks", "auto", "--separator", "lite"], "E_USAGE", 2),
        (["obs.mkv", "--keep-tracks"], "E_USAGE", 2),
        (["obs.mkv", "--default-track", "mix"], "E_USAGE", 2),
        (["obs.mkv", "--style", "wrong.toml"], "E_STYLE", 3),
        (["obs.mkv", "--style", "blog"], "E_STYLE", 3),
        (["obs.mkv", "--audio-codec", "wma"], "E_USAGE", 2),
        (["obs.mkv", "--audio-bitrate", "many"], "E_USAGE", 2),
        (["obs.mkv", "--audio-codec", "flac", "--audio-bitrate", "256k"], "E_USAGE", 2),
        (["obs.mkv", "-o", "out.mov", "--audio-codec", "opus"], "E_OUTPUT", 6),
        (["obs.mkv", "-o", "out.mp4", "--audio-codec", "aac", "--audio-bitrate", "2M"], "E_OUTPUT", 6),
        (["styles", "blog"], "E_STYLE", 3),
    ],
)
def test_what_is_wrong_is_one_line_and_nothing_is_written(server, folder, words, code, exit_code):
    before = sorted(folder.iterdir())
    done = server.run(*words, folder=folder)
    last = done.stderr.strip().splitlines()[-1]
    assert (done.exit_code, last.split(":")[0]) == (exit_code, code), done.stderr
    assert "Traceback" not in done.stderr
    assert sorted(folder.iterdir()) == before
