"""Fits `limelight.dataset.film_levels_table` to the levels of film clips.

    python -m research.levels.fit film_levels.csv src/limelight/dataset/film_levels_table.py
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from limelight.signals import STEMS
from research.levels.chain import fit_continuity, fit_transitions
from research.levels.films import Array, fit_and_check, read_clips
from research.levels.mixture import State, fit_states

GAUSSIANS = 3  # for each set of stems that is often heard; research/levels/README.md says why

HEAD = '''"""The fitted parameters of `film_levels`: figures only. Written by `python -m research.levels.fit`; not to be edited."""

# weight · stems heard · their mean levels, LUFS · lower triangle of the factor of their covariance, row by row
STATES: tuple[tuple[float, tuple[str, ...], tuple[float, ...], tuple[float, ...]], ...] = (
'''


def written(states: list[State], transitions: Array, continuity: list[tuple[float, float]]) -> str:
    """The table as a Python module."""
    return "".join(
        [
            HEAD,
            *_state_lines(states),
            ")\n\n# the chance in 10,000 that the state of a row is followed by that of a column\n",
            "TRANSITIONS: tuple[tuple[int, ...], ...] = (\n",
            *(f"    ({', '.join(str(round(1e4 * chance)) for chance in row)}),\n" for row in transitions),
            ")\n\n# by stem: the share of its variance within a state that a film keeps, the correlation of the rest with the next clip\n",
            "CONTINUITY: tuple[tuple[float, float], ...] = (\n",
            *(f"    ({kept:.2f}, {fading:.2f}),  # {stem}\n" for stem, (kept, fading) in zip(STEMS, continuity, strict=True)),
            ")\n",
        ]
    )


def _state_lines(states: list[State]) -> Iterator[str]:
    for state in states:
        names = tuple(STEMS[k] for k in state.heard)
        factor = np.linalg.cholesky(state.covariance)[np.tril_indices(len(names))] if names else np.zeros(0)
        heard = _tuple([f'"{name}"' for name in names])
        mean, lower = (_tuple([f"{value:.2f}" for value in values]) for values in (state.mean_lufs, factor))
        yield f"    ({state.weight:.5f}, {heard}, {mean}, {lower}),\n"


def _tuple(items: list[str]) -> str:
    return f"({', '.join(items)}{',' if len(items) == 1 else ''})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("levels", type=Path, help="film_levels.csv")
    parser.add_argument("table", type=Path, help="the Python file to write")
    options = parser.parse_args()
    to_fit, _ = fit_and_check(read_clips(options.levels))
    states = fit_states(to_fit, GAUSSIANS)
    transitions = fit_transitions(states, to_fit)
    continuity = fit_continuity(states, transitions, to_fit)
    options.table.write_text(written(states, transitions, continuity), encoding="utf-8")


if __name__ == "__main__":
    main()
