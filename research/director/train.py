# ruff: noqa: T201 - a script talks
"""Fits the curves by which moves are weighed, on what the moves do to the sound.

    python -m research.director.train CASES INTO.py [--separator NAME] [--harm 0.5] [--folds 5]

    bad     level-matched MAG of the mix under the gains less that of the mix as given, over that of the wished one
    good    HARM · MAG between the mix under the gains and the mix as given

Both on the separator's own masks, a step of every few, on a grid of weights; the fit itself takes seconds. So the curves say
when these stems are worth trusting, and by how much: they minimise the expected cost over good and bad mixes. INTO.py can be
given to `limelight --director`.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from pprint import pformat

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from limelight.audio.loudness import k_weight_response
from limelight.audio.stft import Bands, StftConfig
from limelight.mixing.features import STEPS_PER_ROW
from limelight.mixing.planner import smooth
from limelight.models.card import Card
from limelight.models.protocols import Separator
from limelight.models.registry import load_separator
from limelight.types import Vector
from research.director.heard import Heard, folder_of, recall, spectra_of
from research.director.moves import FACTS, MOVES, facts_of, moves_of

KINDS = ["talkers/good", "talkers/paper", "films/*", "train/good", "train/paper", "train/fault"]
HARM, STEPS = 0.5, 400
EVERY, BINS = 24, 2  # steps and bins of which one is looked at
LARGEST = {"speech": 18.0, "music": 10.0, "duck": 9.0, "even": 1.0, "tame": 1.0}  # weights of the moves
GRIDS: dict[str, tuple[float, ...]] = {
    "speech": (-18, -12, -8, -5, -2.5, 0, 2.5, 5, 8, 12, 15, 18),
    "music": (-10, -5, 0, 5, 10),
    "duck": (0, 3, 6, 9),
    "even": (0, 0.5, 1),
    "tame": (0, 0.5, 1),
}
BESIDE = MOVES[1:]  # moves that are tried beside some weights on speech, one at a time
ON_SPEECH = (-12, -5, 0, 5, 12)
Array = NDArray[np.float32]


@dataclass(frozen=True)
class Example:
    """One scene, and what each weight would cost: speech alone [S], and on top of some each other move [s, n]."""

    name: str
    group: str
    good: bool
    facts: Array  # [D]
    before: float  # distance of the given mix to the wished one, over the wished one's sum
    costs: dict[str, Array]


def example_of(heard: Heard) -> Example:
    card, case, features = heard.card, heard.case, heard.features
    rows = np.ones(len(features.times_seconds), bool)
    step = float(features.times_seconds[1] - features.times_seconds[0])
    moves = np.stack([smooth(move, np.zeros(0), step_seconds=step) for move in moves_of(features, rows)])
    chosen = np.arange(EVERY // 2, heard.chunk.steps, EVERY)
    given = np.abs(heard.spectra[0].T[chosen, ::BINS])
    spectra = None if case.good else spectra_of(case.wished, StftConfig(card.n_fft, card.hop))
    wished = given if spectra is None else np.abs(spectra[0].T[chosen, ::BINS])
    sound = Sound(card, heard.chunk.masks[:, chosen], given, wished)  # type: ignore[attr-defined]
    at = moves[:, :, np.minimum(chosen // STEPS_PER_ROW, len(rows) - 1)]
    facts = facts_of(features, rows).astype(np.float32)
    return Example(case.name, case.group, case.good, facts, sound.distance(given), costs_of(sound, at))


def costs_of(sound: Sound, moves: Vector) -> dict[str, Array]:
    """The cost of every weight on the grids."""
    alone = np.array([sound.cost(w * moves[0]) for w in GRIDS["speech"]], np.float32)
    found = {"speech": alone}
    beside = np.array([sound.cost(w * moves[0]) for w in ON_SPEECH], np.float32)
    for move in BESIDE:
        more = [[sound.cost(w * moves[0] + v * moves[MOVES.index(move)]) for v in GRIDS[move]] for w in ON_SPEECH]
        found[move] = np.array(more, np.float32) - beside[:, None]
    return found


@dataclass(frozen=True)
class Sound:
    """A scene's stems on a few steps, ready to be remixed."""

    card: Card
    masks: Array  # [K, t, L]
    given: Array  # [t, F / BINS]
    wished: Array

    @cached_property
    def _weighting(self) -> Array:
        hertz = np.arange(self.card.n_fft // 2 + 1) * self.card.sample_rate / self.card.n_fft
        return k_weight_response(hertz).astype(np.float32)[::BINS]

    @cached_property
    def _bands(self) -> NDArray[np.intp]:
        """The band of each bin that is looked at."""
        edges = Bands.of(self.card.band_edges, self.card.n_fft).edges
        return np.repeat(np.arange(len(edges) - 1), np.diff(edges))[::BINS]

    @cached_property
    def _power(self) -> float:
        return float((np.square(self.wished) @ self._weighting).sum())

    def cost(self, gains_db: Vector) -> float:
        """Distance under gains [K, t] to the wished mix, over that mix's sum."""
        gains = (10 ** (gains_db / 20)).astype(np.float32)
        return self.distance(self.given * np.einsum("kt,ktl->tl", gains, self.masks)[:, self._bands])

    def distance(self, made: Array) -> float:
        """At equal loudness."""
        gain = np.sqrt(self._power / max(float((np.square(made) @ self._weighting).sum()), 1e-20))
        return float(np.abs(np.float32(gain) * made - self.wished).sum() / max(float(self.wished.sum()), 1e-9))


FACTORS: dict[str, tuple[tuple[str, tuple[float, ...]], ...]] = {
    "speech": (
        ("over_spoken", (-3.0, -2.4, -2.0, -1.6, -1.2, -0.8, -0.4, 0.0, 0.4, 0.8, 1.2, 1.6, 2.0, 2.5, 3.0)),
        ("spoken", (0.0, 0.05, 0.1, 0.2, 0.3, 0.5)),
        ("sure", (0.6, 0.75, 0.85, 0.95)),
    ),
    "music": (("music_scene", (-3.0, -2.0, -1.2, -0.6, 0.0, 0.6, 1.2, 2.0, 3.0)), ("spoken", (0.0, 0.2, 0.6))),
    "duck": (
        ("rest_spoken", (-1.0, -0.5, -0.2, 0.0, 0.3, 0.6)),
        ("over_spoken", (-2.0, -1.2, -0.4, 0.4, 1.2, 2.0)),
        ("spoken", (0.0, 0.1, 0.2, 0.4, 0.7, 0.9)),
    ),
    "even": (
        ("speech_moves", (0.1, 0.3, 0.5, 0.7, 0.9)),
        ("over_spoken", (-2.0, -1.0, 0.0, 1.0, 2.0)),
        ("spoken", (0.0, 0.1, 0.3)),
    ),
    "tame": (("effects_leap", (0.0, 0.5, 1.0, 1.5, 2.0, 2.5)), ("over_scene", (-2.0, -1.0, 0.0, 1.0))),
    "wrong": (
        ("over_spoken", (-3.0, -2.0, -1.2, -0.4, 0.4, 1.2, 2.0, 3.0)),
        ("spoken", (0.0, 0.1, 0.3, 0.6)),
        ("music_scene", (-3.0, -1.5, 0.0, 1.5, 3.0)),
        ("rest_spoken", (-1.0, -0.3, 0.0, 0.5)),
        ("speech_moves", (0.1, 0.4, 0.7, 1.0)),
        ("effects_leap", (0.0, 1.0, 2.0)),
        ("mix_moves", (0.1, 0.3, 0.5, 0.8)),
    ),
}
SIGNED = ("speech", "music")
Table = dict[str, list[tuple[str, tuple[float, ...], tuple[float, ...]]]]


class Weighing(nn.Module):
    """Facts [B, D] to weights of the moves [B, M] and log odds that something is wrong [B]: products and sums of curves."""

    def __init__(self) -> None:
        super().__init__()
        self.raw = nn.ParameterDict()
        for move, factors in FACTORS.items():
            for n, (_fact, knots) in enumerate(factors):
                first = n == 0 or move == "wrong"
                self.raw[f"{move}-{n}"] = nn.Parameter(
                    torch.full((len(knots),), 0.0 if move in (*SIGNED, "wrong") and first else -1.5 if first else 0.5)
                )

    def values(self, move: str, n: int) -> Tensor:
        """The curve's values at its knots."""
        raw = self.raw[f"{move}-{n}"]
        if move == "wrong":
            return raw
        if n:
            return torch.sigmoid(raw)
        largest = LARGEST[move]
        return largest * (torch.tanh(raw) if move in SIGNED else torch.sigmoid(raw))

    def forward(self, facts: Tensor) -> tuple[Tensor, Tensor]:
        weights = [self._curves(move, facts).prod(dim=0) for move in MOVES]
        return torch.stack(weights, dim=1), self._curves("wrong", facts).sum(dim=0)

    def _curves(self, move: str, facts: Tensor) -> Tensor:
        found = []
        for n, (fact, knots) in enumerate(FACTORS[move]):
            found.append(hats(facts[:, FACTS.index(fact)], knots) @ self.values(move, n))
        return torch.stack(found)

    def roughness(self) -> Tensor:
        """Second differences of the curves before they are bent into their range."""
        return torch.stack(
            [raw.diff().diff().square().sum() + 0.1 * raw.diff().square().sum() for raw in self.raw.values()]
        ).sum()


def hats(x: Tensor, knots: tuple[float, ...]) -> Tensor:
    """Shares of the knots in a straight line between them, [B, knots]."""
    at = torch.tensor(knots)
    x = x.clamp(knots[0], knots[-1])
    right = torch.searchsorted(at, x.contiguous()).clamp(1, len(knots) - 1)
    share = (x - at[right - 1]) / (at[right] - at[right - 1])
    rows = torch.zeros(len(x), len(knots))
    rows[torch.arange(len(x)), right] = share
    rows[torch.arange(len(x)), right - 1] = 1 - share
    return rows


@dataclass(frozen=True)
class Batch:
    """All examples at once."""

    facts: Tensor  # [E, D]
    good: Tensor  # [E]
    before: Tensor  # [E]
    costs: dict[str, Tensor]  # [E, S], [E, some S, n]

    @classmethod
    def of(cls, examples: list[Example]) -> Batch:
        costs = {name: torch.from_numpy(np.stack([e.costs[name] for e in examples])) for name in examples[0].costs}
        facts = torch.from_numpy(np.stack([e.facts for e in examples]))
        good = torch.tensor([float(e.good) for e in examples])
        return cls(facts, good, torch.tensor([e.before for e in examples]), costs)

    def cost(self, weights: Tensor, harm: float) -> Tensor:
        """Of weights [E, M]: what a bad mix loses of its distance, HARM times what a good one gains, [E]."""
        on_speech = hats(weights[:, 0], GRIDS["speech"])
        at_speech = hats(weights[:, 0], ON_SPEECH)
        total = (on_speech * self.costs["speech"]).sum(dim=1)
        for n, move in enumerate(BESIDE, start=1):
            on_move = hats(weights[:, n], GRIDS[move])
            total = total + torch.einsum("es,en,esn->e", at_speech, on_move, self.costs[move])
        return torch.where(self.good > 0, harm * total, total - self.before)


def trained(
    examples: list[Example], *, harm: float, steps: int = STEPS, rough: float = 1e-4, seed: int = 1
) -> Weighing:
    """The curves that cost least."""
    torch.manual_seed(seed)
    batch, model = Batch.of(examples), Weighing()
    optimiser = torch.optim.Adam(model.parameters(), lr=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 0.05, total_steps=steps)
    for _ in range(steps):
        told = batch.facts + 0.08 * torch.randn_like(batch.facts)
        weights, wrong = model(told)
        doubt = nn.functional.binary_cross_entropy_with_logits(wrong, 1 - batch.good)
        optimiser.zero_grad()
        (batch.cost(weights, harm).mean() + 0.1 * doubt + rough * model.roughness()).backward()
        optimiser.step()
        schedule.step()
    return model


def table_of(model: Weighing) -> Table:
    """The curves as the product reads them."""
    return {
        move: [
            (fact, knots, tuple(round(float(x), 3) for x in model.values(move, n).detach()))
            for n, (fact, knots) in enumerate(factors)
        ]
        for move, factors in FACTORS.items()
    }


def fold_of(group: str, folds: int) -> int:
    """Which fold a group is left out in; by its name, so that it is the same everywhere."""
    return int(sha256(group.encode()).hexdigest()[:8], 16) % folds


def write_director(path: Path, model: Weighing, said: str) -> None:
    """A file with a function `director()`, for `--director FILE`, and the table to be shipped."""
    table = pformat(table_of(model), width=116, sort_dicts=False)
    path.write_text(
        f'"""Curves of the director `weighed`, written by research/director/train.py: {said}."""\n\n'
        f"CURVES = {table}\n"
        f"MARK = {sha256(table.encode()).hexdigest()[:16]!r}\n\n\ndef director():\n"
        "    from research.director.weighed import Weighed, curves_of\n\n"
        "    return Weighed(curves_of(CURVES, MARK))\n",
        encoding="utf-8",
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cases", type=Path)
    parser.add_argument("into", type=Path, help="A Python file with the curves and a function director().")
    parser.add_argument("--separator", default="lite")
    parser.add_argument("--kinds", nargs="+", default=KINDS)
    parser.add_argument("--harm", type=float, default=HARM)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument(
        "--folds", type=int, default=5, help="Also INTO-fold-0.py …, each without a share of the groups."
    )
    options = parser.parse_args()
    torch.set_num_threads(1)
    separator = load_separator(options.separator, threads=1)
    assert isinstance(separator, Separator)
    folder = folder_of(options.cases, separator.card)
    examples = [
        example_of(heard) for kind in options.kinds for heard in recall(options.cases, folder, kind, separator.card)
    ]
    print(len(examples), "examples", flush=True)
    write_all(options.into, examples, harm=options.harm, steps=options.steps, folds=options.folds)


def write_all(into: Path, examples: list[Example], *, harm: float, steps: int, folds: int) -> None:
    """The curves of all examples, and those without each fold."""
    said = f"{len(examples)} scenes, harm {harm:g}"
    write_director(into, trained(examples, harm=harm, steps=steps), said)
    for fold in range(folds):
        others = [example for example in examples if fold_of(example.group, folds) != fold]
        model = trained(others, harm=harm, steps=steps)
        write_director(into.with_name(f"{into.stem}-fold-{fold}.py"), model, f"{said}, without fold {fold} of {folds}")


if __name__ == "__main__":
    main()
