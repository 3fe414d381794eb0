"""The director's own training: it learns what the levels tell, and moves less what is badly separated."""

from __future__ import annotations

import pytest
import torch
from networks.tiny import LITE as CONFIG

from limelight.networks.lite import Lite, k_weights
from limelight.training.director import (
    DirectorConfig,
    director_loss,
    gains_of,
    judge,
    remix_distance,
    train_director,
)
from limelight.training.hearings import Hearings

PLAN = DirectorConfig(steps=200, batch=32, stride=4, level_noise_db=0.0, learning_rate=1e-2, gains_weight=0.1)
WEIGHTS = k_weights(CONFIG)
BINS = CONFIG.backbone.bins


def hearings(n: int, *, seed: int, clean: float = 1.0) -> Hearings:
    """Mixtures whose speech is too soft by what its level lacks to −27 LUFS; music and effects are right.

    Each stem has a third of the bins to itself; the masks say so to the degree of `clean`.
    """
    generator = torch.Generator().manual_seed(seed)
    levels = -27 + 6 * torch.randn(n, 1, 3, generator=generator).expand(n, 8, 3)
    gains = torch.zeros(n, 3)
    gains[:, 0] = -27 - levels[:, 0, 0]
    owner = torch.arange(BINS) % 3
    true = torch.stack([(owner == k).float() for k in range(3)])  # [K, F]
    masks = (clean * true + (1 - clean) / 3)[None, :, None].expand(n, 3, 4, BINS)
    magnitude = (10 ** (levels[:, :4] / 20) @ true) * (0.5 + torch.rand(n, 4, BINS, generator=generator))
    target = magnitude * (10 ** (gains / 20) @ true)[:, None]
    latent = torch.randn(n, 8, CONFIG.highlighter.latent_width, generator=generator)
    return Hearings(
        latent.half(), levels, masks.half(), 1000 * magnitude.half(), 1000 * target.half(), gains, torch.ones(n, 3)
    )


@pytest.fixture
def model() -> Lite:
    torch.manual_seed(0)
    return Lite(CONFIG)


def test_it_learns_what_the_levels_tell(model):
    before = judge(model, hearings(64, seed=2), PLAN)
    train_director(model, hearings(256, seed=1), hearings(64, seed=2), PLAN)
    after = judge(model, hearings(64, seed=2), PLAN)
    assert before.error_db == pytest.approx(before.zero_error_db)
    assert before.distance_change == pytest.approx(0, abs=1e-6)
    assert after.loss < 0.6 * before.loss
    assert after.distance_change < -0.4


def test_true_gains_and_true_masks_leave_no_distance():
    heard = hearings(8, seed=3)
    gains = heard.gains_db[:, None].expand(8, 8, 3)
    assert remix_distance(gains, heard, WEIGHTS).max() < 5e-3
    assert remix_distance(torch.zeros(8, 8, 3), heard, WEIGHTS).min() > 1e-3


def test_one_gain_for_all_stems_is_no_change():
    heard = hearings(4, seed=4)
    still, louder = (remix_distance(torch.full((4, 8, 3), db), heard, WEIGHTS) for db in (0.0, 9.0))
    torch.testing.assert_close(still, louder, rtol=1e-4, atol=1e-5)


def test_what_is_not_separated_is_better_left_alone():
    """With masks of one third everywhere no gain can help, and none can harm."""
    heard = hearings(4, seed=5, clean=0.0)
    still = remix_distance(torch.zeros(4, 8, 3), heard, WEIGHTS)
    moved = remix_distance(heard.gains_db[:, None].expand(4, 8, 3), heard, WEIGHTS)
    torch.testing.assert_close(still, moved, rtol=1e-3, atol=1e-4)


def test_undegraded_mixtures_weigh_as_told():
    heard = hearings(8, seed=3)
    heard.gains_db[:4] = 0.0
    heard.gains_db[4:, 0] = 6.0
    assert heard.undegraded.tolist() == [True] * 4 + [False] * 4
    wrong = torch.zeros(8, 8, 3)
    wrong[:4, :, 1] = 3.0  # harm on the good ones, nothing done to the spoilt ones
    good, bad = (
        director_loss(wrong[rows], heard[rows], WEIGHTS, DirectorConfig()) for rows in (slice(0, 4), slice(4, 8))
    )
    weigh = director_loss(wrong, heard, WEIGHTS, DirectorConfig(undegraded_weight=3.0))
    assert float(weigh) == pytest.approx(float(3 * good + bad) / 4, rel=1e-4)


def test_silent_stems_weigh_a_tenth():
    heard = hearings(2, seed=1)
    heard.audible[:, 1:] = 0
    heard.gains_db[:] = 0
    gains = torch.zeros(2, 8, 3)
    gains[..., 1] = 5.0
    plan, without = DirectorConfig(undegraded_weight=1.0), DirectorConfig(undegraded_weight=1.0, gains_weight=0.0)
    of_gains = (
        director_loss(gains, heard, WEIGHTS, plan) - director_loss(gains, heard, WEIGHTS, without)
    ) / plan.gains_weight
    assert float(of_gains) == pytest.approx(0.1 * 2 * (5 - 1) / 1.2, rel=1e-3)  # Huber of 5 dB with its bend at 2 dB


def test_every_second_token_is_told_its_own_time(model):
    torch.nn.init.normal_(model.director.gains.weight)
    torch.nn.init.normal_(model.director.highlighter.out.weight)
    half = hearings(2, seed=4).every(2, 0)
    late = gains_of(model, half, stride=2, start_seconds=3.0)
    assert late.shape == (2, 4, 3)
    assert not torch.allclose(late, gains_of(model, half, stride=2))
