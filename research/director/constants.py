# ruff: noqa: T201 - a script talks
"""Which constants the rule should have, and how often it is right: every combination tried on costs that are known beforehand.

    python -m research.director.constants CASES [--separator NAME]

Prints the combinations that nothing else beats, from the most careful to the boldest, and for each place of speech how often
bringing it to its own place makes the mix better: the rule's confidence.

    help    what bad mixes with talk lose of their distance to the good ones, mean of talkers and mixtures
    harm    what good mixes with talk gain, in shares of their magnitude
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from itertools import pairwise, product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from limelight.models.directors.speech_first import CAUTIOUS, RULES, SpeechRule
from limelight.models.protocols import Separator
from limelight.models.registry import load_separator
from research.director.heard import folder_of, recall
from research.director.moves import FACTS
from research.director.train import GRIDS, KINDS, Example, example_of

BAD, GOOD = ("talkers/paper", "train/paper"), ("talkers/good", "train/good", "films")
GRID = {
    "least_presence": (0.1, 0.15, 0.2),
    "lowest_lu": (-28.0, -24.0, -20.0, -16.0),
    "highest_lu": (-6.0, -4.0, -2.0, 0.0, 3.0, 5.0),
    "wanted_lu": (5.0, 7.0, 9.0, 11.0),
    "largest_db": (12.0, 15.0, 18.0, 24.0),
}
STANDS_LU = (-30.0, -16.0, -8.0, -4.0, 0.0, 4.0, 8.0, 12.0, 16.0, 20.0, 30.1)
SPOKEN = 0.1  # share of the time from which on an example has talk
NOTICEABLE = 0.004
Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Known:
    """All examples: how speech stands in each, and what shifts cost."""

    kinds: NDArray[np.str_]  # [E]
    present: Vector  # [E]
    over_lu: Vector  # [E]
    before: Vector  # [E], distance of the given mix to the wished one
    costs: Vector  # [E, S], distance under each shift of GRIDS["speech"]

    @classmethod
    def of(cls, examples: list[Example]) -> Known:
        facts = np.stack([example.facts for example in examples]).astype(np.float64)
        return cls(
            np.array(
                [example.name.rsplit("-", 1)[0].replace("films/", "films ").split(" ")[0] for example in examples]
            ),
            facts[:, FACTS.index("spoken")],
            10 * facts[:, FACTS.index("over_spoken")],
            np.array([example.before for example in examples]),
            np.stack([example.costs["speech"] for example in examples]).astype(np.float64),
        )

    def cost(self, shifts_db: Vector) -> Vector:
        """Distance to the wished mix under a shift of each, [E]."""
        grid = np.array(GRIDS["speech"], np.float64)
        shifts_db = np.clip(shifts_db, grid[0], grid[-1])
        right = np.clip(np.searchsorted(grid, shifts_db), 1, len(grid) - 1)
        share = (shifts_db - grid[right - 1]) / (grid[right] - grid[right - 1])
        rows = np.arange(len(shifts_db))
        return np.asarray((1 - share) * self.costs[rows, right - 1] + share * self.costs[rows, right])

    def figures(self, rule: SpeechRule) -> dict[str, float]:
        """Help and harm by kind."""
        shifts = [rule.shift_db(*one) for one in zip(self.present, self.over_lu, strict=True)]
        after, talk = self.cost(np.array(shifts)), self.present > SPOKEN
        found = {}
        for kind in (*BAD, "train/fault"):
            here = (self.kinds == kind) & talk
            found[kind] = float((self.before[here] - after[here]).sum() / max(self.before[here].sum(), 1e-9))
        for kind in GOOD:
            here = (self.kinds == kind) & (talk | (kind == "films"))
            found[kind] = float(after[here].mean()) if here.any() else 0.0
        return found

    def chances(self, wanted_lu: float, largest_db: float) -> list[tuple[float, float, int, float]]:
        """For stretches of how speech stands: how often a shift to its place helps, of good and bad mixes."""
        shifts = np.clip(wanted_lu - self.over_lu, -largest_db, largest_db)
        helps = self.cost(shifts) < self.cost(np.zeros_like(shifts))
        rows = []
        for low, high in pairwise(STANDS_LU):
            here = (
                (self.over_lu >= low) & (self.over_lu < high) & (self.present > SPOKEN) & (self.kinds != "train/fault")
            )
            if here.any():
                rows.append((low, high, int(here.sum()), float(helps[here].mean())))
        return rows


def unbeaten(known: Known) -> list[tuple[float, float, SpeechRule, dict[str, float]]]:
    """Help, harm, rule and figures of those that help noticeably more than all that harm less."""
    tried = []
    for values in product(*GRID.values()):
        rule = replace(CAUTIOUS, name="", **dict(zip(GRID, values, strict=True)))
        found = known.figures(rule)
        tried.append((np.mean([found[kind] for kind in BAD]), np.mean([found[kind] for kind in GOOD[:2]]), rule, found))
    kept: list[tuple[float, float, SpeechRule, dict[str, float]]] = []
    for one in sorted(tried, key=lambda one: (one[1], -one[0])):
        if not kept or one[0] > kept[-1][0] + NOTICEABLE:
            kept.append((float(one[0]), float(one[1]), one[2], one[3]))
    return kept


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cases", type=Path)
    parser.add_argument("--separator", default="lite")
    options = parser.parse_args()
    separator = load_separator(options.separator, threads=1)
    assert isinstance(separator, Separator)
    folder = folder_of(options.cases, separator.card)
    examples = [example_of(one) for kind in KINDS for one in recall(options.cases, folder, kind, separator.card)]
    report(Known.of(examples))


def report(known: Known) -> None:
    rules = [(*_means(known.figures(rule)), rule, known.figures(rule)) for rule in RULES]
    for helped, harmed, rule, found in [*rules, *unbeaten(known)]:
        values = " ".join(f"{getattr(rule, name):g}" for name in GRID)
        each = ", ".join(f"{kind} {value:+.3f}" for kind, value in found.items())
        print(f"{rule.name or '-':12s} help {helped:.3f} harm {harmed:.3f}  {values}  ({each})")
    for low, high, count, chance in known.chances(CAUTIOUS.wanted_lu, CAUTIOUS.largest_db):
        print(f"speech {low:+.0f} … {high:+.0f} LU: of {count}, lifting helps {chance:.2f}")


def _means(found: dict[str, float]) -> tuple[float, float]:
    return float(np.mean([found[kind] for kind in BAD])), float(np.mean([found[kind] for kind in GOOD[:2]]))


if __name__ == "__main__":
    main()
