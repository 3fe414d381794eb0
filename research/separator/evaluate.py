# ruff: noqa: T201 - a script talks
"""The table: what each system's stems are worth, on sounds never trained on.

    python evaluate.py TESTS [--checkpoint RUN.safetensors …] [--count 200] [--best 100]

remix      level-matched MAG of the mix with the true gains on the system's stems, against doing nothing, in %
best       the same with the three gains that are best for these stems
SI-SDR     of each stem on the unspoilt mixtures at DnR v3's levels, where it is heard (dB)
presence   F1 of "speech is heard", by 21 ms, where speech lies 10 LU under the rest and pauses are long
false      share of time that speech is said to be heard, of music with singing and of effects
phantom    what is called speech where there is none (mixtures at films' levels, singing, effects), under the mixture: the
           95 % quantile of clips (dB)
speed      times real time of one thread; of a checkpoint without the pretrained ear

The packaged separators are judged once and remembered in TESTS/rows; --anew forgets them.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import levels as lv
import numpy as np
import soxr
import systems as sy
import torch
from numpy.typing import NDArray
from test_scenes import SHARE, TestScene, read

from limelight.metrics import papers
from limelight.models.registry import load_separator

SECONDS = 10.24
EVERY = 8  # frames, where gains are sought
SILENT_KINDS = ("sung", "effects")
Array = NDArray[np.float32]
Row = dict[str, list[float]]  # figure, clips
NOTHING = "do nothing"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tests", type=Path)
    parser.add_argument("--checkpoint", type=Path, nargs="*", default=[])
    parser.add_argument("--separator", nargs="*", default=["lite", "deepfilter"], help="By name or file.")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--best", type=int, default=100, help="Mixtures of each kind whose best gains are sought.")
    parser.add_argument("--anew", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)
    rows: dict[str, Row] = {}
    for name, make in _systems(options).items():
        rows[name] = _remembered(name, make, options)
    print(table(rows))


def _systems(options: argparse.Namespace) -> dict[str, Callable[[], sy.Run]]:
    """Made when they are asked for: some need not be asked again."""
    made: dict[str, Callable[[], sy.Run]] = {NOTHING: lambda: sy.nothing}
    for name in options.separator:
        made[name] = lambda name=name: sy.Packaged(load_separator(name, threads=1))  # type: ignore[misc]
    for path in options.checkpoint:
        new = sy.NewSeparator(path)
        made[f"{path.stem}, step {new.step}"] = lambda new=new: new  # type: ignore[misc]
    return made | {"perfect masks": lambda: sy.perfect_masks}


def _remembered(name: str, make: Callable[[], sy.Run], options: argparse.Namespace) -> Row:
    file = options.tests / "rows" / f"{name.replace('/', '_')}, {options.count}, {options.best}.json"
    if file.is_file() and not options.anew:
        return json.loads(file.read_text())  # type: ignore[no-any-return]
    row = judged(sy.System(name, make()), options.tests, options.count, options.best)
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(row))
    return row


def judged(system: sy.System, tests: Path, count: int, best: int) -> Row:
    """All figures of one system, clip by clip."""
    row: Row = defaultdict(list)
    for kind in SHARE:
        for n, scene in enumerate(islice(read(tests, kind), round(count * SHARE[kind]))):
            answer = system(scene)
            if kind in ("film", "dnr"):
                _remixed(scene, kind, answer.stems, row, with_best=n < best)
            elif kind == "clean":
                _separated(scene, answer.stems, row)
            elif kind == "buried":
                row["said"] += (answer.presence[: sy.STEPS] > 0.5).astype(float).tolist()
                row["true"] += sy.block_presence(scene).astype(float).tolist()
            else:
                row[f"false {kind}"].append(100 * float((answer.presence > 0.5).mean()))
            if not scene.stems[0].any():
                row["phantom"].append(_under(answer.stems[0], scene.mixture))
    row["presence"] = [100 * _f1(np.array(row.pop("said")) > 0, np.array(row.pop("true")) > 0)]
    row["speed"] = [SECONDS / float(np.median(system.seconds))]
    return dict(row)


def _remixed(scene: TestScene, kind: str, stems: Array, row: Row, *, with_best: bool) -> None:
    gains = 10 ** (scene.undo_db / 20)
    target = _rate((scene.stems * gains[:, None]).sum(0))
    wished, lufs = papers.magnitudes(target), papers.loudness_lufs(target)
    row[f"remix {kind}"].append(_distance(_rate((stems * gains[:, None]).sum(0)), wished, lufs))
    if with_best:
        row[f"best {kind}"].append(best_distance(_rate(stems), wished, lufs, gains))


def _separated(scene: TestScene, stems: Array, row: Row) -> None:
    whole = np.square(scene.mixture).mean()
    for k, stem in enumerate(lv.STEMS):
        if np.square(scene.stems[k]).mean() > 1e-3 * whole:
            row[f"SI-SDR {stem}"].append(si_sdr(stems[k], scene.stems[k]))


def _f1(said: NDArray[np.bool_], true: NDArray[np.bool_]) -> float:
    return float(2 * (said & true).sum() / max(1, said.sum() + true.sum()))


def _rate(x: Array) -> NDArray[np.float64]:
    return soxr.resample(x.T, 48_000, papers.SAMPLE_RATE, quality="HQ").T.astype(np.float64)


def _distance(output: NDArray[np.float64], wished: NDArray[np.float64], lufs: float) -> float:
    gain = papers.matching_gain(papers.loudness_lufs(output), lufs)
    return float(np.abs(gain * papers.magnitudes(output) - wished).mean())


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


HEADS = (
    *("remix film", "remix dnr", "best film", "best dnr", "SI-SDR speech", "SI-SDR music", "SI-SDR effects"),
    *("presence", "false sung", "false effects", "phantom", "speed"),
)


def table(rows: dict[str, Row]) -> str:
    """In Markdown; doing nothing must be among the rows."""
    lines = ["| | " + " | ".join(HEADS) + " |", "|---|" + "---:|" * len(HEADS)]
    for name, row in rows.items():
        cells = [_cell(head, row.get(head, []), rows[NOTHING]) for head in HEADS]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    counts = {head: len(values) for head, values in rows[NOTHING].items()}
    return "\n".join([*lines, "", f"Clips: {counts}"])


def _cell(head: str, values: list[float], nothing: Row) -> str:
    if not values:
        return "–"
    if head.startswith(("remix", "best")):
        base = nothing[head.replace("best", "remix")][: len(values)]
        return f"{100 * (np.mean(values) / np.mean(base) - 1):+.1f} %"
    if head == "phantom":
        return f"{np.quantile(values, 0.95):.1f}"
    return f"{np.mean(values):.1f}"


if __name__ == "__main__":
    main()
