"""A plan of known tracks handed over: the stems are the tracks, the timeline is the render, what does not fit is refused."""

from __future__ import annotations

import functools
import tempfile
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from film_sound import noise
from recordings import Track, level, recording
from timelines.plans import apart_db, fade
from timelines.players import PLAYERS, wav
from voices import RATE, chords, voice

from limelight.api import render_video
from limelight.errors import InputError, PlanError
from limelight.media.audio_files import write_sound
from limelight.media.formats import NewTrack
from limelight.media.probe import probe
from limelight.media.read_audio import read_audio
from limelight.mixing.job import Job, Scratch, tracks_of
from limelight.mixing.mixers import StemMixer
from limelight.mixing.plan import MixPlan, plan_text, read_plan
from limelight.mixing.track_roles import find_tracks
from limelight.models.registry import load_director
from limelight.timelines.hand_over import EDITORS, HandedOver, export, import_timeline
from limelight.types import STEMS

SECONDS = 4.0
FOLDER = tempfile.TemporaryDirectory(prefix="limelight-tracks-")


@functools.cache
def sounds() -> dict[str, np.ndarray]:
    """A mono microphone, a stereo game and music."""
    return {
        "speech": level(voice(SECONDS, seed=7), -30),
        "effects": level(noise(SECONDS, RATE, 1, seed=3)[0], -34, stereo=True),
        "music": level(chords(SECONDS), -32, stereo=True),
    }


@functools.cache
def film(name: str = "Strëam “1”.mkv") -> Path:
    """The recording, its whole mix first, as OBS writes it."""
    mic, game, music = sounds().values()
    whole = np.repeat(mic, 2, axis=0) + game + music
    tracks = [Track(whole, "Mix"), Track(mic, "Mic"), Track(game, "Game"), Track(music, "Music")]
    return recording(Path(FOLDER.name) / name, tracks, codec="flac", rate=25)


def planned(path: Path, **told) -> MixPlan:
    """A plan of tracks with curves made by hand."""
    tracks = find_tracks(probe(path), **(told or {"tracks": "0=drop,1=speech,2=effects,3=music"}))
    source = Job.of(path, tracks=tracks).planned_source()
    moves = ((4.0, 0.8), (-7.0, 1.0), (-5.0, 0.6))
    curves = [fade(source.duration_seconds, db=db, at=at, over=1.5).tolist() for db, at in moves]
    level_lufs = dict.fromkeys(("before_lufs", "predicted_after_lufs", "true_peak_before_dbtp", "downmix_lufs"), -25.0)
    return MixPlan.model_validate(
        {
            "source": source.model_dump(),
            "model": {"name": "tracks", "sha256": tracks.card.fingerprint},
            "controls": {"strength": 1.0, "speech_db": 0, "music_db": 0, "effects_db": 0, "loudness": "keep"},
            "loudness": level_lufs,
            "makeup_db": -1.5,
            "gains_db": dict(zip(STEMS, curves, strict=True)),
            "shots": [],
        },
        strict=False,
    )


def rendered(path: Path, plan: MixPlan) -> np.ndarray:
    tracks = tracks_of(plan.source, probe(path))
    with Scratch() as scratch:
        job = Job.of(path, tracks=tracks, scratch=scratch)
        blocks = list(StemMixer(tracks, load_director()).blocks(job, plan))
    return np.concatenate(blocks, axis=1).astype(np.float64)


def test_every_editor_plays_the_mix_of_the_tracks(tmp_path):
    plan = planned(film())
    done = export(plan, film(), tmp_path / "Übergabe", EDITORS)
    assert_played(film(), plan, done)
    assert not done.notes


def assert_played(path: Path, plan: MixPlan, done: HandedOver) -> None:
    """What each editor plays is the render."""
    wanted = rendered(path, plan)
    for name, timeline in zip(EDITORS, done.timelines, strict=True):
        makeup = 10 ** (plan.makeup_db / 20) if name == "csv" else 1.0
        assert apart_db(wanted, makeup * PLAYERS[name](timeline).play(RATE)) < -60, name


def named() -> list[Track]:
    """The three tracks with their titles."""
    return [Track(sound, title) for title, sound in zip(("Mic", "Game", "Music"), sounds().values(), strict=True)]


THREE = {"tracks": "0=speech,1=effects,2=music"}


@pytest.mark.parametrize(("code", "drop", "start"), [("01:00:00;00", True, 107_892), ("01:00:00:00", False, 108_000)])
def test_a_recording_with_a_time_code_is_handed_over_in_its_own_counting(code, drop, start, tmp_path):
    path = recording(tmp_path / "cut.mov", named(), codec="pcm_s16le", rate=Fraction(30_000, 1001), time_code=code)
    plan = planned(path, **THREE)
    done = export(plan, path, tmp_path / "out", EDITORS)
    assert (done.frames.rate.drop, done.frames.start_frame, done.frames.is_variable) == (drop, start, False)
    assert done.frames.rate.time_code(start) == code
    assert_played(path, plan, done)


def test_a_recording_of_a_variable_rate_loses_no_picture_and_keeps_its_sound(tmp_path):
    path = recording(tmp_path / "game.mkv", named(), codec="flac", rate=30, dropped=range(3, 100, 4))
    plan = planned(path, **THREE)
    done = export(plan, path, tmp_path / "out", EDITORS)
    assert (done.frames.rate.per_second, done.frames.is_variable) == (30, True)
    assert len(done.notes) == 1  # that the rate varies
    assert_played(path, plan, done)


def test_the_stems_that_are_handed_over_are_the_tracks(tmp_path):
    done = export(planned(film()), film(), tmp_path, ["csv"])
    for stem, path in zip(STEMS, done.stems, strict=True):
        true = sounds()[stem].astype(np.float64)
        true = np.repeat(true, 2, axis=0) if len(true) == 1 else true
        assert apart_db(true, wav(path)) < -60, stem  # a mono microphone stands in the middle


def test_moved_keyframes_come_back_into_a_plan_of_tracks_and_are_rendered(tmp_path):
    plan = planned(film())
    done = export(plan, film(), tmp_path, ["csv", "reaper"])
    assert [import_timeline(timeline, plan) for timeline in done.timelines] == [plan, plan]
    table = done.timelines[0]
    lines = [line for line in table.read_text("utf-8").splitlines() if not line.startswith("music")]
    table.write_text("\n".join([*lines, "music,0,-20"]), encoding="utf-8")
    moved = import_timeline(table, plan)
    assert set(moved.gains_db["music"]) == {-20.0}
    kept = plan_text(moved)
    (tmp_path / "moved.json").write_text(kept, encoding="utf-8")
    result = render_video(film(), read_plan(tmp_path / "moved.json"), tmp_path / "moved.mkv", new_track=NewTrack())
    info = probe(result.dest)
    assert [track.title for track in info.soundtracks] == ["Mix"]  # the dropped one has not come back
    heard = np.concatenate(list(read_audio(info, info.soundtracks[0])), axis=1)
    assert apart_db(rendered(film(), moved), heard) < -60


def test_files_beside_the_film_move_with_it(tmp_path):
    """A plan names them from the film's folder."""
    silent = recording(tmp_path / "film.mkv", [])
    for name, stem, layout in (("voice.wav", "speech", "mono"), ("bed.wav", "music", "stereo")):
        write_sound(tmp_path / name, [sounds()[stem][:, : 2 * RATE]], sample_rate=RATE, layout=layout)
    plan = planned(silent, stems=[f"speech={tmp_path / 'voice.wav'}", f"music={tmp_path / 'bed.wav'}@0.5"])
    assert [track.file for track in plan.source.tracks] == ["voice.wav", "bed.wav"]
    there = tmp_path / "elsewhere"
    there.mkdir()
    for path in (silent, tmp_path / "voice.wav", tmp_path / "bed.wav"):
        path.rename(there / path.name)
    assert len(export(plan, there / "film.mkv", tmp_path / "out", ["otio"]).stems) == 3
    (there / "bed.wav").unlink()
    with pytest.raises(InputError, match=r"bed\.wav"):
        export(plan, there / "film.mkv", tmp_path / "again", ["otio"])
    assert not (tmp_path / "again").exists()


def test_a_plan_of_tracks_is_not_for_a_film_with_fewer(tmp_path):
    one = recording(tmp_path / "one.mkv", [Track(sounds()["music"])], codec="flac")
    with pytest.raises(PlanError, match=r"soundtrack 1.* one\.mkv has 1"):
        export(planned(film()), one, tmp_path / "out", ["csv"])
    assert not (tmp_path / "out").exists()
