import numpy as np
import pytest
from film_sound import noise

from limelight.report.listening import MOST_COLUMNS, EnvelopeMeter


def envelope(sound, sizes, total=None):
    meter = EnvelopeMeter(total or sound.shape[1], sound.shape[0])
    at = 0
    while at < sound.shape[1]:
        size = sizes[at % len(sizes)]
        meter.push(sound[:, at : at + size])
        at += size
    return meter.finish()


def naive(sound, columns=MOST_COLUMNS):
    """Every sample by itself."""
    total = sound.shape[1]
    column = np.arange(total) * columns // total
    parts = [sound[:, column == k] for k in range(columns)]
    return [np.abs(p).max() for p in parts], [np.sqrt(np.square(p).mean(axis=1).max()) for p in parts]


@pytest.mark.parametrize("sizes", [(100_000,), (7, 1, 300, 4096)])
def test_same_as_sample_by_sample_whatever_the_blocks(sizes):
    sound = noise(0.31, 16_000, 2)
    sound[1] *= 0.3
    found = envelope(sound, sizes)
    peak, rms = naive(sound)
    np.testing.assert_allclose(found.peak, peak, rtol=1e-6)
    np.testing.assert_allclose(found.rms, rms, rtol=1e-5)


def test_a_click_falls_into_the_column_of_its_time():
    sound = np.zeros((1, 48_000), np.float32)
    sound[0, 12_000] = -0.5
    found = envelope(sound, (1000,))
    assert np.flatnonzero(found.peak).tolist() == [MOST_COLUMNS // 4]
    assert found.peak.max() == 0.5


def test_fewer_samples_than_columns_and_more_than_announced():
    sound = np.full((1, 30), 0.25, np.float32)
    assert envelope(sound, (7,)).peak.tolist() == [0.25] * 30
    assert envelope(sound, (7,), total=10).peak.tolist() == [0.25] * 10
    assert envelope(sound, (7,), total=60).peak.tolist() == [0.25] * 30 + [0.0] * 30


def test_a_constant_has_its_root_mean_square():
    found = envelope(np.full((3, 5000), -0.5, np.float32), (640,))
    np.testing.assert_allclose(found.rms, 0.5)
    np.testing.assert_allclose(found.peak, 0.5)
