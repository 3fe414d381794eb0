# ruff: noqa: T201 - a script talks
"""How far a separator errs in what the rule decides on: how speech stands over the rest while somebody speaks, in LU.

    python level_error.py TESTS [--separator NAME …] [--count N]

The truth is taken where speech is within 30 dB of its own loudest; what is heard, where presence is over a half. A scene in
which that is less than ten steps counts as not heard.
"""

from __future__ import annotations

import argparse
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from systems import Packaged, System
from test_scenes import TestScene, read_scene, scene_files

from limelight.audio.loudness import k_weight_response
from limelight.models.protocols import Separator
from limelight.models.registry import load_separator

KINDS = ("film", "dnr", "buried")
EDGES_LU = (-30, -12, -6, 0, 6, 40)
RATE, N_FFT, HOP, LEAST_STEPS, SPEAKS = 48_000, 2048, 1024, 10, 0.5


def loudness(sound: NDArray[np.floating]) -> NDArray[np.floating]:
    """K-weighted power of a mono sound [N], step by step, [T]."""
    starts = np.arange(0, len(sound) - N_FFT + 1, HOP)
    frames = sound[starts[:, None] + np.arange(N_FFT)] * np.hanning(N_FFT)
    weights = k_weight_response(np.arange(N_FFT // 2 + 1) * RATE / N_FFT)
    return np.asarray(np.square(np.abs(np.fft.rfft(frames, axis=1))) @ weights)


def over(speech: NDArray[np.floating], rest: NDArray[np.floating], rows: NDArray[np.bool_]) -> float:
    return float(10 * np.log10(speech[rows].sum() / rest[rows].sum()))


def standings(system: System, scene: TestScene) -> tuple[float, float]:
    """How speech stands over the rest, LU: in truth, and as heard (NaN where it is not heard)."""
    true = np.asarray(scene.stems, float)
    speech, rest = loudness(true[0]), loudness(true[1] + true[2])
    answer = system(scene)
    heard = np.asarray(answer.stems, float)
    at = np.linspace(0, 1, len(speech))
    spoken = np.interp(at, np.linspace(0, 1, len(answer.presence)), answer.presence) > SPEAKS
    truth = over(speech, rest, speech > 1e-3 * speech.max())
    if spoken.sum() < LEAST_STEPS:
        return truth, float("nan")
    return truth, over(loudness(heard[0]), loudness(heard[1] + heard[2]), spoken)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tests", type=Path)
    parser.add_argument("--separator", nargs="*", default=["lite", "deepfilter"])
    parser.add_argument("--count", type=int, default=30, help="Scenes of each kind.")
    options = parser.parse_args()
    torch.set_num_threads(1)
    for name in options.separator:
        separator = load_separator(name, threads=1)
        assert isinstance(separator, Separator)
        found = []
        for path in (path for kind in KINDS for path in scene_files(options.tests, kind)[: options.count]):
            scene = read_scene(path)
            if np.square(scene.stems[0]).any():
                found.append(standings(Packaged(separator), scene))
        truth, heard = np.array(found).T
        for low, high in pairwise(EDGES_LU):
            rows = (truth >= low) & (truth < high)
            error = (heard - truth)[rows & np.isfinite(heard)]
            told = (
                f"mean {error.mean():+.1f}, root mean square {np.sqrt(np.square(error).mean()):.1f} LU"
                if len(error)
                else ""
            )
            print(f"{name}, speech at {low} to {high} LU: {rows.sum()} scenes, heard in {len(error)}; {told}")


if __name__ == "__main__":
    main()
