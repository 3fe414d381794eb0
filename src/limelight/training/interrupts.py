"""Ctrl-C and SIGTERM between two steps, never within one: so that a stopped run loses nothing."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Self

STOPS = (signal.SIGINT, signal.SIGTERM)


class BetweenSteps:
    """While it lasts, a first signal is only noted, and passed on by `check`; a second one acts at once, as it did before.

    Python allows handlers in the main thread alone; elsewhere nothing is changed.
    """

    def __init__(self) -> None:
        self._noted: int | None = None
        self._before: dict[int, object] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._note) for number in STOPS}
        return self

    def __exit__(self, *_error: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    @property
    def asked(self) -> bool:
        """Whether somebody wants an end."""
        return self._noted is not None

    def check(self) -> None:
        """Lets a noted signal act: the former handler raises, or the system's does its work."""
        if self._noted is None:
            return
        number, self._noted = self._noted, None
        signal.signal(number, self._before[number])  # type: ignore[arg-type]
        signal.raise_signal(number)

    def _note(self, number: int, _frame: FrameType | None) -> None:
        if self._noted is not None:
            self.check()
        self._noted = number
