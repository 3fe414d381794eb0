"""Condensed Movies (Bain et al., ACCV 2020) as a source: the videos that you have, by its public metadata.

    METADATA/clips.csv        videoid, imdbid, …      which video is of which film
             movie_info.csv   imdbid, genre, …        "['Action', 'Drama']"
             split.csv        imdbid, split           train, val, test: by film
             durations.csv    videoid, duration       whole seconds, without the advertisement at the end; may be missing

VisAH took the action films of it (CVPR 2025), cut into clips of 10 s. Videos are files called VIDEOID.mkv (or .mp4, …), in any
folders, as its own script leaves them; those that are missing are counted, those of other genres left out. A film that has
no split of its own goes where its number's hash says. The videos belong to their makers: nothing here fetches them.
"""

from __future__ import annotations

import ast
import csv
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from limelight.dataset.splits import SplitAssignment
from limelight.errors import InputError

CLIPS, FILMS, SPLIT, DURATIONS = "clips.csv", "movie_info.csv", "split.csv", "durations.csv"
SPLIT_NAMES = {"train": "train", "val": "validation", "validation": "validation", "test": "test"}
LICENCE = "Condensed Movies: research only, the videos are their owners'"
ALL = "all"


@dataclass(frozen=True)
class CondensedMovies:
    """What the metadata say, by video."""

    film: Mapping[str, str]  # videoid → imdbid
    genres: Mapping[str, frozenset[str]]  # imdbid → genres
    split: Mapping[str, str]  # imdbid → split
    seconds: Mapping[str, str]  # videoid → its length without the end

    @classmethod
    def read(cls, folder: Path) -> CondensedMovies:
        """Reads the four tables. Raises InputError."""
        films = {row["videoid"]: row["imdbid"] for row in _rows(folder / CLIPS, "videoid", "imdbid")}
        genres = {row["imdbid"]: _genres(row["genre"]) for row in _rows(folder / FILMS, "imdbid", "genre")}
        split = {row["imdbid"]: row["split"] for row in _rows(folder / SPLIT, "imdbid", "split")}
        if unknown := set(split.values()) - set(SPLIT_NAMES):
            raise InputError(f"{folder / SPLIT} has the splits {', '.join(sorted(unknown))}; wanted train, val, test.")
        there = (folder / DURATIONS).is_file()
        durations = _rows(folder / DURATIONS, "videoid", "duration") if there else ()
        return cls(films, genres, split, {row["videoid"]: row["duration"] for row in durations})

    def wanted(self, genres: Collection[str]) -> set[str]:
        """The videos of films that have one of these genres at least; ("all",) is every film. Raises InputError."""
        if set(genres) == {ALL}:
            return set(self.film)
        known = {genre.lower(): genre for of in self.genres.values() for genre in of}
        if unknown := [genre for genre in genres if genre.lower() not in known]:
            raise InputError(
                f"Wanted the genre {', '.join(unknown)}; there are {', '.join(sorted(known.values()))}, all."
            )
        asked = {known[genre.lower()] for genre in genres}
        return {video for video, film in self.film.items() if asked & self.genres.get(film, frozenset())}


@dataclass(frozen=True)
class Selection:
    """The videos that are to be built, and where each goes."""

    films: tuple[Path, ...]
    splits: SplitAssignment
    wanted: int  # videos that the metadata list
    others: int  # files here that are of other genres, or of none

    @property
    def said(self) -> str:
        """In one line."""
        rest = f"; {self.others} other files are left out" if self.others else ""
        return f"{len(self.films)} of the {self.wanted} videos of these genres are here{rest}"


def select(
    movies: CondensedMovies, videos: Iterable[Path], *, genres: Collection[str], splits: SplitAssignment
) -> Selection:
    """Those of the videos that are wanted; `splits` decides on films that the metadata have no split for.

    Raises InputError where none is wanted.
    """
    wanted, videos = movies.wanted(genres), list(videos)
    chosen = [path for path in videos if path.stem in wanted]
    if not chosen:
        raise InputError(
            f"Wanted videos of {', '.join(genres)}, called VIDEOID.mkv or the like; none of the {len(videos)} files is one."
        )
    rows = {path.name: _row(movies, path.stem, splits) for path in chosen}
    return Selection(tuple(chosen), replace(splits, rows=rows), len(wanted), len(videos) - len(chosen))


def _row(movies: CondensedMovies, video: str, splits: SplitAssignment) -> dict[str, str]:
    film = movies.film[video]
    split = SPLIT_NAMES[movies.split[film]] if film in movies.split else splits.sample(film)
    licence = splits.licence if splits.licence != SplitAssignment.licence else LICENCE
    return {"split": split, "group": film, "licence": licence, "end_seconds": movies.seconds.get(video, "")}


def _rows(path: Path, *columns: str) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            table = csv.DictReader(lines)
            missing = set(columns) - set(table.fieldnames or ())
            if missing:
                raise InputError(
                    f"{path} lacks the columns {', '.join(sorted(missing))}; give Condensed Movies' metadata."
                )
            return [{name: row[name] or "" for name in columns} for row in table]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"Wanted {path} of Condensed Movies' metadata, cannot read it ({error}); get it.") from error


def _genres(text: str) -> frozenset[str]:
    """Of a list as Python writes it; nothing of what is none."""
    try:
        found = ast.literal_eval(text) if text else []
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return frozenset()
    return frozenset(genre for genre in found if isinstance(genre, str)) if isinstance(found, list) else frozenset()
