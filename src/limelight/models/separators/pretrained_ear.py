"""What networks that were trained on hundreds of hours and more say of a mixture: its speech, when somebody speaks, what it is.

DeepFilterNet3 (Schröter et al. 2023) makes the speech, Silero's voice activity hears it. Ours is how both are told: a clip
by itself, after its own first second played backwards (their running means want a second to settle), DeepFilterNet3 at a
level held by a slow gain, Silero at one gain for the clip. A separator that learnt from these answers must be given the
very same ones, so training and films both call this.

YAMNet (Plakal and Ellis 2020, Google) tells 521 kinds of sound of AudioSet apart: a bell, a crowd, a string orchestra. Ours is
the 1,024 numbers before the names, every 0.48 s, of the 0.96 s around; a separator learns from those what is music and
what is not. The front end is NumPy: magnitudes of 25 ms, 64 mel bands from 125 to 7,500 Hz, log(x + 0.001).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soxr
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from limelight.models.separators.deepfilter import SpeechFilter
from limelight.models.voice_activity import WINDOW_SECONDS, VoiceActivity
from limelight.runtime import open_session, run_session

Mono = NDArray[np.float32]

TOLD_RMS_DB = -20.0  # where both hear best
WARM_SAMPLES = 31 * 1536  # a second, in whole windows of Silero's
_MOST_GAIN = 100.0  # 40 dB


@dataclass(frozen=True)
class HeardSpeech:
    """The answer to one clip."""

    speech: Mono  # [N], aligned with the clip and at its level
    voice: Mono  # [⌈N / 1536⌉], 0…1, one for each 32 ms

    def voice_at(self, seconds: NDArray[np.floating]) -> Mono:
        """The voice's activity at some times of the clip, [T]."""
        windows = (seconds / WINDOW_SECONDS).astype(int)
        return np.asarray(self.voice[np.clip(windows, 0, len(self.voice) - 1)])


class PretrainedEar:
    """Both networks, loaded once."""

    def __init__(self, *, threads: int = 1) -> None:
        """Raises ModelError where weights are missing."""
        self._filter = SpeechFilter(threads=threads, level_db=TOLD_RMS_DB)
        self._voice = VoiceActivity()

    def hear(self, clip: Mono) -> HeardSpeech:
        """A mono clip [N] at 48 kHz."""
        warm = min(WARM_SAMPLES, len(clip) // 1536 * 1536)
        speech = self._filter.speech_of(np.concatenate([clip[:warm][::-1], clip]))
        voice = self._voice.presence(speech * told_gain(clip))
        return HeardSpeech(speech[warm:], voice[warm // 1536 :])


def told_gain(clip: Mono) -> np.float32:
    """What brings a clip to the level at which it is told; 40 dB at the most."""
    level = 10 ** (TOLD_RMS_DB / 20)
    root_mean_square = float(np.sqrt(np.square(clip, dtype=np.float64).mean())) if len(clip) else 0.0
    return np.float32(level / max(root_mean_square, level / _MOST_GAIN))


Floats = NDArray[np.float32]
SAMPLE_RATE = 48_000
HOP_SECONDS = 0.48
WIDTH = 1024

_RATE, _WINDOW, _HOP, _FFT = 16_000, 400, 160, 512
_BANDS, _LOWEST, _HIGHEST, _OFFSET = 64, 125.0, 7_500.0, 1e-3
_PATCH, _PATCH_HOP = 96, 48  # frames
_BEFORE = _PATCH_HOP * _HOP  # samples: the first patch is centred on the first sample
_WEIGHTS = Path(__file__).parents[1] / "weights" / "sounds" / "yamnet.onnx"


class SoundKinds:
    """The network, loaded once."""

    def __init__(self, *, threads: int = 1) -> None:
        """Raises ModelError where the weights are missing."""
        self._session = open_session(_WEIGHTS, threads=threads)
        self._mel = _mel_matrix()
        self._window = np.hanning(_WINDOW + 1)[:-1].astype(np.float32)

    def hear(self, sound: Floats) -> Floats:
        """Mono sound [N] at 48 kHz to what it is, [1 + ⌊seconds / 0.48⌋, 1024]; row k is about second 0.48 k."""
        count = 1 + int(len(sound) / SAMPLE_RATE / HOP_SECONDS)
        frames = (count - 1) * _PATCH_HOP + _PATCH
        low = soxr.resample(sound, SAMPLE_RATE, _RATE) if len(sound) else np.zeros(0, np.float32)
        samples = np.zeros((frames - 1) * _HOP + _WINDOW, np.float32)
        heard = low[: len(samples) - _BEFORE]
        samples[_BEFORE : _BEFORE + len(heard)] = heard
        spectra = np.fft.rfft(sliding_window_view(samples, _WINDOW)[::_HOP] * self._window, _FFT, axis=1)
        bands = np.log(np.abs(spectra).astype(np.float32) @ self._mel + _OFFSET)
        patches = sliding_window_view(bands, _PATCH, axis=0)[::_PATCH_HOP].transpose(0, 2, 1)  # [T, 96, 64]
        told = {"bands": np.ascontiguousarray(patches)[:, None]}
        (kinds,) = run_session(self._session, ["kinds"], told, model="YAMNet")
        return np.asarray(kinds, np.float32)


def kinds_at(kinds: NDArray[np.floating], seconds: NDArray[np.floating]) -> Floats:
    """Rows of `SoundKinds.hear` at some times, [T, 1024]; between two rows the line between them."""
    place = np.clip(seconds / HOP_SECONDS, 0, len(kinds) - 1)
    first = np.minimum(place.astype(int), max(0, len(kinds) - 2))
    share = (place - first)[:, None].astype(np.float32)
    after = np.minimum(first + 1, len(kinds) - 1)
    return np.asarray(kinds[first] * (1 - share) + kinds[after] * share, np.float32)


def _mel_matrix() -> Floats:
    """[257, 64]: triangles, evenly spaced in mel, as high as one; nothing of the constant part."""
    mel = 1127.0 * np.log1p(np.arange(_FFT // 2 + 1) * _RATE / _FFT / 700.0)
    edges = np.linspace(1127.0 * np.log1p(_LOWEST / 700.0), 1127.0 * np.log1p(_HIGHEST / 700.0), _BANDS + 2)
    rising = (mel[:, None] - edges[:-2]) / np.diff(edges)[:-1]
    falling = (edges[2:] - mel[:, None]) / np.diff(edges)[1:]
    matrix = np.maximum(0.0, np.minimum(rising, falling)).astype(np.float32)
    matrix[0] = 0.0
    return matrix
