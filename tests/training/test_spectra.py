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
    Spectra,
    lufs,
    prepare,
    spectra_waveform,
    waveform_spectra,
)

K = k_weights(LITE)
SPOILT = torch.tensor([[-6.0, 6.0, 6.0], [9.0, -9.0, 9.0]])


def prepared(x: Tensor, gains_db: Tensor = SPOILT, level_db: float = 0.0) -> Spectra:
    return prepare(x, gains_db, torch.full((len(x),), level_db), LITE)


@pytest.fixture(scope="module")
def sound() -> Tensor:
    return stems()


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


def test_stems_sum_to_the_mixture(sound: Tensor) -> None:
    spectra = prepared(sound)
    torch.testing.assert_close(spectra.stems.sum(1), spectra.mixture)
    assert spectra.mixture.shape[1] % LITE.steps_per_token == 0


def test_the_target_is_as_loud_as_the_input(sound: Tensor) -> None:
    spectra = prepared(sound)
    torch.testing.assert_close(lufs(spectra.target, K, LITE), lufs(spectra.mixture, K, LITE), atol=1e-3, rtol=0)


def test_the_model_hears_every_mix_at_one_level(sound: Tensor) -> None:
    for gain in (0.05, 1.0, 10.0):
        level = lufs(prepared(gain * sound).mixture, K, LITE)
        torch.testing.assert_close(level, torch.full((2,), PROGRAMME_LUFS), atol=2e-2, rtol=0)


def test_a_passage_may_lie_beside_the_programme_level(sound: Tensor) -> None:
    for level_db in (-18.0, 7.0):
        level = lufs(prepared(sound, level_db=level_db).mixture, K, LITE)
        torch.testing.assert_close(level, torch.full((2,), PROGRAMME_LUFS + level_db), atol=2e-2, rtol=0)


def test_the_gains_lead_back_to_the_good_mix(sound: Tensor) -> None:
    """Up to one factor, which keeps the input's loudness."""
    target = prepared(sound).target
    good = waveform_spectra(sound.sum(1), LITE)[:, : target.shape[1]]
    factor = (target.abs().square().sum((1, 2)) / good.abs().square().sum((1, 2))).sqrt()
    torch.testing.assert_close(target, factor[:, None, None] * good, atol=1e-4, rtol=0)


def test_gains_differ_between_stems_as_the_degradation_did(sound: Tensor) -> None:
    gains = prepared(sound).gains_db
    torch.testing.assert_close(gains - gains[:, :1], -(SPOILT - SPOILT[:, :1]), atol=1e-4, rtol=0)


def test_an_unspoilt_mix_asks_for_nothing(sound: Tensor) -> None:
    spectra = prepared(sound, torch.zeros(2, 3))
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
    spectra = prepared(torch.zeros(2, 3, LENGTH))
    assert not spectra.mixture.any()
    assert not spectra.audible.any()
    assert spectra.gains_db.isfinite().all()


def test_loudness_of_spectra_is_the_meters() -> None:
    config = LiteConfig()
    x = 0.05 * torch.randn(1, 60 * config.hop, generator=torch.Generator().manual_seed(0))
    level = float(lufs(waveform_spectra(x, config), k_weights(config), config))
    # Half of the first and of the last frame is silence beyond the ends: 60 hops of power in 61 frames.
    level += 10 * torch.log10(torch.tensor(61 / 60)).item()
    assert level == pytest.approx(integrated_loudness(x.numpy(), RATE, layout="mono"), abs=0.3)
