"""The papers' metrics (VisAH, CVPR 2025) as pure functions on arrays, in mir_eval's manner; lower is better.

    MAG, ENV, W-dis    of two sounds
    KLD, ΔIB           of what networks make of them: a tagger's logits, embeddings of sound and pictures

`output` and `target` are mono, [N], 44,100 Hz, equally long, finite. Values are raw; the papers print them × 100. Level
matching is ours, because one broadband gain scores like a published model on the raw figures. The networks' outputs are
passed in, so that the arithmetic can be trusted without them (`pretrained` loads them); with other networks than the
papers' (PaSST, ImageBind) a figure has the same meaning and cannot be set beside theirs.

A clip has one target and many outputs, each compared as it is and at the target's loudness. `Analysed` keeps what is
looked at in a signal; a gain passes through all of it: |STFT(g x)| = g |STFT(x)|, envelope(g x) = g envelope(x), g ≥ 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from limelight.audio.convert import db_to_gain
from limelight.audio.loudness import integrated_loudness

Signal = NDArray[np.floating]
Array = NDArray[np.floating]

SAMPLE_RATE = 44_100
N_FFT, WINDOW, HOP = 2048, 1764, 441  # 40 ms and 10 ms
POOL = 20  # clips in a batch of the released code
_BATCH_FRAMES = 128  # of a transform at once: its temporaries stay in the cache
BATCH_FRAMES = 64  # of two spectra that are compared


def validate(output: Signal, target: Signal) -> None:
    """Raises ValueError for anything that would make a figure meaningless."""
    if output.ndim != 1 or output.shape != target.shape or not output.size:
        raise ValueError(f"metrics compare two mono signals of one length, got {output.shape} and {target.shape}")
    if not (np.isfinite(output).all() and np.isfinite(target).all()):
        raise ValueError("metrics need finite samples, found NaN or infinity")


def mag(output: Signal, target: Signal) -> float:
    """MAG: mean over bins and frames of the absolute difference of linear STFT magnitudes."""
    validate(output, target)
    return float(np.mean(np.abs(magnitudes(output) - magnitudes(target))))


def env(output: Signal, target: Signal) -> float:
    """ENV: root mean square difference of the Hilbert envelopes, per clip."""
    validate(output, target)
    return float(np.sqrt(np.mean(np.square(envelope(output) - envelope(target)))))


def env_pooled(outputs: Sequence[Signal], targets: Sequence[Signal], *, pool: int = POOL) -> float:
    """ENV as VisAH's released code has it: squares are pooled over a batch of clips before the root is taken.

    The clips are equally long and in the order of the batches; the last batch may be smaller. The mean of the batches.
    """
    if len(outputs) != len(targets) or not outputs:
        raise ValueError(f"pooling needs a target for each output, got {len(outputs)} and {len(targets)}")
    return pooled([env(output, target) for output, target in zip(outputs, targets, strict=True)], pool=pool)


def pooled(per_clip: Sequence[float] | NDArray[np.floating], *, pool: int = POOL) -> float:
    """`env_pooled` from the ENV of each of many equally long clips: √mean(e²) in each batch, then the mean."""
    squares = np.square(np.asarray(per_clip, np.float64))
    return float(np.mean([np.sqrt(squares[n : n + pool].mean()) for n in range(0, len(squares), pool)]))


def w_dis(output: Signal, target: Signal) -> float:
    """W-dis: Wasserstein-1 distance of the two sets of sample values; it knows no time."""
    validate(output, target)
    return float(np.mean(np.abs(np.sort(output) - np.sort(target))))


def level_matched(output: Signal, target: Signal) -> Signal:
    """The output at the target's integrated loudness; what is silent stays as it is."""
    validate(output, target)
    gain = matching_gain(loudness_lufs(output), loudness_lufs(target))
    return output * np.float64(gain)  # not rounded to the precision of the output


def matching_gain(have_lufs: float, wish_lufs: float) -> float:
    """The ratio that brings one loudness to another; 1 where either is silence."""
    return float(db_to_gain(wish_lufs - have_lufs)) if np.isfinite(have_lufs) and np.isfinite(wish_lufs) else 1.0


def loudness_lufs(x: Signal) -> float:
    """Integrated loudness of a mono signal, −∞ for silence."""
    return integrated_loudness(x[None].astype(np.float32), SAMPLE_RATE, layout="mono")


def magnitudes(x: Signal) -> NDArray[np.float64]:
    """|STFT|, centred, a periodic Hann window of 40 ms in a transform of 2048, [F, T]."""
    window = np.zeros(N_FFT)
    first = (N_FFT - WINDOW) // 2
    window[first : first + WINDOW] = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)
    mode = "reflect" if x.size > N_FFT // 2 else "constant"
    padded = np.pad(x, N_FFT // 2, mode=mode)  # type: ignore[call-overload]
    frames = np.lib.stride_tricks.sliding_window_view(padded, N_FFT)[::HOP]
    found = np.empty((len(frames), N_FFT // 2 + 1))
    for start in range(0, len(frames), _BATCH_FRAMES):
        batch = slice(start, start + _BATCH_FRAMES)
        np.abs(np.fft.rfft(frames[batch] * window, axis=-1), out=found[batch])
    return found.T


def envelope(x: Signal) -> NDArray[np.float64]:
    """Modulus of the analytic signal, [N]: the positive frequencies twice, the negative ones not at all."""
    n = x.size
    spectrum = np.zeros(n, np.complex128)
    spectrum[: n // 2 + 1] = np.fft.rfft(x)
    spectrum[1 : (n + 1) // 2] *= 2
    return np.abs(np.fft.ifft(spectrum))


@dataclass(frozen=True, eq=False, repr=False)
class Analysed:
    """A mono signal [N] at 44,100 Hz."""

    samples: Signal

    @cached_property
    def magnitudes(self) -> NDArray[np.float64]:
        """|STFT|, [F, T]."""
        return magnitudes(self.samples)

    @cached_property
    def envelope(self) -> NDArray[np.float64]:
        """Of the analytic signal, [N]."""
        return envelope(self.samples)

    @cached_property
    def in_order(self) -> Signal:
        """Sample values, rising, [N]."""
        return np.sort(self.samples)

    @cached_property
    def loudness_lufs(self) -> float:
        """Integrated; −∞ is silence."""
        return loudness_lufs(self.samples)


def mean_distance(a: NDArray[np.float64], b: NDArray[np.float64], gain: float = 1.0) -> float:
    """Mean of |gain · a − b|, [F, T] each, a few frames at a time: what is in hand at once stays in the cache."""
    total = 0.0
    for first in range(0, a.shape[1], BATCH_FRAMES):
        batch = slice(first, first + BATCH_FRAMES)
        total += float(np.abs(gain * a[:, batch] - b[:, batch]).sum())
    return total / a.size


def root_mean_square(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Of the difference of two signals, [N] each."""
    return float(np.sqrt(np.mean(np.square(a - b))))


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


def relevance_gap(output: Array, target: Array, pictures: Array) -> float:
    """Mean cosine of target and pictures less that of output and pictures, with its sign."""
    return relevance(target, pictures) - relevance(output, pictures)


def delta_ib(output: Array, target: Array, pictures: Array) -> float:
    """|mean cosine of target and pictures − mean cosine of output and pictures|, from embeddings [D], [D] and [T, D]."""
    return abs(relevance_gap(output, target, pictures))


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
