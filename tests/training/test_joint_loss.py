"""The joint loss by hand, and that it teaches a network to take apart and to put together."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from limelight.networks.learn2remix import Learn2Remix, Learn2RemixConfig, Remix
from limelight.training.losses import JointTask, JointWeights, distortion_db, joint_losses, power, separation_loss

RATE = 44_100
SAMPLES = 5_000
GAINS_DB = torch.tensor([[-9.0, 6.0, 6.0], [6.0, -9.0, 6.0]])


def noise(*shape: int, seed: int = 0) -> Tensor:
    return 0.1 * torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def voices() -> Tensor:
    """Three stems that a small ear can tell apart: a low tone, a middle one that comes and goes, hiss, [2, 3, N]."""
    time = torch.arange(SAMPLES) / RATE
    low = 0.2 * torch.sin(2 * torch.pi * 200 * time)
    middle = 0.1 * torch.sin(2 * torch.pi * 2_000 * time) * (torch.sin(2 * torch.pi * 12 * time) > 0)
    hiss = torch.diff(noise(2, SAMPLES + 1, seed=1))  # without its lows
    return torch.stack([low.expand(2, -1), middle.expand(2, -1), hiss], dim=1)


def test_distortion_by_hand() -> None:
    s = noise(2, 3, 500)
    for factor, ratio in ((1.0, 0.0), (0.5, 0.25), (0.0, 1.0), (-1.0, 4.0)):
        wished = torch.full((2, 3), 10 * math.log10(ratio + 1e-3))
        torch.testing.assert_close(distortion_db(factor * s, s, power(s)), wished, atol=1e-4, rtol=0)


def test_the_level_of_both_does_not_matter() -> None:
    s, estimate = noise(2, 3, 500), noise(2, 3, 500, seed=1)
    torch.testing.assert_close(separation_loss(20 * estimate, 20 * s), separation_loss(estimate, s), atol=1e-3, rtol=0)


def test_stems_have_names() -> None:
    s = noise(1, 3, 500)
    assert float(separation_loss(s, s)) == pytest.approx(-30, abs=1e-3)
    assert float(separation_loss(s.roll(1, dims=1), s)) > 0


def test_a_stem_that_is_not_heard_costs_what_is_taken_for_it() -> None:
    """Nothing: −30 dB. A tenth of all: −20 dB. All: 0 dB, plus what the others then lack."""
    s = noise(1, 3, 4_000)
    s[:, 0] = 0
    for share, wished in ((0.0, -30.0), (0.1, 10 * math.log10(0.01 + 1e-3)), (1.0, 0.0)):
        taken = s.clone()
        taken[:, 0] = share * s.sum(1)
        others = distortion_db(taken[:, 1:], s[:, 1:], power(s[:, 1:])).sum(1)
        assert float(3 * separation_loss(taken, s) - others) == pytest.approx(wished, abs=0.15)


def test_silence_has_a_gradient() -> None:
    nothing = torch.zeros(1, 3, 100, requires_grad=True)
    loss = separation_loss(nothing + 0.0, torch.zeros(1, 3, 100)).sum()
    loss.backward()
    assert loss.isfinite()
    assert nothing.grad.isfinite().all()


def spoilt(stems: Tensor) -> Tensor:
    return stems * (10 ** (GAINS_DB / 20))[..., None]


def test_the_true_stems_and_gains_cost_least() -> None:
    stems = noise(2, 3, 1_000)
    heard = spoilt(stems)
    right = Remix(heard.sum(1), heard, -GAINS_DB)
    untouched = Remix(heard.sum(1), heard, torch.zeros(2, 3))
    costs = [joint_losses(remix, stems.sum(1), heard, JointWeights()) for remix in (right, untouched)]
    assert float(costs[0]["total"]) == pytest.approx(-30, abs=1e-2)
    assert float(costs[0]["separation"]) == float(costs[1]["separation"])
    assert float(costs[1]["remix"]) > float(costs[0]["remix"]) + 20


def test_weights_weigh() -> None:
    stems = noise(2, 3, 300)
    remix = Remix(stems.sum(1), noise(2, 3, 300, seed=2), GAINS_DB)
    losses = joint_losses(remix, stems.sum(1), stems, JointWeights(separation=3.0, remix=0.5))
    torch.testing.assert_close(losses["total"], 3 * losses["separation"] + 0.5 * losses["remix"])


@pytest.mark.slow
def test_a_tiny_network_learns_two_pairs_by_heart() -> None:
    torch.manual_seed(0)
    stems = voices()
    batch = {"stems": stems, "target": stems.sum(1), "mixture": spoilt(stems).sum(1)}
    task = JointTask(Learn2Remix(Learn2RemixConfig().sized(8)))
    optimiser = torch.optim.Adam(task.parameters(), 1e-2)
    with torch.no_grad():
        before = task(batch)
    for _ in range(80):
        optimiser.zero_grad()
        task(batch)["total"].backward()
        optimiser.step()
    with torch.no_grad():
        after, gains_db = task(batch), task.network.remix(batch["mixture"]).gains_db
    assert float(after["separation"]) < float(before["separation"]) - 8
    assert float(after["remix"]) < float(before["remix"]) - 8
    assert (gains_db.diagonal() > 0).all()  # what was brought down comes up again
    assert (gains_db[0, 1:] < -3).all()
