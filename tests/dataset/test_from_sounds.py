from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from dataset.sounds_on_disk import split_library, write_library

from limelight.dataset.clips import read_clip_sound, read_cues, read_recipe, read_stems
from limelight.dataset.from_sounds import DEGRADED, GOOD, SEED, build_from_sounds, mixture_of
from limelight.dataset.mixtures import SourceChoice, sample_mixture
from limelight.dataset.reading import check_dataset

SECONDS = 1.5


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_library(tmp_path_factory.mktemp("library"))


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("limelight.dataset.from_sounds.SECONDS", SECONDS)


def draw(library: Path, folder: Path, count: int, split: str = "test"):
    return build_from_sounds(library, folder, count=count, split=split, cache=library / "cache", workers=1)


def test_the_files_hold_the_mixtures_that_seed_and_number_name(library: Path, tmp_path: Path) -> None:
    entries = draw(library, tmp_path, 2)
    assert [entry.name for entry in entries] == [
        "degraded-test-000000",
        "degraded-test-000001",
        "good-test-000000",
        "good-test-000001",
    ]
    sounds = split_library(library).open("test")
    for entry in entries:
        kind, _, number = entry.name.split("-")
        good = kind == GOOD
        rng = np.random.default_rng([SEED + good, int(number)])
        mixture = sample_mixture(rng, sounds, seconds=SECONDS, sources=SourceChoice(undegraded=float(good)))
        for name, wished in (("input", mixture.input), ("target", mixture.target)):
            assert np.abs(read_clip_sound(tmp_path, entry.name, name)[0] - wished).max() < 1e-6
        assert np.abs(read_stems(tmp_path, entry.name)[:, 0] - mixture.target_stems).max() < 1e-6
        assert read_recipe(tmp_path, entry.name).curves_db == tuple((gain,) for gain in mixture.degradation.gains_db)
        assert not read_cues(tmp_path, entry.name).any()  # no picture
        assert entry.recipe == ("none" if good else "paper")
        assert entry.sources
    check_dataset(tmp_path)


def test_good_mixtures_are_left_alone_and_degraded_ones_are_not(library: Path) -> None:
    sounds = split_library(library).open("test")
    good, degraded = mixture_of(GOOD, 0, sounds), mixture_of(DEGRADED, 0, sounds)
    assert np.array_equal(good.input, good.target)
    assert not np.allclose(degraded.input, degraded.target, atol=1e-3)


def test_more_are_added_and_fewer_are_taken_from_what_is_there(library: Path, tmp_path: Path) -> None:
    draw(library, tmp_path, 1)
    old = [path.stat().st_mtime_ns for path in sorted((tmp_path / "clips").glob("*/input.flac"))]
    assert len(old) == 2
    assert len(draw(library, tmp_path, 1)) == 2
    assert [path.stat().st_mtime_ns for path in sorted((tmp_path / "clips").glob("*/input.flac"))] == old
    three = draw(library, tmp_path, 3)
    assert len(three) == 6
    assert [entry.name for entry in draw(library, tmp_path, 2)] == [
        entry.name for entry in three if not entry.name.endswith("2")
    ]


def test_splits_share_no_sound(library: Path, tmp_path: Path) -> None:
    draw(library, tmp_path, 1, split="test")
    assert {entry.split for entry in draw(library, tmp_path, 1, split="train")} == {"train"}
    assert len(check_dataset(tmp_path)) == 4
