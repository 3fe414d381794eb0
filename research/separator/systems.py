"""What is compared: each system makes three stems [3, N] of a test scene that sum to its mixture, and hears speech or not."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnxruntime as ort
import torch
from levels import block_powers
from numpy.typing import NDArray
from safetensors import safe_open
from spectral import Resolution, power
from test_scenes import TestScene

from limelight.networks.stem_separator import StemSeparator, StemSeparatorConfig

R = Resolution()
STEPS = 480
Array = NDArray[np.float32]


@dataclass(frozen=True)
class Answer:
    """Stems [3, N]; speech presence 0…1 or a level in dB, one a step [T] (the threshold is the table's to choose)."""

    stems: Array
    presence: Array
    threshold: float | None  # None: none is known, the best for the set is taken


@dataclass
class System:
    """One row of the table."""

    name: str
    run: Callable[[TestScene], Answer]
    seconds: list[float] = field(default_factory=list)  # CPU, of its own work without the pretrained ear

    def __call__(self, scene: TestScene) -> Answer:
        started = time.thread_time()
        answer = self.run(scene)
        self.seconds.append(time.thread_time() - started)
        return answer


def masked(scene: TestScene, masks: Array) -> Array:
    """Masks [3, T, lines] on the mixture; what rounding leaves goes to the last stem."""
    x = scene.mixture
    spectra = R.spectra(x)
    stems = np.stack([R.waveform(spectra * R.of_bins(mask), len(x)) for mask in masks[:2]])
    return np.concatenate([stems, (x - stems.sum(0))[None]])


def level_db(part: Array, whole: Array) -> Array:
    """Of speech against the mixture, by step, over a quarter of a second."""
    a, b = (
        np.convolve(
            np.interp(np.arange(STEPS) * 1024 / 4800, np.arange(102), block_powers(x)[:102]), np.ones(3) / 3, "same"
        )
        for x in (part, whole)
    )
    return (10 * np.log10((a + 1e-9) / (b + 1e-9))).astype(np.float32)


def nothing(scene: TestScene) -> Answer:
    x = scene.mixture
    return Answer(np.stack([x / 3] * 3), np.zeros(STEPS, np.float32), 0.5)


class OldLite:
    """0.1.0's separator, as packaged."""

    def __init__(self, folder: Path) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = ort.InferenceSession(str(folder / "separator.onnx"), options)
        assert json.loads((folder / "card.json").read_text())["line_edges"] == R.edges.tolist()

    def masks(self, scene: TestScene) -> Array:
        magnitude = np.sqrt(power(R.spectra(scene.mixture)))[:STEPS]
        return self.session.run(["masks"], {"magnitude": magnitude[None]})[0][0]

    def __call__(self, scene: TestScene) -> Answer:
        stems = masked(scene, self.masks(scene))
        return Answer(stems, level_db(stems[0], scene.mixture), None)

    def behind_ear(self, scene: TestScene) -> Answer:
        """The pretrained ear's speech; the rest shared out as this one would."""
        masks = self.masks(scene)
        rest = scene.mixture - scene.ear
        share = masks[1] / (masks[1] + masks[2] + 1e-6)
        music = R.waveform(R.spectra(rest) * R.of_bins(share), len(rest))
        place = np.minimum((np.arange(STEPS) * 1024 / 1536).astype(int), len(scene.voice) - 1)
        return Answer(np.stack([scene.ear, music, rest - music]), scene.voice[place], 0.5)


class NewSeparator:
    """A checkpoint of train.py, its averaged weights."""

    def __init__(self, checkpoint: Path, part: str = "average") -> None:
        with safe_open(checkpoint, "pt") as file:
            facts = file.metadata()
            self.network = StemSeparator(StemSeparatorConfig(**json.loads(facts["config"])))
            state = {
                k.removeprefix(part + "."): file.get_tensor(k).float()
                for k in sorted(set(file.keys()))
                if k.startswith(part + ".")
            }
        self.network.load_state_dict(state)
        self.network.eval()
        self.step = int(facts["step"])

    @torch.no_grad()
    def __call__(self, scene: TestScene) -> Answer:
        x = scene.mixture
        spectra = R.spectra(np.stack([x, scene.ear, x - scene.ear, scene.side]))[:, :STEPS]
        told = torch.from_numpy(R.sums(power(spectra)) / R.widths)[None]
        place = np.minimum((np.arange(STEPS) * 1024 / 1536).astype(int), len(scene.voice) - 1)
        heard = self.network(told, torch.from_numpy(scene.voice[place].astype(np.float32))[None])
        presence = heard.presence[0, :, 0].sigmoid().numpy().repeat(self.network.config.steps_per_token)
        return Answer(masked(scene, heard.masks[0].numpy()), presence, 0.5)


def perfect_masks(scene: TestScene) -> Answer:
    """The stems' true shares of each line's power."""
    powers = R.sums(power(R.spectra(scene.stems)[:, :STEPS]))
    stems = masked(scene, powers / (powers.sum(0) + 1e-9))
    return Answer(stems, (block_presence(scene)).astype(np.float32), 0.5)


def true_stems(scene: TestScene) -> Answer:
    return Answer(scene.stems, (block_presence(scene)).astype(np.float32), 0.5)


def block_presence(scene: TestScene) -> NDArray[np.bool_]:
    """When speech is there, as training is told."""
    from limelight.dsp.k_weighting import k_weight_response
    from shards import present

    centres = (R.edges[:-1] + R.edges[1:] - 1) / 2 * 48_000 / R.n_fft
    magnitudes = np.sqrt(R.sums(power(R.spectra(scene.stems)[:, :STEPS])))
    return present(magnitudes, k_weight_response(centres).astype(np.float32))[:, 0] > 0
