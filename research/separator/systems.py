"""What is compared: each system makes three stems [3, N] of a test scene that sum to its mixture, and hears speech or not."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from spectral import Resolution, power
from test_scenes import TestScene

from limelight.audio.loudness import k_weight_response
from limelight.models.protocols import Separator
from limelight.models.separators.pretrained_ear import HeardSpeech, SoundKinds, kinds_at, told_gain
from limelight.networks.stem_separator import sharpened
from limelight.training.checkpoint import read_header
from limelight.training.scenes import present
from limelight.training.separator import load_separator_network
from limelight.types import Chunk

R = Resolution()
STEPS = 480
Array = NDArray[np.float32]


@dataclass(frozen=True)
class Answer:
    """Stems [3, N]; how likely speech is heard, one a step [T]."""

    stems: Array
    presence: Array


Run = Callable[[TestScene], Answer]


@dataclass
class System:
    """One row of the table."""

    name: str
    run: Run
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


def nothing(scene: TestScene) -> Answer:
    x = scene.mixture
    return Answer(np.stack([x / 3] * 3), np.zeros(STEPS, np.float32))


class Packaged:
    """Any separator of the package, given the scene in stereo as one chunk of a film."""

    def __init__(self, separator: Separator) -> None:
        self.separator = separator

    def __call__(self, scene: TestScene) -> Answer:
        reach = R.n_fft // 2  # the first step is centred on the first sample
        samples = np.pad(scene.stereo, ((0, 0), (reach, 0)))
        found = self.separator.separate(Chunk(samples, 0.0, np.full(2, 0.5, np.float32)))
        assert found.masks is not None
        return Answer(masked(scene, found.masks), found.presence)


class NewSeparator:
    """A checkpoint of `limelight train --preset lite`, its averaged weights."""

    def __init__(self, checkpoint: Path) -> None:
        self.network, self.step = load_separator_network(checkpoint), step_of(checkpoint)
        self._kinds = SoundKinds()

    @torch.no_grad()
    def __call__(self, scene: TestScene) -> Answer:
        x = scene.mixture
        spectra = R.spectra(np.stack([x, scene.ear, x - scene.ear, scene.side]))[:, :STEPS]
        told = torch.from_numpy(R.sums(power(spectra)) / R.widths)[None]
        voice = HeardSpeech(scene.ear, scene.voice).voice_at(np.arange(STEPS) * R.hop / 48_000)
        kinds = kinds_at(self._kinds.hear(x * told_gain(x)), np.arange(STEPS) * R.hop / 48_000)
        heard = self.network(told, torch.from_numpy(voice)[None], torch.from_numpy(kinds)[None])
        presence = heard.presence[0, :, 0].sigmoid().numpy().repeat(self.network.config.steps_per_token)
        return Answer(masked(scene, sharpened(heard.log_masks)[0].numpy()), presence)


def step_of(checkpoint: Path) -> int:
    return read_header(checkpoint).step


def perfect_masks(scene: TestScene) -> Answer:
    """The stems' true shares of each line's power."""
    powers = R.sums(power(R.spectra(scene.stems)[:, :STEPS]))
    stems = masked(scene, powers / (powers.sum(0) + 1e-9))
    return Answer(stems, (block_presence(scene)).astype(np.float32))


def true_stems(scene: TestScene) -> Answer:
    return Answer(scene.stems, (block_presence(scene)).astype(np.float32))


def block_presence(scene: TestScene) -> NDArray[np.bool_]:
    """When speech is there, as training is told."""
    centres = (R.edges[:-1] + R.edges[1:] - 1) / 2 * 48_000 / R.n_fft
    magnitudes = np.sqrt(R.sums(power(R.spectra(scene.stems)[:, :STEPS])))
    return present(magnitudes, k_weight_response(centres).astype(np.float32))[:, 0] > 0
