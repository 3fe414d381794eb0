import numpy as np
import pytest

from limelight.dataset.augmentation import SAMPLE_RATE, Room, sample_room


def room(seed: int = 0) -> Room:
    return sample_room(np.random.default_rng(seed))


def noise(length: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(length).astype(np.float32)


@pytest.mark.parametrize("length", [1, 2, 1000, 4095, 4096, 4097])
def test_is_a_convolution_cut_to_the_sounds_length(length: int) -> None:
    response = noise(500) * np.exp(-np.arange(500) / 100)
    x = noise(length, 2)
    wet = Room(response.astype(np.float32))(x)
    assert wet.dtype == np.float32
    np.testing.assert_allclose(wet, np.convolve(x, response)[:length], atol=1e-4)


@pytest.mark.parametrize("seed", range(5))
def test_direct_sound_keeps_its_place_and_level(seed: int) -> None:
    click = np.zeros(2000, np.float32)
    click[700] = 0.5
    wet = room(seed)(click)
    assert np.abs(wet[:700]).max() < 1e-6
    assert wet[700] == pytest.approx(0.5, abs=1e-6)


def test_is_linear() -> None:
    here = room()
    a, b = noise(30_000, 3), noise(30_000, 4)
    np.testing.assert_allclose(here(2 * a - 3 * b), 2 * here(a) - 3 * here(b), atol=1e-3)
    assert not here(np.zeros(100, np.float32)).any()


@pytest.mark.parametrize("seed", range(20))
def test_reverberation_lasts_and_weighs_as_promised(seed: int) -> None:
    response = room(seed).response.astype(np.float64)
    assert 0.15 <= len(response) / SAMPLE_RATE <= 0.9
    # The tail was scaled with its first sample, where the direct sound now stands: a hair less than promised.
    ratio_db = -10 * np.log10(np.sum(response[1:] ** 2))
    assert -3.01 <= ratio_db <= 15.1


@pytest.mark.parametrize("seed", range(5))
def test_the_tail_falls_by_60_db_in_the_time_of_reverberation(seed: int) -> None:
    response = room(seed).response.astype(np.float64)
    n = len(response)
    level = [10 * np.log10(np.mean(response[round(a * n) : round((a + 0.1) * n)] ** 2)) for a in (0.3, 0.8)]
    assert level[1] - level[0] == pytest.approx(-30, abs=2.5)


def test_the_top_is_swallowed() -> None:
    spectrum = np.abs(np.fft.rfft(room().response[2000:])) ** 2
    quarter = len(spectrum) // 4
    assert spectrum[-quarter:].mean() < 0.1 * spectrum[:quarter].mean()


def test_a_seed_names_a_room() -> None:
    assert np.array_equal(room(7).response, room(7).response)
    assert len(room(7).response) != len(room(8).response)
