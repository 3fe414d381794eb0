import io
import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
from films import Film, film_path, sound_film
from invented import invented_plan, invented_result
from rich.console import Console

from limelight.cli.summary import models_text, stem_changes, summary
from limelight.mixing.render import Levels
from limelight.report.facts import result_facts
from limelight.runtime import PROVIDERS, devices
from limelight.types import STEMS

KEYS = [
    "source", "dest", "duration_seconds", "container", "codec", "bit_rate", "loudness_before_lufs",
    "loudness_after_lufs", "true_peak_before_dbtp", "true_peak_after_dbtp", "loudness_range_before_lu",
    "loudness_range_after_lu", "dialogue_before_lufs", "dialogue_after_lufs", "speech_share", "target_met", "style",
    "tracks", "gains_db", "makeup_db", "copied", "left_out", "notes", "verified", "model", "director",
    "left_as_it_was", "sound_copied", "why", "seconds", "report",
]  # fmt: skip


@pytest.fixture(scope="module")
def result():
    return invented_result(film_path(Film()))


def printed(result, width=100):
    file = io.StringIO()
    Console(file=file, width=width, color_system=None).print(summary(result))
    return file.getvalue()


def test_the_summary_tells_what_changed(result):
    said = printed(result)
    for line in (
        "speech     +3.0 dB  +2.0 to +4.0",
        "music      −4.0 dB  −7.0 to −1.0",
        "effects    left alone",
        "whole mix  +1.2 dB",
        "true peak  −4.3 → −1.0 dBTP",
        "picture    50 packets, bit-identical",
        "copied     picture (h264); 2 chapters",
        "left out   data (tmcd): timed data cannot be copied",
        "note       2 holes in the sound",
        "time       1.0 s for 0:00:02 of film, 2.0 × faster",
    ):
        assert line in said, line


def test_a_stem_that_moves_and_comes_back_was_not_left_alone():
    plan = invented_plan(1.0, points=3)
    plan = plan.model_copy(update={"gains_db": plan.gains_db | {"effects": [-3.0, 0.0, 3.0]}})
    assert [gain.left_alone for gain in stem_changes(plan).values()] == [False, False, False]


def test_one_packet_is_one(result):
    """As a still picture has."""
    written = replace(result.written, verified=replace(result.written.verified, picture_packets=1))
    assert "1 packet, bit-identical" in printed(replace(result, written=written))


def test_slower_than_the_film(result):
    assert "2.0 × slower" in printed(replace(result, stage_seconds={"render": 4.0}))


def test_names_cannot_command_the_terminal(result):
    hostile = "[bold red]\x1b]0;owned\x07\udcff"
    written = replace(result.written, path=Path(hostile), copied=(hostile,), left_out=(hostile,))
    said = printed(replace(result, written=written, notes=(hostile,)))
    assert "\x1b" not in said
    assert "\x07" not in said
    assert said.count("[bold red]") == 4


def test_a_narrow_terminal_holds_it(result):
    assert max(len(line) for line in printed(result, width=40).splitlines()) <= 40


def test_sound_alone():
    assert "picture    none" in printed(invented_result(film_path(sound_film("m4a", "aac"))))


def test_the_record_has_its_keys(result):
    record = result_facts(result)
    assert list(record) == KEYS
    assert record["gains_db"]["music"] == {"mean": -4.0, "min": -7.0, "max": -1.0}
    assert record["model"] == {"name": "invented", "sha256": "0123456789abcdef" * 4}
    assert record["seconds"] == {"look": 0.25, "measure": 0.1, "plan": 0.3, "render": 0.35}
    assert record["verified"]["picture_packets"] == 50
    assert record["makeup_db"] == 1.25
    assert record["why"] == [f"close-up, sharp; shot {k}" for k in range(3)]
    assert (record["left_as_it_was"], record["report"]) == (False, None)
    assert result_facts(result, page=Path("page.html"))["report"] == "page.html"


@pytest.mark.parametrize(("strength", "why"), [(1.0, "nothing to mend"), (0.0, "a strength of 0 was asked for")])
def test_what_was_left_as_it_was_is_told_with_its_reason(result, strength, why):
    plan = result.plan.model_copy(
        update={
            "makeup_db": 0.0,
            "gains_db": {stem: [0.0, 0.0] for stem in STEMS},
            "controls": result.plan.controls.model_copy(update={"strength": strength}),
        }
    )
    left = replace(result, plan=plan, written=replace(result.written, sound_copied=True))
    assert f"why        left as it was: {why}" in printed(left)
    record = result_facts(left)
    assert record["why"] == [f"left as it was: {why}"]
    assert record["left_as_it_was"] is record["sound_copied"] is True


def test_the_reasons_say_what_was_heard_and_not_what_was_seen(result):
    shots = [
        shot.model_copy(
            update={"cues": {"camera focus": "close-up; sharp"}, "reason": "close-up; speech lies low: +3 dB"}
        )
        for shot in result.plan.shots
    ]
    told = replace(result, plan=result.plan.model_copy(update={"shots": shots}))
    assert result_facts(told)["why"] == ["speech lies low: +3 dB"]


def test_the_record_is_json_whatever_happened(result):
    silent = result.plan.loudness.model_copy(update={"before_lufs": None, "true_peak_before_dbtp": None})
    worst = replace(
        result,
        plan=result.plan.model_copy(update={"loudness": silent}),
        levels=Levels(-math.inf, 0.0, math.nan, None, None),
        source=replace(result.source, path=Path("\udcff.mp4")),
    )
    text = json.dumps(result_facts(worst), allow_nan=False, ensure_ascii=False)
    text.encode("utf-8")
    back = json.loads(text)
    assert back == result_facts(worst)
    assert [back[key] for key in KEYS if key.startswith(("loudness_b", "loudness_a", "true_peak"))] == [None] * 4
    assert "silence → silence" in printed(worst)


def test_models_are_listed_with_the_devices_that_there_are():
    (line,) = models_text([]).splitlines()
    assert all(device in line and PROVIDERS[device] in line for device in devices())
