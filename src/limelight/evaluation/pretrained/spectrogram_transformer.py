"""AST, an AudioSet tagger through transformers (Gong, Chung & Glass, Interspeech 2021; BSD 3-Clause): 527 classes from 16 kHz.

The permissive way to a KLD. Its figures cannot be set beside the papers', whose tagger is PaSST.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from limelight.cues.pretrained.loading import best_device, load, load_network
from limelight.evaluation.metrics import Signal
from limelight.evaluation.pretrained.listeners import Array, at_rate, mean_over_windows

AST = "MIT/ast-finetuned-audioset-10-10-0.4593"


class SpectrogramTransformer:
    """A `listeners.Tagger`."""

    def __init__(self, name: str = AST, *, device: str | None = None, offline: bool = False) -> None:
        """`name`: any AST classifier of transformers, or a folder. Raises ModelError."""
        self._device = device or best_device()
        self._network: Any = load_network("ASTForAudioClassification", name, device=self._device, offline=offline)
        with warnings.catch_warnings():
            # Its lowest mel bands are narrower than a bin, as they were when it was trained.
            warnings.filterwarnings("ignore", "At least one mel filter", UserWarning)
            self._features: Any = load("ASTFeatureExtractor", name, offline=offline)
        self._rate = int(self._features.sampling_rate)

    def logits(self, sound: Signal) -> Array:
        return mean_over_windows(at_rate(sound, self._rate), self._rate, self._window)

    def _window(self, sound: Array) -> Array:
        import torch

        seen = self._features(np.ascontiguousarray(sound), sampling_rate=self._rate, return_tensors="pt")
        with torch.inference_mode():
            found = self._network(seen["input_values"].to(self._device, self._network.dtype)).logits
        return np.asarray(found[0].float().cpu().numpy(), np.float32)
