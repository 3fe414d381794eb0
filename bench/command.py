"""The whole command, as a user runs it: how fast, where the time goes, how much memory, how long until the help."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from figures import Figure, say
from footage import Footage, make_film, repeat_film

PEAK = Path(__file__).with_name("peak.py")
LIMELIGHT = (sys.executable, "-m", "limelight")
HELP_RUNS = 5
HELP_SECONDS = 0.5
COMMAND_SPEED = 6.0
MEMORY_MB = 1000.0
MEMORY_DRIFT = 0.10
KINDS = (("with B-frames", 3), ("without", 0))  # most encoders and editing programs write some, phones none
STAGES = {
    "look": "looking, and measuring the sound meanwhile",
    "measure": "measuring the rest",
    "plan": "listening and deciding",
    "render": "rendering and writing",
}


@dataclass(frozen=True)
class Ran:
    """What a run of `limelight highlight` took."""

    wall_seconds: float
    cpu_seconds: float
    peak_mb: float
    film_seconds: float
    stage_seconds: dict[str, float]

    @property
    def speed(self) -> float:
        """× real time."""
        return self.film_seconds / self.wall_seconds


def highlight(film: Path) -> Ran:
    """Runs the command on a film, in a process of its own."""
    target = film.with_name(f"{film.stem}.highlighted.mp4")
    words = [*LIMELIGHT, "highlight", str(film), "-o", str(target), "--force", "--quiet", "--json"]
    run = subprocess.run([sys.executable, str(PEAK), *words], capture_output=True, text=True, check=True)
    told, _, measured = run.stdout.rstrip().rpartition("\n")
    facts = json.loads(measured)
    if facts["exit"]:
        raise RuntimeError(f"`{' '.join(words)}` left with {facts['exit']}: {run.stderr.strip()}")
    result = json.loads(told)
    target.unlink()
    return Ran(
        facts["wall_seconds"], facts["cpu_seconds"], facts["peak_mb"], result["duration_seconds"], result["seconds"]
    )


def speed(folder: Path, *, seconds: float) -> Iterator[Figure]:
    """The command on films of 1080p30 H.264."""
    for kind, b_frames in KINDS:
        say(f"… making a film of {seconds:g} s, 1920 × 1080 at 30/s, {kind}")
        film = make_film(Footage(seconds, 1920, 1080, 30, 4_000_000, b_frames=b_frames), folder / "hd.mp4")
        yield from _speed_on(film, kind)


def _speed_on(film: Path, kind: str) -> Iterator[Figure]:
    ran = highlight(film)
    seconds = ran.film_seconds
    megabits = film.stat().st_size * 8e-6 / seconds
    words = (
        f"limelight highlight hd.mp4 ({seconds:.0f} s, H.264 1080p30 {kind}, {megabits:.1f} Mb/s, AAC stereo 48 kHz)"
    )
    meaning = (
        f"Duration of the film over the time of the whole command, start of Python included ({ran.wall_seconds:.1f} s)."
    )
    name, measured = f"whole command, 1080p30 {kind}", f"{ran.speed:.1f} × real time"
    yield Figure(name, measured, meaning, words, f"≥ {COMMAND_SPEED:g} ×", ran.speed >= COMMAND_SPEED)
    parts = {STAGES.get(stage, stage): spent for stage, spent in ran.stage_seconds.items()}
    parts["starting up and ending"] = ran.wall_seconds - sum(ran.stage_seconds.values())
    shares = ", ".join(
        f"{name} {100 * spent / ran.wall_seconds:.0f} % ({spent:.1f} s)" for name, spent in parts.items()
    )
    meaning = f"Stages of that run; it used {ran.cpu_seconds / ran.wall_seconds:.1f} cores on average."
    yield Figure(f"where the time goes, {kind}", shares, meaning)


def memory(folder: Path, *, seconds: float, times: int) -> Iterator[Figure]:
    """Peak memory on a short film, and on the same film so many times over."""
    say(f"… making a film of {seconds:g} s, 320 × 180 at 25/s, and repeating it {times} times")
    once = make_film(Footage(seconds, 320, 180, 25, 200_000), folder / "once.mp4")
    films = [repeat_film(once, n, folder / f"{n}.mp4") for n in (1, times)]
    peaks = []
    for film in films:
        ran = highlight(film)
        length = f"{ran.film_seconds / 60:.1f} minutes"
        yield Figure(
            f"peak memory, {length}",
            f"{ran.peak_mb:.0f} MB",
            f"Largest resident memory of the command's process (`ru_maxrss`); it ran at {ran.speed:.1f} × real time.",
            f"limelight highlight film.mp4 ({length}, H.264 320 × 180 at 25/s, AAC stereo)",
            f"< {MEMORY_MB:.0f} MB",
            ran.peak_mb < MEMORY_MB,
        )
        peaks.append(ran.peak_mb)
    ratio = peaks[1] / peaks[0]
    meaning = f"The latter over the former, for {times} times the film: memory must not grow with it."
    met = abs(ratio - 1) <= MEMORY_DRIFT
    yield Figure("peak memory, ratio", f"{ratio:.3f}", meaning, "", f"1 ± {MEMORY_DRIFT:g}", met)


def help_time() -> Iterator[Figure]:
    """How long `limelight --help` takes, the best of five."""
    taken = []
    for _ in range(HELP_RUNS):
        started = time.perf_counter()
        subprocess.run([*_script(), "--help"], check=True, capture_output=True)
        taken.append(time.perf_counter() - started)
    meaning = f"Best of {HELP_RUNS}, a new process each time."
    yield Figure(
        "help", f"{min(taken):.2f} s", meaning, "limelight --help", f"< {HELP_SECONDS:g} s", min(taken) < HELP_SECONDS
    )


def _script() -> tuple[str, ...]:
    """The command as it is installed; else as a module."""
    script = Path(sys.executable).with_name("limelight")
    return (str(script),) if script.is_file() else LIMELIGHT
