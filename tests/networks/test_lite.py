import json

import numpy as np
import pytest
import torch
from dsp.sounds import noise
from networks.tiny import LITE, shaken
from scipy import signal
from torch import Tensor

from limelight.dsp.loudness import integrated_loudness
from limelight.dsp.stft import StftConfig, stft
from limelight.mixing.hearing import token_levels
from limelight.networks.lite import (
    Director,
    Lite,
    LiteConfig,
    Separator,
    beyond_doubt,
    k_weights,
    level_features,
    level_kept,
    lift_limited,
    lift_of,
    mean_square,
    sqrt_hann,
    stem_levels_db,
)
from limelight.runtime.card import ModelCard

CONFIGS = [LITE, LiteConfig()]


def scene(tokens: int = 10, moments: int = 4, batch: int = 2, seed: int = 0) -> dict[str, Tensor]:
    """Everything that the director is told."""
    generator = torch.Generator().manual_seed(seed)
    return {
        "latent": torch.randn(batch, tokens, LITE.highlighter.latent_width, generator=generator),
        "levels_db": -60 * torch.rand(batch, tokens, 6, generator=generator),
        "latent_seconds": (torch.arange(tokens) * LITE.token_seconds).expand(batch, tokens),
        "cues": torch.rand(batch, moments, LITE.highlighter.context_width, generator=generator),
        "cue_seconds": torch.arange(moments).float().expand(batch, moments),
        "hidden": torch.zeros(batch, moments),
    }


def card_of(config: LiteConfig) -> ModelCard:
    return ModelCard(
        name="tiny",
        sample_rate=config.backbone.sample_rate,
        n_fft=config.backbone.n_fft,
        hop=config.hop,
        steps_per_token=config.steps_per_token,
        programme_lufs=-27.0,
        cue_names=(),
        uses_picture=False,
        parameters=0,
        licence="",
        training_data="",
        config={},
        sha256={},
    )


def test_default_size_is_within_the_promise() -> None:
    assert sum(parameter.numel() for parameter in Lite(LiteConfig()).parameters()) <= 12e6


@pytest.mark.parametrize("config", CONFIGS)
def test_config_survives_json(config: LiteConfig) -> None:
    assert LiteConfig.from_dict(json.loads(json.dumps(config.as_dict()))) == config
    assert LiteConfig.from_dict(config.as_dict()) == config


def test_defaults_agree_with_each_other() -> None:
    config = LiteConfig()
    assert config.backbone.latent_width % config.backbone.heads == 0
    assert config.highlighter.width % config.highlighter.heads == 0
    assert config.backbone.n_fft == 2 * config.hop
    assert config.token_seconds == pytest.approx(0.0853, abs=1e-3)


@pytest.mark.parametrize("tokens", [1, 3, 20])
def test_masks_share_every_bin_out(tokens: int) -> None:
    masks, latent = shaken(Separator(LITE))(10 * torch.rand(2, 4 * tokens, LITE.backbone.bins))
    assert masks.shape == (2, 3, 4 * tokens, LITE.backbone.bins)
    assert latent.shape == (2, tokens, LITE.backbone.latent_width)
    assert masks.min() >= 0
    assert masks.max() <= 1
    torch.testing.assert_close(masks.sum(1), torch.ones(2, 4 * tokens, LITE.backbone.bins))


def test_gains_are_zero_at_first_whatever_is_seen_and_heard() -> None:
    director = Director(LITE)
    for seed in range(3):
        inputs = scene(seed=seed)
        inputs = inputs | {"latent": inputs["latent"] * 10**seed, "cues": inputs["cues"] * 10**seed}
        assert torch.equal(director(**inputs), torch.zeros(2, 10, 3))


def test_the_first_step_of_training_can_leave_zero() -> None:
    """Zero must not be a trap: the layer that is zero gets a gradient."""
    director = Director(LITE)
    director(**scene()).sub(3).square().mean().backward()
    assert director.gains.weight.grad.abs().max() > 0


def test_gains_stay_within_their_largest_of_each_other() -> None:
    director = shaken(Director(LITE)).train()
    with torch.no_grad():
        director.gains.weight.mul_(1e3)
    gains = director(**scene())
    apart = gains.flatten(1).amax(1) - gains.flatten(1).amin(1)
    assert apart.max() <= 2 * LITE.largest_gain_db + 1e-3
    assert apart.max() > 1.9 * LITE.largest_gain_db


def power_of(levels_db: Tensor) -> Tensor:
    return (10 ** (levels_db / 10)).sum((1, 2))


def test_gains_leave_the_loudness_of_a_window_as_it_is() -> None:
    inputs = scene()
    gains = shaken(Director(LITE))(**inputs)
    levels = inputs["levels_db"][..., :3]
    assert gains.abs().max() > 1
    torch.testing.assert_close(power_of(levels + gains), power_of(levels), atol=0, rtol=1e-3)


def test_small_gains_are_left_out_and_what_lies_beyond_is_stretched() -> None:
    gains = torch.linspace(-20, 20, 401)
    firm = beyond_doubt(gains, LiteConfig(doubt_db=2, stretch=1.5))
    assert firm[gains.abs() <= 2].abs().max() == 0
    torch.testing.assert_close(firm[-1], torch.tensor(27.0))
    torch.testing.assert_close(firm.flip(0), -firm)
    assert firm.diff().min() >= 0


def test_in_training_all_gains_count() -> None:
    director = shaken(Director(LITE))
    firm, proposed = director(**scene()), director.train()(**scene())
    levels = scene()["levels_db"][..., :3]
    assert torch.equal(firm, lift_limited(level_kept(beyond_doubt(proposed, LITE), levels), levels, LITE))
    assert not torch.equal(firm, proposed)


def test_keeping_the_level_moves_all_stems_alike() -> None:
    gains, levels = 10 * torch.randn(2, 5, 3), -60 * torch.rand(2, 5, 3)
    moved = (level_kept(gains, levels) - gains).flatten(1)
    torch.testing.assert_close(moved, moved[:, :1].expand_as(moved), atol=1e-4, rtol=0)
    silent = level_kept(torch.zeros(1, 4, 3), torch.full((1, 4, 3), -70.7))
    torch.testing.assert_close(silent, torch.zeros(1, 4, 3), atol=1e-4, rtol=0)


def test_no_moment_is_lifted_far_in_use() -> None:
    inputs = scene(40)
    inputs["levels_db"] = inputs["levels_db"] - 20 * (torch.arange(40) % 2)[:, None]
    power = 10 ** (inputs["levels_db"][..., :3] / 10)
    director = shaken(Director(LITE))
    director.gains.weight.data.mul_(5)
    assert lift_of(director(**inputs), power).max() <= LITE.lift_db + 1e-3
    assert lift_of(director.train()(**inputs), power).max() > LITE.lift_db


def test_a_fading_end_is_not_lifted_and_keeps_its_balance() -> None:
    levels = torch.full((1, 10, 3), -20.0)
    levels[:, 8:] = -50
    gains = torch.zeros(1, 10, 3)
    gains[:, 8:] = torch.tensor([12.0, 12.0, 6.0])
    limited = lift_limited(gains, levels, LITE)
    lift = lift_of(limited, 10 ** (levels / 10))
    assert lift.max() < LITE.lift_db + 0.01
    assert torch.equal(limited[:, :8], gains[:, :8])
    torch.testing.assert_close((gains - limited)[:, 8:].std(-1), torch.zeros(1, 2), atol=1e-5, rtol=0)


def test_what_lifts_no_moment_far_is_left_alone() -> None:
    levels, gains = -20 - 10 * torch.rand(2, 10, 3), 5 * torch.randn(2, 10, 3).clamp(-1, 1)
    torch.testing.assert_close(lift_limited(gains, levels, LITE), gains)
    soft = torch.tensor([-45.0, -70.0, -60.0]).expand(1, 10, 3)
    static = torch.tensor([15.0, -3.0, 0.0]).expand(1, 10, 3)
    lift = lift_of(lift_limited(static, soft, LITE), 10 ** (soft / 10))
    torch.testing.assert_close(lift, torch.full_like(lift, LITE.lift_db))


@pytest.mark.parametrize(("tokens", "moments"), [(1, 1), (7, 1), (1, 5), (120, 11)])
def test_director_takes_any_length(tokens: int, moments: int) -> None:
    gains = shaken(Director(LITE))(**scene(tokens, moments))
    assert gains.shape == (2, tokens, 3)
    assert gains.isfinite().all()


def test_hidden_cues_do_not_matter() -> None:
    director = shaken(Director(LITE))
    inputs = scene()
    inputs["hidden"][:, 2:] = 1
    before = director(**inputs)
    inputs["cues"][:, 2:] = 99
    assert torch.equal(director(**inputs), before)
    inputs["cues"][:, 1] = 99
    assert not torch.equal(director(**inputs), before)


def test_a_cue_of_second_5_is_felt_in_second_4_and_by_no_one_else() -> None:
    director = shaken(Director(LITE))
    inputs = scene(tokens=40, moments=8)
    inputs["latent_seconds"] = (torch.arange(40) / 5).expand(2, 40)
    before = director(**inputs)
    inputs["cues"][0, 5] = 1 - inputs["cues"][0, 5]
    after = director(**inputs)
    assert (after[0, 20:25] - before[0, 20:25]).abs().min() > 0
    assert torch.equal(after[1], before[1])


def test_batch_items_of_the_separator_do_not_meet() -> None:
    separator = shaken(Separator(LITE))
    x = torch.rand(2, 8, LITE.backbone.bins)
    before = separator(x)
    x[1] *= 3
    after = separator(x)
    assert torch.equal(before[0][0], after[0][0])
    assert torch.equal(before[1][0], after[1][0])


def test_window_of_analysis_and_synthesis_sum_to_one() -> None:
    window = sqrt_hann(256).square()
    torch.testing.assert_close(window[:128] + window[128:], torch.ones(128))
    np.testing.assert_allclose(sqrt_hann(256).numpy(), StftConfig(256, 128).window, atol=1e-6)


@pytest.mark.parametrize("tilt", [0.0, 0.9])
def test_bins_weigh_as_much_as_the_loudness_meter(tilt: float) -> None:
    """Noise, white and low-passed by one pole: spectrum and meter must read the same."""
    config = LiteConfig()
    x = signal.lfilter([1], [1, -tilt], noise(1, 3 * 48_000, rms=0.05)).astype(np.float32)
    magnitude = torch.from_numpy(np.abs(stft(x)))[:, :, 4:124].transpose(1, 2)  # away from the edges, [1, T, F]
    power = (mean_square(magnitude.square(), config) * k_weights(config)).sum(-1).mean()
    lufs = -0.691 + 10 * float(torch.log10(power))
    assert lufs == pytest.approx(integrated_loudness(x, 48_000, layout="mono"), abs=0.3)
    levels = stem_levels_db(torch.ones(1, 1, 120, 1025), magnitude.square(), k_weights(config), config)
    assert float(levels.mean()) == pytest.approx(lufs, abs=0.3)


@pytest.mark.parametrize("config", CONFIGS)
def test_levels_are_those_of_the_mixing_floor(config: LiteConfig) -> None:
    """Trained in torch, run in NumPy: the director must be told the same."""
    magnitude = torch.rand(12, config.backbone.bins) * torch.logspace(-7, 1, 12)[:, None]
    masks = torch.rand(3, 12, config.backbone.bins).softmax(0)
    ours = stem_levels_db(masks[None], magnitude[None].square(), k_weights(config), config)[0]
    theirs = token_levels(masks.numpy(), magnitude.numpy(), card_of(config))
    assert ours.shape == (3, 6)
    np.testing.assert_allclose(ours.numpy(), theirs, atol=1e-3)


def test_silence_has_a_level() -> None:
    levels = stem_levels_db(torch.full((1, 3, 4, 129), 1 / 3), torch.zeros(1, 4, 129), k_weights(LITE), LITE)
    torch.testing.assert_close(levels, torch.full((1, 1, 6), -70.691))


def test_shares_of_the_power_add_up_and_doubt_shows() -> None:
    """Masks of a third: cut out, 9.5 dB under the whole; shared out, 4.8 dB. Masks of one and nothing: no difference."""
    power = torch.full((1, 4, 129), 3.0)
    doubtful = stem_levels_db(torch.full((1, 3, 4, 129), 1 / 3), power, k_weights(LITE), LITE)
    sure = torch.zeros(1, 3, 4, 129)
    sure[:, 0] = 1
    whole = stem_levels_db(sure, power, k_weights(LITE), LITE)
    torch.testing.assert_close(whole[..., 0], whole[..., 3])
    torch.testing.assert_close(doubtful[..., 0] - whole[..., 0], torch.full((1, 1), -9.542), atol=1e-3, rtol=0)
    torch.testing.assert_close(doubtful[..., 3] - whole[..., 0], torch.full((1, 1), -4.771), atol=1e-3, rtol=0)


def test_lines_tell_the_levels_that_bins_do() -> None:
    """Training hears lines, the run time bins: the same but for the weighting's slope within a line."""
    config = LiteConfig()
    lines, k = config.backbone.lines(), k_weights(config)
    power = torch.rand(1, 8, 1025, generator=torch.Generator().manual_seed(0))
    masks = torch.rand(1, 3, 8, len(lines), generator=torch.Generator().manual_seed(1)).softmax(1)
    by_bin = stem_levels_db(lines.of_bins(masks), power, k, config)
    by_line = stem_levels_db(masks, lines.sums(power), lines.means(k), config)
    torch.testing.assert_close(by_line, by_bin, atol=0.05, rtol=0)


def test_level_features_of_steady_stems() -> None:
    """Steady levels: now, mean and maximum agree; of two equal stems beside a silent one each stands 3 dB under the whole."""
    levels = torch.tensor([-27.0, -27.0, -65.0]).repeat(2).expand(1, 5, 6)
    now, mean, loudest, standing, sure = level_features(levels).split([6, 6, 6, 3, 3], dim=-1)
    torch.testing.assert_close(now, (levels + 35) / 20)
    torch.testing.assert_close(mean, now, atol=1e-4, rtol=0)
    torch.testing.assert_close(loudest, now)
    torch.testing.assert_close(standing[..., :2], torch.full((1, 5, 2), -0.301), atol=1e-3, rtol=0)
    torch.testing.assert_close(standing[..., 2], torch.full((1, 5), -4.101), atol=1e-3, rtol=0)
    torch.testing.assert_close(sure, torch.zeros(1, 5, 3), atol=1e-4, rtol=0)


def test_level_features_do_not_depend_on_the_order_of_stems() -> None:
    levels = -60 * torch.rand(2, 6, 6)
    order = [2, 0, 1]
    twice = order + [3 + k for k in order]
    columns = [3 * part + k for part in range(8) for k in order]
    torch.testing.assert_close(level_features(levels[..., twice]), level_features(levels)[..., columns])
