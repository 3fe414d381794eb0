import dataclasses
from itertools import pairwise

import pytest
import torch
from networks.tiny import LITE
from torch import Tensor
from training.tiny import LENGTH, RATE, stems

from limelight.dsp.loudness import integrated_loudness
from limelight.dsp.stft import StftConfig, stft
from limelight.networks.lite import LiteConfig, k_weights
from limelight.training.spectra import (
    PROGRAMME_LUFS,
    Colouring,
    Spectra,
    _with_air,
    colour_curves,
    lufs,
    prepare,
    spectra_waveform,
    waveform_spectra,
)

K = k_weights(LITE)
SPOILT = torch.tensor([[-6.0, 6.0, 6.0], [9.0, -9.0, 9.0]])
PLAIN = Colouring(tilt=0, low_pass_all=0, low_pass_one=0, air=0, level_sigma_db=0)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def prepared(x: Tensor, gains_db: Tensor = SPOILT, colouring: Colouring | None = None, seed: int = 0) -> Spectra:
    return prepare(x, gains_db, generator(seed), LITE, colouring)


@pytest.fixture(scope="module")
def sound() -> Tensor:
    return stems()


def hertz() -> Tensor:
    return torch.arange(LITE.backbone.bins) * RATE / LITE.backbone.n_fft


@pytest.mark.parametrize("shape", [(2,), (2, 3)])
def test_spectra_and_back(shape: tuple[int, ...]) -> None:
    x = torch.randn(*shape, 40 * LITE.hop)
    spectra = waveform_spectra(x, LITE)
    assert spectra.shape == (*shape, 41, LITE.backbone.bins)
    back = spectra_waveform(spectra.flatten(0, -3), LITE).reshape(x.shape)
    torch.testing.assert_close(back, x, atol=1e-5, rtol=0)


@pytest.mark.parametrize("config", [LITE, LiteConfig()])
def test_spectra_are_those_of_the_run_time(config: LiteConfig) -> None:
    """What a film is heard through must be what the model was trained on."""
    x = torch.randn(1, 20 * config.hop)
    theirs = torch.from_numpy(stft(x.numpy(), StftConfig(config.backbone.n_fft, config.hop))).transpose(1, 2)
    torch.testing.assert_close(waveform_spectra(x, config), theirs, atol=2e-4, rtol=0)


@pytest.mark.parametrize("colouring", [None, Colouring()])
def test_stems_sum_to_the_mixture(sound: Tensor, colouring: Colouring | None) -> None:
    spectra = prepared(sound, colouring=colouring)
    torch.testing.assert_close(spectra.stems.sum(1), spectra.mixture)
    assert spectra.mixture.shape[1] % LITE.steps_per_token == 0


@pytest.mark.parametrize("colouring", [None, Colouring()])
def test_the_target_is_as_loud_as_the_input(sound: Tensor, colouring: Colouring | None) -> None:
    spectra = prepared(sound, colouring=colouring)
    torch.testing.assert_close(lufs(spectra.target, K, LITE), lufs(spectra.mixture, K, LITE), atol=1e-3, rtol=0)


def test_the_model_hears_every_mix_at_one_level(sound: Tensor) -> None:
    for gain in (0.05, 1.0, 10.0):
        level = lufs(prepared(gain * sound).mixture, K, LITE)
        torch.testing.assert_close(level, torch.full((2,), PROGRAMME_LUFS), atol=2e-2, rtol=0)


def test_level_jitter_is_as_wide_as_told(sound: Tensor) -> None:
    only_jitter = dataclasses.replace(PLAIN, level_sigma_db=4.0)
    many = sound[:1].expand(64, -1, -1)
    levels = lufs(prepared(many, SPOILT[:1].expand(64, -1), only_jitter).mixture, K, LITE)
    assert float(levels.mean()) == pytest.approx(PROGRAMME_LUFS, abs=1.5)
    assert float(levels.std()) == pytest.approx(4, abs=1)


def test_the_gains_lead_back_to_the_good_mix(sound: Tensor) -> None:
    """Up to one factor, which keeps the input's loudness."""
    target = prepared(sound).target
    good = waveform_spectra(sound.sum(1), LITE)[:, : target.shape[1]]
    factor = (target.abs().square().sum((1, 2)) / good.abs().square().sum((1, 2))).sqrt()
    torch.testing.assert_close(target, factor[:, None, None] * good, atol=1e-4, rtol=0)


def test_gains_differ_between_stems_as_the_degradation_did(sound: Tensor) -> None:
    gains = prepared(sound).gains_db
    torch.testing.assert_close(gains - gains[:, :1], -(SPOILT - SPOILT[:, :1]), atol=1e-4, rtol=0)


@pytest.mark.parametrize("colouring", [None, Colouring()])
def test_an_unspoilt_mix_asks_for_nothing(sound: Tensor, colouring: Colouring | None) -> None:
    spectra = prepared(sound, torch.zeros(2, 3), colouring)
    torch.testing.assert_close(spectra.gains_db, torch.zeros(2, 3), atol=1e-4, rtol=0)
    torch.testing.assert_close(spectra.target, spectra.mixture, atol=1e-4, rtol=1e-4)


def test_a_lone_stem_made_quieter_asks_for_nothing(sound: Tensor) -> None:
    """One stem alone at another level is a well balanced mix."""
    alone = sound * torch.tensor([1.0, 0, 0])[:, None]
    spectra = prepared(alone)
    torch.testing.assert_close(spectra.gains_db, torch.zeros(2, 3), atol=1e-2, rtol=0)
    assert spectra.audible.tolist() == [[1, 0, 0], [1, 0, 0]]


def test_silent_stems_are_marked_and_left_alone(sound: Tensor) -> None:
    sound = sound.clone()
    sound[0, 2] = 0
    sound[1, 1] *= 1e-3  # −92 LUFS
    spectra = prepared(sound)
    assert spectra.audible.tolist() == [[1, 1, 0], [1, 0, 1]]
    assert not spectra.gains_db[spectra.audible == 0].any()
    assert not spectra.stems[0, 2].any()


def test_silence_throughout_is_finite() -> None:
    spectra = prepared(torch.zeros(2, 3, LENGTH), colouring=Colouring())
    assert not spectra.mixture.any()
    assert not spectra.audible.any()
    assert spectra.gains_db.isfinite().all()


def test_loudness_of_spectra_is_the_meters() -> None:
    config = LiteConfig()
    x = 0.05 * torch.randn(1, 60 * config.hop, generator=generator())
    level = float(lufs(waveform_spectra(x, config), k_weights(config), config))
    # Half of the first and of the last frame is silence beyond the ends: 60 hops of power in 61 frames.
    level += 10 * torch.log10(torch.tensor(61 / 60)).item()
    assert level == pytest.approx(integrated_loudness(x.numpy(), RATE, layout="mono"), abs=0.3)


def test_a_seed_names_the_colours(sound: Tensor) -> None:
    first, again, other = (prepared(sound, colouring=Colouring(), seed=seed) for seed in (3, 3, 4))
    assert torch.equal(first.mixture, again.mixture)
    assert not torch.equal(first.mixture, other.mixture)


def test_no_colouring_is_flat(sound: Tensor) -> None:
    good = waveform_spectra(sound, LITE)
    curves = colour_curves(good, generator(), LITE, PLAIN)
    assert torch.equal(curves, torch.ones(2, 3, LITE.backbone.bins))
    assert torch.equal(_with_air(good, generator(), LITE, PLAIN), good)


def test_low_pass_of_all_is_one_for_all_stems(sound: Tensor) -> None:
    everything = dataclasses.replace(PLAIN, low_pass_all=1.0)
    curves = colour_curves(waveform_spectra(sound, LITE), generator(), LITE, everything)
    assert torch.equal(curves[:, :1].expand_as(curves), curves)
    assert (curves[..., hertz() < 2_500] > 0.99).all()
    assert (curves[..., hertz() > 17_500] < 0.01).all()
    assert (curves.diff(dim=-1) <= 0).all()


def test_low_pass_of_one_is_each_stems_own(sound: Tensor) -> None:
    one = dataclasses.replace(PLAIN, low_pass_one=0.5)
    many = torch.zeros(40, 3, 1, LITE.backbone.bins)
    cut = colour_curves(many, generator(), LITE, one)[..., -1] < 0.5
    assert float(cut.float().mean()) == pytest.approx(0.5, abs=0.15)
    assert (cut.any(1) & ~cut.all(1)).any()


def test_tilt_is_smooth_and_within_reason() -> None:
    tilted = dataclasses.replace(PLAIN, tilt=1.0)
    many = torch.zeros(40, 3, 1, LiteConfig().backbone.bins)
    db = 20 * colour_curves(many, generator(), LiteConfig(), tilted).log10()
    assert float(db.std()) == pytest.approx(3.3, abs=0.8)  # σ 4 dB at six points, less between them
    assert db.abs().max() < 18
    assert db[..., 100:].diff(dim=-1).abs().max() < 1  # from 2.3 kHz on, per bin


@pytest.mark.parametrize("config", [LITE, LiteConfig()])
def test_air_is_given_to_speech_above_8_khz_and_to_nothing_else(config: LiteConfig) -> None:
    good = waveform_spectra(torch.randn(4, 3, 30 * config.hop), config)
    airy = dataclasses.replace(PLAIN, air=1.0)
    out = _with_air(good, generator(), config, airy)
    first = 2 * round(4000 * config.backbone.n_fft / config.backbone.sample_rate)
    assert torch.equal(out[:, 1:], good[:, 1:])
    assert torch.equal(out[:, 0, :, :first], good[:, 0, :, :first])
    assert (out[:, 0, :, first : 2 * first] != good[:, 0, :, first : 2 * first]).all()


def test_air_falls_and_is_never_louder_than_what_it_is_made_of() -> None:
    config = LiteConfig()
    speech = torch.randn(4, 3, 30 * config.hop)
    good = waveform_spectra(speech, config)
    good[..., 342:] = 0  # as speech at 16 kHz is
    out = _with_air(good, generator(), config, dataclasses.replace(PLAIN, air=1.0))[:, 0].abs().square().mean(1)
    steps_db = [10 * out[:, 171 * n : 171 * (n + 1)].mean(1).log10() for n in (1, 2, 3, 4)]
    for low, high in pairwise(steps_db):
        assert ((low - high > 2.5) & (low - high < 12.5)).all()


def test_air_does_not_touch_what_it_is_given(sound: Tensor) -> None:
    good = waveform_spectra(sound, LITE)
    before = good.clone()
    _with_air(good, generator(), LITE, dataclasses.replace(PLAIN, air=1.0))
    assert torch.equal(good, before)
