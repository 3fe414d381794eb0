"""The whole road of the papers' networks at toy size; `runs/road.sh` starts it and says what it proves.

`python -m research.runs.road FOLDER`. Every command is a process of its own, with its own words, exit code and signals.
All but the first are forked from this one, which has imported what they need: interpreters that import torch and
transformers afresh took most of the time.
"""

from __future__ import annotations

import multiprocessing
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from limelight.dataset.manifest import MANIFEST
from research.runs import road_check, toy_films, toy_models

NEEDED = (
    "accelerate", "onnx", "onnxruntime", "torch", "torch.onnx", "limelight.cli.evaluate", "limelight.cli.highlight",
    "limelight.cli.papers", "limelight.cli.train", "limelight.metrics.evaluate", "limelight.training.ablation",
    "limelight.training.context_makers", "limelight.training.export",
)  # fmt: skip
SMALL = "--channels 4 --batch 2 --seconds 2 --workers 0 --cpu --threads 1 --quiet"
NETWORKS = "--tagger models/ast --embedder models/pe-av"
CLIP = "--context-model models/clip --device cpu --offline"
CAPTIONS = "--context-model models/internvl --text-model models/t5 --device cpu --offline"
# Run → set, how it is trained, what a film is shown with. The set of the first has no validation split.
ROADS = {
    "visah": ("bare", "--preset visah --context clip", CLIP),
    "visah-text": ("set", "--preset visah-text --context captions", CAPTIONS),
    "semmix": ("set", "--preset semmix --context captions --cue tone", CAPTIONS),
}
VARIANTS = ("none", "many-frames-L3", "many-captions-general-L0", "many-captions-focused-tone-L3")
ENDLESS, WAIT_SECONDS = 10_000, 600.0  # steps of a run that will be stopped; for its second step
_FORK = multiprocessing.get_context("fork")
_BEGAN = time.monotonic()


def main(folder: Path) -> None:
    """From films to tables; raises SystemExit where the road is broken."""
    folder.mkdir(parents=True, exist_ok=True)
    os.chdir(folder)  # every path below is relative
    step("films of which one is too short; a set of the others, while networks are made")
    toy_films.main(Path("toy"))
    building = subprocess.Popen([sys.executable, "-m", "limelight", *_building()])
    for name in NEEDED:
        import_module(name)
    toy_models.main(Path("models"))
    expect(building.wait() == 7, f"a skipped film must give exit code 7, not {building.returncode}")
    expect(len(Path("set/skipped.jsonl").read_text().splitlines()) == 1, "one film should have been skipped")
    step("contexts: clip, general captions, focused captions of two cues in two shards, words")
    contexts()
    without_validation(Path("set"), Path("bare"))
    step("visah, visah-text and semmix, side by side, and an ablation")
    together({name: lambda name=name: road(name) for name in ROADS} | {"ablation": ablation})
    step("the road is whole")


def _building() -> list[str]:
    return shlex.split(
        "muddy build toy/films -o set --recipe released --level high --separator stems:toy/stems --seconds 2 --frames "
        "--about toy/splits.csv --keep-trivial --workers 1 --quiet"
    )


def contexts() -> None:
    """Of every kind, beside the clips."""
    limelight(f"contexts set clip --quiet {CLIP}")
    limelight(f"contexts set captions --prompts general --quiet {CAPTIONS}")
    for shard in ("0/2", "1/2"):
        limelight(f"contexts set captions --cue tone --cue 'camera focus' --shard {shard} --quiet {CAPTIONS}")
    limelight("contexts set words --text-model hashed --quiet")


def without_validation(whole: Path, bare: Path) -> None:
    """A copy of a set that lacks the split."""
    shutil.copytree(whole, bare)
    lines = (whole / MANIFEST).read_text(encoding="utf-8").splitlines(keepends=True)
    left = [line for line in lines if '"validation"' not in line]
    expect(len(left) < len(lines), "the set should have had a validation split")
    (bare / MANIFEST).write_text("".join(left), encoding="utf-8")


def road(name: str) -> None:
    """One network: stopped, killed, trained on, exported, used on a film, evaluated."""
    from limelight.training.checkpoint import best_of

    into, (data, how, shown) = Path(name), ROADS[name]
    training = f"train {data} --into {name} {how} {SMALL} --log-every 1"
    code = stopped(training, into, signal.SIGINT)
    expect(code == 130, f"{name}: Ctrl-C must give exit code 130, not {code}")
    after_ctrl_c = road_check.steps(into)
    stopped(training, into, signal.SIGKILL)
    left = road_check.at(into)  # a slow machine may have saved once more
    expect(left >= after_ctrl_c, f"{name}: a kill must leave a whole checkpoint, not step {left} after {after_ctrl_c}")
    limelight(f"{training} --steps {left + 2} --validate-every 1")
    expect(road_check.at(into) == left + 2, f"{name}: should have gone on from step {left}")
    expect((best_of(into) is None) == (data == "bare"), f"{name}: the best is kept where there is a validation split")
    exported = f"{name}/{name}.onnx"
    limelight(f"export {name} -o {exported} --seconds 2")
    limelight(f"export {name} -o {name}/last.onnx --seconds 2 --last")
    limelight(f"highlight toy/films/estate.mkv -o {name}/estate.mkv --model {exported} --quiet {shown}")
    asked, found = f"evaluate set --into {name}/evaluated --models {exported}", into / "evaluated.json"
    limelight(f"{asked} --workers 1 --examples 0 --json --quiet {NETWORKS}", out=found)
    road_check.evaluated(into, found)


def ablation() -> None:
    """Variants with and without context; the table has KLD and ΔIB."""
    only, page = " ".join(f"--only {variant}" for variant in VARIANTS), Path("ablation.md")
    limelight(f"ablate set --into ablation --steps 1 --count 1 {only} {SMALL} {NETWORKS}", out=page)
    road_check.ablation(page)


def limelight(words: str, out: Path | None = None) -> None:
    """One command, whose exit code must be 0; what it prints may go into a file."""
    begun = _begin(words, out)
    begun.join()
    expect(begun.exitcode == 0, f"exit code {begun.exitcode} of limelight {words}")


def stopped(training: str, into: Path, how: signal.Signals) -> int:
    """Begins or goes on, and is stopped after its second step; the exit code."""
    log = into / "log.jsonl"
    before, ends = _lines(log), time.monotonic() + WAIT_SECONDS
    running = _begin(f"{training} --steps {ENDLESS}")
    while _lines(log) < before + 2 and running.is_alive() and time.monotonic() < ends:
        time.sleep(0.05)
    if running.is_alive() and running.pid:
        os.kill(running.pid, how)
    running.join()
    expect(_lines(log) >= before + 2, f"{into} should have trained for two steps")
    return running.exitcode or 0


def _lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines()) if path.exists() else 0


def _begin(words: str, out: Path | None = None) -> multiprocessing.process.BaseProcess:
    process = _FORK.Process(target=_as_program, args=(shlex.split(words), out))
    process.start()
    return process


def _as_program(words: list[str], out: Path | None) -> None:
    """What `python -m limelight` does, in this process; SystemExit has its exit code."""
    from limelight.cli.main import main as program

    if out is not None:
        os.dup2(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644), 1)
    sys.argv = ["limelight", *words]
    program()


def together(jobs: dict[str, Callable[[], None]]) -> None:
    """Each in a process of its own, whose messages go into NAME.road and are shown where it breaks."""
    running = {name: _FORK.Process(target=_with_log, args=(name, job)) for name, job in jobs.items()}
    for process in running.values():
        process.start()
    for process in running.values():
        process.join()
    broken = [name for name, process in running.items() if process.exitcode]
    for name in broken:
        sys.stderr.write(Path(f"{name}.road").read_text(encoding="utf-8"))
    expect(not broken, ", ".join(broken))


def _with_log(name: str, job: Callable[[], None]) -> None:
    file = os.open(f"{name}.road", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    os.dup2(file, 1), os.dup2(file, 2)
    job()


def step(about: str) -> None:
    sys.stdout.write(f"== {about} ({time.monotonic() - _BEGAN:.0f} s)\n")
    sys.stdout.flush()


def expect(holds: bool, otherwise: str) -> None:
    if not holds:
        raise SystemExit(f"the road is broken: {otherwise}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
