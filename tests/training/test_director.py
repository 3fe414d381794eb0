"""The director learns alone what it is told by a separator that stays as it is."""

from __future__ import annotations

import logging
from itertools import repeat
from pathlib import Path

import pytest
import torch
from networks.tiny import BAND
from training.tiny import batch as lines_batch

from limelight.networks.lite_remixer import LiteRemixer, LiteRemixerConfig
from limelight.training.director import DirectorTask, DirectorWatch
from limelight.training.hearings import Batch, hearing
from limelight.training.lite import Weights
from limelight.training.lite_passages import LitePassages
from limelight.training.loop import LoopConfig, train

WATCHED = ("its own", "another's", "none", "five seconds of it")
AXES = {"latent": 1, "levels_db": 1, "masks": 2, "mixture": 1, "target": 1}  # that are time


def long(kept: Batch) -> Batch:
    """Ten seconds of what are two."""
    return kept | {name: torch.cat([kept[name]] * 5, dim=axis) for name, axis in AXES.items()}


@pytest.fixture
def heard() -> LitePassages:
    torch.manual_seed(0)
    return LitePassages(LiteRemixer(LiteRemixerConfig(band=BAND, context_width=3)).eval())


@pytest.fixture
def kept(heard: LitePassages) -> Batch:
    """Six mixtures, well told apart; the picture says what is wrong with each."""
    drawn = lines_batch(6)
    told = hearing(heard, drawn | {"context": drawn["gains_db"][:, None].expand(-1, 10, -1) / 10})
    shares = drawn["stems"] / drawn["stems"].sum(1, keepdim=True).clamp(min=1e-9)
    return {name: value.float() for name, value in told.items()} | {"masks": shares[:, :, ::8]}


def test_the_true_gains_come_nearer_than_none(heard: LitePassages, kept: Batch) -> None:
    task = DirectorTask(heard.task)
    gains = kept["gains_db"][:, None].expand(-1, 24, -1)
    assert (task.distance(gains, kept) <= task.distance(torch.zeros_like(gains), kept) + 1e-3).all()
    assert task.distance(gains, kept).mean() < 0.6 * task.distance(torch.zeros_like(gains), kept).mean()


def test_it_learns_and_the_separator_stays(heard: LitePassages, kept: Batch, tmp_path: Path) -> None:
    task = DirectorTask(heard.task, context_dropout=0.0)
    separator = {name: p.detach().clone() for name, p in heard.network.lite.separator.named_parameters()}
    before = {name: float(value.detach()) for name, value in task.train()(kept).items()}
    assert before["total"] == pytest.approx(before["remix"] + Weights().gains * before["gains"], rel=1e-4)
    config = LoopConfig(steps=80, rate=3e-3, warm_up=5, average=0.9)
    train(task, lambda _step: repeat(kept), config, tmp_path / "run", describe={}, keep=task.task)
    after = task(kept)
    assert after["remix"] < 0.7 * before["remix"]
    for name, parameter in heard.network.lite.separator.named_parameters():
        assert torch.equal(parameter, separator[name]), name


def test_pictures_are_left_out_in_training_only(heard: LitePassages, kept: Batch) -> None:
    blind = DirectorTask(heard.task, context_dropout=1.0)
    torch.manual_seed(0)
    for parameter in heard.network.lite.director.parameters():
        parameter.data.normal_(std=0.2)
    unseen = kept | {"context": torch.zeros_like(kept["context"])}
    assert torch.equal(blind.train()(kept)["total"], blind(unseen)["total"])
    assert not torch.equal(blind.eval()(kept)["total"], blind(unseen)["total"])


def test_the_watch_tells_all_three_pictures(heard: LitePassages, kept: Batch, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        DirectorWatch(long(kept))(DirectorTask(heard.task).eval(), 7)
    assert [name in line for name, line in zip(WATCHED, caplog.messages, strict=True)] == [True] * 4
    assert "remix +0.0 %" in caplog.messages[0]  # untrained: it does nothing
