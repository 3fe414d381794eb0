"""Models that remix in one step, for tests: one of NumPy alone whose answer is known, and a tiny sealed graph."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from limelight.models.remix_card import METADATA, RemixCard, seal
from limelight.models.remixer import Prescribed

WINDOW_SECONDS = 0.5

# Magnitudes [F, T], mixture [N] and context [M, D] (or None) to what is done.
Answer = Callable[[np.ndarray, np.ndarray, "np.ndarray | None"], Prescribed]


def remix_card(**changes: Any) -> RemixCard:
    """A card as `export_remix` writes it, of short windows, but for what is changed."""
    values: dict[str, Any] = {
        "name": "tiny",
        "preset": "visah",
        "context": "none",
        "context_width": 0,
        "sample_rate": 44_100,
        "n_fft": 4096,
        "hop": 1024,
        "samples": round(WINDOW_SECONDS * 44_100),
        "licence": "MIT",
        "training_data": "none",
    }
    return RemixCard(**(values | changes))


def gains(mask: float = 1.0, wave: float = 0.0) -> Answer:
    """The same gain for every bin, and a share of the mixture beside it."""
    return lambda magnitude, mixture, _context: Prescribed(np.full_like(magnitude, mask), np.float32(wave) * mixture)


def drawn(seed: int = 0) -> Answer:
    """An answer that is drawn anew for every window: windows disagree as much as they can."""
    rng = np.random.default_rng(seed)

    def answer(magnitude: np.ndarray, mixture: np.ndarray, _context: np.ndarray | None) -> Prescribed:
        mask = rng.uniform(0, 2, magnitude.shape).astype(np.float32)
        return Prescribed(mask, 0.05 * rng.standard_normal(len(mixture)).astype(np.float32))

    return answer


@dataclass
class FakeRemix:
    """Keeps the promises of `limelight.models.remixer.RemixModel` and remembers what it was asked."""

    answer: Answer = field(default_factory=gains)
    card: RemixCard = field(default_factory=remix_card)
    heard: list[np.ndarray] = field(default_factory=list)  # mixtures of each window, [N]
    told: list[np.ndarray | None] = field(default_factory=list)  # contexts of each window, [M, D]

    def prescribe(self, magnitude: np.ndarray, mixture: np.ndarray, context: np.ndarray | None) -> Prescribed:
        card = self.card
        assert magnitude.shape == (card.bins, card.steps)
        assert mixture.shape == (card.samples,)
        assert (context is None) == (card.context_width == 0)
        assert magnitude.dtype == mixture.dtype == np.float32
        if context is not None:
            assert context.shape[1] == card.context_width
            assert len(context) > 0
        self.heard.append(mixture.copy())
        self.told.append(None if context is None else context.copy())
        return self.answer(magnitude, mixture, context)


def remix_file(path: Path, *, mask: float = 0.5, wave: float = 0.0, **changes: Any) -> Path:
    """A sealed file whose mask is `mask`, plus the context's mean where it is told one. Needs onnx, not torch."""
    from onnx import TensorProto, helper, save

    card = remix_card(**({"name": path.stem} | changes))
    shapes: dict[str, list[Any]] = {"magnitude": [1, card.bins, card.steps], "mixture": [1, card.samples]}
    nodes = [
        helper.make_node("Mul", ["magnitude", "zero"], ["nothing"]),
        helper.make_node("Add", ["nothing", "gain"], ["mask" if not card.context_width else "plain"]),
        helper.make_node("Mul", ["mixture", "share"], ["wave"]),
    ]
    if card.context_width:
        shapes["context"] = [1, "moments", card.context_width]
        nodes.append(helper.make_node("ReduceMean", ["context"], ["mean"], keepdims=0))
        nodes.append(helper.make_node("Add", ["plain", "mean"], ["mask"]))
    constants = {"zero": 0.0, "gain": mask, "share": wave}
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()],
        [
            helper.make_tensor_value_info("mask", TensorProto.FLOAT, shapes["magnitude"]),
            helper.make_tensor_value_info("wave", TensorProto.FLOAT, shapes["mixture"]),
        ],
        [helper.make_tensor(name, TensorProto.FLOAT, [1], [value]) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    helper.set_model_props(model, {METADATA: card.text})
    save(model, path)
    seal(path)
    return path
