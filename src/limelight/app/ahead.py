"""Working ahead: an iterator runs in a thread of its own, a few items before whoever takes them.

    alone    read 1 │ use 1 │ read 2 │ use 2 │ read 3 │ use 3
    ahead    read 1 │ read 2 │ read 3 │
                    │ use 1  │ use 2  │ use 3                    the same items in the same order, both cores at work

Decoders, NumPy, OpenCV and ONNX Runtime let other threads run while they work.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def ahead(items: Iterable[Item], *, count: int = 2) -> Iterator[Item]:
    """The same items, made up to `count` ahead. What making them raises is raised here, after the items before it.

    Whoever stops taking them waits for those `count`, no more.
    """
    source = iter(items)
    with ThreadPoolExecutor(1) as worker:
        coming = deque(worker.submit(next, source, None) for _ in range(count))
        while (item := coming.popleft().result()) is not None:
            coming.append(worker.submit(next, source, None))
            yield item


@contextmanager
def meanwhile(items: Iterable[Item], use: Callable[[Iterator[Item]], Result]) -> Iterator[Callable[[], Result]]:
    """Uses the items in a thread of its own; calling what is given waits for the result, and raises what `use` raised.

    Whoever leaves early takes the items away: `use` sees their end after the one in hand.
    """
    over = Event()

    def until_over() -> Iterator[Item]:
        for item in items:
            if over.is_set():
                return
            yield item

    with ThreadPoolExecutor(1) as worker:
        coming = worker.submit(use, until_over())
        try:
            yield coming.result
        finally:
            over.set()
