"""What every command does at the door: errors become one line and an exit code, signals an orderly end, work a bar."""

from __future__ import annotations

import logging
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from types import FrameType
from typing import NoReturn

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from limelight.app.heap import keep_heap_small
from limelight.app.report.words import plain
from limelight.app.threads import keep_products_on_one_thread
from limelight.errors import LimelightError

console = Console(stderr=True, highlight=False, soft_wrap=True)

STAGE_WORDS = {
    "look": "looking at the picture",
    "measure": "measuring the sound",
    "plan": "deciding the balance",
    "remix": "remixing the sound",
    "render": "writing the film",
    "muddy": "making clips",
    "check": "checking clips",
    "draw": "drawing mixtures",
    "judge": "judging clips",
}
TERMINATED = 143
_LONGEST_LINE = 5000  # characters: two full paths and what is to be said of them


class _Terminated(BaseException):
    """SIGTERM, so that files are cleaned up on the way out."""


def _terminate(_number: int, _frame: FrameType | None) -> NoReturn:
    raise _Terminated


@contextmanager
def door(*, verbose: bool = False, small_heap: bool = True) -> Iterator[None]:
    """Runs a command: our errors leave as one line `E_CODE: message` on stderr with their exit code.

    `small_heap` keeps memory low on long films; training is better off without, its large tensors come again every step.
    """
    keep_products_on_one_thread()
    if small_heap:
        keep_heap_small()
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="surrogateescape")  # a file's name comes out as its bytes, whatever they are
    logging.basicConfig(level=logging.INFO if verbose else logging.WARNING, format="%(message)s", stream=sys.stderr)
    # A background job of a shell ignores SIGINT, and Python would then never raise: install both.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    except LimelightError as error:
        fail(error.code, str(error), error.exit_code)
    except KeyboardInterrupt:
        fail("E_INTERRUPTED", "stopped by you; nothing was left half-written", 130)
    except _Terminated:
        fail("E_INTERRUPTED", "stopped by the system; nothing was left half-written", TERMINATED)
    except ValueError as error:  # the frozen records check their own ranges: a flag out of range
        if verbose:
            raise
        fail("E_USAGE", str(error), 2)


def fail(code: str, message: str, exit_code: int) -> NoReturn:
    """One line, then out. The message may hold the name of a file, and that may hold anything."""
    one_line = plain(" ".join(message.split()), limit=_LONGEST_LINE)
    console.print(f"[bold red]{code}[/]: ", end="")
    console.print(one_line, markup=False)
    raise SystemExit(exit_code)


@contextmanager
def progress_bar(*, quiet: bool) -> Iterator[Bar]:
    """A bar with the stage and the time left, on stderr."""
    columns = (
        TextColumn("{task.description:24}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=quiet or not console.is_terminal, transient=True) as progress:
        yield Bar(progress)


class Bar:
    """Follows the stages of a film; called as `pipeline.Progress`."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, stage: str, done: float, total: float) -> None:
        if stage not in self._tasks:
            self._tasks[stage] = self._progress.add_task(STAGE_WORDS.get(stage, stage), total=total)
        self._progress.update(self._tasks[stage], completed=done, total=total)
