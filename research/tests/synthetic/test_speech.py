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
    draw_text,
    english_sentence,
    espeak_languages,
    espeak_variants,
    invented_word,
    speak,
    trimmed,
)


def test_no_gap_of_the_grammar_stays_open() -> None:
    rng = np.random.default_rng(0)
    sentences = [english_sentence(rng) for _ in range(400)]
    assert not any(set(sentence) & set("{}_<>&") for sentence in sentences)
    assert all(sentence[0].isupper() and sentence[-1] in ".?!" for sentence in sentences)
    assert len(set(sentences)) > 390


@pytest.mark.parametrize(
    ("language", "first", "last"),
    [("hi", 0x900, 0x97F), ("ml", 0xD00, 0xD7F), ("ru", 0x400, 0x4FF), ("ar", 0x600, 0x6FF)],
)
def test_invented_words_are_spelt_in_the_language_s_script(language: str, first: int, last: int) -> None:
    rng = np.random.default_rng(1)
    letters = {ord(letter) for _ in range(100) for letter in invented_word(rng, language)}
    assert first <= min(letters) <= max(letters) <= last


def test_other_languages_speak_numbers() -> None:
    texts = [draw_text(np.random.default_rng(seed), "fi") for seed in range(40)]
    assert np.mean([any(letter.isdigit() for letter in text) for text in texts]) > 0.8
    assert draw_text(np.random.default_rng(3), "fi") == texts[3]


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
