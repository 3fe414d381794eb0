"""Bodies of the three protocols for tests, of NumPy alone, whose answers are known; and tiny sealed graphs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from limelight.audio.stft import StftConfig, whole_frames
from limelight.models.card import METADATA, Card, seal
from limelight.models.remixers.mask_and_wave import MaskAndWave, MaskAndWaveRemixer
from limelight.types import STEMS, Chunk, Cues, Decision, Scene, Separation, StemFeatures

SPLIT_HERTZ = (1000.0, 4000.0)  # below the first is "speech", above the second "effects", between them "music"
WINDOW_SECONDS = 0.5

# Magnitudes [T, F] to masks [K, T, F].
Masks = Callable[[np.ndarray], np.ndarray]
# Features and cues to gains [K, T] in dB.
Gains = Callable[[StemFeatures, Cues], np.ndarray]
# Magnitudes [F, T], mixture [N] and context [M, D] (or None) to what is done.
Answer = Callable[[np.ndarray, np.ndarray, "np.ndarray | None"], MaskAndWave]


def separator_card(**changes: Any) -> Card:
    """A card as an exported separator has it, with a mask for every bin, but for what is changed."""
    values = {"kind": "separator", "name": "fake", "programme_lufs": -27.0, "licence": "MIT", "training_data": "none"}
    return Card(**(values | {"overlap_samples": 96 * 1024} | changes))


def by_region(split_hertz: Sequence[float] = SPLIT_HERTZ, *, card: Card | None = None) -> Masks:
    """Hard masks: each stem has a band of frequencies to itself, whatever is heard."""
    card = card or separator_card()
    hertz = np.arange(card.n_fft // 2 + 1) * card.sample_rate / card.n_fft
    owner = np.searchsorted(split_hertz, hertz, side="right")  # [F]
    one_hot = (owner == np.arange(len(STEMS))[:, None]).astype(np.float32)  # [K, F]
    return lambda magnitude: np.repeat(one_hot[:, None], len(magnitude), axis=1)


def shared(*shares: float) -> Masks:
    """The same share of every bin for each stem."""
    column = np.array(shares, np.float32)[:, None, None]
    return lambda magnitude: np.broadcast_to(column, (len(shares), *magnitude.shape)).copy()


def random_masks(seed: int = 0) -> Masks:
    """Soft masks that are drawn anew for every chunk: chunks disagree as much as they can."""
    rng = np.random.default_rng(seed)

    def masks(magnitude: np.ndarray) -> np.ndarray:
        drawn = rng.uniform(0.01, 1, (len(STEMS), *magnitude.shape)).astype(np.float32)
        return drawn / drawn.sum(axis=0)

    return masks


@dataclass
class FakeSeparator:
    """A separator by masks that are known; remembers what it heard."""

    masks: Masks = field(default_factory=by_region)
    presence: float = 0.0
    card: Card = field(default_factory=separator_card)
    remembers: bool = True
    heard: list[np.ndarray] = field(default_factory=list)  # mono chunks, [N] each
    starts: list[float] = field(default_factory=list)

    def separate(self, chunk: Chunk) -> Separation:
        mono = chunk.mono
        assert mono.dtype == np.float32
        assert len(mono) % self.card.hop == 0
        if self.remembers:
            self.heard.append(mono.copy())
            self.starts.append(chunk.start_seconds)
        spectra = whole_frames(mono[None], StftConfig(self.card.n_fft, self.card.hop))[0].T
        masks = self.masks(np.abs(spectra))
        return Separation(np.full(masks.shape[1], self.presence, np.float32), masks=masks)


@dataclass
class FakeDirector:
    """Gains that are known: a function, or constant ones; remembers what it was told."""

    gains_db: Gains | Sequence[float] = (0.0, 0.0, 0.0)
    told: list[tuple[StemFeatures, Cues]] = field(default_factory=list)

    @property
    def card(self) -> Card:
        return Card(kind="director", name="fake-director", licence="MIT")

    def decide(self, heard: StemFeatures, seen: Cues) -> Decision:
        self.told.append((heard, seen))
        rows = len(heard.times_seconds)
        gains = (
            self.gains_db(heard, seen)
            if callable(self.gains_db)
            else np.tile(np.array(self.gains_db, np.float64)[:, None], (1, rows))
        )
        return Decision(gains, (Scene(0.0, float(heard.times_seconds[-1]) + 1, "because", 0.5),))


@dataclass
class FakeModel:
    """A separator and a director in one, as most tests of mixing want them."""

    masks: Masks = field(default_factory=by_region)
    gains_db: Gains | Sequence[float] = (0.0, 0.0, 0.0)
    card: Card = field(default_factory=separator_card)
    presence: float = 0.0
    remembers: bool = True

    def __post_init__(self) -> None:
        self.separator = FakeSeparator(self.masks, self.presence, self.card, self.remembers)
        self.director = FakeDirector(self.gains_db)


def remix_card(**changes: Any) -> Card:
    """A card as an exported remixer has it, of short chunks, but for what is changed."""
    values: dict[str, Any] = {
        "kind": "remixer",
        "name": "tiny",
        "preset": "visah",
        "sample_rate": 44_100,
        "n_fft": 4096,
        "hop": 1024,
        "samples": round(WINDOW_SECONDS * 44_100),
        "licence": "MIT",
        "training_data": "none",
    }
    return Card(**(values | changes))


def gains(mask: float = 1.0, wave: float = 0.0) -> Answer:
    """The same gain for every bin, and a share of the mixture beside it."""
    return lambda magnitude, mixture, _context: MaskAndWave(np.full_like(magnitude, mask), np.float32(wave) * mixture)


def drawn(seed: int = 0) -> Answer:
    """An answer that is drawn anew for every chunk: chunks disagree as much as they can."""
    rng = np.random.default_rng(seed)

    def answer(magnitude: np.ndarray, mixture: np.ndarray, _context: np.ndarray | None) -> MaskAndWave:
        mask = rng.uniform(0, 2, magnitude.shape).astype(np.float32)
        return MaskAndWave(mask, 0.05 * rng.standard_normal(len(mixture)).astype(np.float32))

    return answer


class FakeRemixer(MaskAndWaveRemixer):
    """A remixer whose answers are known; remembers what it was asked."""

    def __init__(self, answer: Answer | None = None, card: Card | None = None) -> None:
        self.answer, self._card = answer or gains(), card or remix_card()
        self.heard: list[np.ndarray] = []  # mixtures of each chunk, [N]
        self.told: list[np.ndarray | None] = []  # contexts of each chunk, [M, D]

    @property
    def card(self) -> Card:
        return self._card

    def prescribe(self, magnitude: np.ndarray, mixture: np.ndarray, context: np.ndarray | None) -> MaskAndWave:
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
    from onnx import helper

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
    outputs = {"mask": shapes["magnitude"], "wave": shapes["mixture"]}
    return _sealed(path, card, nodes, shapes, outputs, {"zero": [0.0], "gain": [mask], "share": [wave]})


def separator_file(path: Path, *, shares: Sequence[float] = (0.5, 0.3, 0.2), **changes: Any) -> Path:
    """A sealed separator whose masks are the same everywhere, `shares`. Needs onnx, not torch."""
    from onnx import helper

    card = separator_card(**({"name": path.stem} | changes))
    shapes: dict[str, list[Any]] = {"magnitude": [1, "steps", card.n_fft // 2 + 1]}
    nodes = [
        helper.make_node("Mul", ["magnitude", "zero"], ["nothing"]),
        helper.make_node("Unsqueeze", ["nothing", "axis"], ["one"]),
        helper.make_node("Add", ["one", "shares"], ["masks"]),
    ]
    constants = {"zero": [0.0], "shares": np.array(shares, np.float32).reshape(1, len(STEMS), 1, 1)}
    outputs = {"masks": [1, len(STEMS), "steps", card.n_fft // 2 + 1]}
    return _sealed(path, card, nodes, shapes, outputs, constants, axes={"axis": [1]})


def _sealed(
    path: Path,
    card: Card,
    nodes: list[Any],
    inputs: dict[str, list[Any]],
    outputs: dict[str, list[Any]],
    constants: dict[str, Any],
    axes: dict[str, list[int]] | None = None,
) -> Path:
    from onnx import TensorProto, helper, numpy_helper, save

    tensors = [numpy_helper.from_array(np.asarray(value, np.float32), name) for name, value in constants.items()]
    tensors += [numpy_helper.from_array(np.asarray(value, np.int64), name) for name, value in (axes or {}).items()]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in inputs.items()],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs.items()],
        tensors,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    helper.set_model_props(model, {METADATA: card.text})
    save(model, path)
    seal(path)
    return path
