"""What is made ahead is what was to be made, in order, and no more of it than allowed."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from limelight.runtime import in_background, prefetch


@pytest.mark.parametrize("count", [1, 2, 8])
@pytest.mark.parametrize("length", [0, 1, 7])
def test_the_items_are_the_same(length: int, count: int) -> None:
    assert list(prefetch(iter(range(1, length + 1)), count=count)) == list(range(1, length + 1))


def test_items_are_made_in_another_thread_in_time() -> None:
    made_by = set(prefetch(threading.get_ident() for _ in range(5)))
    assert len(made_by) == 1
    assert threading.get_ident() not in made_by


def test_never_more_than_count_are_waiting() -> None:
    made: list[int] = []

    def numbers() -> Iterator[int]:
        for k in range(20):
            made.append(k)
            yield k

    for taken, _ in enumerate(prefetch(numbers(), count=3), start=1):
        assert len(made) <= taken + 3


@pytest.mark.parametrize("error", [ValueError("no good"), KeyboardInterrupt("stop")])
def test_an_error_comes_after_the_items_before_it(error: BaseException) -> None:
    def failing() -> Iterator[int]:
        yield 1
        yield 2
        raise error

    items = prefetch(failing())
    assert [next(items), next(items)] == [1, 2]
    with pytest.raises(type(error), match=error.args[0]):
        next(items)


def test_leaving_early_closes_what_was_opened() -> None:
    closed = threading.Event()

    def endless() -> Iterator[int]:
        try:
            while True:
                yield 1
        finally:
            closed.set()

    items = prefetch(endless())
    assert next(items) == 1
    del items
    assert closed.is_set()


def test_meanwhile_uses_the_items_in_another_thread() -> None:
    def used(items: Iterator[int]) -> tuple[int, int]:
        return sum(items), threading.get_ident()

    with in_background(lambda wanted: used(wanted(range(5)))) as result:
        total, thread = result()
    assert total == 10
    assert thread != threading.get_ident()


def test_meanwhile_raises_where_the_result_is_asked_for() -> None:
    def failing(items: Iterator[int]) -> int:
        raise ValueError(f"no good after {next(items)}")

    with in_background(lambda wanted: failing(wanted(range(5)))) as result, pytest.raises(ValueError, match="after 0"):
        result()


def test_leaving_early_takes_the_items_away() -> None:
    seen: list[int] = []
    begun = threading.Event()

    def endless() -> Iterator[int]:
        while True:
            begun.set()
            yield 1

    def leaving() -> None:
        with in_background(lambda wanted: seen.extend(wanted(endless()))):
            assert begun.wait(10)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        leaving()
    assert seen  # and this line was reached
