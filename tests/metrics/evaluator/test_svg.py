from __future__ import annotations

import base64
import re

import cv2
import numpy as np

from limelight.metrics.page import BANDS, GainCurves, Scatter, banded, spectrogram
from limelight.metrics.papers import SAMPLE_RATE, magnitudes


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
    lines = GainCurves.of(np.zeros((3, 5)), np.full((3, 5), 99.0), (True, False, True)).lines
    assert [(line.stem, line.truth) for line in lines] == [(s, t) for s in ("speech", "effects") for t in (True, False)]
    assert " 0.0" in lines[0].path  # what is off the scale is at its edge
    assert " 80.0" in lines[1].path  # 0 dB is in the middle


def test_a_dot_for_each_clip_that_has_both() -> None:
    drawn = Scatter.of(np.array([0.1, 0.2, np.nan]), np.array([0.05, 0.1, 0.1]), title="lite", largest=0.4)
    assert drawn.dots == (("80.0", "280.0"), ("160.0", "240.0"))  # a quarter across, an eighth up
    assert drawn.largest == "40.0"
