"""Sounds from a library or from plain folders; every one that is used can be named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from dataset.sounds_on_disk import split_library, write_library

from limelight.dataset.from_sounds import SplitLibrary
from limelight.dataset.splits import SplitAssignment
from limelight.errors import InputError
from limelight.types import STEMS
from research.scenes.sounds import draw_unmixed


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_library(tmp_path_factory.mktemp("library"))


def test_what_was_used_is_known_and_of_its_split(folder: Path) -> None:
    library = split_library(folder).open("test")
    draw_unmixed(np.random.default_rng(0), ("speech", "effects"), library, seconds=2.0)
    sources = library.sources()
    assert {source.role for source in sources} == {"speech", "effects"}
    for source in sources:
        assert source.group == f"{source.role}-test"
        assert source.licence == "CC0 1.0"
        assert len(source.sha256) == 64
    library.forget()
    assert library.sources() == ()


def test_noting_changes_no_sound(folder: Path) -> None:
    of_stock = split_library(folder)
    one, other = (draw_unmixed(np.random.default_rng(1), STEMS, of_stock.open("train"), seconds=1.0) for _ in range(2))
    np.testing.assert_array_equal(one.stems, other.stems)
    assert of_stock.splits() == ("train", "test")


def test_plain_folders_are_split_by_their_subfolders(folder: Path, tmp_path: Path) -> None:
    plain = {stem: tmp_path / stem for stem in STEMS}
    for stem, place in plain.items():
        place.symlink_to(folder / stem, target_is_directory=True)
    of_stock = SplitLibrary.of(
        cache=tmp_path / "cache", licence="mine", **{stem: (place,) for stem, place in plain.items()}
    )
    for stem in STEMS:
        rows = [row for _, rows in of_stock.rows(stem) for row in rows]
        assert len(rows) == 4
        assert {row["group"] for row in rows} == {f"{stem}-train-speaker", f"{stem}-test-speaker"}
        assert all(row["split"] == SplitAssignment().sample(row["group"]) for row in rows)


def test_every_stem_is_needed(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="found no music; give --library or --music DIR"):
        SplitLibrary.of(cache=tmp_path, speech=(folder / "speech",))
    only = write_library(tmp_path / "only", stems=("speech",))
    with pytest.raises(InputError, match="found no music"):
        split_library(only)
    with pytest.raises(InputError, match="lists no speech for the validation split"):
        split_library(folder).open("validation")
    with pytest.raises(InputError, match="is not a folder"):
        SplitLibrary.of(cache=tmp_path, speech=(tmp_path / "no",), music=(folder,), effects=(folder,)).digest()
