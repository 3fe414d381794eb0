"""Speech in the middle, music wide, effects from side to side; mono keeps what stereo has."""

from __future__ import annotations

import numpy as np
import pytest

from research.scenes.placing import placed

STEMS = np.random.default_rng(0).standard_normal((3, 48_000)).astype(np.float32)


def test_mono_is_left_alone() -> None:
    np.testing.assert_array_equal(placed(np.random.default_rng(1), STEMS, layout="mono")[:, 0], STEMS)


def test_speech_is_in_the_middle_and_music_folds_down_to_itself() -> None:
    speech, music, _ = placed(np.random.default_rng(1), STEMS, layout="stereo")
    np.testing.assert_array_equal(speech[0], speech[1])
    np.testing.assert_allclose(music.mean(axis=0), STEMS[1], atol=1e-5)
    assert np.corrcoef(music)[0, 1] < 0.99


@pytest.mark.parametrize("seed", range(4))
def test_effects_keep_their_power_wherever_they_are(seed: int) -> None:
    effects = placed(np.random.default_rng(seed), STEMS, layout="stereo")[2]
    np.testing.assert_allclose(np.square(effects).sum(axis=0), np.square(STEMS[2]), rtol=1e-4, atol=1e-6)


def test_both_layouts_take_as_much_from_the_generator() -> None:
    one, other = np.random.default_rng(5), np.random.default_rng(5)
    placed(one, STEMS, layout="mono")
    placed(other, STEMS, layout="stereo")
    assert one.random() == other.random()
