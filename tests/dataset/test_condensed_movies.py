"""The public metadata's form, made here; the videos are a few names."""

from __future__ import annotations

from pathlib import Path

import pytest

from limelight.dataset.condensed_movies import LICENCE, CondensedMovies, select
from limelight.dataset.splits import SplitAssignment
from limelight.errors import InputError

CLIPS = """videoid,year,clip_idx,clip_tot,upload_year,title,clip_name,imdbid
aaaaaaaaaaa,2012.0,6,10,2019,A Film,"One, Two Scene",tt1
bbbbbbbbbbb,2012.0,7,10,2019,A Film,Three Scene,tt1
-ccccccccc_,2019.0,1,10,2019,Another,Four Scene,tt2
ddddddddddd,2019.0,1,10,2019,Third,Five Scene,tt3
eeeeeeeeeee,2019.0,1,10,2019,Fourth,Six Scene,tt4
"""
FILMS = """imdbid,genre,country
tt1,"['Action', 'Drama']",['USA']
tt2,['Comedy'],['USA']
tt3,['Action'],['UK']
tt4,,['UK']
"""
SPLIT = """imdbid,split
tt1,train
tt2,val
"""
DURATIONS = """videoid,duration
aaaaaaaaaaa,83
ddddddddddd,131
"""


@pytest.fixture
def metadata(tmp_path: Path) -> Path:
    for name, text in {"clips": CLIPS, "movie_info": FILMS, "split": SPLIT, "durations": DURATIONS}.items():
        (tmp_path / f"{name}.csv").write_text(text)
    return tmp_path


def here(*names: str) -> list[Path]:
    return [Path("videos") / "2019" / name for name in names]


def test_action_films_go_where_the_metadata_say(metadata: Path) -> None:
    videos = here("aaaaaaaaaaa.mkv", "-ccccccccc_.mkv", "ddddddddddd.mp4", "holiday.mp4")
    found = select(CondensedMovies.read(metadata), videos, genres=["action"], splits=SplitAssignment())
    assert [path.stem for path in found.films] == ["aaaaaaaaaaa", "ddddddddddd"]
    assert found.said == "2 of the 3 videos of these genres are here; 2 other files are left out"
    first, third = (found.splits.place(path, "0" * 64) for path in found.films)
    assert (first.split, first.group, first.licence, first.end_seconds) == ("train", "tt1", LICENCE, 83.0)
    assert (third.split, third.end_seconds) == (SplitAssignment().sample("tt3"), 131.0)  # the metadata have no split


def test_all_genres_and_several(metadata: Path) -> None:
    movies = CondensedMovies.read(metadata)
    assert len(movies.wanted(["all"])) == 5
    assert movies.wanted(["Comedy", "Action"]) == {"aaaaaaaaaaa", "bbbbbbbbbbb", "-ccccccccc_", "ddddddddddd"}
    found = select(movies, here("-ccccccccc_.webm"), genres=["all"], splits=SplitAssignment(licence="my own"))
    place = found.splits.place(found.films[0], "0" * 64)
    assert (place.split, place.licence, place.end_seconds) == ("validation", "my own", 0.0)


def test_what_is_wrong_is_said(metadata: Path) -> None:
    movies = CondensedMovies.read(metadata)
    with pytest.raises(InputError, match="genre Opera; there are Action, Comedy, Drama, all"):
        movies.wanted(["Opera"])
    with pytest.raises(InputError, match="none of the 1 files is one"):
        select(movies, here("holiday.mp4"), genres=["Action"], splits=SplitAssignment())
    (metadata / "durations.csv").unlink()
    assert CondensedMovies.read(metadata).seconds == {}
    (metadata / "split.csv").write_text("imdbid,split\ntt1,dev\n")
    with pytest.raises(InputError, match=r"split\.csv has the splits dev"):
        CondensedMovies.read(metadata)
    (metadata / "clips.csv").write_text("id,film\n")
    with pytest.raises(InputError, match=r"clips\.csv lacks the columns imdbid, videoid"):
        CondensedMovies.read(metadata)
    (metadata / "clips.csv").unlink()
    with pytest.raises(InputError, match=r"clips\.csv"):
        CondensedMovies.read(metadata)
