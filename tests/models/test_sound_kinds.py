"""What kinds of sound a mixture is: places in time, levels, and that music is told from noise."""

from __future__ import annotations

import numpy as np
import pytest
from audio.sounds import noise, programme

from limelight.models.separators.pretrained_ear import HOP_SECONDS, SAMPLE_RATE, WIDTH, SoundKinds, kinds_at


@pytest.mark.parametrize(("samples", "rows"), [(0, 1), (1, 1), (23_039, 1), (23_040, 2), (5 * SAMPLE_RATE, 11)])
def test_there_is_a_row_for_every_hop(samples: int, rows: int) -> None:
    kinds = SoundKinds().hear(np.zeros(samples, np.float32))
    assert kinds.shape == (rows, WIDTH)
    assert np.isfinite(kinds).all()


def test_a_row_is_about_the_second_around_it() -> None:
    """A sound before and a sound behind change nothing at four seconds."""
    sound = 0.3 * programme(1, 8, SAMPLE_RATE)[0].astype(np.float32)
    other = sound.copy()
    far = np.abs(np.arange(len(sound)) / SAMPLE_RATE - 8 * HOP_SECONDS) > 0.6
    other[far] = noise(1, len(sound), seed=1)[0][far]
    first, second = (SoundKinds().hear(one) for one in (sound, other))
    np.testing.assert_allclose(first[8], second[8], atol=0.02)
    assert np.abs(first[2] - second[2]).max() > 0.2


def test_between_two_rows_lies_the_line_between_them() -> None:
    rows = np.arange(4)[:, None] * np.ones((1, WIDTH))
    said = kinds_at(rows, np.array([0.0, 0.12, 0.48, 1.2, 99.0]))
    np.testing.assert_allclose(said[:, 0], [0, 0.25, 1, 2.5, 3], atol=1e-6)
    assert kinds_at(rows[:1], np.array([0.0, 5.0])).shape == (2, WIDTH)


def test_notes_are_nearer_to_other_notes_than_to_noise() -> None:
    seconds = np.arange(3 * SAMPLE_RATE) / SAMPLE_RATE

    def chord(*hertz: float) -> np.ndarray:
        ring = np.exp(-3 * (seconds % 0.5))
        tones = sum(np.sin(2 * np.pi * f * k * seconds) / k for f in hertz for k in (1, 2, 3))
        return (0.1 * ring * tones).astype(np.float32)

    ears = SoundKinds()
    means = [
        ears.hear(x).mean(0) for x in (chord(262, 330, 392), chord(220, 277, 330), 0.1 * noise(1, len(seconds))[0])
    ]
    first, second, hiss = (m / np.linalg.norm(m) for m in means)
    assert first @ second > max(first @ hiss, second @ hiss) + 0.2
