"""What stands at a place of the data set, and what a recipe must not be.

A data set of scenes: the same bytes with one worker and two, resumable, checked by the same checker as films.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from dataset.films_and_stems import everything_in
from dataset.shelves import library
from dataset.sounds_on_disk import split_library, write_library
from films import Film, make_film

from limelight.dataset.clips import read_clip_sound, read_cues, read_recipe, read_stems
from limelight.dataset.degrade import why_trivial
from limelight.dataset.manifest import read_manifest
from limelight.dataset.reading import MuddyMix, check_dataset
from limelight.dataset.splits import SplitAssignment
from limelight.errors import InputError
from limelight.vision.cues import CUE_NAMES
from research.scenes.build import SceneSettings, build_scenes, mix_scene, scene_of
from research.scenes.rules import KINDS, Scene, draw_scene


def test_every_second_scene_is_a_twin_where_counterfactual_pairs_are_asked_for() -> None:
    settings = SceneSettings(counterfactual_pairs=True)
    for number in range(0, 10, 2):
        one, other = (scene_of(settings, "train", n, KINDS) for n in (number, number + 1))
        assert one == draw_scene(0, "train", number)
        assert (other.number, other.sources) == (one.number, one.sources)
        assert other.kind != one.kind
    assert scene_of(SceneSettings(), "train", 3, KINDS) == draw_scene(0, "train", 3)


@pytest.mark.parametrize("recipe", ["released", "blind", "timevarying"])
def test_pairs_teach_something(recipe: str) -> None:
    settings = SceneSettings(clip_seconds=1.0, recipes=(recipe,))
    for number in range(6):
        pair = mix_scene(draw_scene(0, "train", number), library(), settings, KINDS).pair
        assert why_trivial(pair.degradation, pair.levels) is None
        assert pair.degradation.recipe == recipe


def test_settings_are_checked() -> None:
    with pytest.raises(InputError, match="there are paper"):
        SceneSettings(recipes=("loud",))
    with pytest.raises(ValueError, match="last 1 to 60 s"):
        SceneSettings(clip_seconds=0.5)


SHORT = SceneSettings(clip_seconds=1.5, frames=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_library(tmp_path_factory.mktemp("library"))


@pytest.fixture(scope="module")
def once(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    dataset = tmp_path_factory.mktemp("once") / "set"
    assert build_scenes(split_library(folder), dataset, count=5, settings=SHORT, workers=1).built == 5
    return dataset


def test_everything_that_is_built_holds(once: Path) -> None:
    entries = check_dataset(once)  # hashes, sums, leakage
    assert [entry.split for entry in entries] == ["test"] + 4 * ["train"]
    for entry in entries:
        scene = Scene.from_json(json.loads((once / "clips" / entry.name / "scene.json").read_text()))
        assert scene == draw_scene(0, entry.split, int(entry.name[-6:]))
        assert entry.kind == scene.kind
        heard = [stem for stem, lufs in entry.loudness_lufs.items() if lufs is not None]
        assert set(heard) - {"target", "input"} == set(scene.sources)
        degraded = read_recipe(once, entry.name).applied(read_stems(once, entry.name))
        assert np.abs(degraded.sum(axis=0) - read_clip_sound(once, entry.name, "input")).max() < 1e-6
        assert {source.role for source in entry.sources} == {*scene.sources, "picture"}


def test_the_picture_was_seen_by_the_real_encoder(once: Path) -> None:
    for entry in read_manifest(once):
        cues = read_cues(once, entry.name)
        assert cues.shape == (2, len(CUE_NAMES))
        assert np.all(cues[:, CUE_NAMES.index("picture")] == 1)
        assert "frames/00.jpg" in entry.files


def test_two_workers_write_the_same_bytes(once: Path, folder: Path, tmp_path: Path) -> None:
    build_scenes(split_library(folder), tmp_path / "set", count=5, settings=SHORT, workers=2)
    assert everything_in(tmp_path / "set") == everything_in(once)


def test_a_set_that_was_built_in_two_goes_is_the_same(once: Path, folder: Path, tmp_path: Path) -> None:
    dataset = tmp_path / "set"
    assert build_scenes(split_library(folder), dataset, count=1, splits=["test"], settings=SHORT, workers=1).built == 1
    rest = build_scenes(split_library(folder), dataset, count=5, settings=SHORT, workers=1)
    assert (rest.built, rest.clips) == (4, 5)
    assert everything_in(dataset) == everything_in(once)
    assert build_scenes(split_library(folder), dataset, count=5, settings=SHORT, workers=1).built == 0


def test_other_settings_want_another_folder(once: Path, folder: Path) -> None:
    with pytest.raises(InputError, match="was built with seed 0, wanted is 1"):
        build_scenes(split_library(folder), once, count=5, settings=replace(SHORT, seed=1))
    with pytest.raises(InputError, match="Wanted the split 'dev'"):
        build_scenes(split_library(folder), once, count=5, settings=SHORT, splits=["dev"])


def test_it_is_read_as_any_data_set(once: Path) -> None:
    item = MuddyMix(once, "train")[0]
    assert item["stems"].shape == (3, 1, 72_000)
    np.testing.assert_allclose(item["stems"].sum(axis=0), item["target"], atol=1e-6)


def test_scenes_under_real_pictures(folder: Path, tmp_path: Path) -> None:
    """A film that hardly moves is scenery, and can be told over; a broken one is passed over."""
    films = tmp_path / "films"
    films.mkdir()
    make_film(Film("mkv", sound="flac", seconds=4.0, seed=3), films / "still.mkv")
    (films / "broken.mkv").write_bytes(b"no film")
    built = build_scenes(
        split_library(folder),
        tmp_path / "set",
        count=3,
        splits=["train"],
        pictures=str(films),
        settings=SceneSettings(clip_seconds=1.0),
        assignment=SplitAssignment(shares=(1.0, 0.0, 0.0)),
        workers=1,
    )
    assert [Path(one.name).name for one in built.skipped] == ["broken.mkv"]
    for entry in check_dataset(tmp_path / "set"):
        picture = entry.sources[-1]
        assert (picture.role, picture.name) == ("picture", "still.mkv")
        assert 0 <= picture.start_seconds <= 3
