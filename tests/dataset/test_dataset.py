from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from dataset.test_clips import clip, pair

from limelight.dataset.clips import CLIPS, write_clip
from limelight.dataset.manifest import write_manifest
from limelight.dataset.reading import MuddyMix
from limelight.errors import InputError
from limelight.media.audio_files import sound_bytes
from limelight.metrics.clips import open_eval_data


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three clips, the last of them trivial: its boosted stems are silent."""
    folder = tmp_path_factory.mktemp("set")
    made = [pair("paper", seed=1), pair("timevarying", seed=2), pair("paper", db=(-20, -np.inf, -np.inf))]
    write_manifest(folder, [write_clip(folder, clip(one, f"film-{n:04d}")) for n, one in enumerate(made)])
    return folder


def test_pairs_come_as_they_were_built(folder: Path) -> None:
    clips = MuddyMix(folder)
    assert len(clips) == 2  # trivial ones stay out
    assert len(MuddyMix(folder, trivial=True)) == 3
    for item in (clips[n] for n in range(len(clips))):
        assert item["input"].shape == item["target"].shape == (1, 48_000)
        assert np.array_equal(item["stems"].sum(axis=0, dtype=np.float64), item["target"])
        assert item["cues"].shape == (2, 4)
    first = clips[0]
    gains = 10 ** (first["gains_db"] / 20)
    np.testing.assert_allclose((first["stems"] * gains[:, None, None]).sum(axis=0), first["input"], atol=1e-6)


def test_a_set_that_was_built_to_keep_trivial_pairs_gives_them(folder: Path, tmp_path: Path) -> None:
    """So `--keep-trivial` reaches training and evaluation without being said again."""
    kept = Path(shutil.copytree(folder, tmp_path / "kept"))
    (kept / "dataset.json").write_text(json.dumps({"format": 1, "keep_trivial": True}))
    assert len(MuddyMix(kept)) == 3
    assert len(MuddyMix(kept, trivial=False)) == 2

    def evaluated(place: Path, trivial: bool | None = None) -> list[str | None]:
        data = open_eval_data(place, "train", None, into=tmp_path, trivial=trivial)
        assert list(data.entries) == list(data.others)
        return [entry.trivial for entry in data.entries]

    assert evaluated(kept) == [None, None, "the boosted stem is silent"]
    assert evaluated(kept, False) == evaluated(folder) == [None, None]
    assert evaluated(folder, True) == evaluated(kept)


def test_on_the_fly_every_epoch_is_another_and_the_same_again(folder: Path) -> None:
    def inputs(clips: MuddyMix) -> list[bytes]:
        return [clips[n]["input"].tobytes() for n in range(len(clips))]

    clips = MuddyMix(folder, recipes=("released", "timevarying"), seed=3)
    first = inputs(clips)
    clips.set_epoch(1)
    assert inputs(clips) != first
    clips.set_epoch(0)
    assert inputs(clips) == first
    assert inputs(MuddyMix(folder, recipes=("released", "timevarying"), seed=4)) != first


def test_left_alone_is_a_recipe(folder: Path) -> None:
    item = MuddyMix(folder, recipes=("none",))[0]
    assert np.array_equal(item["input"], item["target"])
    assert not item["gains_db"].any()


def test_splits_are_kept_apart(folder: Path) -> None:
    assert len(MuddyMix(folder, "train")) == 2
    assert len(MuddyMix(folder, "test")) == 0
    with pytest.raises(InputError, match="Wanted the split 'dev'"):
        MuddyMix(folder, "dev")


def test_unknown_recipes_are_refused_before_training(folder: Path) -> None:
    with pytest.raises(InputError, match="Wanted the recipe"):
        MuddyMix(folder, recipes=("loud",))


def test_torch_takes_it_for_a_data_set(folder: Path) -> None:
    data = pytest.importorskip("torch.utils.data", reason="needs torch, of the extra `train`")
    (batch,) = data.DataLoader(MuddyMix(folder), batch_size=2)
    assert tuple(batch["input"].shape) == (2, 1, 48_000)
    assert tuple(batch["stems"].shape) == (2, 3, 1, 48_000)
    assert batch["name"] == ["film-0000", "film-0001"]


def test_sounds_of_another_length_than_they_are_said_to_have_are_refused(tmp_path: Path) -> None:
    line = write_clip(tmp_path, clip(pair()))
    write_manifest(tmp_path, [line])
    assert len(MuddyMix(tmp_path)[0]["input"][0]) == 48_000
    short = sound_bytes(np.zeros((1, 47_000), np.float32), 48_000, "mono", kind="flac")
    (tmp_path / CLIPS / line.name / "input.flac").write_bytes(short)
    with pytest.raises(InputError, match="sounds of 1 s, mono"):
        MuddyMix(tmp_path)[0]
    (tmp_path / CLIPS / line.name / "speech.flac").write_bytes(short)
    with pytest.raises(InputError, match="stems of one length"):
        MuddyMix(tmp_path)[0]
