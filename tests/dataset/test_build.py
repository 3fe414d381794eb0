"""A data set from three small films: the same bytes however it is built, and nothing of a bad film."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from dataset.films_and_stems import everything_in, film_with_stems
from films import Film, film_path, make_film

from limelight.batch.engine import Report
from limelight.dataset import build as building
from limelight.dataset.build import Built, build_from_films, film_name, find_films
from limelight.dataset.build_state import BuildPart
from limelight.dataset.clips import read_clip_sound, read_recipe, read_stems
from limelight.dataset.condensed_movies import LICENCE, CondensedMovies, select
from limelight.dataset.film_audio import FilmAudio
from limelight.dataset.films import BuildSettings, FilmJob
from limelight.dataset.manifest import read_manifest
from limelight.dataset.reading import check_dataset
from limelight.dataset.splits import SplitAssignment
from limelight.errors import InputError, Leakage

ALL = ("paper", "released", "timevarying", "degraded")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three films of 4.5 s and their stems."""
    folder = tmp_path_factory.mktemp("place")
    for n, name in enumerate(("Ä first film!", "second", "third")):
        film_with_stems(folder, name, seed=n + 1)
    return folder


def settings(place: Path, **changes: object) -> BuildSettings:
    values = {"clip_seconds": 2.0, "recipes": ALL, "separator": f"stems:{place / 'stems'}"}
    return BuildSettings(**(values | changes))  # type: ignore[arg-type]


def built(place: Path, folder: Path, *, films: str = "", workers: int = 1, **changes: object) -> Built:
    return build_from_films([place / "films" / films], folder, settings=settings(place, **changes), workers=workers)


@pytest.fixture(scope="module")
def once(place: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("once") / "set"
    assert built(place, folder).films == 3
    return folder


@pytest.mark.slow
def test_everything_that_is_built_holds(once: Path, place: Path) -> None:
    entries = check_dataset(once)  # hashes, sums, leakage
    assert len(entries) == 6
    for entry in entries:
        stems, target = read_stems(once, entry.name), read_clip_sound(once, entry.name, "target")
        assert stems.shape == (3, 1, 96_000)
        degradation = read_recipe(once, entry.name)
        degraded = degradation.applied(stems)
        if degradation.is_invertible:
            assert np.abs(degraded.sum(axis=0) - read_clip_sound(once, entry.name, "input")).max() < 1e-6
            assert np.abs(degradation.inverse.applied(degraded).sum(axis=0) - target).max() < 3e-6
        assert entry.sources[0].name in [path.name for path in (place / "films").iterdir()]


@pytest.mark.slow
def test_a_target_is_its_film_where_it_was_cut(once: Path, place: Path) -> None:
    for entry in read_manifest(once):
        film = place / "films" / entry.sources[0].name
        original = np.concatenate(list(FilmAudio.of(film, layout="mono").blocks()), axis=1)
        start = round(entry.sources[0].start_seconds * 48_000)
        there = original[:, start : start + 96_000] * 10 ** (entry.scale_db / 20)
        error = np.abs(read_clip_sound(once, entry.name, "target") - there).max()
        assert 20 * np.log10(max(error, 1e-12)) < -90


@pytest.mark.slow
def test_two_workers_make_the_same_bytes(once: Path, place: Path, tmp_path: Path) -> None:
    built(place, tmp_path / "set", workers=2)
    assert everything_in(tmp_path / "set") == everything_in(once)


def test_another_seed_makes_others(once: Path, place: Path, tmp_path: Path) -> None:
    built(place, tmp_path / "set", films="second.mkv", seed=1)
    new = {entry.name: entry.files["recipe.json"] for entry in read_manifest(tmp_path / "set")}
    old = {entry.name: entry.files["recipe.json"] for entry in read_manifest(once) if entry.name in new}
    assert len(new) == len(old) == 2
    assert new != old


class Killed(BaseException):
    """Stands for a kill: nothing of ours catches it."""


@pytest.mark.slow
def test_a_build_that_was_stopped_goes_on_and_ends_the_same(
    once: Path, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = building.build_film
    reported: list[float] = []

    def dies_in_the_second_film(job: FilmJob, report: Report) -> BuildPart:
        def watched(done: float) -> None:
            report(done)
            reported.append(done)
            if len(reported) == 5:  # the first film reports 0 and the ends of two clips
                raise Killed

        return real(job, watched)

    monkeypatch.setattr(building, "build_film", dies_in_the_second_film)
    with pytest.raises(Killed):
        built(place, tmp_path / "set")
    assert not (tmp_path / "set" / "manifest.jsonl").exists()
    assert len(list((tmp_path / "set" / "clips").iterdir())) == 3
    monkeypatch.undo()
    outcome = built(place, tmp_path / "set")
    assert (outcome.films, outcome.films_before) == (2, 1)
    assert everything_in(tmp_path / "set") == everything_in(once)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="kills by a signal")
def test_a_build_that_was_killed_outright_goes_on_and_ends_the_same(once: Path, place: Path, tmp_path: Path) -> None:
    process = multiprocessing.get_context("spawn").Process(target=_build, args=(place, tmp_path / "set"))
    process.start()
    for _ in range(6000):
        if any((tmp_path / "set" / "clips").glob("*-0000")):
            break
        time.sleep(0.01)
    os.kill(process.pid or 0, signal.SIGKILL)
    process.join()
    assert not (tmp_path / "set" / "manifest.jsonl").exists()
    built(place, tmp_path / "set")
    found = {name: data for name, data in everything_in(tmp_path / "set").items() if ".part" not in name}
    assert found == everything_in(once)


def _build(place: Path, folder: Path) -> None:
    built(place, folder)


@pytest.mark.slow
def test_a_bad_film_is_skipped_and_listed(once: Path, place: Path, tmp_path: Path) -> None:
    films = tmp_path / "films"
    shutil.copytree(place / "films", films)
    (films / "letter.mp4").write_text("Dear all", encoding="utf-8")
    shutil.copy(film_path(Film(sound=None, seconds=3.0)), films / "mute.mp4")
    shutil.copy(film_path(Film(seconds=1.0)), films / "short.mp4")
    outcome = build_from_films([films, films / "gone.mp4"], tmp_path / "set", settings=settings(place), workers=1)
    codes = {Path(one.name).name: one.code for one in outcome.skipped}
    assert codes == {
        "gone.mp4": "E_INPUT",
        "letter.mp4": "E_NOT_MEDIA",
        "mute.mp4": "E_NO_AUDIO",
        "short.mp4": "E_INPUT",
    }
    assert (tmp_path / "set" / "manifest.jsonl").read_bytes() == (once / "manifest.jsonl").read_bytes()
    assert len((tmp_path / "set" / "skipped.jsonl").read_text(encoding="utf-8").splitlines()) == 4


def test_a_copy_is_the_same_film(place: Path, tmp_path: Path) -> None:
    shutil.copy(place / "films" / "third.mkv", tmp_path / "copy.mkv")
    outcome = build_from_films(
        [place / "films" / "third.mkv", tmp_path / "copy.mkv"],
        tmp_path / "set",
        settings=settings(place, recipes=("none",)),
        workers=1,
    )
    assert outcome.films + len(outcome.skipped) == 1


@pytest.mark.slow
def test_other_settings_are_refused_in_a_folder_that_was_begun(once: Path, place: Path) -> None:
    with pytest.raises(InputError, match=r"clip_seconds 2\.0, wanted is 1\.0"):
        built(place, once, clip_seconds=1.0)


def test_a_table_that_leaks_is_refused_before_any_work(place: Path, tmp_path: Path) -> None:
    table = tmp_path / "about.csv"
    table.write_text("file,split,group\nsecond.mkv,train,series\nthird.mkv,test,series\n", encoding="utf-8")
    with pytest.raises(Leakage, match="group 'series'"):
        build_from_films(
            [place / "films"],
            tmp_path / "set",
            settings=settings(place),
            splits=SplitAssignment.read(table),
            workers=1,
        )
    assert not any((tmp_path / "set" / "clips").iterdir())


@pytest.mark.slow
def test_trivial_pairs_are_left_out_or_labelled(place: Path, tmp_path: Path) -> None:
    silent = tmp_path / "films" / "silent.mkv"
    silent.parent.mkdir()
    shutil.copy(film_path(Film("mkv", sound="flac", seconds=4.5, amplitude=0.0, layout="mono")), silent)
    (tmp_path / "stems" / "silent").mkdir(parents=True)
    for stem in ("speech", "music"):
        shutil.copy(place / "stems" / "third" / f"{stem}.flac", tmp_path / "stems" / "silent")
    muted = {"separator": "model", "recipes": ("paper",)}
    without = build_from_films([silent], tmp_path / "a", settings=settings(place, **muted), workers=1)
    assert (without.clips, dict(without.left_out)) == (0, {"silent": 2})
    kept = build_from_films([silent], tmp_path / "b", settings=settings(place, keep_trivial=True, **muted), workers=1)
    assert kept.clips == 2
    assert {entry.trivial for entry in read_manifest(tmp_path / "b")} == {"silent"}
    assert {entry.loudness_lufs["target"] for entry in read_manifest(tmp_path / "b")} == {None}


def test_frames_and_stereo_where_they_are_wanted(place: Path, tmp_path: Path) -> None:
    built(place, tmp_path / "set", films="third.mkv", frames=True, layout="stereo", recipes=("none",))
    entries = check_dataset(tmp_path / "set")
    assert len(entries) == 2
    for entry in entries:
        assert sum(name.startswith("frames/") for name in entry.files) == 2
        assert read_clip_sound(tmp_path / "set", entry.name, "input").shape == (2, 96_000)


def test_progress_goes_up_to_the_whole(place: Path, tmp_path: Path) -> None:
    seen: list[tuple[float, float]] = []
    build_from_films(
        [place / "films" / "second.mkv"],
        tmp_path / "set",
        settings=settings(place),
        workers=1,
        progress=lambda done, total: seen.append((done, total)),
    )
    done = [one for one, _ in seen]
    assert done == sorted(done)
    assert seen[-1][0] == pytest.approx(seen[-1][1])
    assert seen[-1][1] == pytest.approx(4.5, abs=0.1)


def test_folders_are_searched_for_films_and_nothing_else(place: Path, tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    for name in ("b.MP4", "a.mkv", "deep/c.webm", "notes.txt", ".hidden.mp4", "song.mp3"):
        (tmp_path / name).touch()
    found = [str(path.relative_to(tmp_path)) for path in find_films([tmp_path, tmp_path / "a.mkv"])]
    assert found == ["a.mkv", "b.MP4", "deep/c.webm"]
    with pytest.raises(InputError, match="found none"):
        find_films([tmp_path / "deep" / ".."][:0])


def test_names_are_plain_on_every_system() -> None:
    assert film_name(Path("Der große Film: Teil 2 (2024).mkv"), "0123456789") == "der-gro-e-film-teil-2-2024-01234567"
    assert film_name(Path("映画.mp4"), "abcdefghij") == "film-abcdefgh"
    assert len(film_name(Path("x" * 300), "0123456789")) == 49


@pytest.mark.slow
def test_two_encodings_of_a_film_in_two_splits_are_found_by_their_sound(tmp_path: Path) -> None:
    first = film_with_stems(tmp_path, "a", seconds=9.0)
    make_film(Film("mp4", sound="aac", seconds=9.0, seed=1, layout="mono", amplitude=0.2), first.with_name("b.mp4"))
    shutil.copytree(tmp_path / "stems" / "a", tmp_path / "stems" / "b")
    about = tmp_path / "about.csv"

    def built_as(table: str) -> Built:
        about.write_text(f"file,split,group\n{table}", encoding="utf-8")
        asked = BuildSettings(clip_seconds=4.0, separator=f"stems:{tmp_path / 'stems'}", keep_trivial=True)
        splits = SplitAssignment.read(about)
        return build_from_films([first.parent], tmp_path / "set", settings=asked, splits=splits, workers=1)

    with pytest.raises(Leakage, match=r"hold the same sound \(2 of 2 clips"):
        built_as("a.mkv,train,a\nb.mp4,test,b\n")
    outcome = built_as("a.mkv,train,a\nb.mp4,train,a\n")
    assert (outcome.clips, outcome.films) == (4, 1)  # only what went to another split is built again


@pytest.mark.slow
def test_a_folder_of_condensed_movies_becomes_a_set(tmp_path: Path) -> None:
    videos = tmp_path / "films"
    for n, name in enumerate(("aaaaaaaaaaa", "bbbbbbbbbbb", "ccccccccccc")):
        film_with_stems(tmp_path, name, seconds=6.5, seed=n)
    tables = {
        "clips": "videoid,imdbid\naaaaaaaaaaa,tt1\nbbbbbbbbbbb,tt2\nccccccccccc,tt3\n",
        "movie_info": "imdbid,genre\ntt1,['Action']\ntt2,\"['Action', 'Drama']\"\ntt3,['Comedy']\n",
        "split": "imdbid,split\ntt1,train\ntt2,test\ntt3,val\n",
        "durations": "videoid,duration\naaaaaaaaaaa,4\n",
    }
    for name, text in tables.items():
        (tmp_path / f"{name}.csv").write_text(text)
    movies = CondensedMovies.read(tmp_path)
    chosen = select(movies, find_films([videos]), genres=["Action"], splits=SplitAssignment())
    asked = BuildSettings(clip_seconds=2.0, separator=f"stems:{tmp_path / 'stems'}", keep_trivial=True, limit="input")
    build_from_films(chosen.films, tmp_path / "set", settings=asked, splits=chosen.splits, workers=1)
    found = [
        (entry.split, entry.sources[0].group, entry.sources[0].licence) for entry in check_dataset(tmp_path / "set")
    ]
    assert found == [("train", "tt1", LICENCE)] * 2 + [("test", "tt2", LICENCE)] * 3  # the first ends after 4 s
