"""Fits `limelight.dataset.film_levels_table` to the levels of film clips.

    python -m research.levels.fit film_levels.csv src/limelight/dataset/film_levels_table.py

Four fifths of the films are used, by the hash of their names; `check` holds the result against the others.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from limelight.types import STEMS
from research.levels.chain import fit_kept, fit_transitions
from research.levels.films import Array, fit_and_check, read_clips
from research.levels.mixture import State, fit_states

GAUSSIANS = 3  # for each set of stems that is often heard; research/levels/README.md says why

HEAD = '''"""The fitted parameters of `film_levels`: figures only, written by `research.levels.fit`."""

# weight · stems heard · their mean levels, LUFS · lower triangle of the factor of their covariance, row by row
STATES: tuple[tuple[float, tuple[str, ...], tuple[float, ...], tuple[float, ...]], ...] = (
'''


def written(states: list[State], transitions: Array, kept: list[float]) -> str:
    """The table as a Python module."""
    return "".join(
        [
            HEAD,
            *_state_lines(states),
            ")\n\n# the chance in 10,000 that the state of a row is followed by that of a column\n",
            "TRANSITIONS: tuple[tuple[int, ...], ...] = (\n",
            *(f"    ({', '.join(str(round(1e4 * chance)) for chance in row)}),\n" for row in transitions),
            ")\n\n# by stem: the share of its variance within a state that a whole film keeps\n",
            f"KEPT: tuple[float, ...] = ({', '.join(f'{share:.2f}' for share in kept)})\n",
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
    kept = fit_kept(states, transitions, to_fit)
    options.table.write_text(written(states, transitions, kept), encoding="utf-8")


if __name__ == "__main__":
    main()
