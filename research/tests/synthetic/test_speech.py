import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from limelight.errors import InputError
from research.synthetic.speech import (
    MARGIN_SECONDS,
    Speaker,
    draw_speaker,
    espeak_languages,
    espeak_variants,
    speak,
    trimmed,
)

ANNA = Speaker("espeak-ng", "en-us+f3", "en-us", 60, 170, 100, 1.0)
needs_espeak = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")
needs_flite = pytest.mark.skipif(shutil.which("flite") is None, reason="flite is not installed")


def test_speakers_are_drawn_in_the_wished_shares() -> None:
    rng = np.random.default_rng(0)
    speakers = [draw_speaker(rng, ("de", "en-gb", "en-us", "fi"), ("f1", "m1")) for _ in range(2000)]
    espeak = [speaker for speaker in speakers if speaker.program == "espeak-ng"]
    assert len(espeak) / len(speakers) == pytest.approx(0.65, abs=0.04)
    assert np.mean([speaker.language.startswith("en") for speaker in espeak]) == pytest.approx(0.3, abs=0.05)
    assert all(20 <= speaker.pitch <= 90 and 110 <= speaker.pace <= 220 for speaker in espeak)


def test_the_command_says_all_that_was_drawn() -> None:
    words = " ".join(ANNA.command("Hello.", Path("out.wav")))
    assert words == 'espeak-ng -v en-us+f3 -p 60 -s 170 -m -w out.wav <prosody range="100%">Hello.</prosody>'


def test_silence_is_cut_off_both_ends() -> None:
    rate = 16_000
    sound = np.concatenate([np.zeros(8000), np.sin(np.arange(16_000) * 0.2), np.zeros(4000)]).astype(np.float32)
    kept = trimmed(sound, rate)
    assert len(kept) == 16_000 + 2 * round(MARGIN_SECONDS * rate)
    assert np.sum(kept**2) == pytest.approx(np.sum(sound**2))
    assert len(trimmed(np.zeros(1000, np.float32), rate)) == 0


@needs_espeak
def test_espeak_speaks_the_same_twice_and_slower_when_told() -> None:
    said = speak(ANNA, "The old captain found a lantern.")
    np.testing.assert_array_equal(said, speak(ANNA, "The old captain found a lantern."))
    slow = speak(replace(ANNA, pace=110), "The old captain found a lantern.")
    assert len(slow) > 1.25 * len(said) > 1.25 * ANNA.sample_rate
    tall = speak(replace(ANNA, size=1.1), "The old captain found a lantern.")
    assert len(tall) == pytest.approx(1.1 * len(said), rel=0.03)


@needs_espeak
def test_espeak_names_its_voices() -> None:
    assert {"de", "en-us", "fi"} <= set(espeak_languages())
    assert {"f1", "m1"} <= set(espeak_variants())
    with pytest.raises(InputError, match="espeak-ng could not speak as nowhere"):
        speak(replace(ANNA, voice="nowhere"), "Hello.")


@needs_flite
def test_flite_speaks_at_its_own_rate() -> None:
    said = speak(Speaker("flite", "slt", "en", 180, 1.0, 100, 1.0), "The old captain found a lantern.")
    assert 1.0 < len(said) / 16_000 < 5.0
