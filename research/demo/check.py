"""The self-test: what the written files hold, measured from the files themselves."""

from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np

from research.demo.acoustics import Sound, loudness, read_sound
from research.demo.make import read_pictures
from research.demo.mixing import degraded, levels, raw_stems, total, well_mixed
from research.demo.story import (
    DURATION_SECONDS,
    FRAMES,
    FRAMES_PER_SECOND,
    IMPACTS,
    SAMPLE_RATE,
    SAMPLES,
    STEMS,
    STRETCHES,
    TALK,
)

DETECTOR_LINES = 180
FACE_SHARE = 0.80
SYNC_SECONDS = 1.0 / FRAMES_PER_SECOND


@dataclass(frozen=True)
class Finding:
    """One thing that was measured, in words, and whether it is as it should be."""

    passed: bool
    words: str


@dataclass(frozen=True)
class Watched:
    """What one pass over the pictures found, a value per frame."""

    times_seconds: np.ndarray
    light: np.ndarray  # mean luminance 0…255
    faces: np.ndarray  # how many the cascade sees, in the talk (elsewhere 0)


def _watch(path: Path) -> Watched:
    cascade = cv2.CascadeClassifier(cv2.data.haarcascades + "haarcascade_frontalface_default.xml")
    times, light, faces = [], [], []
    for time, image in read_pictures(path):
        width = image.shape[1] * DETECTOR_LINES // image.shape[0]
        grey = cv2.cvtColor(
            cv2.resize(image, (width, DETECTOR_LINES), interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY
        )
        times.append(time)
        light.append(float(grey.mean()))
        faces.append(len(cascade.detectMultiScale(grey, 1.1, 5)) if time < TALK.end_seconds else 0)
    return Watched(np.array(times), np.array(light), np.array(faces))


def _seen(watched: Watched, at: float) -> float:
    """When the picture jumps most towards light, near an instant."""
    near = np.flatnonzero(np.abs(watched.times_seconds - at) < 0.25)
    jumps = watched.light[near] - watched.light[near - 1]
    return float(watched.times_seconds[near[np.argmax(jumps)]])


def _heard(sound: Sound, at: float) -> float:
    """When the loudness jumps most, near an instant: blocks of 4 ms, 12 ms before against 12 ms after."""
    width = SAMPLE_RATE // 250
    first = round((at - 0.25) * 250)
    energy = np.mean(sound[:, first * width : (first + 125) * width].reshape(2, -1, width) ** 2, axis=(0, 2)) + 1e-8
    smooth = np.convolve(energy, np.ones(3) / 3, "valid")
    rise = smooth[3:] - smooth[:-3]
    return (first + 3 + int(np.argmax(rise))) / 250


def _lag(found: Sound, meant: Sound) -> int:
    """By how many samples a decoded soundtrack is late (AAC must not shift it)."""
    a, b = (x[:, :SAMPLES].mean(axis=0) for x in (found, meant))
    size = 2**22
    likeness = np.fft.irfft(np.fft.rfft(a, size) * np.conj(np.fft.rfft(b, size)), size)
    peak = int(np.argmax(likeness))
    return peak if peak < size // 2 else peak - size


def _containers(folder: Path) -> list[Finding]:
    findings = []
    for name, kinds in (("demo.mp4", ("video", "audio")), ("demo-truth.m4a", ("audio",))):
        with av.open(str(folder / name)) as container:
            lasts = [float(s.duration * s.time_base) for s in container.streams]
            found = tuple(s.type for s in container.streams)
            codecs = ", ".join(s.codec_context.name for s in container.streams)
        fits = found == kinds and all(abs(last - DURATION_SECONDS) < 0.045 for last in lasts)
        size = (folder / name).stat().st_size / 1e6
        findings.append(Finding(fits, f"{name}: {codecs}, {' and '.join(f'{s:.3f}' for s in lasts)} s, {size:.2f} MB"))
    return findings


def _sounds(folder: Path) -> list[Finding]:
    truth = well_mixed(raw_stems())
    bad = degraded(truth)
    findings = []
    for name, stems in (("demo.mp4", bad), ("demo-truth.m4a", truth)):
        decoded = read_sound(folder / name)
        lag = _lag(decoded, total(stems))
        level, peak = loudness(decoded)
        findings.append(Finding(lag == 0, f"{name}: sound late by {lag} samples"))
        findings.append(Finding(abs(level + 23) < 0.5 and peak <= -1.0, f"{name}: {level:.1f} LUFS, {peak:.1f} dBTP"))
    for mix, leads in ((truth, True), (bad, False)):
        found = levels(mix)
        for stretch in STRETCHES:
            others = [
                found[name, stretch.name] for name in STEMS if name != stretch.leader and (name, stretch.name) in found
            ]
            if (
                stretch.name == "landscape"
            ):  # the narration lies above the music for one line; effects are what drowns it
                others = [found["effects", stretch.name]]
            above = found[stretch.leader, stretch.name] - max(others)
            state = "truth" if leads else "degraded"
            findings.append(
                Finding(
                    (above > 8) if leads else (above < 0),
                    f"{state}, {stretch.name}: {stretch.leader} {above:+.1f} dB above the rest",
                )
            )
    return findings


def check(folder: Path) -> list[Finding]:
    """Everything that the demo promises, measured in `folder`."""
    watched = _watch(folder / "demo.mp4")
    truth = read_sound(folder / "demo-truth.m4a")
    findings = [*_containers(folder), *_sounds(folder)]
    findings.append(Finding(len(watched.light) == FRAMES, f"{len(watched.light)} pictures"))
    talk = watched.faces[watched.times_seconds < TALK.end_seconds]
    share, exact = np.mean(talk >= 1), np.mean(talk == 1)
    words = f"a face found in {share:.0%} of the talk's pictures at {DETECTOR_LINES} lines (exactly one in {exact:.0%})"
    findings.append(Finding(bool(share >= FACE_SHARE), words))
    for impact in IMPACTS:
        seen, heard = _seen(watched, impact.time_seconds), _heard(truth, impact.time_seconds)
        words = f"{impact.kind} at {impact.time_seconds:.2f} s: seen {seen:.3f}, heard {heard:.3f}"
        apart = max(abs(seen - impact.time_seconds), abs(heard - impact.time_seconds))
        findings.append(Finding(apart <= SYNC_SECONDS, words))
    return findings
