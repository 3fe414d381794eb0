"""The order of what `lite` is trained on: a resumed run goes on where it stopped."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import pytest
import torch

from limelight.training.lite_run import by_turns, in_turn


def numbers(sign: int, first: int) -> Iterator[dict[str, torch.Tensor]]:
    """Batches that are told apart."""
    while True:
        yield {"n": torch.tensor(sign * first)}
        first += 1


def taken(first: int, *, shown_from: int, count: int) -> list[int]:
    """As a run draws them from a step on; of scenes they are negative."""
    batches = by_turns(
        lambda step: numbers(1, step), lambda step: numbers(-1, 1 + step), first=first, shown_from=shown_from
    )
    return [int(batch["n"]) for batch in islice(batches, count)]


def test_sounds_alone_then_by_turns() -> None:
    assert taken(0, shown_from=2, count=7) == [0, 1, 2, -1, 3, -2, 4]


@pytest.mark.parametrize("stopped", range(1, 7))
def test_a_resumed_run_draws_what_the_first_would_have(stopped: int) -> None:
    assert taken(stopped, shown_from=2, count=8 - stopped) == taken(0, shown_from=2, count=8)[stopped:]


def test_sets_in_turn_go_on_where_they_stopped() -> None:
    sets = [lambda step, k=k: numbers(1, 100 * k + step) for k in range(3)]
    whole = [int(batch["n"]) for batch in islice(in_turn(sets, 0), 9)]
    assert whole == [0, 100, 200, 1, 101, 201, 2, 102, 202]
    for stopped in range(1, 6):
        assert [int(batch["n"]) for batch in islice(in_turn(sets, stopped), 4)] == whole[stopped : stopped + 4]
