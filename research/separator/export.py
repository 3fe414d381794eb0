# ruff: noqa: T201 - a script talks
"""A checkpoint's averaged weights as what is kept of it: half precision in safetensors, or the package's sealed model.

    python export.py RUN.safetensors --half ../checkpoints/stem_separator.safetensors
    python export.py RUN.safetensors --data DATA --seal ../../src/limelight/models/weights/lite.onnx

Sealing fits presence on DATA/validation (calibration.py), compares the graph with the network and prints its speed.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch
from systems import NewSeparator

from limelight.models.separators.masks import HOP, SAMPLE_RATE, line_edges
from limelight.networks.stem_separator import KINDS, TOLD, StemSeparator, sharpened
from limelight.runtime import open_session
from limelight.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from limelight.training.export_separator import (
    INPUTS,
    OUTPUTS,
    STEPS,
    export_separator,
    presence_fit,
    separator_card,
)
from limelight.training.scenes import DrawnScenes

SECONDS = STEPS * HOP / SAMPLE_RATE
TOLERANCE = 1e-3
LICENCE = (
    "CC BY-SA 4.0, attribution in lite.ATTRIBUTION.md; told by DeepFilterNet3 (MIT or Apache-2.0), Silero VAD (MIT) and "
    "YAMNet (Apache-2.0)"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--half", type=Path)
    parser.add_argument("--seal", type=Path)
    parser.add_argument("--data", type=Path, help="Its validation/ fits presence.")
    parser.add_argument("--name", default="lite")
    parser.add_argument("--licence", default=LICENCE)
    parser.add_argument("--training-data", default="openly licensed sounds, listed in ATTRIBUTION.md")
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.half:
        halve(options.checkpoint, options.half)
    if options.seal:
        if not options.data:
            parser.error("--seal wants --data, whose validation/ fits presence")
        new = NewSeparator(options.checkpoint)
        scale, shift = presence_fit(new.network, DrawnScenes(options.data / "validation"))
        edges = tuple(int(edge) for edge in line_edges())
        training_data = f"{options.training_data}; {new.step} steps"
        card = separator_card(
            new.network, edges, name=options.name, licence=options.licence, training_data=training_data
        )
        export_separator(new.network, options.seal, card, scale=scale, shift=shift)
        megabytes, times = options.seal.stat().st_size / 1e6, speed(new.network, options.seal)
        print(f"{options.seal}: {megabytes:.1f} MB, {times:.0f} × real time of one thread, without the pretrained ear")


def halve(checkpoint: Path, into: Path) -> None:
    """The averaged weights alone, float16, with the header."""
    found = load_checkpoint(checkpoint)
    arrays = {f"average.{name}": value.half() for name, value in found.part("average").items()}
    save_checkpoint(into, Checkpoint(found.config, found.step, arrays))


@torch.no_grad()
def speed(network: StemSeparator, path: Path) -> float:
    """Times real time by CPU time, the best of eight runs; the graph must say what the network says, also of other lengths."""
    session = open_session(path, threads=1)
    took = []
    for steps in [STEPS] * 8 + [network.config.steps_per_token * 3]:
        power = np.random.default_rng(steps).random((1, len(TOLD), steps, network.config.lines), np.float32)
        told = {"power": power, "voice": np.zeros((1, steps), np.float32)}
        told["kinds"] = np.zeros((1, steps, KINDS), np.float32)
        started = time.thread_time()
        masks, _ = session.run(OUTPUTS, told)
        if steps == STEPS:
            took.append(time.thread_time() - started)
        wished = sharpened(network(*(torch.from_numpy(told[name]) for name in INPUTS)).log_masks).numpy()
        assert np.abs(masks - wished).max() < TOLERANCE, json.dumps([steps, float(np.abs(masks - wished).max())])
    return SECONDS / min(took)


if __name__ == "__main__":
    main()
