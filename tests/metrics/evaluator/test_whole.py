"""The whole command on a data set of a few short clips: tables, page, resuming."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from metrics.evaluator.sets import install, model, write_set

from limelight.metrics.evaluate import Request, evaluate


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("<set>")
    write_set(folder, clips=2, seconds=1.0)
    return folder


@pytest.fixture
def asked(dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Request:
    made = model((2.0, 0.0, -2.0), looks=True)
    install(monkeypatch, ours=made, lite=made)
    return Request(dataset, tmp_path / "out", ("lite", "separate-and-level"), examples=1, workers=1)


@pytest.mark.slow
def test_tables_and_a_page_come_out_and_again_the_same(asked: Request) -> None:
    seen: list[tuple[float, float]] = []
    markdown, page = evaluate(asked, progress=lambda done, total: seen.append((done, total))).written
    assert seen[-1] == (2, 2)
    text, drawn = markdown.read_text(encoding="utf-8"), page.read_text(encoding="utf-8")
    for row in ("do nothing", "*best gains, true stems*", "lite", "*lite, another picture*", "separate-and-level"):
        assert f"\n| {row} |" in text
    assert drawn.count("<image ") == 3  # before, after, target
    assert drawn.count('class="scatter"') == 3  # two methods and the oracle
    assert "default-src 'none'" in drawn
    assert "<set>" not in drawn
    assert "http" not in drawn.replace("http-equiv", "")
    assert str(asked.into.parent) not in text + drawn
    assert evaluate(asked).written == (markdown, page)
    assert markdown.read_text(encoding="utf-8") == text


@pytest.mark.slow
def test_more_clips_go_on_where_it_was(asked: Request) -> None:
    evaluate(replace(asked, count=1, examples=0))
    before = {path.name: path.read_text() for path in (asked.into / "results").iterdir()}
    evaluate(replace(asked, examples=0))
    for path in (asked.into / "results").iterdir():
        assert path.read_text().startswith(before[path.name])
        assert path.read_text().count("\n") == 2


@pytest.mark.slow
def test_the_command_line_evaluates_and_compares(dataset: Path, tmp_path: Path) -> None:
    """With the packaged model, in a process of its own."""

    def limelight(*words: object) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "limelight", "evaluate", *map(str, words)],
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    into = tmp_path / "out"
    told = limelight(dataset, "--into", into, "--count", 1, "--examples", 0, "--workers", 1, "--quiet")
    assert told.splitlines() == [str(into / "results.md"), str(into / "results.html")]
    told = json.loads(limelight(dataset, "--into", into, "--count", 1, "--examples", 0, "--workers", 1, "--json"))
    assert told["rows"]["do nothing"]["figures"]["clean_mix_change"]["value"] == 0
    compared = limelight(dataset, "--into", into, "--compare", "deepfilter", "do nothing").splitlines()
    assert len(compared) == 1 + 13
    assert any(row.startswith("level-matched MAG, × 100") for row in compared)
