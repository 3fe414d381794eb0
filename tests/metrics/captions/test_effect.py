from __future__ import annotations

import numpy as np
import pytest
from audio.sounds import cut, noise
from limelight.models.remixer import Prescribed
from remixes import FakeRemix, gains, remix_card

from limelight.metrics.caption_check import NO_CHANGE_DB, Effect, effect_of

SECONDS = 4
CARD = remix_card(context="captions", context_width=2, samples=44_100)
SOUND = np.tile(noise(1, SECONDS * 44_100), (2, 1))


def obedient(magnitude: np.ndarray, mixture: np.ndarray, context: np.ndarray | None) -> Prescribed:
    """The first number it is told is what it adds."""
    assert context is not None
    return Prescribed(np.ones_like(magnitude), np.float32(context[:, 0].mean()) * mixture)


def found(model: FakeRemix, context: np.ndarray, sound: np.ndarray = SOUND) -> Effect:
    return effect_of(model, context, lambda: cut(sound, [9000]), sample_rate=44_100, layout="stereo")


def told(*values: float) -> np.ndarray:
    return np.float32([[value, 1.0] for value in values])


def test_a_model_that_does_not_listen_is_found_out() -> None:
    effect = found(FakeRemix(gains(0.5, 0.1), CARD), told(0.1, 0.2, 0.3, 0.4))
    assert effect.shuffled_db == effect.emptied_db == NO_CHANGE_DB
    assert not effect.listens
    assert effect.change_db == pytest.approx(20 * np.log10(0.4), abs=0.2)


def test_one_that_listens_is_heard_by_how_much() -> None:
    effect = found(FakeRemix(obedient, CARD), told(*[0.1] * SECONDS))
    assert effect.change_db == pytest.approx(-20, abs=0.1)
    assert effect.shuffled_db == NO_CHANGE_DB  # the same at any time
    assert effect.emptied_db == pytest.approx(0, abs=0.1)  # all of the change is gone
    assert effect.listens


def test_the_order_of_captions_matters_to_one_that_listens_in_time() -> None:
    effect = found(FakeRemix(obedient, CARD), told(0.1, 0.1, -0.1, -0.1))
    assert effect.shuffled_db == pytest.approx(6, abs=1.5)  # told the opposite: twice the change, but for the fades


def test_silence_tells_nothing() -> None:
    effect = found(FakeRemix(obedient, CARD), told(*[0.1] * SECONDS), np.zeros_like(SOUND))
    assert not effect.listens
    assert effect.change_db == NO_CHANGE_DB
