"""The director's own training: it learns what the levels tell, and whitening changes nothing but the scale."""

from __future__ import annotations

import pytest
import torch
from networks.tiny import LITE as CONFIG

from limelight.networks.lite import Lite
from limelight.training.director import DirectorConfig, Hearings, director_loss, gains_of, judge, train_director, whiten

PLAN = DirectorConfig(steps=200, batch=32, stride=2, level_noise_db=0.0, learning_rate=1e-2)


def hearings(n: int, *, seed: int) -> Hearings:
    """Mixtures whose speech is too soft by what its level lacks to −27 LUFS; music and effects are right."""
    generator = torch.Generator().manual_seed(seed)
    width = CONFIG.highlighter.latent_width
    levels = -27 + 6 * torch.randn(n, 1, 3, generator=generator).expand(n, 8, 3)
    gains = torch.zeros(n, 3)
    gains[:, 0] = -27 - levels[:, 0, 0]
    return Hearings(torch.randn(n, 8, width, generator=generator).half(), levels, gains, torch.ones(n, 3))


@pytest.fixture
def model() -> Lite:
    torch.manual_seed(0)
    return Lite(CONFIG)


def test_it_learns_what_the_levels_tell(model):
    before = judge(model, hearings(64, seed=2), PLAN)
    train_director(model, hearings(256, seed=1), hearings(64, seed=2), PLAN)
    after = judge(model, hearings(64, seed=2), PLAN)
    assert before.error_db == pytest.approx(before.zero_error_db)
    assert after.loss < 0.6 * before.loss


def test_whitening_makes_the_latent_standard_and_leaves_the_masks(model):
    magnitude = torch.rand(4, 8 * CONFIG.steps_per_token, CONFIG.backbone.bins)
    masks, latent = model.separator(magnitude)
    n, steps, _ = latent.shape
    heard = Hearings(latent.detach().half(), torch.zeros(n, steps, 3), torch.zeros(n, 3), torch.ones(n, 3))
    whiten(model, heard)
    masks_after, latent_after = model.separator(magnitude)
    torch.testing.assert_close(masks_after, masks)
    flat = latent_after.flatten(0, 1)
    assert flat.mean(0).abs().max() < 0.05
    assert (flat.std(0) - 1).abs().max() < 0.15


def test_undegraded_mixtures_weigh_as_told():
    heard = hearings(8, seed=3)
    heard.gains_db[:4] = 0.0
    heard.gains_db[4:, 0] = 6.0
    wrong = torch.zeros(8, 8, 3)
    wrong[:4] = 3.0  # harm on the good ones, nothing done to the spoilt ones
    light = director_loss(wrong, heard, DirectorConfig(undegraded_weight=1.0))
    heavy = director_loss(wrong, heard, DirectorConfig(undegraded_weight=1e6))
    assert heavy == pytest.approx(2 * (3 - 1), rel=1e-3)  # Huber of 3 dB with its bend at 2 dB
    assert heavy != pytest.approx(float(light))
    assert heard.undegraded.tolist() == [True] * 4 + [False] * 4


def test_every_second_token_is_told_its_own_time(model):
    torch.nn.init.normal_(model.director.gains.weight)
    torch.nn.init.normal_(model.director.highlighter.out.weight)
    heard = hearings(2, seed=4)
    half = Hearings(heard.latent[:, ::2], heard.levels_db[:, ::2], heard.gains_db, heard.audible)
    late = gains_of(model, half, stride=2, start_seconds=3.0)
    assert late.shape == (2, 4, 3)
    assert not torch.allclose(late, gains_of(model, half, stride=2))
