import numpy as np
import pytest

from research.synthetic.texts import draw_text, english_sentence, invented_word


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
