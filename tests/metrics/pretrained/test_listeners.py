from __future__ import annotations

import numpy as np
import pytest
from metrics.signals import noise

from limelight.metrics.papers import SAMPLE_RATE
from limelight.metrics.pretrained import at_rate, mean_over_windows


def test_long_sounds_are_heard_in_windows_of_ten_seconds() -> None:
    rate = 100
    sound = np.arange(2500, dtype=np.float32)  # 25 s
    found = mean_over_windows(sound, rate, lambda part: np.array([part[0], part[-1], len(part)]))
    np.testing.assert_allclose(found, [(0 + 1000 + 1500) / 3, (999 + 1999 + 2499) / 3, 1000])
    assert mean_over_windows(sound[:1000], rate, lambda part: np.array([len(part)])) == [1000]
    assert mean_over_windows(sound[:7], rate, lambda part: np.array([len(part)])) == [7]


@pytest.mark.parametrize("rate", [16_000, 32_000, 48_000])
def test_a_second_stays_a_second(rate: int) -> None:
    assert len(at_rate(noise(0, SAMPLE_RATE), rate)) == rate
