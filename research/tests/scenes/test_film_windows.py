"""Kinds by cues: who speaks talks, what moves or hits is action, what rests is scenery, the rest is nobody's.

Windows of real films: found once, filed by kind and split.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from films import Film, make_film

from limelight.dataset.splits import SplitAssignment
from limelight.errors import InputError
from limelight.vision.cues import CUE_NAMES
from research.scenes import film_windows
from research.scenes.film_windows import FilmWindows, index_films, scene_kind, window_starts


def cues(**columns: float | list[float]) -> np.ndarray:
    values = np.zeros((10, len(CUE_NAMES)), np.float32)
    for name, value in ({"picture": 1.0} | columns).items():
        values[:, CUE_NAMES.index(name)] = value
    return values


def test_kinds() -> None:
    assert scene_kind(cues(face_present=1.0, mouth=0.5)) == "talk"
    assert scene_kind(cues(motion=0.4)) == "action"
    assert scene_kind(cues(impact=[1.0, 0.0] * 5)) == "action"
    assert scene_kind(cues(motion=0.05)) == "scenery"


def test_what_lies_between_is_nobodys() -> None:
    assert scene_kind(cues(face_present=1.0)) is None  # listens
    assert scene_kind(cues(motion=0.15)) is None
    assert scene_kind(cues(picture=[0.0] + [1.0] * 9)) is None


EVERYTHING_IS_TEST = SplitAssignment(shares=(0.0, 0.0, 1.0), licence="CC0 1.0")


def index(films: list[Path], folder: Path, passed: list[str] | None = None) -> str:
    return index_films(
        films,
        folder,
        seconds=1.0,
        assignment=EVERYTHING_IS_TEST,
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
    found = FilmWindows.open(tmp_path / "index")
    assert {window.path.name for window in found.all} == {"a.mkv"}
    assert {(window.split, window.licence) for window in found.all} == {("test", "CC0 1.0")}
    assert found.cues(0).shape == (1, found.values.shape[2])
    assert np.all((found.values >= 0) & (found.values <= 1))

    monkeypatch.setattr(film_windows, "watch_film", None)  # would fail
    assert index([film, copy, broken], tmp_path / "index") == marked


def test_no_film_of_any_kind_is_told(tmp_path: Path) -> None:
    (tmp_path / "c.mkv").write_bytes(b"none")
    with pytest.raises(InputError, match="found no stretch that is talk, action or scenery"):
        index([tmp_path / "c.mkv"], tmp_path / "index")
