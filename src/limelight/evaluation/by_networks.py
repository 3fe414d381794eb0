"""The papers' metrics on what networks make of a sound: KLD on a tagger's logits, ΔIB on embeddings. Lower is better.

The networks' outputs are passed in, so that the arithmetic can be trusted without them; `pretrained` loads them. Values are
raw; the papers print them × 100. With another network than the papers' (PaSST, ImageBind) a figure has the same meaning
but cannot be set beside theirs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]

FLOOR = 1e-6  # inside the logarithm


def kld(output_logits: Array, target_logits: Array) -> float:
    """KL(target ‖ output) of the classes [W] that a tagger hears, softmax over both; in nats.

    Σ p log((p + 10⁻⁶) / (q + 10⁻⁶)), so that the same sound scores 0 exactly. Raises ValueError.
    """
    if output_logits.ndim != 1 or output_logits.shape != target_logits.shape or not output_logits.size:
        raise ValueError(f"KLD compares logits [W] of one width, got {output_logits.shape} and {target_logits.shape}")
    _finite(output_logits, target_logits)
    p, q = _softmax(target_logits), _softmax(output_logits)
    return float(np.sum(p * np.log((p + FLOOR) / (q + FLOOR))))


def delta_ib(output: Array, target: Array, pictures: Array) -> float:
    """|mean cosine of target and pictures − mean cosine of output and pictures|, from embeddings [D], [D] and [T, D]."""
    return abs(relevance(target, pictures) - relevance(output, pictures))


def relevance(sound: Array, pictures: Array) -> float:
    """How well a sound goes with pictures: mean cosine of its embedding [D] with each of theirs [T, D]."""
    if sound.ndim != 1 or pictures.ndim != 2 or pictures.shape[1:] != sound.shape or not pictures.size:
        raise ValueError(f"a sound [D] is compared with pictures [T, D], got {sound.shape} and {pictures.shape}")
    _finite(sound, pictures)
    lengths = np.linalg.norm(pictures, axis=1) * np.linalg.norm(sound)
    if not lengths.all():
        raise ValueError("an embedding of length 0 has no direction")
    return float(np.mean(pictures.astype(np.float64) @ sound.astype(np.float64) / lengths))


def _finite(*arrays: Array) -> None:
    if not all(np.isfinite(array).all() for array in arrays):
        raise ValueError("metrics need finite numbers, found NaN or infinity")


def _softmax(logits: Array) -> NDArray[np.float64]:
    powers = np.exp(logits.astype(np.float64) - logits.max())
    return np.asarray(powers / powers.sum())
