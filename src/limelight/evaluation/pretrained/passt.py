"""PaSST, the tagger of the papers' KLD: 527 AudioSet classes from 32 kHz (Koutini et al., Interspeech 2022; Apache 2.0)."""

from __future__ import annotations

from typing import Any

import numpy as np

from limelight.errors import ModelError
from limelight.evaluation.metrics import Signal
from limelight.evaluation.pretrained.listeners import Array, at_rate, mean_over_windows

RATE = 32_000


class Passt:
    """A `listeners.Tagger` around the network of hear21passt, [B, N] at 32 kHz to logits [B, 527]."""

    def __init__(self, network: Any) -> None:
        self._network = network

    @classmethod
    def load(cls) -> Passt:
        """With the weights that the package fetches. Raises ModelError where it is not installed."""
        try:
            from hear21passt.base import get_basic_model
        except ImportError as error:
            raise ModelError(
                "Wanted PaSST, found no hear21passt; pip install 'limelight-audio[eval]', or take the tagger ast."
            ) from error
        return cls(get_basic_model(mode="logits").eval())

    def logits(self, sound: Signal) -> Array:
        return mean_over_windows(at_rate(sound, RATE), RATE, self._window)

    def _window(self, sound: Array) -> Array:
        import torch

        with torch.inference_mode():
            found = self._network(torch.from_numpy(np.ascontiguousarray(sound))[None])
        return np.asarray(found[0].float().cpu().numpy(), np.float32)
