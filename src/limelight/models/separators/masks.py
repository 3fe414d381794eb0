"""A separator of our own: a network that answers with three masks, in one sealed `.onnx` file.

magnitude [1, T, F] ──► graph ──► masks [1, K, T, L], which sum to 1 over K
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from limelight.audio.stft import Bands, Spectra, StftConfig, istft, whole_frames
from limelight.errors import ModelError
from limelight.models.card import Card, SealedFile, check_graph
from limelight.models.protocols import Chunk, Separation
from limelight.models.voice_activity import VoiceActivity, step_presence
from limelight.runtime import run_session
from limelight.types import STEMS

Array = NDArray[np.float32]


class MaskSeparator:
    """Hears the mono downmix at the card's programme level; its masks hold for every channel."""

    def __init__(self, file: SealedFile) -> None:
        """Raises ModelError where the graph is not what the card says."""
        self._card, self._session = file.card, file.session
        self._config, self._bands = (
            StftConfig(self.card.n_fft, self.card.hop),
            Bands.of(self.card.band_edges, self.card.n_fft),
        )
        self._voice = VoiceActivity()
        check_graph(
            file, kind="separator", inputs={"magnitude": (1, None, self.card.n_fft // 2 + 1)}, outputs=["masks"]
        )

    @property
    def card(self) -> Card:
        return self._card

    def separate(self, chunk: Chunk) -> Separation:
        spectra = whole_frames(chunk.mono[None], self._config)  # [1, F, T]
        masks = self.masks(spectra[0].T)
        of_speech = self._bands.of_bins(masks[STEMS.index("speech")])  # [T, F]
        # The frames lie between the chunk's ends, where the inverse wants one on each.
        framed = np.pad(spectra * of_speech.T, ((0, 0), (0, 0), (1, 1)))
        speech = istft(framed, chunk.samples.shape[1], self._config)
        heard = self._voice.presence(speech[0])
        return Separation(presence=step_presence(heard, masks.shape[1], hop=self.card.hop), masks=masks)

    def masks(self, spectra: Spectra) -> Array:
        """Of the spectra [T, F] of a mono chunk, [K, T, L]."""
        magnitude = np.sqrt(np.square(spectra.real) + np.square(spectra.imag))
        steps = len(magnitude)
        behind = -steps % int(self.card.config.get("steps_multiple", 1))
        window = np.pad(magnitude, ((0, behind), (0, 0))).astype(np.float32, copy=False)
        (masks,) = run_session(
            self._session, ["masks"], {"magnitude": np.ascontiguousarray(window)[None]}, model=self._card.name
        )
        if masks.shape[:3] != (1, len(STEMS), len(window)):
            raise ModelError(f"The model {self._card.name} answers in another shape than its card's; install it again.")
        return np.asarray(masks[0][:, :steps])
