"""A built set of a few scenes with pictures of noise, within a second or two."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from dataset.sounds_on_disk import SPLITS, split_library, write_library

from limelight.dataset.manifest import Source
from limelight.vision.cues import CUE_NAMES
from research.scenes import build
from research.scenes.build import SceneSettings, build_scenes
from research.scenes.pictures import ScenePicture
from research.scenes.rules import KINDS, Scene


class Drawn:
    """Cues of noise."""

    def kinds(self, split: str) -> tuple[str, ...]:
        return KINDS

    def see(self, scene: Scene, unmixed: object, seconds: float, *, frames: bool) -> ScenePicture:
        name = f"{scene.split}-{scene.number}"
        cues = np.random.default_rng(scene.number).random((round(seconds), len(CUE_NAMES))).astype(np.float32)
        return ScenePicture(cues, (), False, (), Source(name, "picture", name, "", "none"), scene.shown)


def small_set(folder: Path, *, count: int, splits: tuple[str, ...] = SPLITS, layout: str = "mono") -> Path:
    """FOLDER/library and FOLDER/set, scenes of ten seconds."""
    library = write_library(folder / "library", splits=splits)
    settings = SceneSettings(clip_seconds=10.0, recipes=("blind", "none"), layout=layout)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "picture_source", lambda text: Drawn())
        build_scenes(
            split_library(library), folder / "set", count=count, splits=list(splits), settings=settings, workers=1
        )
    return folder / "set"
