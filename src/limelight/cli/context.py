"""The door of every command: errors become one line and an exit code, signals an orderly end, work a bar.

Our own errors are caught, and what the system refused where nobody below had a word for it. Whatever else comes by is a
bug of ours: its traceback is shown, and a line that says so.

What holds for a whole process is set by `own_process`, which the program alone calls; what a command sets is undone when
it is over. So whoever calls these functions from Python finds everything as it was.
"""

from __future__ import annotations

import codecs
import errno
import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, NoReturn

import typer

from limelight.errors import InputError, LimelightError, OutputError
from limelight.runtime import keep_heap_small

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

STAGE_WORDS = {
    "look": "watching the picture",
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
_AS_FAR_AS_IT_GOES = "limelight-as-far-as-it-goes"  # how text is encoded, by its name among Python's error handlers
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

    `small_heap` keeps the memory of the program low on long films; training is better off without, its large tensors come
    again every step.
    """
    if small_heap and _process_is_ours():
        keep_heap_small()
    _asked_to_stop.clear()
    try:
        with _orderly_stops(), _log(logging.INFO if verbose else logging.WARNING):
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
    finally:
        if torch := sys.modules.get("torch"):  # training flushes tiny numbers to zero, and the whole thread with it
            torch.set_flush_denormal(False)


@contextmanager
def _orderly_stops() -> Iterator[None]:
    """Signals raise. A background job of a shell ignores SIGINT, and Python would then never raise: both are installed."""
    if threading.current_thread() is not threading.main_thread():  # only there Python lets a handler be set
        yield
        return
    before = {number: signal.getsignal(number) for number in _STOPS}
    for number in _STOPS:
        signal.signal(number, _stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)


@contextmanager
def _log(level: int) -> Iterator[None]:
    """Log lines go to stderr as they are, unless somebody has taken care of them."""
    root = logging.getLogger()
    before, handlers = root.level, list(root.handlers)
    logging.basicConfig(level=level, format="%(message)s", stream=sys.stderr)
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(before)


def own_process() -> None:
    """Sets what holds for a whole process: for a program, before NumPy is loaded, and not for a library.

    NumPy's products stay on one thread, unless the user has said otherwise: OpenBLAS wakes a second thread for a product of a
    second of sound with a filter, and that one then waits in a loop, on a processor that the decoder could have.
    Names of files come out as their bytes; what an old terminal has no sign for is a question mark. Bugs are owned up to.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    codecs.register_error(_AS_FAR_AS_IT_GOES, _as_far_as_it_goes)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors=_AS_FAR_AS_IT_GOES)
    sys.excepthook = _own_up


def _process_is_ours() -> bool:
    return sys.excepthook is _own_up


def _as_far_as_it_goes(error: UnicodeError) -> tuple[bytes, int]:
    """For an encoder: bytes that were no text become themselves again, and signs that it does not know "?"."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    signs = map(ord, error.object[error.start : error.end])
    return bytes(sign - 0xDC00 if 0xDC80 <= sign <= 0xDCFF else ord("?") for sign in signs), error.end


def print_utf8(text: str) -> None:
    """Results for programs, on stdout: JSON is UTF-8, whatever the terminal speaks."""
    typer.echo(text.encode("utf-8"))


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
    from limelight.cli.console import console
    from limelight.report.words import plain

    one_line = plain(" ".join(message.split()), limit=_LONGEST_LINE)
    console.print(f"[bold red]{code}[/]: ", end="")
    console.print(one_line, markup=False)


@contextmanager
def progress_bar(*, quiet: bool) -> Iterator[Bar]:
    """A bar with the stage and the time left, on stderr."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    from limelight.cli.console import console

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
    """Follows the stages of a film; called as `mixing.job.Progress`."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, stage: str, done: float, total: float) -> None:
        if _asked_to_stop:  # in a callback of the garbage collector, say, and it was dropped
            raise _asked_to_stop[-1]
        if stage not in self._tasks:
            self._tasks[stage] = self._progress.add_task(STAGE_WORDS.get(stage, stage), total=total)
        self._progress.update(self._tasks[stage], completed=done, total=total)
