import builtins
import json
from dataclasses import replace
from pathlib import Path

import pytest
from dataset.entries import FILM, entry

from limelight.dataset.manifest import (
    MANIFEST,
    Entry,
    check_leakage,
    read_manifest,
    require_parquet,
    write_manifest,
    write_parquet,
)
from limelight.errors import InputError, Leakage, OutputError

OTHER = replace(FILM, name="b.mp4", group="film-b", sha256="b" * 64)


def test_what_is_written_is_read_in_order_of_names(tmp_path: Path) -> None:
    lines = [entry("b-0001"), entry("a-0002", trivial="silent"), entry("a-0001", cuts_seconds=())]
    write_manifest(tmp_path, lines)
    assert read_manifest(tmp_path) == sorted(lines, key=lambda one: one.name)
    first = (tmp_path / MANIFEST).read_bytes()
    write_manifest(tmp_path, reversed(lines))
    assert (tmp_path / MANIFEST).read_bytes() == first


def test_a_line_is_plain_json() -> None:
    line = json.loads(entry().as_line())
    assert line["loudness_lufs"]["effects"] is None
    assert line["sources"][0]["licence"] == "CC0 1.0"
    assert Entry.from_json(line) == entry()


def test_splits_that_share_nothing_are_fine() -> None:
    check_leakage([entry("a-0"), entry("a-1"), entry("b-0", split="test", sources=(OTHER,))])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "film 'film-a'"),
        ({"sources": (OTHER, replace(FILM, sha256=""))}, "film 'film-a'"),
        ({"sources": (replace(OTHER, sha256=FILM.sha256),)}, "the file aaaaaaaaaaaaaaaa"),
        ({"sources": (OTHER,), "files": {"target.flac": "a-0 target"}}, "the sound a-0 target"),
    ],
)
def test_leakage_is_refused(changes: dict[str, object], said: str) -> None:
    with pytest.raises(Leakage, match=f"{said}.* is in two splits: a-0 .train. and b-0 .test."):
        check_leakage([entry("a-0"), entry("b-0", split="test", **changes)])


def test_a_speaker_and_a_track_of_one_name_are_not_the_same() -> None:
    speaker, track = replace(FILM, role="speech", sha256=""), replace(FILM, role="music", sha256="")
    check_leakage([entry("a-0", sources=(speaker,)), entry("b-0", split="test", sources=(track,))])


def test_all_silences_are_alike_and_leak_nothing() -> None:
    silent = {"effects.flac": "silence"}
    check_leakage([entry("a-0", files=silent), entry("b-0", split="test", sources=(OTHER,), files=silent)])


def test_unknown_splits_are_refused() -> None:
    with pytest.raises(Leakage, match="the split 'dev'"):
        check_leakage([entry(split="dev")])


def test_a_manifest_that_leaks_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(Leakage, match="two splits"):
        write_manifest(tmp_path, [entry("a-0"), entry("a-1", split="validation")])
    assert list(tmp_path.iterdir()) == []


def test_a_folder_without_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no manifest\.jsonl"):
        read_manifest(tmp_path)


@pytest.mark.parametrize("line", ["{", "[]", '{"name": "a"}'])
def test_a_line_that_is_no_clip_is_named(tmp_path: Path, line: str) -> None:
    (tmp_path / MANIFEST).write_text(f"{entry().as_line()}\n{line}\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"Line 2 of .* is no clip"):
        read_manifest(tmp_path)


def test_parquet_holds_the_same_lines(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="needs pyarrow, of the extra `data`")
    lines = [entry("a-0"), entry("a-1", trivial="silent", cuts_seconds=())]
    table = parquet.read_table(write_parquet(tmp_path, lines)).to_pylist()
    assert [row["name"] for row in table] == ["a-0", "a-1"]
    assert table[0]["sources"][0]["group"] == "film-a"
    assert json.loads(table[0]["files"]) == lines[0].files


def test_without_pyarrow_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: object, **more: object) -> object:
        if name.startswith("pyarrow"):
            raise ImportError(name)
        return real(name, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(OutputError, match="pip install pyarrow"):
        require_parquet()


@pytest.mark.parametrize(("field", "missing"), [("loudness_lufs", "target"), ("changes_db", "music")])
def test_a_clip_must_tell_all_its_levels(tmp_path: Path, field: str, missing: str) -> None:
    line = json.loads(entry().as_line())
    del line[field][missing]
    (tmp_path / MANIFEST).write_text(json.dumps(line) + "\n", encoding="utf-8")
    with pytest.raises(InputError, match=f"{field}: there is none of {missing}"):
        read_manifest(tmp_path)
