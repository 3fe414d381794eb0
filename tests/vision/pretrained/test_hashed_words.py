import numpy as np

from limelight.vision.pretrained.encoders import WIDTHS, HashedWords, text_encoder, tokens

DARK, LIGHT = (
    "low key, dark; flat contrast; cool, pale colours",
    "high key, bright; strong contrast; warm, rich colours",
)


def test_rows_have_length_one_and_nothing_said_is_nothing() -> None:
    rows = HashedWords().embed([DARK, LIGHT, "", "0.52 (+0.1)"])
    assert rows.shape == (4, 256)
    assert rows.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(rows[:2], axis=1), 1, rtol=1e-6)
    assert not rows[2:].any()


def test_what_shares_words_is_near() -> None:
    dark, darker, light = HashedWords().embed([DARK, f"{DARK}, a night", LIGHT])
    assert dark @ darker > 0.8
    assert dark @ light < 0.6


def test_numbers_and_letters_case_do_not_count_but_order_does() -> None:
    a, b, c = HashedWords().embed(["Low key (0.31), dark", "low key (0.12), DARK", "dark key, low"])
    assert np.array_equal(a, b)
    assert not np.array_equal(a, c)
    assert tokens("Low key, 0.3 dark") == ["low", "key", "dark", "low key", "key dark"]


def test_places_are_the_same_on_every_machine() -> None:
    """A network learnt them: golden."""
    row = HashedWords().embed(["dark"])[0]
    assert {int(place): float(row[place]) for place in np.flatnonzero(row)} == GOLDEN


def test_it_is_the_text_encoder_of_its_width() -> None:
    assert isinstance(text_encoder(WIDTHS[256]), HashedWords)


GOLDEN = {13: -1.0}
