"""Our errors are one line and their exit code; whatever else comes by is owned up to as a bug, a plain ValueError too."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from media_corpus.command_server import CommandServer

from limelight.cli.context import command_context, progress_bar
from limelight.cli.highlight import highlight
from limelight.cli.inspect import models

BUG = """
import sys
import limelight.cli.highlight
from limelight.cli.main import main
def fail(*flags): raise {error}
limelight.cli.highlight.check_one_film = fail
sys.argv = ["limelight", "film.mp4", "--quiet"]
main()
"""


@pytest.mark.slow
@pytest.mark.parametrize("error", ["ValueError('math domain error')", "UnicodeError('é')", "KeyError('gain')"])
def test_an_error_that_is_not_ours_is_told_as_a_bug(error: str, tmp_path: Path) -> None:
    words = [sys.executable, "-c", BUG.format(error=error)]
    done = subprocess.run(words, capture_output=True, text=True, cwd=tmp_path, timeout=60)
    kind = error.partition("(")[0]
    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert f"{kind}: " in done.stderr
    assert done.stderr.splitlines()[-1].startswith(f"E_INTERNAL: a bug of ours ({kind}); please report")
    assert done.stdout == ""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("error", "code", "exit_code"),
    [("OSError(36, 'too long', 'x.mp4')", "E_INPUT", 3), ("OSError(28, 'No space left')", "E_OUTPUT", 6)],
)
def test_what_the_system_refuses_is_told_in_its_words(error: str, code: str, exit_code: int, tmp_path: Path) -> None:
    words = [sys.executable, "-c", BUG.format(error=error)]
    done = subprocess.run(words, capture_output=True, text=True, cwd=tmp_path, timeout=60)
    assert (done.returncode, done.stdout) == (exit_code, "")
    assert done.stderr.startswith(f"{code}: the system refused: ")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.slow
@pytest.mark.parametrize("words", [("muddy", "check", "x" * 5000), ("score", "x" * 5000, "--target", "a.mp4")])
def test_a_name_that_no_file_can_have_is_no_bug(words: tuple[str, ...], server: CommandServer, tmp_path: Path) -> None:
    assert server.run(*words, folder=tmp_path).code == "E_INPUT"


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        ("highlight", "film.mp4", "--strength", "nan"),
        ("highlight", "film.mp4", "--loudness", "loud"),
        ("highlight", "film.mp4", "--context", "cues", "--captions", "film.json"),
        ("plan", "film.mp4", "--effects", "1e999"),
        ("render", "film.mp4", "film.json", "--true-peak", "3"),
        ("inspect", "film.mp4", "--clip", "openai/clip"),
        ("inspect", "film.mp4", "--context", "cues", "--check-captions", "page.html"),
        ("muddy", "build", "film.mp4", "-o", "set", "--shares", "1,1"),
        ("muddy", "build", "film.mp4", "-o", "set", "--shares", "1,1,nan"),
        ("muddy", "build", "film.mp4", "-o", "set", "--seconds", "nan"),
        ("muddy", "join", "set", "-o", "films", "--scenes", "200"),
    ],
    ids=" ".join,
)
def test_a_flag_out_of_its_range_is_a_usage_error(
    words: tuple[str, ...], server: CommandServer, tmp_path: Path
) -> None:
    outcome = server.run(*words, folder=tmp_path)
    assert (outcome.code, outcome.exit_code) == ("E_USAGE", 2), outcome.stderr
    assert len(outcome.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def _stopped_in_vain(number: int) -> None:
    with command_context(), progress_bar(quiet=True) as bar:
        with suppress(BaseException):
            signal.raise_signal(number)
        bar("plan", 1, 2)


@pytest.mark.parametrize(("number", "exit_code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stop_that_python_dropped_is_asked_for_again(number: int, exit_code: int) -> None:
    """What a signal raises in a callback of the garbage collector goes nowhere."""
    with pytest.raises(SystemExit) as left:
        _stopped_in_vain(number)
    assert left.value.code == exit_code


def _process_settings() -> dict[str, object]:
    root = logging.getLogger()
    return {
        "signals": [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)],
        "hook": sys.excepthook,
        "streams": [(stream.encoding, stream.errors) for stream in (sys.stdout, sys.stderr)],
        "environment": dict(os.environ),
        "log": (root.level, list(root.handlers)),
    }


@pytest.mark.parametrize("ends", ["well", "badly"])
def test_a_command_that_is_called_from_python_leaves_the_process_as_it_was(
    ends: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    monkeypatch.setattr("limelight.cli.context.keep_heap_small", lambda: pytest.fail("the heap is not ours"))
    before = _process_settings()
    if ends == "well":
        models(as_json=True)
    else:
        with pytest.raises(SystemExit):
            highlight(tmp_path / "nowhere.mp4")
    assert _process_settings() == before


def test_a_command_can_run_beside_the_main_thread() -> None:
    """Where Python lets nobody set a handler of signals."""
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(models, as_json=True).result() is None


SETTINGS_OF_THE_PROGRAM = """
import os, signal, sys
from limelight.cli import context, main
context.keep_heap_small = lambda: print("small heap")
context.own_process()
print(os.environ["OPENBLAS_NUM_THREADS"], sys.excepthook is context._own_up, sys.stdout.errors == sys.stderr.errors)
with context.command_context():
    print(signal.getsignal(signal.SIGTERM) is context._stop)
with context.command_context(small_heap=False):
    print("\\udcff \\ud800")
"""


def test_the_program_sets_what_holds_for_its_process() -> None:
    told = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    strict = told | {"PYTHONIOENCODING": "utf-8:strict"}
    done = subprocess.run([sys.executable, "-c", SETTINGS_OF_THE_PROGRAM], capture_output=True, env=strict, check=True)
    assert done.stdout.split(b"\n")[:-1] == [b"1 True True", b"small heap", b"True", b"\xff ?"]
