"""The picture's head-room on a small data set of scenes: who looks is nearer than who does not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from dataset.sounds_on_disk import split_library, write_library
from typer.testing import CliRunner

from limelight.dataset.manifest import Source, read_manifest
from limelight.vision.cues import CUE_NAMES
from research.scenes import build
from research.scenes.__main__ import app
from research.scenes.build import SceneSettings, build_scenes
from research.scenes.headroom import DO_NOTHING, WITH, WITHOUT, measure_headroom, table
from research.scenes.pictures import ScenePicture
from research.scenes.rules import KINDS, Kind, Scene
from research.scenes.sounds import UnmixedStems


class Unseen:
    """Pictures without a picture: the oracles are told the kind."""

    def kinds(self, split: str) -> tuple[Kind, ...]:
        return KINDS

    def see(self, scene: Scene, unmixed: UnmixedStems, seconds: float, *, frames: bool) -> ScenePicture:
        name = f"{scene.split}-{scene.number}"
        cues = np.zeros((1, len(CUE_NAMES)), np.float32)
        return ScenePicture(cues, (), False, (), Source(name, "picture", name, "", "none"), scene.shown)


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scenes")
    library = write_library(folder / "library")
    settings = SceneSettings(clip_seconds=1.0, recipes=("blind",))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "picture_source", lambda text: Unseen())
        build_scenes(split_library(library), folder / "set", count=36, splits=["train"], settings=settings, workers=1)
    return folder / "set"


def test_who_knows_the_kind_is_nearer(scenes: Path) -> None:
    found = measure_headroom(scenes, read_manifest(scenes), listened=8)
    assert found.clips["all"] == 36
    assert sum(count for kind, count in found.clips.items() if kind != "all") == 36
    assert found.error_db[WITH.name]["all"] < found.error_db[WITHOUT.name]["all"] < found.error_db[DO_NOTHING]["all"]
    assert found.gained(WITHOUT.name, WITH.name) > 0
    assert "a perfect eye, against the prior: MAG −" in table(found)


def test_the_command_prints_it(scenes: Path) -> None:
    result = CliRunner().invoke(app, ["headroom", str(scenes), "--listened", "2", "-q"])
    assert result.exit_code == 0
    assert "do nothing" in result.stdout


def test_scenes_by_command(tmp_path: Path) -> None:
    library = write_library(tmp_path / "library")
    words = ["build", "--library", str(library), "-o", str(tmp_path / "set"), "--count", "1", "-q"]
    result = CliRunner().invoke(app, [*words, "--seconds", "1", "--split", "train", "--workers", "1"])
    assert result.exit_code == 0, result.output
    assert len(read_manifest(tmp_path / "set")) == 1
    missing = CliRunner().invoke(app, ["build", "--speech", str(library), "-o", str(tmp_path / "no")])
    assert missing.exit_code == 3
    assert "found no music" in missing.output
