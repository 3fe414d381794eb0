from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from metrics.evaluator.sets import write_set

from limelight.dataset.manifest import Entry
from limelight.errors import SomeFailed
from limelight.metrics.clips import EvalClip, Mix, another_of, chosen
from limelight.metrics.evaluate import run_methods
from limelight.metrics.methods import DO_NOTHING, fixed_loudness
from limelight.metrics.results import file_of


@dataclass(frozen=True)
class Counting:
    """Does nothing, and notes for which clips."""

    mark: str = "1"
    needs_another: bool = False
    name: str = "counting"
    kind: str = "method"
    heard: list[str] = field(default_factory=list, compare=False)

    def remix(self, clip: EvalClip) -> Mix:
        self.heard.append(clip.name)
        return Mix(clip.input)


def test_nothing_is_measured_twice(folder: Path, entries: list[Entry], tmp_path: Path) -> None:
    tests, method = chosen(entries, "test", None), Counting()
    first = run_methods(folder, tests[:2], [method], tmp_path, workers=1)
    assert method.heard == ["clip-0000", "clip-0000", "clip-0001", "clip-0001"]  # as it is, and well mixed
    again = run_methods(folder, tests, [method], tmp_path, workers=1)
    assert method.heard[4:] == ["clip-0002", "clip-0002"]
    assert [line.clip for line in again.lines] == ["clip-0000", "clip-0001", "clip-0002"]
    assert again.lines[:2] == first.lines
    again.check()


def test_another_mark_or_another_clip_is_measured_again(folder: Path, entries: list[Entry], tmp_path: Path) -> None:
    tests = chosen(entries, "test", 1)
    run_methods(folder, tests, [Counting()], tmp_path, workers=1)
    other = Counting(mark="2")
    run_methods(folder, tests, [other], tmp_path, workers=1)
    assert other.heard
    changed = [replace(tests[0], files={**tests[0].files, "input.flac": "other"})]
    fresh = Counting(mark="2")
    run_methods(folder, changed, [fresh], tmp_path, workers=1)
    assert fresh.heard


@pytest.mark.slow
def test_two_workers_write_what_one_writes(folder: Path, entries: list[Entry], tmp_path: Path) -> None:
    tests, methods = chosen(entries, "test", None), [DO_NOTHING, fixed_loudness()]
    seen: list[tuple[float, float]] = []
    for workers in (1, 2):
        run_methods(
            folder,
            tests,
            methods,
            tmp_path / str(workers),
            workers=workers,
            progress=lambda done, total: seen.append((done, total)),
        )
    assert seen == [(1, 3), (2, 3), (3, 3)] * 2
    for method in methods:
        one, two = (file_of(tmp_path / workers, method.name).read_bytes() for workers in "12")
        assert one == two
        assert one.count(b"\n") == 3


def test_a_broken_clip_is_named_and_the_others_are_done(tmp_path: Path) -> None:
    entries = write_set(tmp_path / "set", train=0)
    (tmp_path / "set" / "clips" / entries[1].name / "input.flac").write_bytes(b"")
    found = run_methods(tmp_path / "set", entries, [DO_NOTHING], tmp_path / "out", workers=1)
    assert [line.clip for line in found.lines] == ["clip-0000", "clip-0002"]
    with pytest.raises(SomeFailed, match="1 clip could not be measured, the first is clip-0001"):
        found.check()
    assert file_of(tmp_path / "out", "do nothing").read_text().count("\n") == 2


def test_where_some_were_left_alone_the_clean_mix_change_is_theirs(tmp_path: Path) -> None:
    entries = write_set(tmp_path / "set", clips=2, train=0, recipes=("paper:low", "none"))
    method = Counting()
    degraded, good = run_methods(tmp_path / "set", entries, [method], tmp_path / "out", workers=1).lines
    assert method.heard == ["clip-0000", "clip-0001"]  # each once
    assert (degraded.recipe, good.recipe) == ("paper", "none")
    assert "clean_mix_change" not in degraded.figures
    assert good.figures["clean_mix_change"] == good.figures["mag_level_matched"] == 0


def test_another_picture_is_another_s_and_always_the_same(entries: list[Entry]) -> None:
    for entry in entries:
        other = another_of(entry, entries)
        assert other.name != entry.name
        assert other is another_of(entry, entries)
    assert another_of(entries[0], entries[:1]) is entries[0]  # where there is no other
