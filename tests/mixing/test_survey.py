from __future__ import annotations

import numpy as np
import pytest
from audio.sounds import cut, programme, sine
from mixing.scenes import LAYOUTS

from limelight.audio.loudness import measure_loudness
from limelight.errors import Unsupported
from limelight.mixing.features import measure_audio


@pytest.mark.slow
@pytest.mark.parametrize("sample_rate", [8000, 44_100, 48_000])
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_it_measures_what_the_meters_do(channels: int, sample_rate: int) -> None:
    sound = programme(channels, 4, sample_rate)
    found = measure_audio(cut(sound, [777]), sample_rate=sample_rate, layout=LAYOUTS[channels])
    true = measure_loudness(sound, sample_rate, layout=LAYOUTS[channels])
    assert found.samples == 4 * sample_rate
    assert found.loudness_lufs == pytest.approx(true.integrated_lufs, abs=1e-6)
    assert found.range_lu == pytest.approx(true.range_lu, abs=1e-6)
    assert found.true_peak_dbtp == pytest.approx(20 * np.log10(np.abs(sound).max()), abs=1.5)


def test_the_downmix_of_one_channel_is_itself() -> None:
    sound = programme(1, 2, 48_000)
    found = measure_audio([sound], sample_rate=48_000, layout="mono")
    assert found.downmix_lufs == pytest.approx(found.loudness_lufs, abs=1e-4)


def test_the_downmix_of_two_alike_channels_is_one_of_them() -> None:
    sound = programme(1, 2, 48_000)
    one = measure_audio([sound], sample_rate=48_000, layout="mono")
    two = measure_audio([np.repeat(sound, 2, axis=0)], sample_rate=48_000, layout="stereo")
    assert two.downmix_lufs == pytest.approx(one.downmix_lufs, abs=1e-4)
    assert two.loudness_lufs == pytest.approx(one.loudness_lufs + 10 * np.log10(2), abs=1e-4)


def test_low_frequency_effects_alone_are_silent() -> None:
    sound = np.zeros((6, 96_000), np.float32)
    sound[3] = sine(50, 2, 48_000, db=-6)
    found = measure_audio([sound], sample_rate=48_000, layout="5.1")
    assert found.loudness_lufs == found.downmix_lufs == -np.inf
    assert found.true_peak_dbtp == pytest.approx(-6, abs=0.1)


@pytest.mark.parametrize("blocks", [[], [np.zeros((2, 0), np.float32)], [np.zeros((2, 99), np.float32)]])
def test_silence_is_a_value(blocks: list[np.ndarray]) -> None:
    found = measure_audio(blocks, sample_rate=48_000, layout="stereo")
    assert found.loudness_lufs == found.downmix_lufs == found.true_peak_dbtp == -np.inf
    assert found.range_lu == 0
    assert found.samples == sum(block.shape[1] for block in blocks)


def test_unknown_layouts_are_refused() -> None:
    with pytest.raises(Unsupported):
        measure_audio([], sample_rate=48_000, layout="octophonic")
