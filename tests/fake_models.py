"""Models for tests: one of NumPy alone whose masks and gains are known, and a tiny network in the real folder format."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from limelight.models.card import ModelCard
from limelight.models.separator import Heard
from limelight.types import STEMS
from limelight.vision.cues import CUE_NAMES

SPLIT_HERTZ = (1000.0, 4000.0)  # below the first is "speech", above the second "effects", between them "music"

# Magnitudes [T, F] to masks [K, T, F].
Masks = Callable[[np.ndarray], np.ndarray]
# Latent [L, R], levels [L, K], cues [M, D] and their seconds [M] to gains in dB [L, K].
Gains = Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray], np.ndarray]


def fake_card(**changes: Any) -> ModelCard:
    """A card as a trained `lite` has it, but for what is changed."""
    values: dict[str, Any] = {
        "name": "fake",
        "sample_rate": 48_000,
        "n_fft": 2048,
        "hop": 1024,
        "steps_per_token": 4,
        "programme_lufs": -27.0,
        "cue_names": CUE_NAMES,
        "uses_picture": True,
        "parameters": 0,
        "licence": "MIT",
        "training_data": "none",
        "config": {},
        "sha256": {"separator.onnx": "0" * 64, "director.onnx": "1" * 64},
    }
    return ModelCard(**(values | changes))


def by_region(split_hertz: Sequence[float] = SPLIT_HERTZ, *, card: ModelCard | None = None) -> Masks:
    """Hard masks: each stem has a band of frequencies to itself, whatever is heard."""
    card = card or fake_card()
    hertz = np.arange(card.n_fft // 2 + 1) * card.sample_rate / card.n_fft
    owner = np.searchsorted(split_hertz, hertz, side="right")  # [F]
    one_hot = (owner == np.arange(len(STEMS))[:, None]).astype(np.float32)  # [K, F]
    return lambda magnitude: np.repeat(one_hot[:, None], len(magnitude), axis=1)


def shared(*shares: float) -> Masks:
    """The same share of every bin for each stem."""
    column = np.array(shares, np.float32)[:, None, None]
    return lambda magnitude: np.broadcast_to(column, (len(shares), *magnitude.shape)).copy()


def random_masks(seed: int = 0) -> Masks:
    """Soft masks that are drawn anew for every window: windows disagree as much as they can."""
    rng = np.random.default_rng(seed)

    def masks(magnitude: np.ndarray) -> np.ndarray:
        drawn = rng.uniform(0.01, 1, (len(STEMS), *magnitude.shape)).astype(np.float32)
        return drawn / drawn.sum(axis=0)

    return masks


@dataclass
class FakeModel:
    """Keeps the promises of `limelight.models.separator.Model` and remembers what it was asked."""

    masks: Masks = field(default_factory=by_region)
    gains_db: Gains | Sequence[float] = (0.0, 0.0, 0.0)  # a function, or constant ones
    card: ModelCard = field(default_factory=fake_card)
    separated: list[np.ndarray] = field(default_factory=list)  # magnitudes of each window, [T, F]
    directed: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = field(default_factory=list)  # levels, cues, seconds

    def separate(self, magnitude: np.ndarray) -> Heard:
        assert magnitude.dtype == np.float32
        assert magnitude.flags.c_contiguous
        assert len(magnitude) % self.card.steps_per_token == 0
        self.separated.append(magnitude.copy())
        tokens = len(magnitude) // self.card.steps_per_token
        return Heard(self.masks(magnitude), magnitude.reshape(tokens, -1, 1).mean(axis=1))

    def direct(
        self, latent: np.ndarray, levels_db: np.ndarray, cues: np.ndarray, cue_seconds: np.ndarray
    ) -> np.ndarray:
        assert latent.shape[0] == levels_db.shape[0]
        assert cues.shape == (len(cue_seconds), len(self.card.cue_names))
        self.directed.append((levels_db.copy(), cues.copy(), cue_seconds.copy()))
        if callable(self.gains_db):
            return self.gains_db(latent, levels_db, cues, cue_seconds)
        return np.tile(np.array(self.gains_db, np.float32), (len(latent), 1))


class Forgetful(FakeModel):
    """For long films: remembers nothing."""

    def separate(self, magnitude: np.ndarray) -> Heard:
        heard = super().separate(magnitude)
        self.separated.clear()
        return heard


def tiny_model_folder(folder: Path, *, name: str = "tiny", seed: int = 0) -> Path:
    """A network of a few thousand weights, exported as a trained one is. Its director is not left at zero. Needs torch."""
    import torch

    from limelight.training.export import About, export_lite

    network = tiny_network(seed=seed)
    with torch.no_grad():
        export_lite(network, folder / name, About(name, "MIT", "none", CUE_NAMES, uses_picture=True))
    return folder / name


def tiny_network(*, seed: int = 0) -> Any:
    """The network that `tiny_model_folder` exports."""
    import torch
    from limelight.networks.band import BandConfig
    from limelight.networks.lite import Lite, LiteConfig

    from limelight.networks.highlighter import HighlighterConfig

    torch.manual_seed(seed)
    backbone = BandConfig(bands=6, width=8, latent_width=16, blocks=2, heads=2)
    highlighter = HighlighterConfig(
        context_width=len(CUE_NAMES), latent_width=16, width=16, heads=2, encoder_layers=1, decoder_layers=1
    )
    network = Lite(LiteConfig(backbone=backbone, highlighter=highlighter)).eval()
    for layer in (network.director.gains, network.director.highlighter.out):
        torch.nn.init.normal_(layer.weight, std=0.5)
    return network
