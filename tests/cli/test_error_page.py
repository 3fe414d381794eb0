"""Each error of the table in docs/errors.md can be met from the command line."""

from __future__ import annotations

import shutil
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from film_damage import remuxed, with_flipped_bytes
from films import Film, film_path
from media_corpus.command_server import CommandServer, Fault, Limits

from limelight.errors import kinds

ROOT = Path(__file__).resolve().parents[2]
FILM = Film(seconds=2.0)
Words = list[object]


def nothing(folder: Path) -> Words:
    return ["highlight", "nowhere.mp4"]


def a_letter(folder: Path) -> Words:
    (folder / "letter.mp4").write_text("Dear all,\n" * 100)
    return ["highlight", "letter.mp4"]


def a_codec_nobody_knows(folder: Path) -> Words:
    data = (folder / "film.mp4").read_bytes()
    at = data.find(b"avc1", data.find(b"stsd"))
    (folder / "unknown.mp4").write_bytes(data[:at] + b"zzzz" + data[at + 4 :])
    return ["inspect", "unknown.mp4"]


def too_much_damage(folder: Path) -> Words:
    first = remuxed(folder / "film.mp4", folder / "first.mp4", options={"movflags": "+faststart"})
    with_flipped_bytes(first, folder / "damaged.mp4", count=900, start=0.3)
    return ["plan", "damaged.mp4"]


def ten_channels(folder: Path) -> Words:
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 10, 48_000, 960_000, 20, 16)
    sound = struct.pack("<4sI", b"data", 20_000) + bytes(20_000)
    (folder / "ten.wav").write_bytes(struct.pack("<4sI4s", b"RIFF", 4 + len(form + sound), b"WAVE") + form + sound)
    return ["highlight", "ten.wav"]


def half_a_plan(folder: Path) -> Words:
    (folder / "plan.json").write_text('{"format": "limelight-plan"')
    return ["render", "film.mp4", "plan.json"]


def a_group_in_two_splits(folder: Path) -> Words:
    (folder / "more.mp4").write_bytes(film_path(Film(seed=2)).read_bytes())
    (folder / "about.csv").write_text("file,split,group\nfilm.mp4,train,one\nmore.mp4,test,one\n")
    return ["muddy", "build", "film.mp4", "more.mp4", "-o", "set", "--about", "about.csv", "--workers", 1]


def no_sound(folder: Path) -> Words:
    (folder / "mute.mp4").write_bytes(film_path(Film(sound=None)).read_bytes())
    return ["stems", "mute.mp4", "-o", "stems"]


def a_damaged_model(folder: Path) -> Words:
    (folder / "model.onnx").write_bytes(b"")
    return ["highlight", "film.mp4", "--model", "model.onnx"]


def no_such_folder(folder: Path) -> Words:
    return ["highlight", "film.mp4", "-o", "nowhere/out.mp4"]


def a_result_that_is_there(folder: Path) -> Words:
    (folder / "out.mp4").write_bytes(b"precious")
    return ["highlight", "film.mp4", "-o", "out.mp4"]


def a_mute_film_among_many(folder: Path) -> Words:
    (folder / "films").mkdir()
    (folder / "films" / "mute.mp4").write_bytes(film_path(Film(sound=None)).read_bytes())
    return ["muddy", "build", "films", "-o", "set", "--workers", 1, "--quiet"]


def a_strength_of_two(folder: Path) -> Words:
    return ["highlight", "film.mp4", "--strength", 2]


def long_work(folder: Path) -> Words:
    return ["highlight", "film.mp4", "--quiet"]


def one_track_alone(folder: Path) -> Words:
    return ["highlight", "film.mp4", "--quiet", "--tracks", "auto"]


def a_style_with_a_wrong_key(folder: Path) -> Words:
    (folder / "mine.toml").write_text("speech_over_rest = 9\n")
    return ["highlight", "film.mp4", "--quiet", "--style", "mine.toml"]


CAUSES: dict[str, tuple[Callable[[Path], Words], int]] = {
    "E_INPUT": (nothing, 3),
    "E_NOT_MEDIA": (a_letter, 3),
    "E_UNSUPPORTED": (a_codec_nobody_knows, 3),
    "E_DAMAGED": (too_much_damage, 3),
    "E_LIMIT": (ten_channels, 3),
    "E_PLAN": (half_a_plan, 3),
    "E_TRACKS": (one_track_alone, 3),
    "E_STYLE": (a_style_with_a_wrong_key, 3),
    "E_LEAKAGE": (a_group_in_two_splits, 3),
    "E_NO_AUDIO": (no_sound, 4),
    "E_MODEL": (a_damaged_model, 5),
    "E_OUTPUT": (no_such_folder, 6),
    "E_EXISTS": (a_result_that_is_there, 6),
    "E_SOME_FAILED": (a_mute_film_among_many, 7),
    "E_INTERRUPTED": (long_work, 130),
    "E_USAGE": (a_strength_of_two, 2),
}


def test_every_error_has_a_cause_here() -> None:
    assert {kind.code for kind in kinds()} == set(CAUSES)
    assert len({kind.code for kind in kinds()}) == len(list(kinds()))  # no code twice


@pytest.mark.parametrize("code", CAUSES)
def test_an_error_is_one_line_and_its_exit_code(code: str, server: CommandServer, tmp_path: Path) -> None:
    shutil.copy(film_path(FILM), tmp_path / "film.mp4")
    cause, exit_code = CAUSES[code]
    words = cause(tmp_path)
    stop = Fault("plan", "interrupt") if code == "E_INTERRUPTED" else None
    outcome = server.run(*words, folder=tmp_path, fault=stop, limits=Limits())
    lines = outcome.stderr.strip().splitlines()
    assert (outcome.exit_code, outcome.code) == (exit_code, code), outcome.stderr
    told = [line for line in lines if line.startswith(f"{code}: ")]
    assert told == lines[-1:]
    assert len(lines) == 1 or code == "E_SOME_FAILED"  # which lists first what failed
    assert told[0].isprintable()
    assert "Traceback" not in outcome.stderr
    assert f"| {code} | {exit_code}" in (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")


def test_sigterm_has_an_exit_code_of_its_own(server: CommandServer, tmp_path: Path) -> None:
    shutil.copy(film_path(FILM), tmp_path / "film.mp4")
    outcome = server.run(*long_work(tmp_path), folder=tmp_path, fault=Fault("plan", "terminate"))
    assert (outcome.exit_code, outcome.code) == (143, "E_INTERRUPTED")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["film.mp4"]
