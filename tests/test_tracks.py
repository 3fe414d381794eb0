"""Tracks that are the stems, from a recording to a mix: exact, in every container, and never silently wrong."""

from __future__ import annotations

import dataclasses
import functools
import json
import tempfile
from pathlib import Path

import av
import numpy as np
import pytest
from av.stream import Disposition
from recordings import Track, at_rate, level, obs_tracks, recording
from voices import RATE, chords, noise, voice

import limelight
from limelight.api import highlight_video, plan_video, render_video
from limelight.errors import InputError, NoSoundtrack, OutputError, TracksUnclear, UsageError
from limelight.media.audio_files import write_sound
from limelight.media.formats import NewTrack
from limelight.media.probe import probe
from limelight.media.read_audio import read_audio
from limelight.mixing.plan import read_plan
from limelight.mixing.track_roles import find_tracks, guess_roles, read_stem, read_tracks
from limelight.models.directors.style import load_style

MORE_CONTAINERS = (
    ("mkv", "aac"),
    ("mov", "aac"),
    ("ts", "aac"),
    ("flv", "aac"),
    ("avi", "pcm_s16le"),
    ("mkv", "flac"),
    ("webm", "libopus"),
)
READ_ONLY = {"ts": "mp4", "flv": "mp4", "avi": "mkv"}  # what becomes of them
FOLDER = tempfile.TemporaryDirectory(prefix="limelight-recordings-")


@functools.cache
def obs(suffix: str, codec: str = "aac", seconds: float = 10.0) -> Path:
    return recording(Path(FOLDER.name) / f"obs-{codec}-{seconds:g}.{suffix}", obs_tracks(seconds), codec=codec)


def heard(path: Path, number: int = 0) -> np.ndarray:
    info = probe(path)
    return np.concatenate(list(read_audio(info, info.soundtracks[number])), axis=1)


def truth(seconds: float = 10.0) -> dict[str, np.ndarray]:
    """The stems of the recording, stereo."""
    mic, game, music, chat = (np.repeat(t.sound, 2, 0) if len(t.sound) == 1 else t.sound for t in obs_tracks(seconds))
    return {"speech": mic + chat, "music": music, "effects": game}


def decoded(path: Path) -> dict[str, np.ndarray]:
    """The stems as the recording's codec has left them, stereo."""
    mic, game, music, chat = (
        np.repeat(one, 2, 0) if len(one) == 1 else one for one in (heard(path, n) for n in range(4))
    )
    count = min(one.shape[1] for one in (mic, game, music, chat))
    return {"speech": (mic[:, :count] + chat[:, :count]), "music": music[:, :count], "effects": game[:, :count]}


def explained(sound: np.ndarray, stems: dict[str, np.ndarray]) -> dict[str, float]:
    """Gains by which the stems make up a sound, in dB: least squares."""
    count = min(sound.shape[1], *(stem.shape[1] for stem in stems.values()))
    columns = np.stack([stem[:, :count].ravel() for stem in stems.values()], axis=1).astype(np.float64)
    found = np.linalg.lstsq(columns, sound[:, :count].ravel(), rcond=None)[0]
    return dict(zip(stems, 20 * np.log10(found), strict=True))


@pytest.mark.parametrize(
    ("suffix", "codec"),
    [("mp4", "aac"), *(pytest.param(*one, marks=pytest.mark.slow) for one in MORE_CONTAINERS)],
)
def test_the_mix_is_the_tracks_at_the_gains_that_were_decided(tmp_path, suffix, codec):
    if suffix == "webm":
        source = recording(tmp_path / "obs.webm", obs_tracks(8.0), codec=codec, picture="libvpx-vp9")
    else:
        source = obs(suffix, codec, 8.0)
    told = "0+3=speech,1=effects,2=music" if suffix in READ_ONLY else "auto"  # they have no titles
    tracks = find_tracks(probe(source), tracks=told)
    dest = tmp_path / f"mix.{READ_ONLY.get(suffix, suffix)}"
    quiet = limelight.Controls(loudness=-30)  # the limiter has nothing to do
    result = highlight_video(source, dest, tracks=tracks, style=load_style("gameplay"), controls=quiet)

    gains = explained(heard(dest), decoded(source))
    for stem, gain in gains.items():
        decided = np.mean(result.plan.gains_db[stem]) + result.plan.makeup_db
        assert abs(gain - decided) < 1.0, (stem, gain, decided)
    assert len(probe(dest).soundtracks) == 1
    assert result.levels.loudness_lufs == pytest.approx(-30, abs=0.3)
    assert abs(np.mean(result.plan.gains_db["speech"])) > 3


@pytest.mark.slow
def test_talk_stands_over_the_game_as_the_style_says():
    style = load_style("gameplay")
    plan = plan_video(obs("mkv"), tracks=find_tracks(probe(obs("mkv")), tracks="auto"), style=style)
    stems, presence = truth(), np.array(plan.speech_presence)
    spoken = np.interp(np.arange(stems["speech"].shape[1]) / RATE, plan.times_seconds, presence) > 0.5
    mixed = {stem: 10 ** (np.mean(plan.gains_db[stem]) / 20) * sound for stem, sound in stems.items()}

    def level_of(sound: np.ndarray) -> float:
        from limelight.audio.loudness import BiquadStream, k_weighting_biquads

        stream = BiquadStream(k_weighting_biquads(RATE), 2)
        weighted = np.concatenate([*stream.push(sound), stream.finish()], axis=1)
        return 10 * np.log10(np.square(weighted[:, spoken]).sum())

    over = level_of(mixed["speech"]) - level_of(mixed["music"] + mixed["effects"])
    assert over == pytest.approx(style.speech_over_rest_lu, abs=1.0)
    assert plan.style is not None
    assert plan.style["speech_over_rest_lu"] == style.speech_over_rest_lu


@pytest.mark.slow
def test_a_plan_of_tracks_is_rendered_from_the_tracks(tmp_path):
    source = obs("mp4")
    tracks = find_tracks(probe(source), tracks="Mic/Aux+3=speech,1=effects,Music=music")
    made = highlight_video(source, tmp_path / "a.mp4", tracks=tracks)
    path = tmp_path / "plan.json"
    path.write_text(limelight.mixing.plan.plan_text(made.plan))
    again = render_video(source, read_plan(path), tmp_path / "b.mp4")
    np.testing.assert_allclose(heard(again.dest), heard(made.dest), atol=1e-3)
    assert [part.stem for part in made.plan.source.tracks] == ["speech", "speech", "effects", "music"]


@pytest.mark.slow
def test_originals_are_kept_behind_the_mix_which_players_choose(tmp_path):
    result = highlight_video(
        obs("mp4"),
        tmp_path / "kept.mp4",
        tracks=find_tracks(probe(obs("mp4")), tracks="auto"),
        new_track=NewTrack(place="before"),
    )
    tracks = probe(result.dest).soundtracks
    assert [track.title for track in tracks] == ["Mix", "Mic/Aux", "Game", "Music", "Discord chat"]
    assert [track.is_default for track in tracks] == [True, False, False, False, False]
    assert tracks[0].language == "eng"
    np.testing.assert_array_equal(heard(result.dest, 2), heard(obs("mp4"), 1))


def test_files_beside_a_silent_film_with_offsets_and_other_rates(tmp_path):
    film = recording(tmp_path / "film.mp4", [Track(np.zeros((1, 0), np.float32))])
    silent = recording(tmp_path / "silent.mp4", [])
    assert not probe(silent).soundtracks
    speech, music = level(voice(1.0, seed=7), -20), level(chords(4.0), -30, stereo=True)
    write_sound(tmp_path / "voice.wav", [at_rate(Track(speech), 44_100).sound], sample_rate=44_100, layout="mono")
    write_sound(tmp_path / "bed.flac", [music], sample_rate=RATE, layout="stereo")
    stems = [f"speech={tmp_path / 'voice.wav'}@0.5", f"music={tmp_path / 'bed.flac'}@-1"]
    found = find_tracks(probe(silent), stems=stems)
    result = highlight_video(silent, tmp_path / "out.mp4", tracks=found, controls=limelight.Controls(strength=0))
    del film
    sound = heard(result.dest)
    placed = np.zeros((2, 2 * RATE), np.float32)
    placed[:, RATE // 2 : RATE // 2 + RATE] = speech
    wished = placed + music[:, RATE : 3 * RATE]
    count = min(sound.shape[1], wished.shape[1])
    assert abs(count - 2 * RATE) <= RATE // 5
    rest = sound[:, :count] - wished[:, :count]
    assert np.sqrt(np.mean(rest**2)) < 0.05 * np.sqrt(np.mean(wished**2))


@pytest.mark.slow
def test_a_track_that_is_the_sum_of_the_others_is_no_stem(tmp_path):
    tracks = obs_tracks(10.0)
    whole = sum(np.repeat(t.sound, 2, 0) if len(t.sound) == 1 else t.sound for t in tracks)
    path = recording(tmp_path / "mix.mkv", [Track(whole), *tracks])
    assert {n: guess.role for n, guess in guess_roles(probe(path)).items()} == {
        0: "drop", 1: "speech", 2: "effects", 3: "music", 4: "speech"
    }  # fmt: skip


@pytest.mark.slow
def test_languages_and_commentaries_stay_what_they_are(tmp_path):
    tracks = obs_tracks(12.0)
    french = dataclasses.replace(tracks[0], title="Micro", language="fra")
    aside = dataclasses.replace(tracks[3], title="Talk", disposition=Disposition.comment)
    path = recording(
        tmp_path / "film.mkv", [tracks[0], tracks[1], french, aside, dataclasses.replace(tracks[2], title="Director")]
    )
    roles = {number: guess.role for number, guess in guess_roles(probe(path)).items()}
    assert roles == {0: "speech", 1: "effects", 2: "keep", 3: "keep", 4: "keep"}
    result = highlight_video(path, tmp_path / "out.mkv", tracks=find_tracks(probe(path), tracks="auto"))
    assert [track.title for track in probe(result.dest).soundtracks] == ["Mix", "Micro", "Talk", "Director"]


@pytest.mark.slow
def test_music_and_effects_are_told_by_ear(tmp_path):
    tracks = [Track(level(voice(12, seed=7), -25), "Mic"), Track(level(noise(12), -25)), Track(level(chords(12), -25))]
    roles = guess_roles(probe(recording(tmp_path / "bare.mkv", tracks)))
    assert [roles[number].role for number in range(3)] == ["speech", "effects", "music"]


@pytest.mark.slow
def test_what_is_not_sure_is_asked_and_the_line_is_told(tmp_path):
    both = level(voice(12, seed=7), -25) + level(noise(12), -25)
    path = recording(tmp_path / "two.mkv", [Track(both), Track(level(chords(12), -25))])
    with pytest.raises(TracksUnclear, match=r"--tracks 0=\?,1=music"):
        find_tracks(probe(path), tracks="auto")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("wished", "error", "said"),
    [
        ("0=speech,9=music", TracksUnclear, "track '9'.*0 “Mic/Aux”, 1 “Game”"),
        ("0=speech,3=speech,1=effects", TracksUnclear, r"one track for speech, found 0 and 3.*0\+3=speech"),
        ("0=speech,0=music", TracksUnclear, "one role for track 0"),
        ("0=voice", UsageError, "cannot read '0=voice'"),
        ("0=speech", TracksUnclear, "something beside it"),
        ("1=effects,2=music", TracksUnclear, "Wanted speech"),
    ],
)
def test_tracks_that_do_not_fit(wished, error, said):
    with pytest.raises(error, match=said):
        find_tracks(probe(obs("mkv")), tracks=wished)


def test_titles_of_any_kind_are_names(tmp_path):
    titles = ["a=b, c", "1", "1+2", ' Söund, "x" ']
    tracks = [Track(np.zeros((1, RATE), np.float32), title) for title in titles]
    film = probe(recording(tmp_path / "odd.mkv", tracks))
    told = read_tracks('a=b, c=speech,1=effects,1+2=music, SÖUND, "x" =drop', film)
    assert told == {0: "speech", 1: "effects", 2: "music", 3: "drop"}


@pytest.mark.slow
def test_a_silent_track_that_was_named(tmp_path):
    tracks = obs_tracks(6.0)
    path = recording(
        tmp_path / "silent.mkv", [tracks[0], tracks[1], Track(np.zeros((2, 6 * RATE), np.float32), "Music")]
    )
    with pytest.raises(TracksUnclear, match=r"music in silent.mkv track 2 “Music”, found silence"):
        highlight_video(
            path, tmp_path / "out.mkv", tracks=find_tracks(probe(path), tracks="0=speech,1=effects,2=music")
        )
    assert not (tmp_path / "out.mkv").exists()
    assert guess_roles(probe(path))[2].role == "drop"


@pytest.mark.slow
@pytest.mark.parametrize(("seconds", "place"), [(6.0, ""), (12.0, "")])
def test_stems_of_another_length_want_a_place(tmp_path, seconds, place):
    write_sound(tmp_path / "voice.wav", [level(voice(seconds, seed=7), -20)], sample_rate=RATE, layout="mono")
    stem = f"speech={tmp_path / 'voice.wav'}{place}"
    with pytest.raises(TracksUnclear, match=r"say where it begins.*@0"):
        find_tracks(probe(obs("mkv")), tracks="1=effects", stems=[stem])
    assert find_tracks(probe(obs("mkv")), tracks="1=effects", stems=[stem + "@0"]).parts[1].offset_seconds == 0
    with pytest.raises(TracksUnclear, match="nothing of it is heard"):
        find_tracks(probe(obs("mkv")), tracks="1=effects", stems=[stem + "@11"])


def test_stems_beside_a_film_with_sound_of_its_own(tmp_path):
    film = probe(obs("mkv", seconds=5.0))
    write_sound(tmp_path / "voice.wav", [level(voice(5, seed=7), -20)], sample_rate=RATE, layout="mono")
    write_sound(tmp_path / "bed.wav", [level(chords(5), -20)], sample_rate=RATE, layout="mono")
    stems = [f"speech={tmp_path / 'voice.wav'}", f"music={tmp_path / 'bed.wav'}"]
    with pytest.raises(TracksUnclear, match="soundtrack of its own; say what that is"):
        find_tracks(film, stems=stems)
    with pytest.raises(TracksUnclear, match="one sound for speech, found two"):
        find_tracks(film, tracks="0=speech", stems=stems)
    assert len(find_tracks(film, tracks="0=drop,1=effects", stems=stems).parts) == 3


def test_how_a_stem_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert read_stem("speech=voice.wav@1.5") == ("speech", Path("voice.wav"), 1.5)
    assert read_stem("Music=a@b.flac@-2") == ("music", Path("a@b.flac"), -2.0)
    (tmp_path / "take@2").touch()
    assert read_stem("speech=take@2") == ("speech", Path("take@2"), None)
    for wrong in ("voice.wav", "speech=", "voice=x.wav"):
        with pytest.raises(UsageError, match="told as speech="):
            read_stem(wrong)
    with pytest.raises(InputError, match="check the name"):
        find_tracks(probe(obs("mkv", seconds=5.0)), tracks="1=effects", stems=["speech=none.wav"])


@pytest.mark.slow
def test_a_plan_of_more_tracks_than_the_film_has(tmp_path):
    source = obs("mp4")
    plan = plan_video(source, tracks=find_tracks(probe(source), tracks="0=speech,2=music"))
    one = recording(tmp_path / "one.mp4", obs_tracks(10.0)[:1])
    with pytest.raises(limelight.errors.PlanError, match="soundtrack 2"):
        render_video(one, plan, tmp_path / "out.mp4")
    assert not (tmp_path / "out.mp4").exists()


def test_one_soundtrack_and_none():
    silent = recording(Path(FOLDER.name) / "none.mp4", [])
    with pytest.raises(TracksUnclear, match="none"):
        find_tracks(probe(silent), tracks="auto")
    with pytest.raises(NoSoundtrack):
        highlight_video(silent)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("suffix", "codec", "default"),
    [
        ("mp4", "aac", "mix"),
        ("mkv", "aac", "original"),
        pytest.param("mp4", "aac", "original", marks=pytest.mark.slow),
        pytest.param("mov", "aac", "mix", marks=pytest.mark.slow),
        pytest.param("mov", "aac", "original", marks=pytest.mark.slow),
        pytest.param("webm", "libopus", "mix", marks=pytest.mark.slow),
    ],
)
def test_a_second_soundtrack(tmp_path, suffix, codec, default):
    tracks = [
        dataclasses.replace(obs_tracks(4.0)[1], language="ita"),
        dataclasses.replace(obs_tracks(4.0)[2], language="fra"),
    ]
    picture = "libvpx-vp9" if suffix == "webm" else "libx264"
    source = recording(tmp_path / f"film.{suffix}", tracks, codec=codec, picture=picture)
    new = NewTrack(place="behind", is_default=default == "mix", title="Rebalanced")
    result = highlight_video(
        source, tmp_path / f"out.{suffix}", controls=limelight.Controls(loudness=-30), new_track=new
    )
    found = probe(result.dest).soundtracks
    assert [track.title for track in found] == ["Game", "Rebalanced", "Music"]
    assert [track.language for track in found] == ["ita", "ita", "fra"]
    assert [track.is_default for track in found] == [default == "original", default == "mix", False]
    np.testing.assert_array_equal(heard(result.dest, 0), heard(source, 0))
    assert result.levels.loudness_lufs == pytest.approx(-30, abs=0.3)


@pytest.mark.slow
def test_a_second_soundtrack_where_there_is_no_room(tmp_path):
    source = recording(tmp_path / "film.mkv", obs_tracks(3.0)[1:2])
    with pytest.raises(OutputError, match=r"cannot keep the soundtrack .* in webm|cannot write"):
        highlight_video(source, tmp_path / "out.webm", new_track=NewTrack(place="behind", title="x"))
    sound = tmp_path / "sound.flac"
    write_sound(sound, [level(noise(3), -20)], sample_rate=RATE, layout="mono")
    with pytest.raises(OutputError, match="holds one soundtrack"):
        highlight_video(sound, tmp_path / "out.flac", new_track=NewTrack(place="behind", title="x"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("suffix", "codec", "bit_rate", "found"),
    [
        pytest.param("mp4", "flac", None, "flac", marks=pytest.mark.slow),
        ("mp4", "alac", None, "alac"),
        pytest.param("mp4", "aac", 256_000, "aac", marks=pytest.mark.slow),
        pytest.param("mkv", "mp3", 192_000, "mp3", marks=pytest.mark.slow),
        pytest.param("mkv", "aac", None, "aac", marks=pytest.mark.slow),
        ("mov", "pcm", None, "pcm_s24le"),
        pytest.param("mkv", "opus", 96_000, "opus", marks=pytest.mark.slow),
        pytest.param("wav", "pcm", None, "pcm_s24le", marks=pytest.mark.slow),
    ],
)
def test_the_codec_and_bit_rate_that_are_asked_for(tmp_path, suffix, codec, bit_rate, found):
    source = recording(tmp_path / "film.mkv", obs_tracks(3.0)[1:2])
    if suffix == "wav":
        source = tmp_path / "sound.m4a"
        write_sound(source, [level(noise(3), -20)], sample_rate=RATE, layout="mono")
    new = NewTrack(codec=codec, bit_rate=bit_rate)
    result = highlight_video(
        source, tmp_path / f"out.{suffix}", controls=limelight.Controls(loudness=-25), new_track=new
    )
    assert probe(result.dest).soundtracks[0].codec == found
    assert result.written.bit_rate == bit_rate or bit_rate is None
    assert result.levels.loudness_lufs == pytest.approx(-25, abs=0.3)


@pytest.mark.slow
def test_codecs_that_do_not_fit(tmp_path):
    source = recording(tmp_path / "film.mkv", obs_tracks(2.0)[1:2])
    with pytest.raises(OutputError, match="cannot write opus sound as mov: it takes aac, alac, pcm"):
        highlight_video(source, tmp_path / "out.mov", new_track=NewTrack(codec="opus"))
    with pytest.raises(OutputError, match="576 at most"):
        highlight_video(source, tmp_path / "out.mp4", new_track=NewTrack(codec="aac", bit_rate=900_000))
    for wrong, said in (({"codec": "wma"}, "coded in one of"), ({"codec": "flac", "bit_rate": 9}, "takes no bit rate")):
        with pytest.raises(UsageError, match=said):
            NewTrack(**wrong)
    assert not list(tmp_path.glob("out.*"))


@pytest.mark.slow
def test_asked_for_a_codec_what_needs_no_mending_is_coded_anew(tmp_path):
    source = recording(tmp_path / "film.mkv", obs_tracks(3.0)[1:2])
    result = highlight_video(source, controls=limelight.Controls(strength=0), new_track=NewTrack(codec="flac"))
    assert result.written.codec == "flac"
    np.testing.assert_allclose(heard(result.dest), heard(source), atol=1e-6)


@pytest.mark.slow
def test_the_containers_of_broadcast_and_old_files(tmp_path):
    for suffix, wished in (("ts", "mp4"), ("avi", "mkv"), ("flv", "mp4")):
        source = recording(
            tmp_path / f"of-{suffix}.{suffix}", obs_tracks(2.0)[1:2], codec="libmp3lame" if suffix == "avi" else "aac"
        )
        result = highlight_video(source, controls=limelight.Controls(strength=0))
        assert result.dest.suffix == f".{wished}"
        with av.open(str(result.dest)) as container:
            assert container.streams.video[0].codec_context.name == "h264"


@pytest.mark.slow
def test_json_of_a_plan_tells_tracks_and_style(tmp_path):
    source = obs("mp4")
    plan = plan_video(source, tracks=find_tracks(probe(source), tracks="0=speech,2=music"), style=load_style("night"))
    told = json.loads(limelight.mixing.plan.plan_text(plan))
    assert told["source"]["tracks"][1] == {"stem": "music", "audio_stream": 2, "file": None, "offset_seconds": None}
    assert told["style"]["name"] == "night"
    assert told["style"]["range_lu"] == 8
    assert len(told["speech_presence"]) == len(told["gains_db"]["speech"])


@pytest.mark.slow
def test_quicktime_knows_a_language_by_its_older_code(tmp_path):
    source = recording(tmp_path / "film.mkv", [dataclasses.replace(obs_tracks(2.0)[1], language="deu")])
    result = highlight_video(
        source, tmp_path / "out.mov", new_track=NewTrack(codec="aac", is_default=True, title="Mix")
    )
    assert probe(result.dest).soundtracks[0].language == "ger"
