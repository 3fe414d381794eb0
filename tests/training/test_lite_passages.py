"""`lite` on waveforms hears what it hears on spectra, and learns from a built set."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from muddy.stems import make_stems
from networks.tiny import BAND
from torch import Tensor

from limelight.networks.lite import PROGRAMME_LUFS, loudness_lufs
from limelight.networks.lite_remixer import LiteRemixer, LiteRemixerConfig
from limelight.training.lite_passages import Anew, LitePassages, recast, spoilt_anew
from limelight.training.loop import Batch, LoopConfig, train
from limelight.training.spoilt_stems import gains_in

CONFIG = LiteRemixerConfig(band=BAND, context_width=3)
GAINS_DB = torch.tensor([[-6.0, 3.0, 0.0], [0.0, 0.0, 0.0]])
SAMPLES = 24_000


def clips() -> Batch:
    """One scene spoilt, and left as it was."""
    stems = torch.from_numpy(make_stems(0.5, db=(-20, -22, -24)))[:, 0, :SAMPLES].expand(2, -1, -1)
    return {
        "mixture": torch.einsum("bkn,bk->bn", stems, 10 ** (GAINS_DB / 20)),
        "target": stems.sum(1),
        "stems": stems,
        "context": torch.ones(2, 1, 3),
    }


@pytest.fixture
def task() -> LitePassages:
    torch.manual_seed(0)
    return LitePassages(LiteRemixer(CONFIG))


def lufs(power: Tensor, task: LitePassages) -> Tensor:
    return loudness_lufs(power, task.network.lite.k, task.task.config)


def test_true_gains_lead_from_the_mixture_to_the_target(task: LitePassages) -> None:
    heard = task.eval().heard(clips())
    moved = GAINS_DB + heard["gains_db"]
    torch.testing.assert_close(moved, moved[:, :1].expand(-1, 3), atol=1e-2, rtol=0)  # what is left is one gain for all
    torch.testing.assert_close(lufs(heard["target"], task), lufs(heard["mixture"], task), atol=1e-2, rtol=0)
    assert heard["good"].tolist() == [0.0, 1.0]
    assert heard["audible"].all()


def test_it_hears_at_the_programme_level_and_in_training_around_it(task: LitePassages) -> None:
    batch = clips()
    torch.testing.assert_close(
        lufs(task.eval().heard(batch)["mixture"], task), torch.full((2,), PROGRAMME_LUFS), atol=0.01, rtol=0
    )
    task.train()
    torch.manual_seed(1)
    levels = torch.stack([lufs(task.heard(batch)["mixture"], task) for _ in range(20)])
    assert levels.std() > 1
    torch.manual_seed(1)
    assert torch.equal(lufs(task.heard(batch)["mixture"], task), levels[0])  # a step's draw is named by its seed


def test_a_clip_is_heard_in_many_bad_mixes_and_in_its_good_one(task: LitePassages) -> None:
    batch, model = clips(), task.network.lite
    assert torch.equal(spoilt_anew(batch, Anew(), model), batch["mixture"])
    torch.testing.assert_close(spoilt_anew(batch, Anew(good=1.0), model), batch["target"])
    torch.manual_seed(2)
    found = torch.cat([gains_in(batch["stems"], spoilt_anew(batch, Anew(blind=1.0), model)) for _ in range(50)])
    levels = 20 * torch.log10(found)  # [100, K], of stems that lie at other levels
    assert (levels.std(0) > 3).all()
    assert (levels.abs() <= 24.01).all()
    task.anew = Anew(good=1.0)
    assert task.train().heard(batch)["good"].tolist() == [1.0, 1.0]
    assert task.eval().heard(batch)["good"].tolist() == [0.0, 1.0]


def test_clips_recast_exchange_their_stems_and_hide_their_pictures(task: LitePassages) -> None:
    batch = clips()
    batch["stems"] = batch["stems"] * torch.tensor([1.0, 2.0])[:, None, None]
    torch.manual_seed(0)
    casts = [recast(batch) for _ in range(30)]
    for made in casts:
        torch.testing.assert_close(made["target"], made["stems"].sum(1))
        torch.testing.assert_close(made["stems"].sum(0), batch["stems"].sum(0))  # each is still heard once
        assert not made["context"].any()
    louder = {tuple((made["stems"][0].std(-1) > 1.5 * clips()["stems"][0].std(-1)).tolist()) for made in casts}
    assert len(louder) == 8  # every cast of three stems from two clips
    task.anew = Anew(good=1.0, recast=1.0)
    heard = task.train().heard(batch)
    assert heard["good"].tolist() == [1.0, 1.0]  # the new cast's own mix, not a clip's old one


def test_lines_are_taken_as_they_come(task: LitePassages) -> None:
    batch = clips()
    torch.testing.assert_close(task.eval()(task.heard(batch)), task(batch))


def test_it_learns_a_clip_by_heart(task: LitePassages, tmp_path: Path) -> None:
    batch = clips()

    def batches(_step: int) -> Iterator[Batch]:
        while True:
            yield batch

    with torch.no_grad():
        before = float(task.eval()(batch)["remix"])
    config = LoopConfig(steps=60, warm_up=5, rate=1e-2, matrix_rate=1e-2, weight_decay=0.0, average=0.0)
    train(
        task.train(),
        batches,
        config,
        tmp_path / "run.safetensors",
        describe={},
        matrices=task.matrices(),
        keep=task.network,
    )
    with torch.no_grad():
        assert float(task.eval()(batch)["remix"]) < 0.6 * before
