"""How fast the packaged model hears, beside the dual U-Net of VisAH's size: same sound, same threads, same run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np
import torch
from figures import Figure
from footage import SAMPLE_RATE, sound
from numpy.typing import NDArray

from limelight.audio.convert import ResampleStream, downmix_weights
from limelight.mixing.features import features_of, measure_audio
from limelight.mixing.separation import separate
from limelight.models.registry import DEFAULT_SEPARATOR, load_separator
from limelight.networks.dual_unet import DualUnet, DualUnetConfig

MODEL_SPEED = 25.0
AGAINST_UNET = 5.0
CLIP_SECONDS = 10  # what the dual U-Net was made for
ROUNDS = 3
Sound = NDArray[np.float32]


def speed(*, seconds: float, threads: int) -> Iterator[Figure]:
    """Both, in turn, the best round of each."""
    heard = sound(seconds)  # [2, N]
    ours, theirs = _packaged(heard, threads), _dual_unet(heard, threads)
    ours(), theirs()  # the first run pays for memory and threads
    rounds = [(_seconds(ours), _seconds(theirs)) for _ in range(ROUNDS)]
    lite = seconds / min(r[0] for r in rounds)
    unet = CLIP_SECONDS / min(r[1] for r in rounds)
    yield Figure(
        "model on sound alone",
        f"{lite:.0f} × real time",
        f"`{DEFAULT_SEPARATOR}` on {seconds:g} s of stereo at 48 kHz, {threads} threads: spectra, separator, features of "
        f"the stems, as `limelight plan` does it; best of {ROUNDS}.",
        "limelight.mixing.features.features_of",
        f"≥ {MODEL_SPEED:g} ×",
        lite >= MODEL_SPEED,
    )
    yield Figure(
        "dual U-Net",
        f"{unet:.1f} × real time",
        f"VisAH's backbone (21 M parameters, torch, `inference_mode`) on {CLIP_SECONDS} s of the same sound, mono at "
        f"44.1 kHz, {threads} threads, without its highlighter; best of {ROUNDS}, in turn with the former.",
        "limelight.networks.dual_unet.DualUnet",
    )
    meaning = "How many times faster ours hears a second of sound."
    yield Figure(
        "against the dual U-Net",
        f"{lite / unet:.1f} ×",
        meaning,
        "",
        f"≥ {AGAINST_UNET:g} ×",
        lite >= AGAINST_UNET * unet,
    )


def _packaged(heard: Sound, threads: int) -> Callable[[], object]:
    separator = load_separator(threads=threads)
    blocks = np.array_split(heard, max(1, round(heard.shape[1] / SAMPLE_RATE)), axis=1)
    measured = measure_audio(blocks, sample_rate=SAMPLE_RATE, layout="stereo")
    downmix = downmix_weights("stereo")

    def run() -> object:
        chunks = separate(blocks, separator, sample_rate=SAMPLE_RATE, downmix=downmix, mono_lufs=measured.downmix_lufs)
        return features_of(chunks, separator.card, layout="stereo")

    return run


def _dual_unet(heard: Sound, threads: int) -> Callable[[], object]:
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    config = DualUnetConfig()
    network = DualUnet(config).eval()
    mono = heard.mean(0, keepdims=True)[:, : CLIP_SECONDS * SAMPLE_RATE]
    resampler = ResampleStream(SAMPLE_RATE, config.sample_rate, 1)
    clip = np.concatenate([resampler.push(mono), resampler.finish()], axis=1)  # [1, N]
    mixture = torch.from_numpy(clip)

    def run() -> object:
        with torch.inference_mode():
            return network(mixture)

    return run


def _seconds(run: Callable[[], object]) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started
