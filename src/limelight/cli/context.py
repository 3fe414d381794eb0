"""What every command does at the door: errors become one line and an exit code, signals an orderly end, work a bar.

Our own errors are caught, and what the system refused where nobody below had a word for it. Whatever else comes by is a
bug of ours: its traceback is shown, and a line that says so.
"""

from __future__ import annotations

import errno
import logging
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from types import FrameType, TracebackType
from typing import NoReturn

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from limelight.errors import InputError, LimelightError, OutputError
from limelight.report.words import plain
from limelight.runtime import keep_heap_small, keep_products_on_one_thread

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
INTERNAL = "E_INTERNAL"
TERMINATED = 143
REFUSED = "the system refused"
_OF_WRITING = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)
_LONGEST_LINE = 5000  # characters: two full paths and what is to be said of them


class _Terminated(BaseException):
    """SIGTERM, so that files are cleaned up on the way out."""


_STOPS: dict[int, type[BaseException]] = {signal.SIGINT: KeyboardInterrupt, signal.SIGTERM: _Terminated}
_asked_to_stop: list[type[BaseException]] = []  # what was raised; where nobody can pass it on, Python drops it


def _stop(number: int, _frame: FrameType | None) -> NoReturn:
    _asked_to_stop.append(_STOPS[number])
    raise _STOPS[number]


@contextmanager
def command_context(*, verbose: bool = False, small_heap: bool = True) -> Iterator[None]:
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
    for number in _STOPS:
        signal.signal(number, _stop)
    _asked_to_stop.clear()
    sys.excepthook = _own_up
    try:
        yield
    except LimelightError as error:
        fail(error.code, str(error), error.exit_code)
    except BrokenPipeError:  # whoever reads what we say has heard enough
        raise
    except OSError as error:
        _fail_by_system(error)
    except KeyboardInterrupt:
        fail("E_INTERRUPTED", "stopped by you; nothing was left half-written", 130)
    except _Terminated:
        fail("E_INTERRUPTED", "stopped by the system; nothing was left half-written", TERMINATED)


def fail(code: str, message: str, exit_code: int) -> NoReturn:
    """One line, then out."""
    _say(code, message)
    raise SystemExit(exit_code)


def _fail_by_system(error: OSError) -> NoReturn:
    """A name that is too long, a folder that vanished, a disk that is full: the system's own words."""
    kind = OutputError if error.errno in _OF_WRITING else InputError
    place = f" ({error.filename})" if error.filename else ""
    fail(
        kind.code,
        f"{REFUSED}: {error.strerror or error}{place}; check the path, its rights and the disk",
        kind.exit_code,
    )


def _own_up(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """What nobody caught; Python then leaves with 1."""
    sys.__excepthook__(kind, error, trace)
    _say(INTERNAL, f"a bug of ours ({kind.__name__}); please report it with the lines above and `limelight --version`")


def _say(code: str, message: str) -> None:
    """The message may hold the name of a file, and that may hold anything."""
    one_line = plain(" ".join(message.split()), limit=_LONGEST_LINE)
    console.print(f"[bold red]{code}[/]: ", end="")
    console.print(one_line, markup=False)


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
        if _asked_to_stop:  # in a callback of the garbage collector, say, and it was dropped
            raise _asked_to_stop[-1]
        if stage not in self._tasks:
            self._tasks[stage] = self._progress.add_task(STAGE_WORDS.get(stage, stage), total=total)
        self._progress.update(self._tasks[stage], completed=done, total=total)
