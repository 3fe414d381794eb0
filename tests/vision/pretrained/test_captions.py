import json
from pathlib import Path

import pytest

from limelight.errors import InputError
from limelight.vision.cues import KINDS
from limelight.vision.pretrained.captions import (
    Caption,
    Captions,
    cache_folder,
    content_name,
    read_captions,
    write_captions,
)

MADE = Captions(
    model="a model",
    style="focused",
    captions=(
        Caption(start_seconds=0, end_seconds=2.5, picture_seconds=1.2, words={"tone": "Dark and blue."}),
        Caption(start_seconds=2.5, end_seconds=4, words={"tone": "Bright", "camera focus": "A door."}),
    ),
)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "captions.json"
    write_captions(path, MADE)
    assert read_captions(path) == MADE
    assert [file.name for file in path.parent.iterdir()] == ["captions.json"]
    assert "Dark and blue." in path.read_text(encoding="utf-8")


def test_by_hand_little_is_enough(tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    path.write_text(json.dumps({"captions": [{"start_seconds": 0, "end_seconds": 9, "words": {"tone": "Grün"}}]}))
    assert read_captions(path).at(8.9).words == {"tone": "Grün"}


def test_a_caption_holds_until_the_next() -> None:
    assert MADE.at(2.49) is MADE.captions[0]
    assert MADE.at(2.5) is MADE.captions[1]
    assert MADE.at(4) is None


def test_one_kind_is_said_plainly_and_several_are_led_by_their_kind() -> None:
    both = MADE.captions[1]
    assert both.sentence(["tone"]) == "Bright"
    assert both.sentence(KINDS) == "Camera focus: A door. Tone: Bright."
    assert both.sentence(["emotion"]) == ""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not usable"),
        ('{"captions": [{"start_seconds": 3, "end_seconds": 2, "words": {}}]}', "must last"),
        ('{"captions": [{"start_seconds": 0, "end_seconds": 2, "words": {"mood": "x"}}]}', "no kind of cue"),
        ('{"captions": [{"start_seconds": 0, "end_seconds": 2}]}', "captions.0.words"),
        ('{"captions": [], "version": 2}', "version"),
    ],
)
def test_a_file_that_is_none_says_where(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "mine.json"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        read_captions(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere\.json"):
        read_captions(tmp_path / "nowhere.json")


def test_the_name_depends_on_all_and_on_where_parts_end() -> None:
    assert content_name([b"ab", b"c"]) != content_name([b"a", b"bc"])
    assert content_name([b"ab", b"c"]) == content_name(iter([b"ab", b"c"]))


def test_the_cache_is_the_users(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "limelight" / "captions"
