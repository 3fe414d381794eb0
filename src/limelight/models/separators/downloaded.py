"""Separators whose weights are fetched by name: Bandit v2 (made for films) and Demucs (made for songs), run by torch.

bandit        speech, music and effects; channel by channel, as it is mono; about 6 s for a second of a channel on one core
demucs        vocals, of which what is spoken is speech; music and effects of the rest by the packaged separator
demucs-ft     the same with the network that was fine-tuned on vocals
bandit:FILE   a checkpoint of Bandit v2 that you have, another language's or your own

Torch is imported when one of them is opened, and not before. What a file holds is read as arrays and text, never run.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from limelight.audio.convert import resample
from limelight.errors import ModelError
from limelight.models.card import Card, file_sha256
from limelight.models.protocols import Separator
from limelight.models.published_weights import BANDIT, DEMUCS, PublishedWeights
from limelight.models.separators.named_stems import ThreeStems, through_pairs
from limelight.types import Chunk, Samples, Separation

NETWORK = "limelight.networks.bandit"
BANDIT_CHUNK = 375 * 1024  # 8 s, as its makers run it
BANDIT_STEMS = {"sfx": "effects"}  # as it calls them, and as we do
DEMUCS_RATE = 44_100
DEMUCS_CLASSES = {"demucs.htdemucs.HTDemucs", "demucs.hdemucs.HDemucs"}
LONGEST_NAME = 200  # of a card
INSTALL = "from a clone: pip install -e '.[separators]'"


class BanditSeparator:
    """Bandit v2 behind the protocol."""

    def __init__(
        self,
        path: Path,
        *,
        weights: PublishedWeights | None = BANDIT,
        threads: int | None = None,
        device: str | None = None,
    ) -> None:
        """weights: what is known of the file; None for a file of the user's. Raises ModelError."""
        self._torch = _torch(threads)
        self._device = device or ("cuda" if self._torch.cuda.is_available() else "cpu")
        network = importlib.import_module(NETWORK).load_bandit(path)
        self._network = network.to(self._device)
        self._names = [BANDIT_STEMS.get(stem, stem) for stem in network.config.stems]
        self._three = ThreeStems(None)
        self._card = Card(
            kind="separator",
            name=weights.name if weights else f"{BANDIT.name}:{path}"[:LONGEST_NAME],
            preset=BANDIT.name,
            samples=BANDIT_CHUNK,
            programme_lufs=-27.0,  # of the mixtures that it was trained on
            parameters=sum(array.numel() for array in network.parameters()),
            **_provenance(path, weights),
        )

    @property
    def card(self) -> Card:
        return self._card

    def separate(self, chunk: Chunk) -> Separation:
        level = float(np.abs(chunk.downmix).sum()) or 1.0  # what brings the sound to the card's loudness
        named = {name: np.zeros_like(chunk.samples) for name in self._names}
        for channel in np.flatnonzero(chunk.downmix):  # one at a time: a chunk takes 1 GB
            with self._torch.inference_mode():
                sound = self._torch.from_numpy(chunk.samples[channel] * np.float32(level))[None].to(self._device)
                stems = self._network(sound)[0].cpu().numpy() / level
            for name, stem in zip(self._names, stems, strict=True):
                named[name][channel] = stem
        return self._three.of(named, chunk, hop=self._card.hop)


class DemucsSeparator:
    """Demucs' vocals by its own package; the packaged separator tells music from effects in the rest."""

    def __init__(
        self,
        path: Path,
        rest: Separator,
        *,
        weights: PublishedWeights | None = DEMUCS,
        threads: int | None = None,
        device: str | None = None,
    ) -> None:
        """Raises ModelError where the package is missing or the file is another."""
        self._torch = _torch(threads)
        self._network, self._apply = _demucs(path)
        self._device = device or ("cuda" if self._torch.cuda.is_available() else "cpu")
        self._three = ThreeStems(rest)
        name = weights.name if weights else DEMUCS.name
        self._card = rest.card.model_copy(
            update={
                "name": name,
                "preset": name,
                "band_edges": (),
                "config": {},
                "parameters": sum(array.numel() for array in self._network.parameters()) + rest.card.parameters,
                **_provenance(path, weights),
            }
        )

    @property
    def card(self) -> Card:
        return self._card

    def separate(self, chunk: Chunk) -> Separation:
        return self._three.of(through_pairs(chunk, self._vocals), chunk, hop=self._card.hop)

    def _vocals(self, both: Samples) -> dict[str, Samples]:
        """Of two channels [2, N] at our rate."""
        at_rate = resample(both, self._card.sample_rate, DEMUCS_RATE)
        mean, spread = at_rate.mean(), max(float(at_rate.mean(axis=0).std()), 1e-8)
        given = self._torch.from_numpy((at_rate - mean) / np.float32(spread))[None]
        with self._torch.inference_mode():
            # No random shift: the same film gives the same mix.
            made = self._apply(self._network, given, shifts=0, split=True, overlap=0.25, device=self._device)
        vocals = made[0, self._network.sources.index("vocals")].cpu().numpy() * np.float32(spread)
        back = resample(vocals.astype(np.float32), DEMUCS_RATE, self._card.sample_rate)[:, : both.shape[1]]
        return {"vocals": np.pad(back, ((0, 0), (0, both.shape[1] - back.shape[1])))}


def _demucs(path: Path) -> tuple[Any, Any]:
    """The network of a safetensors file as Demucs publishes it, and what runs it. Raises ModelError."""
    try:
        apply = importlib.import_module("demucs.apply").apply_model
        states = importlib.import_module("demucs.states")
        safetensors = importlib.import_module("safetensors")
    except ImportError as error:
        raise ModelError(f"Wanted Demucs, found no {error.name}; {INSTALL}.") from error
    try:
        with safetensors.safe_open(str(path), framework="pt") as file:
            said = file.metadata() or {}
            state = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        if said.get("klass") not in DEMUCS_CLASSES or "structure" in said:
            raise ValueError(f"a network of the kind {said.get('klass')}")
        module, _, kind = said["klass"].rpartition(".")
        package = {
            "klass": getattr(importlib.import_module(module), kind),
            "args": _values(json.loads(said["args"])),
            "kwargs": _values(json.loads(said["kwargs"])),
            "state": state,
        }
        network = states.load_model(package).float().eval()
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, safetensors.SafetensorError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
        raise ModelError(
            f"Wanted a network of Demucs in {path}, found another file ({reason}); get it again."
        ) from error
    if "vocals" not in network.sources:
        raise ModelError(f"Wanted vocals of the network in {path}, it gives {', '.join(network.sources)}; get another.")
    return network, apply


def _values(said: Any) -> Any:
    """Demucs writes a fraction as its two numbers."""
    if isinstance(said, dict):
        if said.get("_type") == "fraction":
            return Fraction(said["numerator"], said["denominator"])
        return {key: _values(value) for key, value in said.items()}
    return [_values(value) for value in said] if isinstance(said, list) else said


def _provenance(path: Path, weights: PublishedWeights | None) -> dict[str, Any]:
    """What a card says of where the weights come from."""
    if weights is None:
        return {
            "sha256": file_sha256(path),
            "source": str(path),
            "licence": "the file's own",
            "training_data": "unknown",
        }
    return {
        "sha256": weights.sha256,
        "source": weights.url,
        "licence": weights.licence,
        "training_data": weights.trained_on,
    }


def check_installed(weights: PublishedWeights) -> None:
    """Raises ModelError where what would run the weights is missing: told before they are fetched."""
    _torch()
    if weights is not BANDIT and importlib.util.find_spec("demucs") is None:
        raise ModelError(f"Wanted {weights.name}, found no package demucs; {INSTALL}.")


def _torch(threads: int | None = None) -> Any:
    """The module; threads: how many it may use, for all its networks in this process. Raises ModelError."""
    try:
        module = importlib.import_module("torch")
    except ImportError as error:
        raise ModelError(f"Wanted a separator that needs torch, found none; {INSTALL}.") from error
    if threads:
        module.set_num_threads(threads)
    return module
