"""What may be wished of one film of a batch, and what of it makes another result."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from limelight.batch import storage
from limelight.batch.settings import FilmSettings
from limelight.errors import LimelightError


@pytest.mark.parametrize(
    ("wishes", "said"),
    [
        ({"loud": 1}, "no option is called 'loud'"),
        ({"strength": "much"}, "strength wants float"),
        ({"strength": True}, "strength wants float"),
        ({"report": 1}, "report wants bool"),
        ({"strength": 3}, "strength goes from 0"),
        ({"model": "a.onnx", "separator": "lite"}, "give it alone"),
        ({"model": "a.onnx", "style": "film"}, "give it alone"),
        ({"tracks": "auto", "separator": "lite"}, "nothing is separated"),
        ({"style": "westren"}, "westren"),
        ({"keep_tracks": True}, "--keep-tracks has a use with --tracks"),
        ({"default_track": "second"}, "original or mix"),
        ({"audio_codec": "mp5"}, "coded in one of"),
        ({"audio_bitrate": "lots"}, "told as 256k"),
        ({"stem": 3}, "stem wants a list of texts"),
        ({"stem": ["voice.wav"]}, "a stem is told as"),
        ({"loudness": "loud"}, "loud"),
        ({"context_model": "x", "context": "cues"}, "--context-model is for"),
    ],
)
def test_options_of_one_film_are_checked(wishes: dict[str, object], said: str) -> None:
    with pytest.raises(LimelightError, match=said):
        FilmSettings().changed(wishes)


def test_a_key_is_of_the_settings_and_of_the_files_that_they_name(tmp_path: Path) -> None:
    assert FilmSettings().key == FilmSettings().key != FilmSettings(strength=0.5).key
    model = tmp_path / "model.onnx"
    model.write_bytes(b"1")
    before = FilmSettings(model=str(model)).key
    os.utime(model)
    assert FilmSettings(model=str(model)).key == before
    moved = model.rename(tmp_path / "moved.onnx")
    assert FilmSettings(model=str(moved)).key == before
    model.write_bytes(b"2")
    assert FilmSettings(model=str(model)).key != before


def test_what_does_not_make_the_result_makes_no_other_key() -> None:
    usual = FilmSettings().key
    assert FilmSettings(offline=True, plan=True, report=True).key == usual
    assert FilmSettings(style="film").key != usual
    assert FilmSettings(add_track=True).key != usual


def test_numbers_may_be_numbers_and_files_lie_beside_the_list(tmp_path: Path) -> None:
    """Names of models stay names; so does a file of theirs that is not there."""
    (tmp_path / "mine.toml").write_text("speech_over_rest_lu = 9.0")
    (tmp_path / "lite").mkdir()
    wishes = {"loudness": -23, "audio_bitrate": 192000, "style": "mine.toml", "separator": "lite"}
    settings = FilmSettings().changed(wishes, str(tmp_path))
    assert (settings.loudness, settings.audio_bitrate) == ("-23", "192000")
    assert settings.style == str(tmp_path / "mine.toml")
    assert settings.separator == "lite"
    music, base = str(tmp_path / "m.wav"), str(tmp_path / "in")
    wishes = {"stem": ["speech=a b.wav@1.5", f"music={music}"], "captions": "c.json", "context": "captions"}
    stems = FilmSettings().changed(wishes, base)
    speech, captions = os.path.join(base, "a b.wav"), os.path.join(base, "c.json")
    assert stems.stem == (f"speech={speech}@1.5", f"music={music}")
    assert stems.files == (speech, music, captions)
    here = stems.with_files({place: Path("there") / storage.name_of(place) for place in stems.files})
    assert here.stem == (f"speech={Path('there/a b.wav')}@1.500000", f"music={Path('there/m.wav')}")
    assert here.captions == str(Path("there/c.json"))
    assert here.key == stems.key
