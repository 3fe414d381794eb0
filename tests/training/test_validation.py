from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from training.small_set import small_set

from limelight.dataset.reading import MuddyMix
from limelight.metrics import papers as metrics
from limelight.networks.dual_unet import Prescription
from limelight.networks.presets import build
from limelight.networks.remixer import RemixNetwork
from limelight.training.contexts import PassageConfig, Passages
from limelight.training.losses import RemixTask
from limelight.training.validation import Validation, table
from limelight.vision.encoder import ContextChoice


class Louder(RemixNetwork):
    """Makes all louder by the number that is shown of each clip."""

    def __init__(self, gain: float = 1.0) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.tensor(gain))

    def forward(self, mixture: Tensor, context: Tensor | None = None, hidden: Tensor | None = None) -> Tensor:
        return mixture * self._shown(context)

    def prescribe(self, magnitude: Tensor, mixture: Tensor, context: Tensor | None = None) -> Prescription:
        return Prescription(
            torch.ones_like(magnitude) * self._shown(context).reshape(-1, 1, 1), torch.zeros_like(mixture)
        )

    def _shown(self, context: Tensor | None) -> Tensor:
        return self.gain + (0.0 if context is None else context[:, 0, 4:5])


def watched(folder: Path, context: str) -> Passages:
    config = PassageConfig(seconds=1.0, context=ContextChoice(context))
    return Passages(MuddyMix(folder), config, sample_rate=44_100)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_set(tmp_path_factory.mktemp("set"))


def test_doing_nothing_is_worth_nothing(folder: Path) -> None:
    found = Validation(watched(folder, "none"), 3).evaluate(Louder())
    assert set(found) == {"input", "none"}
    assert found["none"] == found["input"]


def test_figures_are_the_metrics_times_a_hundred(folder: Path) -> None:
    passages = watched(folder, "none")
    found = Validation(passages, 1).evaluate(Louder(2.0))
    heard = passages.passage(0)
    output, target = 2 * heard["mixture"].numpy(), heard["target"].numpy()
    assert found["none"]["mag"] == pytest.approx(100 * metrics.mag(output, target), rel=1e-4)
    assert found["none"]["w_dis"] == pytest.approx(100 * metrics.w_dis(output, target), rel=1e-4)
    assert found["none"]["mag_level_matched"] == pytest.approx(found["input"]["mag_level_matched"], rel=1e-3)


def test_each_way_of_looking_is_told_apart(folder: Path) -> None:
    found = Validation(watched(folder, "cues"), 4).evaluate(Louder())
    assert list(found) == ["input", "true", "shuffled", "none"]
    assert found["none"] == found["input"]  # no picture is all zeros
    assert found["true"]["mag"] > found["none"]["mag"]
    assert found["shuffled"] != found["true"]


def test_the_same_clips_are_heard_each_time_and_it_is_told(folder: Path) -> None:
    told: list[dict] = []
    watch, task = Validation(watched(folder, "cues"), 2, report=told.append), RemixTask(Louder(), "log")
    scores = watch(task, 10), watch(task, 20)
    assert [line["step"] for line in told] == [10, 20]
    assert scores == (told[0]["validation"]["true"]["mag"],) * 2
    assert told[0]["validation"] == told[1]["validation"] == watch.evaluate(task.network)


def test_the_table_has_a_row_for_each(folder: Path) -> None:
    lines = table(Validation(watched(folder, "cues"), 2).evaluate(Louder())).splitlines()
    assert [line.split("|")[1].strip() for line in lines[2:]] == [
        "do nothing", "its own picture", "another clip's", "no picture",
    ]  # fmt: skip
    assert len({line.count("|") for line in lines}) == 1


def test_a_network_can_be_watched_without_a_context(folder: Path) -> None:
    network = build("visah", channels=4, context_width=0).eval()
    assert set(Validation(watched(folder, "none"), 1).evaluate(network)) == {"input", "none"}
