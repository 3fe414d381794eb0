from __future__ import annotations

import base64
import re

import cv2
import numpy as np

from limelight.metrics.papers import SAMPLE_RATE, magnitudes
from limelight.metrics.plots import BANDS, banded, gain_curves, scatter, spectrogram


def tone(hertz: float, amplitude: float = 0.5) -> np.ndarray:
    return amplitude * np.sin(2 * np.pi * hertz * np.arange(SAMPLE_RATE) / SAMPLE_RATE)


def pixels(drawing: str) -> np.ndarray:
    (data,) = re.findall('base64,([^"]+)', drawing)
    return cv2.imdecode(np.frombuffer(base64.b64decode(data), np.uint8), cv2.IMREAD_GRAYSCALE)


def test_loud_is_dark_and_high_is_up() -> None:
    loudest = float(magnitudes(tone(400)).max())
    low, high = (pixels(spectrogram(tone(hertz), loudest)) for hertz in (400, 6000))
    dark_low, dark_high = (int(image.mean(axis=1).argmin()) for image in (low, high))
    assert dark_high < BANDS // 2 < dark_low
    assert pixels(spectrogram(0 * tone(400), loudest)).min() == 255
    assert pixels(spectrogram(tone(400, 0.05), loudest)).min() > low.min() + 50  # 20 of 70 dB lighter


def test_bands_keep_the_largest() -> None:
    spectrum = np.zeros((1025, 2))
    spectrum[100] = 3.0
    bands = banded(spectrum)
    assert bands.shape == (BANDS, 2)
    assert bands.max() == 3
    assert (bands.max(axis=1) > 0).sum() in (1, 2)


def test_a_curve_for_what_was_done_and_one_for_what_was_right_of_each_stem_that_is_heard() -> None:
    drawn = gain_curves(np.zeros((3, 5)), np.full((3, 5), 99.0), (True, False, True))
    assert drawn.count('class="curve speech') == 2
    assert "music" not in drawn
    assert drawn.count("truth") == 2
    assert " 80.0" in drawn  # 0 dB is in the middle
    assert " 0.0" in drawn  # what is off the scale is at its edge


def test_a_dot_for_each_clip_that_has_both() -> None:
    drawn = scatter(np.array([0.1, 0.2, np.nan]), np.array([0.05, 0.1, 0.1]), title="<lite>", largest=0.4)
    assert drawn.count("<circle") == 2
    assert 'cx="80.0" cy="280.0"' in drawn  # a quarter across, an eighth up
    assert "before, to 40.0" in drawn
    assert "<lite>" not in drawn
