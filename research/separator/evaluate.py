# ruff: noqa: T201 - a script talks
"""The table: what each system's stems are worth, on sounds never trained on.

    python evaluate.py TESTS --checkpoint RUN.safetensors --lite FOLDER [--count 200]

remix      level-matched MAG of the mix with the true gains on the system's stems, against doing nothing, in %
best       the same with the three gains that are best for these stems
SI-SDR     of each stem on the unspoilt mixtures at DnR v3's levels, where it is heard (dB)
presence   F1 of "speech is heard", by 21 ms, where speech lies 10 LU under the rest
false      share of time that speech is said to be heard, of music with singing and of effects
phantom    what is called speech where there is none, under the mixture: the 95 % quantile of clips (dB)
speed      times real time of one thread, without the pretrained ear
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

import levels as lv
import numpy as np
import soxr
import systems as sy
import torch
from limelight.evaluation import metrics
from numpy.typing import NDArray
from test_scenes import TestScene, read

SECONDS = 10.24
EVERY = 8  # frames, where gains are sought
Array = NDArray[np.float32]
Figures = dict[str, dict[str, list[float]]]  # system, figure, clips


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tests", type=Path)
    parser.add_argument("--checkpoint", type=Path, nargs="*", default=[])
    parser.add_argument("--lite", type=Path, default=Path("../../src/limelight/models/lite"))
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument(
        "--best", type=int, default=100, help="Mixtures of each kind on which the best gains are sought."
    )
    parser.add_argument("--only-new", action="store_true", help="Without the other rows but doing nothing.")
    options = parser.parse_args()
    torch.set_num_threads(1)
    lite = sy.OldLite(options.lite)
    rows = [sy.System("do nothing", sy.nothing)]
    if not options.only_new:
        rows += [sy.System("lite 0.1.0", lite), sy.System("DeepFilterNet3 + its split", lite.behind_ear)]
    for path in options.checkpoint:
        new = sy.NewSeparator(path)
        rows.append(sy.System(f"{path.stem}, step {new.step}", new))
    if not options.only_new:
        rows += [sy.System("perfect masks", sy.perfect_masks), sy.System("true stems", sy.true_stems)]
    found: Figures = defaultdict(lambda: defaultdict(list))
    for kind in ("film", "dnr"):
        for n, scene in enumerate(islice(read(options.tests, kind), options.count)):
            remixed(scene, kind, rows, found, with_best=n < options.best)
    for scene in islice(read(options.tests, "clean"), options.count):
        separated(scene, rows, found)
    presence(options.tests, options.count, rows, found)
    print(table(rows, found))


def remixed(scene: TestScene, kind: str, rows: Iterable[sy.System], found: Figures, *, with_best: bool) -> None:
    gains = 10 ** (scene.undo_db / 20)
    target = _rate((scene.stems * gains[:, None]).sum(0))
    wished = metrics.magnitudes(target)
    lufs = metrics.loudness_lufs(target)
    silent = not scene.stems[0].any()
    for row in rows:
        stems = row(scene).stems
        found[row.name][f"remix {kind}"].append(_distance(_rate((stems * gains[:, None]).sum(0)), wished, lufs))
        found[row.name][f"best {kind}"].append(best_distance(_rate(stems), wished, lufs, gains))
        if silent:
            found[row.name]["phantom"].append(_under(stems[0], scene.mixture))


def separated(scene: TestScene, rows: Iterable[sy.System], found: Figures) -> None:
    """SI-SDR; also phantoms of what is not spoilt."""
    whole = np.square(scene.mixture).mean()
    for row in rows:
        stems = row(scene).stems
        for k, stem in enumerate(lv.STEMS):
            if np.square(scene.stems[k]).mean() > 1e-3 * whole:
                found[row.name][f"SI-SDR {stem}"].append(si_sdr(stems[k], scene.stems[k]))


def presence(tests: Path, count: int, rows: Iterable[sy.System], found: Figures) -> None:
    for row in rows:
        said, true, thresholds = [], [], None
        for scene in islice(read(tests, "buried"), count // 2):
            answer = row(scene)
            said.append(answer.presence[: sy.STEPS])
            true.append(sy.block_presence(scene))
            thresholds = answer.threshold
        if not said:
            continue
        levels, truth = np.concatenate(said), np.concatenate(true)
        tried = [thresholds] if thresholds is not None else np.quantile(levels, np.linspace(0.02, 0.98, 49))
        scores = [(_f1(levels > t, truth), t) for t in tried]
        score, threshold = max(scores)
        found[row.name]["presence"].append(100 * score)
        for kind in ("sung", "effects"):
            heard = [(row(scene).presence > threshold).mean() for scene in islice(read(tests, kind), count // 3)]
            found[row.name][f"false {kind}"] += [100 * float(x) for x in heard]


def _f1(said: NDArray[np.bool_], true: NDArray[np.bool_]) -> float:
    return float(2 * (said & true).sum() / max(1, said.sum() + true.sum()))


def _rate(x: Array) -> NDArray[np.float64]:
    return soxr.resample(x.T, 48_000, metrics.SAMPLE_RATE, quality="HQ").T.astype(np.float64)


def _distance(output: NDArray[np.float64], wished: NDArray[np.float64], lufs: float) -> float:
    gain = metrics.matching_gain(metrics.loudness_lufs(output), lufs)
    return float(np.abs(gain * metrics.magnitudes(output) - wished).mean())


def best_distance(
    stems: NDArray[np.float64], wished: NDArray[np.float64], lufs: float, gains: NDArray[np.float64]
) -> float:
    """With the three static gains found by Adam on every eighth frame, from none and from the true ones."""
    window = torch.from_numpy(np.pad(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(1764) / 1764), (142, 142)))
    spectra = torch.stft(
        torch.from_numpy(stems), 2048, 441 * EVERY, window=window, center=True, pad_mode="reflect", return_complex=True
    ).to(torch.complex64)
    goal = torch.from_numpy(wished[:, ::EVERY]).float()[:, : spectra.shape[2]]
    spectra = spectra[:, :, : goal.shape[1]]
    best = np.inf, np.zeros(3)
    for start in (np.zeros(3), np.log(gains)):
        g = torch.tensor(start, dtype=torch.float32, requires_grad=True)
        optimiser = torch.optim.Adam([g], lr=0.15)
        for _ in range(25):
            mixed = torch.einsum("k,kft->ft", g.exp().to(torch.complex64), spectra).abs()
            made = mixed * (goal.square().sum() / (mixed.square().sum() + 1e-9)).sqrt()
            loss = (made - goal).abs().mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        if loss.item() < best[0]:
            best = loss.item(), g.detach().exp().numpy()
    return min(_distance((stems * best[1][:, None]).sum(0), wished, lufs), _distance(stems.sum(0), wished, lufs))


def _under(part: Array, whole: Array) -> float:
    a, b = (lv.block_powers(x).mean() for x in (part, whole))
    return float(10 * np.log10((a + 1e-12) / (b + 1e-12)))


def si_sdr(output: Array, target: Array) -> float:
    scaled = target * (output @ target / (target @ target + 1e-12))
    return float(10 * np.log10((scaled @ scaled + 1e-12) / (np.square(output - scaled).sum() + 1e-12)))


def table(rows: Iterable[sy.System], found: Figures) -> str:
    rows = list(rows)
    nothing = found[rows[0].name]
    heads = [
        "remix film",
        "remix dnr",
        "best film",
        "best dnr",
        "SI-SDR speech",
        "SI-SDR music",
        "SI-SDR effects",
        "presence",
        "false sung",
        "false effects",
        "phantom",
    ]
    lines = ["| | " + " | ".join([*heads, "speed"]) + " |", "|---|" + "---:|" * (len(heads) + 1)]
    for row in rows:
        cells = []
        for head in heads:
            values = found[row.name][head]
            if not values:
                cells.append("–")
            elif head.startswith(("remix", "best")):
                base = nothing[head.replace("best", "remix")]
                cells.append(f"{100 * (np.mean(values) / np.mean(base[: len(values)]) - 1):+.1f} %")
            elif head == "phantom":
                cells.append(f"{np.quantile(values, 0.95):.1f}")
            else:
                cells.append(f"{np.mean(values):.1f}")
        lines.append(f"| {row.name} | " + " | ".join(cells) + f" | {SECONDS / np.median(row.seconds):.0f} |")
    counts = {head: len(values) for head, values in nothing.items()}
    return "\n".join([*lines, f"\n{counts}"])


if __name__ == "__main__":
    main()
