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

What was judged once is remembered in TESTS/rows, clip by clip.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import levels as lv
import numpy as np
import soxr
import systems as sy
import torch
from numpy.typing import NDArray
from test_scenes import SHARE, TestScene, read_scene, scene_files

from limelight.metrics import papers
from limelight.models.registry import load_separator

SECONDS = 10.24
EVERY = 8  # frames, where gains are sought
SPOILT = ("film", "dnr")
Array = NDArray[np.float32]
Clips = dict[str, dict[str, float]]  # clip, figure
NOTHING = "do nothing"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tests", type=Path)
    parser.add_argument("--checkpoint", type=Path, nargs="*", default=[])
    parser.add_argument("--separator", nargs="*", default=["lite", "deepfilter"], help="By name or file.")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--best", type=int, default=100, help="Mixtures of each kind whose best gains are sought.")
    options = parser.parse_args()
    torch.set_num_threads(1)
    rows = {name: judged(name, make, options) for name, make in _systems(options).items()}
    print(table(rows))


def _systems(options: argparse.Namespace) -> dict[str, Callable[[], sy.Run]]:
    """Made when they are asked for: some need not be asked again."""
    made: dict[str, Callable[[], sy.Run]] = {NOTHING: lambda: sy.nothing}
    for name in options.separator:
        made[name] = lambda name=name: sy.Packaged(load_separator(name, threads=1))  # type: ignore[misc]
    for path in options.checkpoint:
        made[f"{path.stem}, step {sy.step_of(path)}"] = lambda path=path: sy.NewSeparator(path)  # type: ignore[misc]
    return made | {"perfect masks": lambda: sy.perfect_masks}


def judged(name: str, make: Callable[[], sy.Run], options: argparse.Namespace) -> Clips:
    """Figures of every clip asked for; those found earlier are read from TESTS/rows."""
    file = options.tests / "rows" / f"{name.replace('/', '_')}.json"
    file.parent.mkdir(exist_ok=True)
    known: Clips = json.loads(file.read_text()) if file.is_file() else {}
    system: sy.System | None = None
    asked: Clips = {}
    for clip, best in _clips(options):
        figures = known.get(clip.stem, {})
        if "seconds" not in figures or (best and "best" not in figures):
            system = system or sy.System(name, make())
            scene = read_scene(clip)
            known[clip.stem] = figures = figures_of(system, scene, best=best)
            if len(known) % 20 == 0:
                file.write_text(json.dumps(known))
        asked[clip.stem] = figures
    file.write_text(json.dumps(known))
    return asked


def _clips(options: argparse.Namespace) -> Iterator[tuple[Path, bool]]:
    for kind, share in SHARE.items():
        for n, path in enumerate(islice(scene_files(options.tests, kind), round(options.count * share))):
            yield path, kind in SPOILT and n < options.best


def figures_of(system: sy.System, scene: TestScene, *, best: bool) -> dict[str, float]:
    """One clip."""
    answer = system(scene)
    kind = scene.name.split("-")[0]
    said, true = answer.presence[: sy.STEPS] > 0.5, sy.block_presence(scene)
    found = {"said": float(said.sum()), "true": float(true.sum()), "hit": float((said & true).sum())}
    found["false"] = 100 * float(said.mean())
    if kind in SPOILT:
        found |= _remixed(scene, answer.stems, best=best)
    if kind == "clean":
        found |= _separated(scene, answer.stems)
    if not scene.stems[0].any():
        found["phantom"] = _under(answer.stems[0], scene.mixture)
    return found | {"seconds": system.seconds[-1]}


def _remixed(scene: TestScene, stems: Array, *, best: bool) -> dict[str, float]:
    gains = 10 ** (scene.undo_db / 20)
    target = _rate((scene.stems * gains[:, None]).sum(0))
    wished, lufs = papers.magnitudes(target), papers.loudness_lufs(target)
    found = {"remix": _distance(_rate((stems * gains[:, None]).sum(0)), wished, lufs)}
    if best:
        found["best"] = best_distance(_rate(stems), wished, lufs, gains)
    return found


def _separated(scene: TestScene, stems: Array) -> dict[str, float]:
    whole = np.square(scene.mixture).mean()
    heard = (k for k in range(3) if np.square(scene.stems[k]).mean() > 1e-3 * whole)
    return {f"SI-SDR {lv.STEMS[k]}": si_sdr(stems[k], scene.stems[k]) for k in heard}


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


SI_SDR = tuple(f"SI-SDR {stem}" for stem in lv.STEMS)
HEADS = ("remix film", "remix dnr", "best film", "best dnr", *SI_SDR, "presence", "false sung", "false effects")


def table(rows: dict[str, Clips]) -> str:
    """In Markdown; doing nothing must be among the rows."""
    heads = (*HEADS, "phantom", "speed")
    lines = ["| | " + " | ".join(heads) + " |", "|---|" + "---:|" * len(heads)]
    for name, clips in rows.items():
        cells = [_cell(head, clips, rows[NOTHING]) for head in HEADS]
        phantoms = [figures["phantom"] for figures in clips.values() if "phantom" in figures]
        speed = SECONDS / float(np.median([figures["seconds"] for figures in clips.values()]))
        cells += [f"{np.quantile(phantoms, 0.95):.1f}", f"{speed:.0f}"]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    counts = Counter(clip.split("-")[0] for clip in rows[NOTHING])
    return "\n".join([*lines, "", f"Clips: {dict(counts)}; phantoms: {len(phantoms)}"])


def _cell(head: str, clips: Clips, nothing: Clips) -> str:
    figure, _, kind = head.rpartition(" ")
    if head in SI_SDR:
        return f"{np.mean([figures[head] for figures in clips.values() if head in figures]):.1f}"
    if head == "presence":
        said, true, hit = (
            sum(f[name] for n, f in clips.items() if n.startswith("buried")) for name in ("said", "true", "hit")
        )
        return f"{200 * hit / max(1.0, said + true):.1f}"
    mine = {clip: figures[figure] for clip, figures in clips.items() if clip.startswith(kind) and figure in figures}
    if figure == "false":
        return f"{np.mean(list(mine.values())):.1f}"
    base = np.mean([nothing[clip]["remix"] for clip in mine])
    return f"{100 * (np.mean(list(mine.values())) / base - 1):+.1f} %"


if __name__ == "__main__":
    main()
