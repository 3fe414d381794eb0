"""The product's way runs on Windows and macOS too: nothing of POSIX alone, terminals of old encodings, any path."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from films import Film, film_path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "limelight"
# What research may have and a film's way may not: training and data building have doors of their own.
RESEARCH = ("dataset", "training", "networks", "metrics")
POSIX_MODULES = {"fcntl", "grp", "pty", "pwd", "resource", "syslog", "termios", "tty", "crypt", "posix", "readline"}
POSIX_NAMES = {
    "fork",
    "getuid",
    "geteuid",
    "mkfifo",
    "killpg",
    "setsid",
    "sched_getaffinity",
    "nice",
    "getloadavg",
    "uname",
}
POSIX_SIGNALS = {"SIGALRM", "SIGHUP", "SIGKILL", "SIGUSR1", "SIGUSR2", "SIGXCPU", "SIGXFSZ", "SIGPIPE"}


def test_no_module_of_posix_alone_is_imported() -> None:
    files = [path for path in PACKAGE.rglob("*.py") if path.relative_to(PACKAGE).parts[0] not in RESEARCH]
    assert len(files) > 50
    assert [f"{path.relative_to(ROOT)}: {name}" for path in files for name in _posix(path)] == []


def _posix(path: Path) -> list[str]:
    return _found(ast.parse(path.read_text(encoding="utf-8")))


def _found(node: ast.AST) -> list[str]:
    """What stands below a question for `sys.platform` is for those who have it."""
    if isinstance(node, ast.If) and "sys.platform" in ast.unparse(node.test):
        return []
    here = []
    if isinstance(node, ast.Import):
        here = [alias.name for alias in node.names if alias.name in POSIX_MODULES]
    elif isinstance(node, ast.ImportFrom):
        here = [node.module] if node.module in POSIX_MODULES else []
    elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        names = {"os": POSIX_NAMES, "signal": POSIX_SIGNALS}.get(node.value.id, set())
        here = [f"{node.value.id}.{node.attr}"] if node.attr in names else []
    return here + [name for child in ast.iter_child_nodes(node) for name in _found(child)]


def test_the_check_itself_finds_what_is_forbidden() -> None:
    assert _found(ast.parse("import fcntl\nimport os\nos.fork()")) == ["fcntl", "os.fork"]
    assert _found(ast.parse("import sys\nif sys.platform != 'win32':\n    import fcntl")) == []


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["cp1252", "cp437", "ascii"])
def test_a_terminal_of_an_old_encoding_is_spoken_to(encoding: str, tmp_path: Path) -> None:
    """What it has no sign for is a question mark, never a crash."""
    environment = os.environ | {"PYTHONIOENCODING": encoding, "PYTHONPATH": str(ROOT / "src")}
    words = [sys.executable, "-m", "limelight", "inspect", str(tmp_path / "каникулы 夏 ☀.mp4")]
    ran = subprocess.run(words, env=environment, capture_output=True)
    assert ran.returncode == 3
    assert ran.stderr.decode(encoding).startswith("E_INPUT: ")


def test_paths_with_blanks_and_foreign_letters(tmp_path: Path) -> None:
    from limelight import api

    folder = tmp_path / "my films ümläut 夏"
    folder.mkdir()
    film = Path(shutil.copy(film_path(Film(seconds=1.0)), folder / "die Ferien – été.mp4"))
    assert api.inspect_video(film).shots
