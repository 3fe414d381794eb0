"""How good a model is on mixtures that it has never heard: `python -m limelight.app.evaluate LIBRARY`.

Draws mixtures with known truth from the test split of a sound library, runs the very path that a film takes (survey,
plan, render), and prints the papers' figures and the level-matched ones, with controls: do nothing, and the one best gain.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from limelight.app.judge.film_path import planned
from limelight.app.score import all_metrics
from limelight.cues.encoder import without_picture
from limelight.dsp.resample import resample
from limelight.evaluation import metrics
from limelight.evaluation.oracles import best_gain
from limelight.muddy.mixtures import Casting, Mixture, draw_mixture
from limelight.muddy.sounds import SAMPLE_RATE, SoundLibrary
from limelight.runtime.registry import load_stem_model
from limelight.signals import Samples

SECONDS = 10.0


@dataclass(frozen=True)
class Job:
    """One share of the mixtures, for one process."""

    folder: Path
    cache: Path
    model: str
    numbers: tuple[int, ...]
    seed: int
    undegraded: bool


def rebalanced(samples: Samples, model: Any) -> Any:
    """The plan and the mix of a mono soundtrack [1, N] without a picture."""
    return planned(samples, model, without_picture(samples.shape[1] / SAMPLE_RATE), layout="mono")


def judge(mixture: Mixture, model: Any) -> dict[str, float]:
    """Every figure of one mixture."""
    plan, output = rebalanced(mixture.input[None], model)
    x, y, z = (
        resample(np.asarray(s, np.float32)[None], SAMPLE_RATE, metrics.SAMPLE_RATE)[0]
        for s in (mixture.input, output[0], mixture.target)
    )
    row: dict[str, float] = {}
    for name, signal in (("input", x), ("best single gain", x * best_gain(x, z)), ("model", y)):
        row |= {f"{name}/{metric}": value for metric, value in all_metrics(signal, z).items()}
    audible = np.abs(mixture.target_stems).max(axis=1) > 1e-4
    changes = np.abs(plan.curves_db + plan.makeup_db)[audible]
    truth = -np.array(mixture.degradation.gains_db)
    means = plan.curves_db.mean(axis=1)
    # Gains are known up to one for all: what counts is how they differ between stems.
    error = (means - truth)[audible]
    row["model/gain_change_db"] = float(changes.mean())
    row["model/gain_error_db"] = float(np.abs(error - error.mean()).mean()) if audible.sum() > 1 else np.nan
    row["input/gain_error_db"] = (
        float(np.abs(truth[audible] - truth[audible].mean()).mean()) if audible.sum() > 1 else np.nan
    )
    return row


def work(job: Job) -> list[dict[str, float]]:
    """Judges a share of the mixtures."""
    library = SoundLibrary.open(job.folder, "test", job.cache)
    model = load_stem_model(job.model, threads=1)
    casting = Casting(undegraded=1.0 if job.undegraded else 0.0)
    rows = []
    for number in job.numbers:
        rng = np.random.default_rng([job.seed, number])
        rows.append(judge(draw_mixture(rng, library, seconds=SECONDS, casting=casting), model))
    return rows


def run(library: Path, cache: Path, model: str, count: int, seed: int, *, undegraded: bool) -> dict[str, float]:
    """Means over `count` mixtures, two processes."""
    shares = [tuple(range(part, count, 2)) for part in range(2)]
    jobs = [Job(library, cache, model, share, seed, undegraded) for share in shares]
    SoundLibrary.open(library, "test", cache)  # decoded once, not twice
    with ProcessPoolExecutor(2) as pool:
        rows = [row for part in pool.map(work, jobs) for row in part]
    return {name: float(np.nanmean([row[name] for row in rows])) for name in rows[0]}


def table(degraded: dict[str, float], undegraded: dict[str, float], count: int) -> str:
    """Markdown."""
    columns = ("mag", "env", "w_dis", "mag_level_matched", "env_level_matched")
    titles = ("MAG", "ENV", "W-dis", "level-matched MAG", "level-matched ENV")
    lines = [f"| {count} mixtures, × 100 | {' | '.join(titles)} |", "|---" * (len(titles) + 1) + "|"]
    for name in ("input", "best single gain", "model"):
        cells = [
            f"{100 * degraded[f'{name}/{c}']:.2f} ({100 * (degraded[f'{name}/{c}'] / degraded[f'input/{c}'] - 1):+.0f} %)"
            for c in columns
        ]
        lines.append(f"| {'do nothing' if name == 'input' else name} | {' | '.join(cells)} |")
    lines += [
        "",
        f"Error of the stems' relative gains: {degraded['model/gain_error_db']:.2f} dB "
        f"(do nothing: {degraded['input/gain_error_db']:.2f} dB).",
        f"On {count} undegraded mixtures: mean absolute gain change {undegraded['model/gain_change_db']:.2f} dB, "
        f"level-matched MAG against the input {100 * undegraded['model/mag_level_matched']:.2f} "
        f"({100 * undegraded['model/mag_level_matched'] / degraded['input/mag_level_matched']:.0f} % of the degraded input's).",
    ]
    return "\n".join(lines)


def main(
    library: Annotated[Path, typer.Argument(help="A folder with manifest.csv and its sounds.")],
    cache: Annotated[Path, typer.Option(help="Where decoded sounds are kept.")] = Path("cache"),
    model: Annotated[str, typer.Option(help="A model by name, or its folder.")] = "lite",
    count: Annotated[int, typer.Option(help="How many mixtures of each kind.")] = 200,
    seed: Annotated[int, typer.Option(help="Which mixtures.")] = 2026,
) -> None:
    """Prints the table."""
    degraded = run(library, cache, model, count, seed, undegraded=False)
    undegraded = run(library, cache, model, count, seed + 1, undegraded=True)
    typer.echo(table(degraded, undegraded, count))


if __name__ == "__main__":
    typer.run(main)
