import csv
import shutil
from pathlib import Path

import pytest

from limelight.dataset.sounds import read_sound_manifest
from limelight.errors import InputError
from research.synthetic import make
from research.synthetic.make import EFFECTS, MUSIC, PACKAGES, SPEECH, Job, Minutes, make_library, plan
from research.synthetic.render import SOUND_FONT

needs_programs = pytest.mark.skipif(
    not all(map(shutil.which, PACKAGES)) or not SOUND_FONT.is_file(), reason="a synthesiser is not installed"
)


def test_the_kinds_come_by_turns() -> None:
    jobs = plan(Path("x"), 0, Minutes(240, 90, 30))
    half = jobs[: len(jobs) // 2]
    for kind in (MUSIC, SPEECH, EFFECTS):
        numbers = [job.number for job in jobs if job.kind == kind]
        assert numbers == list(range(len(numbers)))
        assert sum(job.kind == kind for job in half) == pytest.approx(len(numbers) / 2, abs=1)


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(shutil, "which", lambda program: None if program == "flite" else program)
    monkeypatch.setattr(make, "SOUND_FONT", tmp_path / "none.sf2")
    with pytest.raises(InputError, match="apt install flite fluid-soundfont-gm"):
        make_library(tmp_path, seed=0, minutes=Minutes(1, 1), workers=1)


@needs_programs
def test_a_library_is_listed_goes_on_and_repeats(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(make, "PIECE_SECONDS", (3.0, 4.0))  # workers are forked, and see it
    monkeypatch.setattr(make, "UTTERANCES", 2)
    make_library(tmp_path / "a", seed=1, minutes=Minutes(speech=0.1), workers=1)
    make_library(tmp_path / "a", seed=1, minutes=Minutes(0.1, 0.1, 0.05), workers=1)
    rows = list(read_sound_manifest(tmp_path / "a"))
    assert [row["kind"] for row in rows] == ["speech", "speech", "music", "effects"]
    assert {row["split"] for row in rows} == {"train"}
    assert len({row["file"] for row in rows}) == 4
    before = (tmp_path / "a" / "manifest.csv").read_bytes()
    make_library(tmp_path / "a", seed=1, minutes=Minutes(0.1, 0.1, 0.05), workers=1)
    assert (tmp_path / "a" / "manifest.csv").read_bytes() == before
    (tmp_path / "b" / "speech").mkdir(parents=True)
    again = make.work(Job(tmp_path / "b", SPEECH, 1, 0))
    assert [row.file for row in again] == [row["file"] for row in rows[:2]]
    for row in again:
        assert (tmp_path / "a" / row.file).read_bytes() == (tmp_path / "b" / row.file).read_bytes()


def test_the_manifest_says_whose_sounds_they_are(tmp_path: Path) -> None:
    row = make.Row("music/a.flac", "music", "train", "a", 1.0, 48_000, 1, 'pop: pad, "x"', "MIT", "Frank Wen")
    make._list_rows(tmp_path / "manifest.csv", [row])
    make._list_rows(tmp_path / "manifest.csv", [row])
    with (tmp_path / "manifest.csv").open(encoding="utf-8", newline="") as lines:
        table = list(csv.DictReader(lines))
    assert [line["tag"] for line in table] == [row.tag] * 2
    assert {line["licence"] for line in table} == {"MIT"}
