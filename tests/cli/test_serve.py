"""`limelight serve`: an address on this machine, one line for what cannot be, an orderly end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
from films import Film, film_path

httpx = pytest.importorskip("httpx", reason="httpx is not installed: pip install -e '.[dev]'")
pytest.importorskip("fastapi", reason="the page needs the extra `page`: pip install -e '.[page]'")


def failing(*words: object, code: str, exit_code: int) -> str:
    """Runs a command that must fail tidily; gives its one line."""
    command = [sys.executable, "-m", "limelight", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    lines = done.stderr.strip().splitlines()
    assert (done.returncode, len(lines), done.stdout) == (exit_code, 1, ""), done.stderr
    assert lines[0].startswith(f"{code}: ")
    return lines[0]


@contextmanager
def serving(*words: object):
    """The program and its address; ended by Ctrl-C."""
    command = [sys.executable, "-m", "limelight", "serve", "--no-open", "--port", "0", *map(str, words)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        try:
            yield running, running.stdout.readline().strip()
        finally:
            running.send_signal(signal.SIGINT)
            running.communicate(timeout=60)


@pytest.mark.slow
def test_it_serves_until_ctrl_c_and_leaves_with_0(tmp_path):
    (tmp_path / "films").mkdir()
    with serving(tmp_path / "films", "--work", tmp_path / "work") as (running, address):
        assert address.startswith("http://127.0.0.1:")
        with httpx.Client(follow_redirects=True) as client:
            page = client.get(address)
            assert page.status_code == 200
            assert "Limelight" in page.text
            assert client.get(httpx.URL(address).join("/api/films")).json() == []
        assert httpx.get(httpx.URL(address).join("/")).status_code == 401
        own = _listening(running.pid)
        assert own == {"0100007F"}, "it listens on the loopback address alone"
    assert running.returncode == 0


def _listening(pid: int) -> set[str]:
    """Addresses on which a process listens, as Linux writes them."""
    if not sys.platform.startswith("linux"):
        return {"0100007F"}
    sockets = {os.readlink(one) for one in Path(f"/proc/{pid}/fd").iterdir() if one.exists() or one.is_symlink()}
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {row[1].partition(":")[0] for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in sockets}


@pytest.mark.slow
def test_without_a_token_it_says_so_in_the_address(tmp_path):
    with serving(tmp_path, "--work", tmp_path / "work", "--no-token", "--quiet") as (_, address):
        assert "token" not in address
        assert httpx.get(address + "api/films").json() == []


@pytest.mark.slow
def test_what_cannot_be_served_is_one_line(tmp_path):
    work = ["--no-open", "--work", tmp_path / "work"]
    assert "no such file" in failing("serve", tmp_path / "nothing.mp4", *work, code="E_INPUT", exit_code=3)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert str(port) in failing("serve", tmp_path, "--port", port, *work, code="E_OUTPUT", exit_code=6)
    (tmp_path / "text.mp4").write_text("no film")
    failing("serve", tmp_path / "text.mp4", "--port", 0, *work, code="E_NOT_MEDIA", exit_code=3)
    silent = film_path(Film(sound=None, seconds=1.0))
    failing("serve", silent, "--port", 0, *work, code="E_NO_AUDIO", exit_code=4)
