"""The folder of a study: blind, equally loud, in step; and taken in a browser, from consent to download."""

from __future__ import annotations

import base64
import io
import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import av
import numpy as np
import pytest
from films import Film, film_path
from typer.testing import CliRunner

from limelight.cli.study import study
from limelight.errors import InputError, OutputError, UsageError
from limelight.media.audio_files import write_sound
from limelight.media.probe import choose_soundtrack, probe
from limelight.media.read_audio import read_audio
from limelight.study.make import (
    RATE,
    TOLERANCE_LU,
    Made,
    StudyClip,
    StudyDesign,
    loudness_lufs,
    make_study,
    versions_of,
)
from limelight.study.read import read_study

BROWSER = shutil.which("chromium")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("study")
    film = Path(shutil.copy(film_path(Film(container="mp4", seconds=4.0)), folder / "holiday.mp4"))
    info = probe(film)
    track = choose_soundtrack(info)
    sound = np.concatenate(list(read_audio(info, track)), axis=1)
    (folder / "louder").mkdir()
    write_sound(folder / "louder" / "holiday.wav", [2 * sound], sample_rate=track.sample_rate, layout=track.layout)
    versions = versions_of(film, {"louder": folder / "louder"})
    clip = StudyClip(film, versions, 0.5, 2.0)
    return make_study([clip], folder / "site", StudyDesign(title="Which one?", anchor=False, seed=2))


def sounds_of(made: Made) -> dict[str, np.ndarray]:
    found = {}
    for path in (made.folder / "clips").glob("*.js"):
        coded = path.read_text().split('"')[3]
        with av.open(io.BytesIO(base64.b64decode(coded))) as container:
            frames = [frame.to_ndarray().reshape(-1, 2).T / 2**31 for frame in container.decode(audio=0)]
        found[path.stem] = np.concatenate(frames, axis=1).astype(np.float32)
    return found


def test_versions_are_equally_loud_and_as_long_as_the_picture(made: Made) -> None:
    sounds = sounds_of(made)
    assert {sound.shape for sound in sounds.values()} == {(2, 2 * RATE)}
    measured = [loudness_lufs(sound) for sound in sounds.values()]
    assert max(measured) - min(measured) < TOLERANCE_LU
    with av.open(str(made.folder / "clips" / "c01.mp4")) as container:
        times = [frame.time for frame in container.decode(video=0)]
        assert not container.streams.audio
    assert 0 <= times[0] < 0.05
    assert times[-1] == pytest.approx(2.0, abs=0.1)


def test_what_is_published_does_not_say_which_is_which(made: Made) -> None:
    key = json.loads(made.key.read_text())
    published = "".join(path.read_text() for path in made.folder.glob("*.js"))
    assert set(key["sounds"]["c01"].values()) == {"original", "louder"}
    assert "louder" not in published + "".join(path.name for path in made.folder.rglob("*"))
    assert made.key.parent != made.folder


def test_one_question_comes_twice_and_one_pair_is_none(made: Made) -> None:
    trials = json.loads(made.key.read_text())["trials"]
    assert sorted(one["trap"] for one in trials) == ["", "repeat", "same"]
    same = next(one for one in trials if one["trap"] == "same")
    assert len(set(same["sounds"])) == 1


def test_what_cannot_be_compared_is_refused_and_nothing_is_written(made: Made, tmp_path: Path) -> None:
    film = made.folder.parent / "holiday.mp4"
    silent = tmp_path / "silent" / "holiday.wav"
    silent.parent.mkdir()
    write_sound(silent, [np.zeros((2, 4 * RATE), np.float32)], sample_rate=RATE, layout="stereo")
    short = tmp_path / "short.wav"
    write_sound(short, [np.ones((2, RATE), np.float32)], sample_rate=RATE, layout="stereo")
    with pytest.raises(InputError, match="Nothing is heard"):
        make_study(
            [StudyClip(film, {"original": film, "silent": silent}, 0, 2)], tmp_path / "a", StudyDesign(anchor=False)
        )
    with pytest.raises(InputError, match="in step"):
        make_study(
            [StudyClip(film, {"original": film, "short": short}, 0, 2)], tmp_path / "b", StudyDesign(anchor=False)
        )
    with pytest.raises(InputError, match="another stretch"):
        make_study([StudyClip(film, {"original": film, "again": film}, 90, 2)], tmp_path / "d")
    with pytest.raises(InputError, match="two to six"):
        make_study([StudyClip(film, {"original": film}, 0, 2)], tmp_path / "c")
    assert not any((tmp_path / name).exists() for name in "abcd")
    with pytest.raises(OutputError, match="not empty"):
        make_study([StudyClip(film, {"original": film, "silent": silent}, 0, 2)], made.folder)
    with pytest.raises(InputError, match="found 0"):
        versions_of(film, {"none": tmp_path / "nothing"})


@pytest.mark.slow
def test_the_anchor_has_next_to_nothing_under_the_speech(made: Made, tmp_path: Path) -> None:
    film = made.folder.parent / "holiday.mp4"
    clip = StudyClip(film, {"original": film, "again": film}, 0, 2)
    study = make_study([clip], tmp_path / "site", StudyDesign())
    assert set(json.loads(study.key.read_text())["sounds"]["c01"].values()) == {"original", "again", "anchor"}


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.skipif(BROWSER is None, reason="no browser: `apt-get install chromium` to take the study in one")
def test_the_study_is_taken_in_a_browser_and_read(made: Made, tmp_path: Path) -> None:
    pytest.importorskip("playwright.sync_api")
    with ThreadPoolExecutor(1) as alone:  # other tests keep a browser, and its loop, in this thread
        alone.submit(_take, made, tmp_path).result()


def _take(made: Made, tmp_path: Path) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=BROWSER,
            args=["--no-sandbox", "--disable-background-networking", "--disable-component-update",
                  "--autoplay-policy=no-user-gesture-required"],
        )  # fmt: skip
        page = browser.new_page(viewport={"width": 420, "height": 800}, accept_downloads=True)
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto((made.folder / "index.html").as_uri())
        page.check("#agree")
        page.click("text=Begin")
        for _ in range(6):
            page.click("text=Play the tones")
            page.click("text=Tone 1")
        page.click("role=button[name='It is comfortable']")
        page.click("text=Practise")
        for number in range(4):  # the practice, and three questions
            _answer(page)
            page.screenshot(path=str(tmp_path / f"question-{number}.png"))
            page.click("text=Next")
        with page.expect_download() as coming:
            page.click("#download")
        answers = tmp_path / "answers.json"
        coming.value.save_as(answers)
        browser.close()
    assert errors == []
    found = json.loads(answers.read_text())
    assert len(found["trials"]) == 3
    assert all(min(one["heard_seconds"]) >= 1.0 for one in found["trials"] if len(set(one["order"])) > 1)
    found["headphones"] = {"right": 6, "of": 6, "passed": True}  # a browser has no ears
    given = {one["trial"]: one for one in found["trials"]}
    for name in [name for name in given if name.endswith("-again")]:  # nor does it know what it said
        given[name]["ranking"] = given[name.removesuffix("-again")]["ranking"]
    answers.write_text(json.dumps(found))
    assert read_study(made.key, [answers]).persons == 1


def _answer(page) -> None:
    """Hears every version, and votes."""
    page.wait_for_selector("text=Play from the start")
    assert page.is_disabled("text=Next")
    page.click("text=Play from the start")
    page.wait_for_timeout(1300)
    page.click("role=button[name='B']")
    page.click("text=Play from the start")
    page.wait_for_timeout(1300)
    if page.query_selector("table"):
        page.check("input[aria-label='A: place 1']")
        page.check("input[aria-label='B: place 2']")
    else:
        page.check("text=I hear no difference")
    page.wait_for_function("!document.querySelector('button.main').disabled")


@pytest.mark.parametrize("versions", [("a=x", "a=y"), ("=x",), ("a=",), ("a",)])
def test_versions_that_have_no_name_of_their_own_are_refused(versions: tuple[str, ...], tmp_path: Path) -> None:
    words = ["make", "film.mp4", "-o", str(tmp_path / "study"), *(f"--version={one}" for one in versions)]
    done = CliRunner().invoke(study, words)
    assert done.exit_code == UsageError.exit_code
    assert not any(tmp_path.iterdir())
