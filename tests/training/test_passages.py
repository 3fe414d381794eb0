from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from training.small_set import small_set

from limelight.audio.convert import resample
from limelight.dataset.reading import MuddyMix
from limelight.training.contexts import PassageConfig, Passages, Share, batches_from
from limelight.vision.encoder import ContextChoice

RATE = 44_100


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_set(tmp_path_factory.mktemp("set"), seconds=3.0)


def passages(folder: Path, **changed) -> Passages:
    config = PassageConfig(**({"batch": 4, "seconds": 1.0, "context": ContextChoice("cues")} | changed))
    return Passages(MuddyMix(folder, "train"), config, sample_rate=RATE)


def same(a: dict[str, Tensor], b: dict[str, Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def test_a_passage_is_the_clip_at_the_networks_rate(folder: Path) -> None:
    clips = MuddyMix(folder, "train")
    found = passages(folder, stems=True).passage(2, start_seconds=1)
    item = clips[2]
    for name, samples in (("mixture", item["input"]), ("target", item["target"])):
        wished = resample(samples[:, 48_000:96_000], 48_000, RATE)[0]
        assert np.array_equal(found[name].numpy(), wished)
    assert found["stems"].shape == (3, RATE)
    torch.testing.assert_close(found["stems"].sum(0), found["target"], atol=1e-5, rtol=0)
    assert np.array_equal(found["context"].numpy(), item["cues"][1:2])


def test_every_epoch_hears_every_clip_once_in_another_order(folder: Path) -> None:
    drawn = passages(folder, seconds=3.0)
    epochs = [[float(drawn[4 * epoch + n]["target"].square().sum()) for n in range(4)] for epoch in range(3)]
    assert all(sorted(epoch) == sorted(epochs[0]) for epoch in epochs)
    assert len(set(epochs[0])) == 4
    assert epochs[1] != epochs[0] or epochs[2] != epochs[0]


def test_passage_n_is_always_the_same_and_the_seed_decides(folder: Path) -> None:
    one, again, other = passages(folder), passages(folder), passages(folder, seed=1)
    assert all(same(one[n], again[n]) for n in (7, 3, 11))
    assert not all(same(one[n], other[n]) for n in range(4))


def test_passages_begin_at_any_second(folder: Path) -> None:
    drawn = passages(folder)
    known = {
        drawn.passage(clip, start_seconds=start)["target"].numpy().tobytes(): start
        for clip in range(4)
        for start in range(3)
    }
    assert {known[drawn[n]["target"].numpy().tobytes()] for n in range(16)} == {0, 1, 2}


def test_a_resumed_run_and_many_processes_hear_what_one_would(folder: Path) -> None:
    drawn = passages(folder)
    whole = list(islice(batches_from(drawn, 0), 4))
    assert all(same(a, b) for a, b in zip(whole[2:], islice(batches_from(drawn, 2), 2), strict=True))
    halves = [list(islice(batches_from(drawn, 0, share=Share(n, 2)), 4)) for n in (0, 1)]
    for batch, first, second in zip(whole, *halves, strict=True):
        assert same(batch, {name: torch.cat([first[name], second[name]]) for name in first})
    assert whole[0]["mixture"].shape == (4, RATE)
    assert whole[0]["context"].shape == (4, 1, 32)


def test_workers_change_nothing(folder: Path) -> None:
    drawn = passages(folder)
    read = batches_from(drawn, 0, workers=1)
    assert all(same(a, b) for a, b in zip(islice(read, 3), batches_from(drawn, 0), strict=False))


@pytest.mark.slow
def test_a_picture_left_out_is_all_zeros(folder: Path) -> None:
    kept, dropped = passages(folder), passages(folder, context_dropout=1.0)
    assert not any(dropped[n]["context"].any() for n in range(8))
    assert all(kept[n]["context"].any() for n in range(8))
    some = [bool(passages(folder, context_dropout=0.5)[n]["context"].any()) for n in range(40)]
    assert 8 < sum(some) < 32
    assert all(torch.equal(kept[n]["mixture"], dropped[n]["mixture"]) for n in range(4))  # nothing else changes


def test_without_a_context_there_is_none(folder: Path) -> None:
    assert set(passages(folder, context=ContextChoice())[0]) == {"mixture", "target"}
