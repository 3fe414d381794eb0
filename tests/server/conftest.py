"""A page at work, with small films, and a real browser where there is one."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # for its own helpers, and for worker processes

from page_at_work import CHROMIUM, LOUD, MODELS, Listening, Served, analysed, put_film

from limelight.server.films import Films

REFUSED = "responded with a status of 4"  # what a browser says of an answer that the page shows as it should


@pytest.fixture(scope="session")
def served(tmp_path_factory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("films")
    put_film(folder, LOUD, "loud.mkv")
    films = Films(tmp_path_factory.mktemp("work"), [folder], separator=MODELS, director=MODELS)
    try:
        with Listening(films) as address:
            yield Served(films, address, folder)
    finally:
        films.close()


@pytest.fixture(scope="session")
def loud(served) -> str:
    """The ID of a film that is ready."""
    return analysed(served.films, served.folder / "loud.mkv")


@pytest.fixture(scope="session")
def browser():
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: the page is not tested in a browser (apt-get install chromium)")
    playwright = pytest.importorskip("playwright.sync_api", reason="the page's browser tests need playwright")
    flags = ["--no-sandbox", "--disable-background-networking", "--disable-component-update"]
    with playwright.sync_playwright() as running:
        launched = running.chromium.launch(
            executable_path=CHROMIUM, args=[*flags, "--autoplay-policy=no-user-gesture-required"]
        )
        yield launched
        launched.close()


@pytest.fixture
def page(browser, served, request):
    """A page that has passed the door; what goes wrong in it fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    opened = context.new_page()
    wrong: list[str] = []
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on(
        "console", lambda said: wrong.append(said.text) if said.type == "error" and REFUSED not in said.text else None
    )
    opened.goto(served.door)
    yield opened
    if pictures := os.environ.get("LIMELIGHT_PICTURES"):
        opened.screenshot(path=f"{pictures}/{request.node.name}.png", full_page=True)
    context.close()
    assert not wrong
