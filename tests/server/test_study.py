"""A study that the page's server serves: taken in a browser from consent to the last answer, which is posted, and read."""

from __future__ import annotations

import json
import os
from pathlib import Path

import httpx
import numpy as np
import pytest
from films import Film, film_path
from page_at_work import TOKEN, Listening
from study.panel import answered

from limelight.api import highlight_video
from limelight.errors import InputError
from limelight.server.app import make_app
from limelight.server.films import Films
from limelight.study.make import StudyClip, StudyDesign, make_study
from limelight.study.read import read_study

EXAMPLES = Path(__file__).parents[2] / "examples"
HEADERS = {"Authorization": f"Bearer {TOKEN}"}
# A browser has no ears: it is told which tone is softest, and orders nothing by chance, so that it agrees with itself.
EARS = """() => { window.soft = 0; tones = (order) => { window.soft = order.indexOf("soft"); };
  shuffled = (items) => [...items].sort(); }"""


@pytest.fixture
def films(tmp_path):
    made = Films(tmp_path / "work", [tmp_path])
    yield made
    made.close()


def small_study(folder: Path):
    film = film_path(Film(container="mp4", seconds=4.0))
    clip = StudyClip(film, {"original": film, "again": film}, 0.5, 2.0)
    return make_study([clip], folder / "site", StudyDesign(anchor=False))


def test_answers_are_kept_once_and_those_of_another_study_are_not(films, tmp_path):
    made = small_study(tmp_path)
    key = json.loads(made.key.read_text())
    answers = answered(key, {"original": 1.0, "again": 1.0}, "somebody-1234", np.random.default_rng(1))
    with Listening(films, study=made.folder) as address:
        url = f"{address}/study/answers"
        assert httpx.post(url, json=answers).status_code == 401
        assert httpx.post(url, json=answers, headers=HEADERS | {"Origin": "http://elsewhere"}).status_code == 403
        assert httpx.post(url, json=answers, headers=HEADERS).status_code == 201
        assert httpx.post(url, json=answers, headers=HEADERS).status_code == 409
        other = answers | {"person": "somebody-else", "study": "another"}
        assert httpx.post(url, json=other, headers=HEADERS).status_code == 422
        away = answers | {"person": "../../somebody"}
        assert httpx.post(url, json=away, headers=HEADERS).status_code == 422
        for place in ("../site.key.json", "%2e%2e/site.key.json", "../site.answers/somebody-1234.json"):
            assert httpx.get(f"{address}/study/{place}", headers=HEADERS).status_code == 404
    kept = list((tmp_path / "site.answers").iterdir())
    assert [path.name for path in kept] == ["somebody-1234.json"]
    assert read_study(made.key, kept).persons == 1


def test_a_folder_that_is_no_study_is_refused(films, tmp_path):
    with pytest.raises(InputError, match="study make"):
        make_app(films, study=tmp_path)


@pytest.mark.slow
def test_a_study_of_the_demo_film_is_taken_in_a_browser_and_read(browser, films, tmp_path):
    film = EXAMPLES / "demo.mp4"
    ours = tmp_path / "ours.mp4"
    highlight_video(film, ours)
    versions = {"original": film, "limelight": ours, "film": EXAMPLES / "demo-truth.m4a"}
    made = make_study([StudyClip(film, versions, 1.0, 4.0)], tmp_path / "site", StudyDesign(title="The demo film"))
    context = browser.new_context(viewport={"width": 900, "height": 800}, accept_downloads=True)
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    try:
        with Listening(films, study=made.folder) as address:
            page.goto(f"{address}/study/?token={TOKEN}")
            take(page, questions=3)
            page.wait_for_selector("text=They have arrived")
            with page.expect_download() as coming:
                page.click("#download")
            downloaded = json.loads(Path(coming.value.path()).read_text())
    finally:
        context.close()
    assert wrong == []
    (kept,) = (tmp_path / "site.answers").iterdir()
    assert json.loads(kept.read_text()) == downloaded
    found = read_study(made.key, [kept])
    assert (found.persons, found.clips, found.left_out) == (1, 1, ())
    assert set(found.versions) == {"original", "limelight", "film", "anchor"}
    assert sum(one.value for one in found.top_2.values()) == pytest.approx(2)


def take(page, *, questions: int) -> None:
    """From consent to the last answer."""
    page.evaluate(EARS)
    look(page, "consent")
    page.check("#agree")
    page.click("text=Begin")
    for _ in range(6):
        page.click("text=Play the tones")
        page.click(f"text=Tone {page.evaluate('window.soft') + 1}")
    page.click("role=button[name='It is comfortable']")
    look(page, "how")
    page.click("text=Practise")
    for number in range(questions + 1):  # and the practice
        answer(page)
        look(page, f"question-{number}")
        page.click("text=Next")


def answer(page) -> None:
    """Every version is played before there is a next question."""
    page.wait_for_selector("text=Play from the start")
    assert page.is_disabled("text=Next")
    letters = page.eval_on_selector_all(
        "button[aria-pressed]", "all => all.map((one) => one.textContent).filter((text) => text.length === 1)"
    )
    for letter in letters:
        page.click(f"role=button[name='{letter}']")
        page.click("text=Play from the start")
        page.wait_for_selector(f"button.heard:text-is('{letter}')", timeout=60_000)
    if page.query_selector("table"):
        for place, letter in enumerate(letters, 1):
            page.check(f"input[aria-label='{letter}: place {place}']")
    else:
        page.check("text=I hear no difference")
    page.wait_for_selector("button.main:enabled")


def look(page, name: str) -> None:
    if pictures := os.environ.get("LIMELIGHT_PICTURES"):
        page.screenshot(path=f"{pictures}/study-{name}.png", full_page=True)
