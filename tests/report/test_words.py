import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limelight.report.facts import target_named
from limelight.report.words import change, clock_time, duration, escaped, number, plain


@given(st.text(max_size=600))
def test_foreign_text_becomes_one_line_that_can_be_written(text):
    line = plain(text)
    line.encode("utf-8")
    assert line.isprintable() or all(c in "\u200c\u200d\ufffd" or c.isprintable() or c.isspace() for c in line)
    assert "\n" not in line
    assert "\x1b" not in line
    assert len(line) <= 500


def test_ordinary_names_stay_as_they_are():
    for name in ("Füße – день.mp4", "日本語 100 %.mkv", "می\u200cخواهم.mp4", "👩\u200d🚀.mov"):
        assert plain(name) == name


def test_broken_bytes_and_reversed_writing_are_replaced():
    assert plain("a\udcffb\u202egpj.exe\x1b[31m") == "a\ufffdb\ufffdgpj.exe\ufffd[31m"


def test_markup_is_escaped_for_text_and_attributes():
    assert escaped("<b a=\"x\" c='y'>&") == "&lt;b a=&quot;x&quot; c=&#x27;y&#x27;&gt;&amp;"


def test_long_text_is_cut():
    assert plain("x" * 600) == "x" * 499 + "…"
    assert plain("x" * 500) == "x" * 500


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, "0:00:00"), (59.99, "0:00:59"), (61, "0:01:01"), (3 * 3600 + 2 * 60 + 1, "3:02:01")]
)
def test_times_are_hours_minutes_seconds(seconds, said):
    assert clock_time(seconds) == said


def test_numbers_have_a_true_minus_and_no_negative_zero():
    assert number(-1.25, 2) == "−1.25"
    assert number(-0.01) == "0.0"
    assert number(0.04, sign=True) == "0.0"
    assert number(2.0, sign=True) == "+2.0"
    assert number(None) == number(math.nan) == "–"


def test_silence_is_said():
    assert change(None, -23.0, "LUFS") == "silence → −23.0 LUFS"
    assert change(-20.0, -math.inf, "LUFS") == "−20.0 → silence"


def test_lengths_of_time():
    assert [duration(s) for s in (1.25, 59.4, 125, 3780)] == ["1.2 s", "59 s", "2 min 5 s", "1 h 3 min"]


def test_a_target_is_a_name_or_a_number_of_lufs() -> None:
    assert target_named("netflix") == "netflix"
    assert target_named("-23") == target_named(-23.0) == "−23 LUFS"
    assert target_named(-18.5) == "−18.5 LUFS"
