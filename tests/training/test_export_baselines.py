"""The baselines in ONNX Runtime say what they say in torch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from torch import Tensor

from limelight.networks.dual_unet import stft
from limelight.networks.lce import Lce, LceConfig
from limelight.networks.learn2remix import Learn2Remix, Learn2RemixConfig
from limelight.networks.remixer import RemixNetwork
from limelight.networks.sep_reformer import SepReformerConfig
from limelight.training.export import Graph, export_graph

SAMPLES = 11_025
PARITY = 1e-4


def stirred(network: RemixNetwork) -> RemixNetwork:
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape, generator=generator))
    return network.eval()


def heard(network: RemixNetwork) -> dict[str, Tensor]:
    """What the graph is given."""
    mixture = 0.1 * torch.randn(1, SAMPLES, generator=torch.Generator().manual_seed(4))
    return {"magnitude": stft(mixture, network.config.backbone).abs(), "mixture": mixture}


def exported(network: RemixNetwork, path: Path, context: Tensor | None = None) -> onnxruntime.InferenceSession:
    feeds = heard(network)
    if context is not None:
        feeds["context"] = context
    axes = {"context": {1: "moments"}} if context is not None else {}
    export_graph(Graph(network), tuple(feeds.values()), path, list(feeds), ["mask", "wave"], axes)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def agrees(network: RemixNetwork, session: onnxruntime.InferenceSession, context: Tensor | None = None) -> None:
    feeds = heard(network)
    with torch.inference_mode():
        made = network.prescribe(**feeds, context=context)
    if context is not None:
        feeds["context"] = context
    mask, wave = session.run(["mask", "wave"], {name: value.numpy() for name, value in feeds.items()})
    for found, wished in ((mask, made.mask), (wave, made.wave)):
        np.testing.assert_allclose(found, wished, rtol=0, atol=PARITY * max(float(wished.abs().max()), 1e-3))


@pytest.mark.slow
def test_learn2remix_says_the_same(tmp_path: Path) -> None:
    torch.manual_seed(2)
    network = stirred(Learn2Remix(Learn2RemixConfig().sized(4)))
    with torch.inference_mode():
        assert network.prescribe(**heard(network)).wave.abs().max() > 1e-2  # there is something to say
    agrees(network, exported(network, tmp_path / "learn2remix.onnx"))


@pytest.mark.slow
@pytest.mark.parametrize("width", [6, pytest.param(0, marks=pytest.mark.slow)])
def test_lce_says_the_same_of_any_number_of_captions(tmp_path: Path, width: int) -> None:
    torch.manual_seed(2)
    network = stirred(Lce(LceConfig(SepReformerConfig(width=8, stages=1), context_width=width)))
    contexts = [torch.randn(1, moments, width) for moments in (3, 1, 7)] if width else [None]
    session = exported(network, tmp_path / "lce.onnx", contexts[0])
    for context in contexts:
        agrees(network, session, context)
