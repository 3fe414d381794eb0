"""Words follow the numbers, and carry them."""

import re

import pytest

from limelight.vision.cues import CUE_NAMES, KINDS, NO_PICTURE, SCALES, describe

CALM = dict.fromkeys(CUE_NAMES, 0.0) | {
    "picture": 1.0,
    "sharpness": 0.3,
    "centre_focus": 1.0,
    "key": 0.5,
    "contrast": 0.5,
    "saturation": 0.3,
    "detail": 0.5,
    "stillness": 1.0,
}
SPEAKER = CALM | {
    "face_present": 1.0,
    "face_count": 1.0,
    "face_height": 0.46,
    "centre_focus": 2.1,
    "mouth": 0.031,
}


def words(**changes: float) -> dict[str, str]:
    return describe(CALM | changes, duration_seconds=4.0)


def test_all_six_kinds_are_said_each_with_a_number() -> None:
    for raw in (CALM, SPEAKER):
        said = describe(raw, duration_seconds=4.0)
        assert tuple(said) == KINDS
        numbered = [kind for kind, phrase in said.items() if re.search(r"\d", phrase)]
        assert set(KINDS) - set(numbered) <= {"appearance"}


def test_a_close_up_of_a_speaker() -> None:
    said = describe(SPEAKER, duration_seconds=4.0)
    assert said["camera focus"].startswith("close-up, largest face 0.46 of the picture's height")
    assert "sharpest in the centre (2.1×)" in said["camera focus"]
    assert said["appearance"] == "one face, in sight 100 % of the shot"
    assert "a mouth moves (3.1 %" in said["sound-related elements"]


@pytest.mark.parametrize(
    ("name", "value", "kind", "word"),
    [
        ("key", 0.1, "tone", "low key"),
        ("key", 0.8, "tone", "high key"),
        ("warmth", 0.2, "tone", "warm"),
        ("warmth", -0.2, "tone", "cool"),
        ("contrast", 0.9, "tone", "strong contrast"),
        ("camera", 0.5, "scene background", "moving with the camera"),
        ("sky", 0.3, "scene background", "outdoors by open sky 0.30"),
        ("night", 0.8, "scene background", "night or unlit"),
        ("pace", 0.6, "emotion", "rapid cutting"),
        ("motion", 0.05, "emotion", "strong motion"),
        ("flicker", 0.1, "emotion", "flickering light"),
        ("impact", 1.2, "sound-related elements", "sudden"),
        ("motion", 0.02, "sound-related elements", "something moves"),
        ("camera", 0.03, "scene background", "moves slowly"),
        ("zoom", 0.5, "sound-related elements", "nearer"),
        ("text", 0.02, "appearance", "lettering"),
    ],
)
def test_one_number_changes_one_word(name: str, value: float, kind: str, word: str) -> None:
    assert word not in words()[kind]
    assert word in words(**{name: value})[kind]


def test_thin_evidence_is_said_to_be_thin() -> None:
    assert "no evidence for indoors or outdoors" in words()["scene background"]
    assert not any(scale in words()["camera focus"] for _, scale in SCALES)  # no face to measure it by
    assert "nothing that would sound" in words()["sound-related elements"]


def test_without_a_picture_there_is_nothing_to_say() -> None:
    assert describe(CALM | {"picture": 0.0}, duration_seconds=1.0) == NO_PICTURE
