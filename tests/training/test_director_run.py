"""The two commands that make `lite`, for a few steps on a tiny library and its scenes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from muddy.scenes.sounds_on_disk import stock, write_library

from limelight.cues.catalogue import CUE_NAMES
from limelight.muddy.manifest import Source
from limelight.muddy.scenes import batch
from limelight.muddy.scenes.build import SceneSettings, build_scenes
from limelight.muddy.scenes.draw import Scene
from limelight.muddy.scenes.rules import KINDS
from limelight.muddy.scenes.seeing import Seen
from limelight.training import director_run, lite_run
from limelight.training.checkpoint import load_checkpoint

SPLITS = ("train", "validation")
SECONDS = 10.0


class Drawn:
    """A picture of noise."""

    def kinds(self, split: str) -> tuple[str, ...]:
        return KINDS

    def see(self, scene: Scene, dry: object, seconds: float, *, frames: bool) -> Seen:
        name = f"{scene.split}-{scene.number}"
        cues = np.random.default_rng(scene.number).random((round(seconds), len(CUE_NAMES))).astype(np.float32)
        return Seen(cues, (), False, (), Source(name, "picture", name, "", "none"), scene.shown)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library and a set of its scenes."""
    folder = tmp_path_factory.mktemp("making")
    library = write_library(folder / "library", splits=SPLITS)
    settings = SceneSettings(clip_seconds=SECONDS, recipes=("blind",))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batch, "pictures_of", lambda text: Drawn())
        build_scenes(stock(library), folder / "set", count=6, splits=list(SPLITS), settings=settings, workers=1)
    return folder


def test_lite_is_trained_then_its_director_alone(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lite_run, "_watch", lambda *_: None)
    monkeypatch.setattr(director_run, "PART", 1)
    library, scenes, cache = place / "library", [place / "set"], place / "library" / "cache"
    both, alone = place / "both.safetensors", place / "alone.safetensors"
    sizes = {"steps": 3, "scenes": scenes, "scenes_from": 1, "cache": cache, "threads": 1, "compiled": False}
    threads = torch.get_num_threads()
    lite_run.train(library, both, **sizes)
    assert load_checkpoint(both).step == 3

    told = {"scenes": scenes, "cache": cache, "times": 1, "sounds": 1, "batch": 2, "threads": 1}
    director_run.direct(library, both, alone, **told, steps=1)
    heard = sorted(alone.with_suffix(".hearings").rglob("*.safetensors"))
    stamps = [path.stat().st_mtime_ns for path in heard]
    assert {path.name.split("-")[0] for path in heard} == {"train", "validation", "sounds"}
    director_run.direct(library, both, alone, **told, steps=2)  # goes on, and hears nothing again
    torch.set_num_threads(threads)
    assert [path.stat().st_mtime_ns for path in heard] == stamps
    before, after = load_checkpoint(both), load_checkpoint(alone)
    assert after.step == 2
    for name, weight in before.part("average").items():
        same = torch.equal(after.part("model")[name], weight)
        assert same or "director" in name, name
    assert not all(torch.equal(after.part("model")[n], w) for n, w in before.part("average").items())
