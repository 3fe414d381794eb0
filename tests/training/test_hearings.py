"""What is kept of a hearing, and that whitening changes nothing but the scale."""

from __future__ import annotations

import pytest
import torch
from networks.tiny import LITE as CONFIG
from training.tiny import batch, tiny_task

from limelight.networks.lite import Lite
from limelight.training.hearings import Hearings, collect, joined, kept_frames, whiten


def heard(count: int = 4) -> Hearings:
    return collect(tiny_task().eval(), [batch(seed=n) for n in range(count)], count)


def test_shapes_are_those_of_the_tokens():
    found = heard()
    n, L, K = found.levels_db.shape
    frames = found.magnitude.shape[1]
    assert (n, K, L) == (4, 3, 2 * frames)
    assert found.latent.shape == (n, L, CONFIG.highlighter.latent_width)
    assert found.masks.shape == (n, K, frames, CONFIG.backbone.bins)
    assert found.target.shape == found.magnitude.shape


def test_masks_sum_to_one_and_frames_are_those_of_the_mixture():
    task = tiny_task().eval()
    found = collect(task, [batch()], 1)
    spectra = task.spectra(batch())
    frames = kept_frames(spectra.mixture.shape[1], CONFIG)
    torch.testing.assert_close(found.magnitude.float(), spectra.mixture[:, frames].abs(), rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(found.masks.float().sum(1), torch.ones_like(found.magnitude.float()), rtol=0, atol=2e-3)


def test_kept_frames_belong_to_every_other_token():
    steps = torch.arange(10 * CONFIG.steps_per_token)
    kept = steps[kept_frames(len(steps), CONFIG)] // CONFIG.steps_per_token
    assert kept.tolist() == [0, 2, 4, 6, 8]


def test_thinning_keeps_tokens_and_frames_together():
    found = heard()
    thin = found.every(4, 2)
    assert thin.levels_db.shape[1] == thin.magnitude.shape[1] == found.magnitude.shape[1] // 2
    assert torch.equal(thin.levels_db, found.levels_db[:, 2::4])
    assert torch.equal(thin.magnitude, found.magnitude[:, 1::2])


def test_rows_and_joining_are_inverse():
    found = heard()
    halves = [found[torch.arange(2)], found[torch.arange(2, 4)]]
    assert torch.equal(joined(halves).levels_db, found.levels_db)
    assert len(joined(halves)) == 4


def test_undegraded_is_where_nothing_was_done():
    assert heard().undegraded.tolist() == [False, False, False, False]
    assert collect(tiny_task().eval(), [batch(3)], 3).undegraded.tolist() == [False, False, True]


def test_whitening_makes_the_latent_standard_and_leaves_the_masks():
    torch.manual_seed(0)
    model = Lite(CONFIG).eval()
    magnitude = torch.rand(4, 8 * CONFIG.steps_per_token, CONFIG.backbone.bins)
    masks, latent = model.separator(magnitude)
    empty = torch.zeros(4, 3)
    whiten(model, Hearings(latent.detach().half(), empty, empty, empty, empty, empty, empty))
    masks_after, latent_after = model.separator(magnitude)
    torch.testing.assert_close(masks_after, masks)
    flat = latent_after.flatten(0, 1)
    assert flat.mean(0).abs().max() < 0.05
    assert flat.std(0).detach() == pytest.approx(torch.ones(flat.shape[1]), abs=0.15)
