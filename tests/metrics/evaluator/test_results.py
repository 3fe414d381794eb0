from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from limelight.errors import InputError, OutputError
from limelight.metrics.results import ResultLine, add, file_of, key_of, read_all, read_lines, settle, write_parquet


def line(clip: str = "a", method: str = "lite", **figures: float) -> ResultLine:
    return ResultLine(
        clip, method, "key", "talk", "paper", 6.0, figures or {"mag": 0.25, "gain_error_db": float("nan")}
    )


@pytest.fixture
def into(tmp_path: Path) -> Path:
    (tmp_path / "results").mkdir()
    return tmp_path


def test_what_is_read_is_what_was_found(into: Path) -> None:
    add(into, [line("a"), line("b"), line("a", "do nothing")])
    found = read_lines(file_of(into, "lite"))
    assert list(found) == ["a", "b"]
    assert found["a"].figures["mag"] == 0.25
    assert np.isnan(found["a"].figures["gain_error_db"])
    assert "NaN" not in file_of(into, "lite").read_text()
    assert {one.method for one in read_all(into)} == {"lite", "do nothing"}


def test_the_last_line_of_a_clip_counts_and_settling_puts_all_in_order(into: Path) -> None:
    add(into, [line("b", mag=1.0), line("a", mag=2.0), line("b", mag=3.0)])
    settle(into, "lite")
    texts = file_of(into, "lite").read_text().splitlines()
    assert [ResultLine.from_text(text).clip for text in texts] == ["a", "b"]
    assert read_lines(file_of(into, "lite"))["b"].figures == {"mag": 3.0}


def test_a_stop_in_the_middle_of_a_line_costs_that_line(into: Path) -> None:
    add(into, [line("a"), line("b")])
    path = file_of(into, "lite")
    path.write_text(path.read_text()[:-20])
    assert list(read_lines(path)) == ["a"]


def test_a_line_that_is_no_result_is_named(into: Path) -> None:
    path = file_of(into, "lite")
    path.write_text('{"clip": 1}\n' + line("a").as_text() + "\n")
    with pytest.raises(InputError, match=r"Line 1 of .* is no result"):
        read_lines(path)
    with pytest.raises(InputError, match="found none"):
        list(read_all(into / "results"))


def test_every_method_has_a_file_of_its_own(into: Path) -> None:
    names = ["lite", "Lite", "lite, no picture", "fixed −27 LUFS", "fixed +27 LUFS", "…" * 300]
    files = {file_of(into, name).name for name in names}
    assert len(files) == len(names)
    assert all(name.isascii() and len(name) < 80 for name in files)


def test_a_key_is_another_for_anything_else() -> None:
    keys = {key_of("a", {"x": "1"}), key_of("b", {"x": "1"}), key_of("a", {"x": "2"}), key_of("a", {"y": "1"})}
    assert len(keys) == 4
    assert key_of("a", {"x": "1", "y": "2"}) == key_of("a", {"y": "2", "x": "1"})


def test_parquet_says_what_it_needs(into: Path) -> None:
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        with pytest.raises(OutputError, match="pyarrow"):
            write_parquet(into, [line()])
    else:
        assert write_parquet(into, [line()]).is_file()


def test_a_run_goes_on_after_a_stop_in_the_middle_of_a_line(into: Path) -> None:
    add(into, [line("a"), line("b")])
    path = file_of(into, "lite")
    path.write_text(path.read_text()[:-20])
    add(into, [line("c")])
    settle(into, "lite")
    assert list(read_lines(path)) == ["a", "c"]


@pytest.mark.parametrize(
    "change", ['{"figures": 1.0}', '{"figures": {"mag": "x"}}', '{"clip": []}', '{"step_db": null}']
)
def test_a_line_with_an_odd_value_is_named(into: Path, change: str) -> None:
    path = file_of(into, "lite")
    path.write_text(json.dumps(json.loads(line("a").as_text()) | json.loads(change)) + "\n")
    with pytest.raises(InputError, match=r"Line 1 of .* is no result"):
        read_lines(path)


def test_bytes_that_are_no_text_are_no_result(into: Path) -> None:
    path = file_of(into, "lite")
    path.write_bytes(b'{"clip": "\xe8"}\n\n')
    with pytest.raises(InputError, match=r"Line 1 of .* is no result"):
        read_lines(path)


def test_figures_of_older_runs_are_read_by_their_names_of_today() -> None:
    line = ResultLine("a", "lite", "k", "film", "paper", 6.0, {"clean_mix_change": 0.5})
    old = json.loads(line.as_text())
    del old["trivial"]
    old["figures"] = {"harm": 0.5}
    assert ResultLine.from_text(json.dumps(old).encode()) == line
