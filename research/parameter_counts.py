"""How many parameters each preset has, by part, counted on the networks themselves.

`python -m research.parameter_counts` writes the table that `limelight models` reads where torch is not
installed. The large networks are built on the meta device, which makes no weights.
"""

from __future__ import annotations

import json

import torch
from torch import nn

from limelight.models.registry import COUNTS
from limelight.networks import presets
from limelight.networks.visah import PRESETS, Visah, VisahConfig

Counts = dict[str, int]


def count_all() -> dict[str, Counts]:
    """Preset to part to parameters; the parts of each sum to the whole. Installed models carry theirs in their card."""
    baselines = {name: part_counts(name) for name in presets.PRESETS if name not in PRESETS}
    return {name: visah_counts(config) for name, config in PRESETS.items()} | baselines


def visah_counts(config: VisahConfig) -> Counts:
    """Backbone, context encoder (where there is one), and the transformer behind it."""
    with torch.device("meta"):
        network = Visah(config)
    encoder = network.highlighter.context_encoder
    context = _size(encoder) if encoder is not None else 0
    parts = {"backbone": _size(network.backbone), "highlighter": _size(network.highlighter) - context}
    return parts | ({"context_encoder": context} if context else {})


def part_counts(name: str) -> Counts:
    """Every part of a network that learns, at the preset's size."""
    with torch.device("meta"):
        network = presets.build(name)
    return {part: size for part, module in network.named_children() if (size := _size(module))}


def _size(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def main() -> None:
    """Writes the table into the package."""
    others = json.loads(COUNTS.read_text(encoding="utf-8"))  # separators, which are not built here
    COUNTS.write_text(json.dumps(others | count_all(), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
