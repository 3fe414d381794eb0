"""Windows of real films: found once, filed by kind and split."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from films import Film, make_film

from limelight.dataset.splits import SplitAssignment
from limelight.errors import InputError
from research.scenes import windows
from research.scenes.windows import Windows, index_films, window_starts

EVERYTHING_IS_TEST = SplitAssignment(shares=(0.0, 0.0, 1.0), licence="CC0 1.0")


def index(films: list[Path], folder: Path, passed: list[str] | None = None) -> str:
    return index_films(
        films,
        folder,
        seconds=1.0,
        register=EVERYTHING_IS_TEST,
        passed_over=lambda path, error: (passed if passed is not None else []).append(path.name),
    )


def test_windows_lie_inside_and_overlap() -> None:
    assert list(window_starts(2.0, 1.0)) == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert list(window_starts(0.9, 1.0)) == []


def test_a_film_is_watched_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    film, copy, broken = (tmp_path / name for name in ("a.mkv", "b.mkv", "c.mkv"))
    make_film(Film("mkv", sound="flac", seconds=2.0, seed=1), film)
    copy.write_bytes(film.read_bytes())
    broken.write_bytes(b"none")
    passed: list[str] = []
    marked = index([film, copy, broken], tmp_path / "index", passed)
    assert passed == ["c.mkv"]
    found = Windows.open(tmp_path / "index")
    assert {window.path.name for window in found.all} == {"a.mkv"}
    assert {(window.split, window.licence) for window in found.all} == {("test", "CC0 1.0")}
    assert found.cues(0).shape == (1, found.values.shape[2])
    assert np.all((found.values >= 0) & (found.values <= 1))

    monkeypatch.setattr(windows, "watch", None)  # would fail
    assert index([film, copy, broken], tmp_path / "index") == marked


def test_no_film_of_any_kind_is_told(tmp_path: Path) -> None:
    (tmp_path / "c.mkv").write_bytes(b"none")
    with pytest.raises(InputError, match="found no stretch that is talk, action or scenery"):
        index([tmp_path / "c.mkv"], tmp_path / "index")
