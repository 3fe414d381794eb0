import numpy as np
import pytest

from research.synthetic.harmony import MODES, Chord, Key, draw_key, draw_progression, voicing


@pytest.mark.parametrize("mode", MODES)
def test_seven_degrees_are_an_octave(mode: str) -> None:
    key = Key(50, MODES[mode])
    assert all(key.pitch(degree + 7) - key.pitch(degree) == 12 for degree in range(-14, 15))
    assert all(abs(key.degree_near(key.pitch(degree)) - degree) <= 1 for degree in range(-14, 15))


def test_c_major_is_spelt_right() -> None:
    key = Key(60, MODES["major"])
    assert voicing(key, Chord(4, (0, 2, 4)), 67, 3) == [62, 67, 71]  # G over D
    assert Chord(0, (0, 2, 4)).nearest(3) in {2, 4}


@pytest.mark.parametrize("seed", range(20))
def test_a_voicing_holds_tones_of_its_chord_only(seed: int) -> None:
    rng = np.random.default_rng(seed)
    key = draw_key(rng)
    for chord in draw_progression(rng, 0.8):
        allowed = {key.pitch(degree) % 12 for degree in chord.degrees}
        pitches = voicing(key, chord, 60, 5)
        assert {pitch % 12 for pitch in pitches} <= allowed
        assert pitches == sorted(set(pitches))
