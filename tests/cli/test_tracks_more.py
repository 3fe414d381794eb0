"""Known tracks in every command that takes them: stems, reports, plans with what was left out; agents stay in their folders."""

from __future__ import annotations

import asyncio
import json

import numpy as np
import pytest
from recordings import Track, level, obs_tracks, recording
from voices import RATE, chords, voice

from limelight.media.audio_files import write_sound
from limelight.media.probe import probe
from limelight.media.read_audio import read_audio


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tracks")
    recording(folder / "obs.mkv", obs_tracks(3.0), codec="flac")
    recording(folder / "one.mp4", [Track(level(chords(3.0), -30, stereo=True), "Game")])
    write_sound(folder / "voice.wav", [level(voice(3.0, seed=7), -20)], sample_rate=RATE, layout="mono")
    return folder


def heard(path, number=0):
    info = probe(path)
    return np.concatenate(list(read_audio(info, info.soundtracks[number])), axis=1)


@pytest.mark.slow
def test_the_stems_of_known_tracks_are_the_tracks(server, folder, tmp_path):
    done = server.run("stems", folder / "obs.mkv", "--tracks", "auto", "-o", tmp_path / "parts", folder=folder)
    assert done.exit_code == 0, done.stderr
    music = heard(tmp_path / "parts" / "music.wav")
    true = heard(folder / "obs.mkv", 2)
    assert np.sqrt(np.mean((music - true) ** 2)) < 1e-3 * np.sqrt(np.mean(true**2))


def test_a_page_shows_the_mix_before_and_after(server, folder, tmp_path):
    """Of one track of the film and a file beside it: no soundtrack of the film is the sum."""
    words = ["one.mp4", "--tracks", "0=effects", "--stem", "speech=voice.wav", "--style", "gameplay", "--report"]
    done = server.run(*words, "-o", tmp_path / "mix.mp4", folder=folder)
    assert done.exit_code == 0, done.stderr
    page = (tmp_path / "mix.html").read_text(encoding="utf-8")
    assert "speech: voice.wav track 0" in page
    assert "gameplay" in page


@pytest.mark.slow
def test_what_was_left_out_stays_out_when_the_plan_is_rendered(server, folder, tmp_path):
    told = "0=speech,1=effects,2=drop"  # the chat stays a soundtrack of its own
    made = server.run("plan", "obs.mkv", "--tracks", told, "-o", tmp_path / "plan.json", folder=folder)
    assert made.exit_code == 0, made.stderr
    assert json.loads((tmp_path / "plan.json").read_text(encoding="utf-8"))["source"]["dropped"] == [2]
    done = server.run("render", "obs.mkv", tmp_path / "plan.json", "-o", tmp_path / "out.mkv", folder=folder)
    assert done.exit_code == 0, done.stderr
    assert [track.title for track in probe(tmp_path / "out.mkv").soundtracks] == ["Mix", "Discord chat"]
    for command in (["render", "obs.mkv", tmp_path / "plan.json"], ["export", tmp_path / "plan.json", "--to", "csv"]):
        words = [*command, "--separator", "lite", "-o", tmp_path / "no.mkv"]
        refused = server.run(*words, folder=folder)
        assert (refused.exit_code, refused.stderr.strip().splitlines()[-1].split(":")[0]) == (2, "E_USAGE")
        assert not (tmp_path / "no.mkv").exists()


def test_silent_tracks_are_told_by_name(server, tmp_path):
    silent = np.zeros((2, 2 * RATE), np.float32)
    recording(tmp_path / "still.mkv", [Track(silent, "Mic"), Track(silent, "Game")], codec="flac")
    done = server.run("still.mkv", "--tracks", "auto", folder=tmp_path)
    assert done.exit_code == 3
    assert "found track 0 “Mic”: drop (silent); track 1 “Game”: drop (silent)" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["still.mkv"]


def test_a_plan_cannot_make_an_agents_server_read_elsewhere(folder, tmp_path):
    mcp = pytest.importorskip("mcp.server.mcpserver.exceptions")
    from limelight.api import plan_video
    from limelight.cli.mcp_server import Workspace, server
    from limelight.mixing.plan import plan_text
    from limelight.mixing.track_roles import find_tracks

    allowed = tmp_path / "allowed"
    allowed.mkdir()
    film = allowed / "one.mp4"
    film.write_bytes((folder / "one.mp4").read_bytes())
    tracks = find_tracks(probe(film), tracks="0=effects", stems=[f"speech={folder / 'voice.wav'}"])
    (allowed / "plan.json").write_text(plan_text(plan_video(film, tracks=tracks)), encoding="utf-8")
    agents = server(Workspace.of([allowed]))
    call = agents.call_tool("render", {"film": "one.mp4", "plan_file": "plan.json", "output": "out.mp4"})
    with pytest.raises(mcp.ToolError, match="lies outside"):
        asyncio.run(call)
    assert not (allowed / "out.mp4").exists()
