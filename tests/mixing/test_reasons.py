from __future__ import annotations

import pytest

from limelight.mixing.features import AUDIBLE_LUFS
from limelight.mixing.planner import balance, moves, reason
from limelight.types import STEMS, Shot


def of_stems(*values: float) -> dict[str, float]:
    return dict(zip(STEMS, values, strict=True))


def test_a_whole_reason() -> None:
    shot = Shot(0, 3, {"camera focus": "close-up, a face fills 40 %; deep focus", "tone": "dark"})
    said = reason(shot, of_stems(-32, -24, -80), of_stems(4.1, -6.04, 9))
    assert said == "close-up, a face fills 40 %; speech 8 dB under music: speech +4.1 dB, music −6.0 dB"


def test_without_a_picture_the_sound_speaks_alone() -> None:
    assert reason(Shot(0, 1, {}), of_stems(-20, -30, -25), of_stems(0, 0, 0)) == (
        "effects 5 dB under speech, music 10 dB under speech: left alone"
    )


@pytest.mark.parametrize(
    ("levels", "said"),
    [
        ((-100, -100, -100), "hardly a sound"),
        ((AUDIBLE_LUFS, AUDIBLE_LUFS, AUDIBLE_LUFS), "hardly a sound"),
        ((-100, -30, -100), "only music to be heard"),
        ((-20, -20, -100), "music 0 dB under speech"),
    ],
)
def test_balance_names_who_is_heard(levels: tuple[float, ...], said: str) -> None:
    assert balance(of_stems(*levels)) == said


@pytest.mark.parametrize(
    ("gains", "said"),
    [
        ((0.49, -0.49, 0), "left alone"),
        ((0.5, -0.5, 0), "speech +0.5 dB, music −0.5 dB"),
        ((-12.34, 0, 3), "speech −12.3 dB, effects +3.0 dB"),
    ],
)
def test_moves_are_those_that_are_noticed(gains: tuple[float, ...], said: str) -> None:
    assert moves(of_stems(-20, -20, -20), of_stems(*gains)) == said


def test_what_is_not_heard_is_not_moved() -> None:
    assert moves(of_stems(-100, -20, -100), of_stems(9, 0, -9)) == "left alone"


def test_the_directors_reason_stands_before_what_was_done() -> None:
    shot, levels = Shot(0, 3, {"camera focus": "close-up; sharp"}), of_stems(-32, -24, -80)
    said = "speech lies 8 LU under the rest while somebody speaks"
    assert reason(shot, levels, of_stems(4.1, -6.0, 9), said) == f"close-up; {said}: speech +4.1 dB, music −6.0 dB"
    assert reason(shot, levels, of_stems(0.1, 0, 0), said) == f"close-up; {said}: left alone"
