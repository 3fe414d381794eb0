# ruff: noqa: T201 - a script talks
"""A checkpoint's averaged weights, as what is kept of it: half precision in safetensors, or an ONNX graph with its speed.

python export.py RUN.safetensors --half ../checkpoints/stem_separator.safetensors
python export.py RUN.safetensors --onnx separator.onnx
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import onnxruntime as ort
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from systems import NewSeparator
from torch import Tensor, nn

from limelight.networks.stem_separator import TOLD

SECONDS = 10.24


class Graph(nn.Module):
    """Power [1, 4, T, N] and voice [1, T] to masks [1, 3, T, N] and presence [1, T / P, 3], 0…1."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, power: Tensor, voice: Tensor) -> tuple[Tensor, Tensor]:
        heard = self.network(power, voice)
        return heard.masks, heard.presence.sigmoid()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--half", type=Path)
    parser.add_argument("--onnx", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.half:
        halve(options.checkpoint, options.half)
    if options.onnx:
        new = NewSeparator(options.checkpoint)
        export(new, options.onnx)
        print(f"{options.onnx.stat().st_size / 1e6:.1f} MB, {speed(new, options.onnx):.0f} × real time of one thread")


def halve(checkpoint: Path, into: Path) -> None:
    """average.* alone, float16, with the metadata."""
    with safe_open(checkpoint, "pt") as file:
        arrays = {
            name: file.get_tensor(name).half() for name in sorted(set(file.keys())) if name.startswith("average.")
        }
        facts = file.metadata()
    into.parent.mkdir(parents=True, exist_ok=True)
    save_file(arrays, into, metadata=facts)


def export(new: NewSeparator, into: Path) -> None:
    lines = new.network.config.lines
    example = (torch.rand(1, len(TOLD), 480, lines), torch.rand(1, 480))
    axes = {"power": {2: "steps"}, "voice": {1: "steps"}, "masks": {2: "steps"}, "presence": {1: "tokens"}}
    torch.onnx.export(
        Graph(new.network).eval(),
        example,
        str(into),
        input_names=["power", "voice"],
        output_names=["masks", "presence"],
        dynamic_axes=axes,
        opset_version=17,
        dynamo=False,
    )


def speed(new: NewSeparator, graph: Path) -> float:
    """Times real time by CPU time, the best of eight runs; also checks that the graph says what the network says."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(str(graph), options)
    feeds = {
        "power": np.random.default_rng(0).random((1, 4, 480, 210), np.float32),
        "voice": np.zeros((1, 480), np.float32),
    }
    with torch.no_grad():
        wished = new.network(torch.from_numpy(feeds["power"]), torch.from_numpy(feeds["voice"])).masks.numpy()
    took = []
    for _ in range(8):
        started = time.thread_time()
        (masks, _) = session.run(None, feeds)
        took.append(time.thread_time() - started)
    assert np.abs(masks - wished).max() < 1e-3
    return SECONDS / min(took)


if __name__ == "__main__":
    main()
