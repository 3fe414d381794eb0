import pytest
import torch
from networks.tiny import LITE

from limelight.dsp.stft import StftConfig, stft
from limelight.networks.lite import LiteConfig
from limelight.networks.lite_spectra import waveform_spectra


@pytest.mark.parametrize("shape", [(), (2,), (2, 3)])
def test_shapes(shape: tuple[int, ...]) -> None:
    x = torch.randn(*shape, 40 * LITE.hop)
    assert waveform_spectra(x, LITE).shape == (*shape, 41, LITE.backbone.bins)


@pytest.mark.parametrize("config", [LITE, LiteConfig()])
def test_spectra_are_those_of_the_run_time(config: LiteConfig) -> None:
    """What a film is heard through must be what the model was trained on."""
    x = torch.randn(1, 20 * config.hop)
    theirs = torch.from_numpy(stft(x.numpy(), StftConfig(config.backbone.n_fft, config.hop))).transpose(1, 2)
    torch.testing.assert_close(waveform_spectra(x, config), theirs, atol=2e-4, rtol=0)
