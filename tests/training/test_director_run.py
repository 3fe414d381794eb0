"""The two commands that make `lite`, for a few steps on a tiny library and its scenes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from muddy.scenes.small_set import small_set

from limelight.training import director_run, lite_run
from limelight.training.checkpoint import load_checkpoint


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    """Training sets what the whole process computes with."""
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)
    torch.set_flush_denormal(False)


def test_lite_is_trained_then_its_director_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lite_run, "_watch", lambda *_: None)
    monkeypatch.setattr(director_run, "PART", 1)
    scenes = [small_set(tmp_path, count=6, splits=("train", "validation"))]
    library, cache = tmp_path / "library", tmp_path / "library" / "cache"
    both, alone = tmp_path / "both.safetensors", tmp_path / "alone.safetensors"
    sizes = {
        "steps": 3,
        "scenes": scenes,
        "scenes_from": 1,
        "cache": cache,
        "threads": 1,
        "compiled": False,
        "wild": True,
    }
    lite_run.train(library, both, **sizes)
    assert load_checkpoint(both).step == 3

    told = {"scenes": scenes, "cache": cache, "times": 1, "sounds": 1, "batch": 2, "threads": 1}
    director_run.direct(library, both, alone, **told, steps=1)
    heard = sorted(alone.with_suffix(".hearings").rglob("*.safetensors"))
    stamps = [path.stat().st_mtime_ns for path in heard]
    assert {path.name.split("-")[0] for path in heard} == {"train", "validation", "sounds"}
    director_run.direct(library, both, alone, **told, steps=2)  # goes on, and hears nothing again
    assert [path.stat().st_mtime_ns for path in heard] == stamps
    before, after = load_checkpoint(both), load_checkpoint(alone)
    assert after.step == 2
    for name, weight in before.part("average").items():
        same = torch.equal(after.part("model")[name], weight)
        assert same or "director" in name, name
    assert not all(torch.equal(after.part("model")[n], w) for n, w in before.part("average").items())
