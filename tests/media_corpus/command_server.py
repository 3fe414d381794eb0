"""A process that has loaded Limelight and forks a child for each command: starting Python anew takes a second.

    test ── command, a line of JSON ──► server ── fork ──► child: limits, then the command line as a user has it
         ◄── what came of it, a line ───────       ◄─ wait4 ─

Each child has its own limits on memory, processor time and the size of files, and dies alone when a decoder crashes. It
tells in shared memory which stage of its work it is in, so that a fault can befall it at a chosen moment.
"""

from __future__ import annotations

import atexit
import json
import mmap
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib import import_module
from pathlib import Path
from types import TracebackType

STAGES = ("start", "ready", "look", "measure", "plan", "render", "copy", "verify")
HUNG = "hung"
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Limits:
    """What a command may use. Beyond the time on the wall it counts as hung and is killed."""

    memory_bytes: int = 3 << 30  # of addresses, beside those of what is loaded; a third of them is ever touched
    processor_seconds: int = 60
    file_bytes: int = 200 << 20
    wall_seconds: float = 60.0


@dataclass(frozen=True)
class Fault:
    """What happens to a command, so long after a stage has begun: a signal, or something to a file or folder."""

    stage: str
    what: str = "kill"
    subject: str = ""
    after_seconds: float = 0.0


@dataclass(frozen=True)
class Command:
    """A command."""

    words: Sequence[str]
    folder: str = "."
    limits: Limits = field(default_factory=Limits)
    fault: Fault | None = None


@dataclass(frozen=True)
class Outcome:
    """What came of a command."""

    exit_code: int  # negative: the signal that ended it
    seconds: float
    cpu_seconds: float
    peak_mb: float
    stdout: str
    stderr: str
    stage: str  # the last that had begun

    @property
    def code(self) -> str:
        """The stable code on its line: "E_INPUT"; "OK" where it went well, else what happened to it."""
        if self.exit_code == 0:
            return "OK"
        if self.stdout == HUNG:
            return HUNG
        if self.exit_code < 0:
            return f"signal {-self.exit_code}"
        last = self.stderr.strip().splitlines()[-1:] or [""]
        head = last[0].partition(":")[0]
        return head if head.startswith("E_") and "Traceback" not in self.stderr else "a bug"


class CommandServer:
    """Use it in a `with`; `run` as often as wanted. `also`: modules to load, beside those that every command needs."""

    def __init__(self, *also: str) -> None:
        self._also = also

    def __enter__(self) -> CommandServer:
        paths = [str(ROOT / "src"), str(ROOT / "tests"), *filter(None, [os.environ.get("PYTHONPATH")])]
        single = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")  # a fork takes no threads along
        self._process = subprocess.Popen(
            [sys.executable, __file__, *self._also],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | single | {"PYTHONPATH": os.pathsep.join(paths)},
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()

    def run(self, *words: object, folder: Path | str = ".", **more: object) -> Outcome:
        """One command of `limelight`; `more` are fields of `Command`."""
        command = Command([str(word) for word in words], str(folder), **more)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asdict(command)) + "\n")
        self._process.stdin.flush()
        return Outcome(**json.loads(self._process.stdout.readline()))


@cache
def shared_server() -> CommandServer:
    """One for all tests of a process: to load Limelight takes two seconds."""
    server = CommandServer().__enter__()
    atexit.register(server.__exit__, None, None, None)
    return server


# ---- inside the server ----


def _serve() -> None:
    for line in sys.stdin:
        values = json.loads(line)
        fault = Fault(**values["fault"]) if values["fault"] else None
        outcome = _run_child(Command(**values | {"limits": Limits(**values["limits"]), "fault": fault}))
        sys.stdout.write(json.dumps(asdict(outcome)) + "\n")
        sys.stdout.flush()


def _run_child(command: Command) -> Outcome:
    stage = mmap.mmap(-1, 1)
    started = time.perf_counter()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = os.fork()
        if child == 0:
            _run_in_child(command, out.fileno(), err.fileno(), stage)
        end = _watch(child, command, stage, started)
        said, told = _text(out), _text(err)
    return Outcome(
        exit_code=os.waitstatus_to_exitcode(end.status),
        seconds=time.perf_counter() - started,
        cpu_seconds=end.used.ru_utime + end.used.ru_stime,
        peak_mb=end.used.ru_maxrss / 1024,
        stdout=HUNG if end.hung else said,
        stderr=told,
        stage=STAGES[stage[0]],
    )


@dataclass(frozen=True)
class _End:
    status: int
    used: resource.struct_rusage
    hung: bool


def _watch(child: int, command: Command, stage: mmap.mmap, started: float) -> _End:
    fault, reached, hung = command.fault, 0.0, False
    while True:
        found, status, used = os.wait4(child, os.WNOHANG)
        if found:
            return _End(status, used, hung)
        now = time.perf_counter()
        if fault and not reached and stage[0] >= STAGES.index(fault.stage):
            reached = now
        if fault and reached and now - reached >= fault.after_seconds:
            _inject(child, fault.what, Path(command.folder, fault.subject))
            fault = None
        if now - started > command.limits.wall_seconds:
            hung = True
            os.kill(child, signal.SIGKILL)
        time.sleep(0.001)


def _inject(child: int, what: str, subject: Path) -> None:
    signals = {"kill": signal.SIGKILL, "interrupt": signal.SIGINT, "terminate": signal.SIGTERM}
    if what in signals:
        os.kill(child, signals[what])
    elif what == "vanish":
        subject.rename(subject.with_name(subject.name + ".gone"))
    elif what == "shrink":
        os.truncate(subject, subject.stat().st_size // 2)
    elif what == "grow":
        with subject.open("ab") as file:
            file.write(bytes(1000))
    elif what == "replace":
        subject.with_name("other").replace(subject)


def _text(file: tempfile._TemporaryFileWrapper[bytes]) -> str:
    file.seek(0)
    return file.read().decode("utf-8", "backslashreplace")


def _run_in_child(command: Command, out: int, err: int, stage: mmap.mmap) -> None:
    """The child. It never returns."""
    exit_code = 1
    try:
        os.dup2(out, 1)
        os.dup2(err, 2)
        os.chdir(command.folder)
        limits = command.limits
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes + _loaded_bytes(),) * 2)
        resource.setrlimit(resource.RLIMIT_CPU, (limits.processor_seconds,) * 2)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limits.file_bytes,) * 2)
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # as Python starts: writing fails instead
        _tell_stages(stage)
        sys.argv = ["limelight", *command.words]
        sys.stdin = open(os.devnull)  # noqa: SIM115
        from limelight.cli.main import main

        main()
    except SystemExit as leaving:
        exit_code = leaving.code if isinstance(leaving.code, int) else 0
    except BaseException:  # noqa: BLE001
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(exit_code)


def _loaded_bytes() -> int:
    """Addresses in use; 0 where the system does not say."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    except OSError:
        return 0


def _tell_stages(memory: mmap.mmap) -> None:
    """Lets the work say how far it is."""
    from limelight.cli import context
    from limelight.media import mux, write

    def mark(name: str) -> None:
        if name in STAGES:
            memory[0] = max(memory[0], STAGES.index(name))

    install, follow, copy, verify = signal.signal, context.Bar.__call__, mux.Muxer.copy, write.verify

    def marked_bar(bar, stage, done, total):
        mark(stage)
        follow(bar, stage, done, total)

    def marked_copy(writer, cargo):
        mark("copy")
        return copy(writer, cargo)

    def marked_verify(*given, **named):
        mark("verify")
        return verify(*given, **named)

    def marked_signal(number, handler):
        found = install(number, handler)
        if handler is context._stop:  # from here on the command ends in order
            mark("ready")
        return found

    signal.signal = marked_signal
    context.Bar.__call__, mux.Muxer.copy, write.verify = marked_bar, marked_copy, marked_verify


def _load() -> None:
    """Everything that a command needs, before the first fork. A session of one thread may be forked; two may not."""
    for name in ("cli.main", "cli.summary", "metrics.score", "report.page"):
        import_module(f"limelight.{name}")
    for name in sys.argv[1:]:
        import_module(name)
    from limelight import api
    from limelight.models import registry

    # One thread, for the same reason; what is asked by no name is the packaged `lite`, which takes the least time.
    lite, load = registry.load_separator("lite", threads=1), registry.load_separator
    names = ("lite", registry.DEFAULT_SEPARATOR)
    registry.load_separator = lambda name="lite", **more: lite if str(name) in names else load(name, **more)
    api.load_separator = registry.load_separator


if __name__ == "__main__":
    _load()
    _serve()
