"""The field's metrics that need no network, as pure functions on arrays, in mir_eval's manner.

Conventions: `output` and `target` are mono, [N], 44,100 Hz, equally long, finite. Lower is better. Values are raw; the
papers print them × 100. Sources: VisAH (CVPR 2025) for MAG, ENV and W-dis; level matching is ours, because one broadband
gain scores like a published model on the raw figures.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from limelight.dsp.gains import db_to_gain
from limelight.dsp.loudness import integrated_loudness

Signal = NDArray[np.floating]

SAMPLE_RATE = 44_100
N_FFT, WINDOW, HOP = 2048, 1764, 441  # 40 ms and 10 ms


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


def w_dis(output: Signal, target: Signal) -> float:
    """W-dis: Wasserstein-1 distance of the two sets of sample values; it knows no time."""
    validate(output, target)
    return float(np.mean(np.abs(np.sort(output) - np.sort(target))))


def level_matched(output: Signal, target: Signal) -> Signal:
    """The output at the target's integrated loudness; what is silent stays as it is."""
    validate(output, target)
    have, wish = (integrated_loudness(x[None].astype(np.float32), SAMPLE_RATE, layout="mono") for x in (output, target))
    if not (np.isfinite(have) and np.isfinite(wish)):
        return output
    return output * db_to_gain(wish - have)


def magnitudes(x: Signal) -> NDArray[np.float64]:
    """|STFT|, centred, a periodic Hann window of 40 ms in a transform of 2048, [F, T]."""
    window = np.zeros(N_FFT)
    first = (N_FFT - WINDOW) // 2
    window[first : first + WINDOW] = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)
    mode = "reflect" if x.size > N_FFT // 2 else "constant"
    padded = np.pad(x, N_FFT // 2, mode=mode)  # type: ignore[call-overload]
    frames = np.lib.stride_tricks.sliding_window_view(padded, N_FFT)[::HOP]
    return np.abs(np.fft.rfft(frames * window, axis=-1)).T


def envelope(x: Signal) -> NDArray[np.float64]:
    """Modulus of the analytic signal, [N]."""
    spectrum = np.fft.fft(x)
    n = x.size
    double = np.zeros(n)
    double[0] = 1
    double[1 : (n + 1) // 2] = 2
    if n % 2 == 0:
        double[n // 2] = 1
    return np.abs(np.fft.ifft(spectrum * double))
