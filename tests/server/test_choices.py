"""Styles, soundtracks and tracks, delivery: chosen on the page as on the command line."""

from __future__ import annotations

import json
import time
from pathlib import Path

import httpx
import pytest
from films import Film, film_path
from page_at_work import TOKEN, ThreadEngine, put_film, wait_for
from recordings import obs_tracks, recording
from test_browser import error_db, go, offline, render, sound_of_file, until

from limelight.errors import NoSoundtrack, StyleError, TracksUnclear, UsageError
from limelight.media.probe import probe
from limelight.mixing.controls import LOUDNESS_TARGETS
from limelight.mixing.plan import read_plan
from limelight.models.directors.style import style_names
from limelight.server.choices import Choices, what_there_is
from limelight.server.films import Films
from limelight.server.work import Done, Task

TWO = Film(container="mkv", picture=None, sound="flac", seconds=1.0, soundtracks=2)


def noted(task: Task, report) -> Done:
    """Guesses that were made up, and analyses that only say what was chosen."""
    if task.kind == "tracks":
        return Done(facts={"guesses": [{"role": "speech", "why": "by its title"}, {"role": None, "why": "two voices"}]})
    (Path(task.folder) / "plan.json").write_text("{}")
    return Done(facts={"chosen": [task.choices.style, task.choices.tracks, task.choices.audio_stream]})


@pytest.fixture
def films(tmp_path):
    (tmp_path / "films").mkdir()
    put_film(tmp_path / "films", TWO, "two.mkv")
    made = Films(tmp_path / "work", [tmp_path / "films"], engine=ThreadEngine(), do=noted)
    yield made
    made.close()


def test_several_soundtracks_are_listened_to_and_not_yet_analysed(films, tmp_path):
    film = films.open(tmp_path / "films" / "two.mkv")
    assert len(film.soundtracks) == 2
    (job,) = films.jobs(film.id)
    wait_for(films, job.id)
    assert job.kind == "tracks"
    assert not films.analysed(film.id)
    assert films.open(tmp_path / "films" / "two.mkv") == film
    assert len(films.jobs(film.id)) == 1  # it is not listened to again
    job = films.submit(film.id, "analyse", choices=Choices(style="vlog", audio_stream=1))
    wait_for(films, job.id)
    assert films.job(job.id).facts == {"chosen": ["vlog", "", 1]}


def test_who_says_at_once_which_soundtrack_is_not_asked(films, tmp_path):
    film = films.open(tmp_path / "films" / "two.mkv", Choices(audio_stream=0))
    assert [job.kind for job in films.jobs(film.id)] == ["analyse"]


def test_a_film_that_is_opened_with_another_style_is_analysed_again(films, tmp_path):
    path = tmp_path / "films" / "two.mkv"
    film = films.open(path, Choices(audio_stream=0))
    wait_for(films, films.jobs(film.id)[0].id)
    films.open(path)
    films.open(path, Choices(audio_stream=0))
    assert len(films.jobs(film.id)) == 1
    films.open(path, Choices(style="vlog", audio_stream=0))
    assert [job.choices.style for job in films.jobs(film.id)] == ["", "vlog"]


def test_choices_are_there_after_a_restart(films, tmp_path):
    film = films.open(tmp_path / "films" / "two.mkv", Choices(style="night", audio_stream=1))
    wait_for(films, films.jobs(film.id)[0].id)
    before = films.jobs()
    films.close()
    again = Films(tmp_path / "work", [tmp_path / "films"], engine=ThreadEngine(), do=noted)
    try:
        assert again.films() == [film]
        assert again.jobs() == before
        assert again.jobs()[0].choices == Choices(style="night", audio_stream=1)
    finally:
        again.close()


@pytest.mark.parametrize(
    ("kind", "choices", "error", "said"),
    [
        ("analyse", Choices(style="mine.toml"), StyleError, "vlog"),
        ("analyse", Choices(style="../../etc/passwd"), StyleError, "vlog"),
        ("analyse", Choices(tracks="0=speech,7=music"), TracksUnclear, "7"),
        ("analyse", Choices(tracks="what?"), UsageError, "0=speech"),
        ("analyse", Choices(tracks="0=speech,1=music", audio_stream=1), UsageError, "audio_stream"),
        ("analyse", Choices(audio_stream=5), NoSoundtrack, "0 to 1"),
        ("analyse", Choices(add_track=True), UsageError, "add_track"),
        ("render", Choices(style="vlog"), UsageError, "style"),
        ("render", Choices(default_track="mix"), UsageError, "add_track"),
        ("render", Choices(codec="wav"), UsageError, "wav"),
        ("render", Choices(codec="flac", bit_rate=128_000), UsageError, "bit rate"),
    ],
)
def test_what_does_not_fit_is_refused_before_it_waits(kind, choices, error, said):
    with pytest.raises(error, match=said):
        choices.check(kind, probe(film_path(TWO)))


def test_what_is_offered_is_what_there_is():
    offered = what_there_is()
    assert [style["name"] for style in offered["styles"]] == list(style_names())
    assert {one["name"]: one["lufs"] for one in offered["targets"]} == {
        name: target.lufs for name, target in LOUDNESS_TARGETS.items()
    }


@pytest.mark.slow
def test_a_recording_of_several_tracks_asks_and_is_mixed_from_them(page, served):
    """Asked, answered, heard as it is rendered, rendered with the originals behind the mix."""
    recording(served.folder / "stream.mkv", obs_tracks(8.0))
    page.wait_for_selector("#open")
    page.fill("#path", str(served.folder / "stream.mkv"))
    page.click("#open button")
    page.wait_for_selector("#films .choices", timeout=120_000)
    assert page.eval_on_selector_all("#films [data-track]", "all => all.map((one) => one.value)") == [
        "speech",
        "effects",
        "music",
        "speech",
    ]
    assert "by its title" in page.inner_text("#films .parts")
    page.select_option("#films .choices [name=style]", "gameplay")
    page.click("#films .choices button")
    page.wait_for_selector("#films li:has-text('stream.mkv') a[href]", timeout=240_000)
    film = next(one.id for one in served.films.films() if one.name == "stream.mkv")
    go(page, film)
    assert "gameplay" in page.inner_text("#notes")
    assert page.input_value("#loudness") == "youtube"
    assert page.evaluate("limelight.desk.makeupDb") == page.evaluate("limelight.desk.original.makeup_db")
    page.click("#delivery summary")
    page.check("#add-track")
    page.select_option("#codec", "flac")
    rendered = render(page, served, film)
    titles = [(track.title, track.codec) for track in probe(rendered).soundtracks]
    assert titles[0] == ("Mix", "flac")
    assert [title for title, _ in titles[1:]] == ["Mic/Aux", "Game", "Music", "Discord chat"]
    assert error_db(offline(page), sound_of_file(rendered)) < -40  # after one gain for the loudness, see docs/page.md
    headers = {"Authorization": f"Bearer {TOKEN}"}
    httpx.delete(f"{served.address}/api/films/{film}", headers=headers)


def test_another_style_is_chosen_for_a_film_that_is_open(page, served, loud):
    go(page, loud)
    until(page, "document.querySelector('#again select') !== null")
    try:
        page.click("#again summary")
        page.select_option("#again [name=style]", "podcast")
        page.click("#again button")
        page.wait_for_selector("#notes:has-text('podcast'), #jobs .trouble", timeout=240_000)
        assert "podcast" in page.inner_text("#notes"), page.inner_text("#jobs")
        until(page, "window.limelight?.desk?.controls.loudness === 'podcast'")
        plan = read_plan(served.films.folder(loud) / "plan.json")
        assert plan.style is not None
        assert (plan.style["name"], plan.controls.loudness) == ("podcast", "podcast")
        page.select_option("#loudness", "own")
        page.fill("#lufs", "-20")
        page.press("#lufs", "Enter")
        page.fill("#peak", "-3")
        page.press("#peak", "Enter")
        until_kept(served.films.folder(loud) / "plan.json", loudness=-20, true_peak_dbtp=-3)
    finally:  # the other tests' film as it was
        job = served.films.submit(loud, "analyse")
        wait_for(served.films, job.id)


def until_kept(plan: Path, **wanted: float) -> None:
    """Until the server has what was set a moment ago."""
    end = time.monotonic() + 30
    while not wanted.items() <= (controls := json.loads(plan.read_text())["controls"]).items():
        assert time.monotonic() < end, controls
        time.sleep(0.1)
