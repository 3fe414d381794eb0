import shutil

import numpy as np
import pytest

from research.synthetic.notes import Note, Part, Score, Tempo
from research.synthetic.render import SAMPLE_RATE, SOUND_FONT, Studio, levelled, render

needs_fluidsynth = pytest.mark.skipif(
    shutil.which("fluidsynth") is None or not SOUND_FONT.is_file(), reason="fluidsynth or FluidR3 is not installed"
)


def test_levels_are_met_and_peaks_kept_below() -> None:
    noise = np.random.default_rng(0).normal(0, 0.001, 48_000).astype(np.float32)
    assert 20 * np.log10(np.std(levelled(noise))) == pytest.approx(-20, abs=0.01)
    click = np.zeros(48_000, np.float32)
    click[100] = 0.3
    assert 20 * np.log10(levelled(click).max()) == pytest.approx(-1, abs=0.01)
    np.testing.assert_array_equal(levelled(np.zeros(9, np.float32)), 0)


def test_a_dry_studio_turns_both_effects_off() -> None:
    assert Studio(None, None).options == ["-o", "synth.reverb.active=0", "-o", "synth.chorus.active=0"]
    assert "synth.reverb.room-size=0.5" in Studio((0.5, 0.1, 0.2), None).options


@needs_fluidsynth
def test_a_note_sounds_at_its_time_and_pitch() -> None:
    organ = Part("alone", 0, 16, (Note(2.0, 2.0, 69, 100),))
    sound = render(Score("test", (Tempo(0.0, 120.0),), (organ,)), Studio(None, None))
    assert np.abs(sound[: round(0.99 * SAMPLE_RATE)]).max() < 1e-3
    held = sound[round(1.2 * SAMPLE_RATE) : round(1.7 * SAMPLE_RATE)]
    spectrum = np.abs(np.fft.rfft(held * np.hanning(len(held))))
    frequencies = np.fft.rfftfreq(len(held), 1 / SAMPLE_RATE)
    strong = frequencies[spectrum > 0.2 * spectrum.max()] / 110  # A4 and its drawbars are multiples of A2
    np.testing.assert_allclose(strong, np.round(strong), atol=0.03)
