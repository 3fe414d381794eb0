"""What else goes through the seam: building data, captions, evaluation; on a cluster as in one process."""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest
from dataset.films_and_stems import everything_in, film_with_stems
from training.small_set import small_set

from limelight.batch.engine import Resources
from limelight.batch.local_engine import LocalEngine
from limelight.dataset.build import build_from_films
from limelight.dataset.clips import CLIPS
from limelight.dataset.films import BuildSettings
from limelight.metrics.evaluate import Request, evaluate

pytestmark = pytest.mark.batch
TORCH = all(find_spec(name) for name in ("torch", "transformers"))


def test_a_data_set_is_built_of_the_same_bytes(engine, tmp_path: Path) -> None:
    for number in range(2):
        film_with_stems(tmp_path, f"film{number}", seed=number)
    settings = BuildSettings(clip_seconds=2.0, separator=f"stems:{tmp_path / 'stems'}")
    films = [tmp_path / "films"]
    build_from_films(films, tmp_path / "here", settings=settings, workers=1)
    built = build_from_films(films, tmp_path / "there", settings=settings, engine=engine)
    assert built.films == 2
    assert everything_in(tmp_path / "there") == everything_in(tmp_path / "here")


def test_clips_are_measured_alike(engine, tmp_path: Path) -> None:
    folder = small_set(tmp_path / "set", seconds=2.0)
    here, there = (
        evaluate(Request(folder, tmp_path / name, ("lite",), workers=1), engine=which)
        for name, which in (("here", None), ("there", engine))
    )
    assert there.run.failures == ()
    assert sorted(map(repr, there.run.lines)) == sorted(map(repr, here.run.lines))


@pytest.mark.skipif(not TORCH, reason="needs the extra context")
def test_captions_are_made_by_workers_that_load_the_model_once(engine, tmp_path: Path) -> None:
    """With a share of a GPU declared: no node here has one, so what is declared is looked at where it is asked for."""
    from vision.pretrained.tiny_internvl import tiny_internvl

    from limelight.training.context_makers import MakerOptions, Work, make_contexts, make_contexts_on, maker_of

    model = tiny_internvl(tmp_path / "internvl")
    folder = small_set(tmp_path / "set", seconds=2.0, pictures=True)
    other, third = (shutil.copytree(folder, tmp_path / name) for name in ("other", "third"))
    options = MakerOptions(str(model), "hashed", device="cpu", offline=True)
    maker = maker_of("captions", options)
    make_contexts(Work.of(folder, maker.sources), maker)
    assert make_contexts_on(engine, other, "captions", options, group=2) == 8
    assert contexts_in(other) == contexts_in(folder)
    assert make_contexts_on(engine, other, "captions", options) == 0
    asked: list[Resources] = []

    class Remembering(LocalEngine):
        def submit(self, number, work, job, resources) -> None:
            asked.append(resources)
            super().submit(number, work, job, resources)

    share = Resources(cpus=1, gpus=0.5, memory_bytes=4_000_000_000)
    assert make_contexts_on(Remembering(1), third, "captions", options, group=2, resources=share) == 8
    assert asked == [share] * 4
    assert contexts_in(third) == contexts_in(folder)


def contexts_in(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted((folder / CLIPS).glob("*/*caption*"))}
