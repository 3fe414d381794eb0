"""What a data set is like, from its manifest alone, beside what is known of the papers' own Muddy Mix and of real films.

Papers: 122 of VisAH's clips, measured. Films: 2,607 clips of 10 s of 321 films, mostly of action, their stems as a cinematic
separator found them in the finished mix, by the same rules as here (a stem is heard less than 30 LU behind the mix); or
another table with the columns speech_lufs, music_lufs and effects_lufs.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from limelight.dataset.levels import is_heard
from limelight.dataset.manifest import Entry
from limelight.errors import InputError
from limelight.report.words import number, plain
from limelight.types import STEMS

PAPERS_LOUDEST = {"speech": 0.31, "music": 0.30, "effects": 0.39}
PAPERS_SILENT = {"speech": 0.49}
PAPERS_GAP_DB = 8.7
PAPERS_BOOSTED_SILENT = 0.31


@dataclass(frozen=True)
class Spread:
    """Where the middle of some numbers lies, and their middle half; none without numbers."""

    low: float  # 25th percentile
    median: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread | None:
        if not values:
            return None
        low, median, high = np.percentile(values, [25, 50, 75])
        return cls(round(float(low), 2), round(float(median), 2), round(float(high), 2))


@dataclass(frozen=True)
class LevelStatistics:
    """How loud speech, music and effects are in finished mixes."""

    name: str
    loudest: Mapping[str, float]  # share of the clips that are not silent
    silent: Mapping[str, float]  # share of all clips
    loudness_lufs: Mapping[str, Spread | None]  # where it is heard
    gap_db: Spread | None
    alone: float
    mix_lufs: Spread | None


FILMS = LevelStatistics(
    "films",
    loudest={"speech": 0.310, "music": 0.250, "effects": 0.439},
    silent={"speech": 0.470, "music": 0.065, "effects": 0.068},
    loudness_lufs={
        "speech": Spread(-34.9, -30.1, -26.2),
        "music": Spread(-39.3, -33.6, -28.6),
        "effects": Spread(-40.9, -30.9, -24.5),
    },
    gap_db=Spread(2.6, 5.9, 10.4),
    alone=0.058,
    mix_lufs=Spread(-31.1, -25.9, -22.3),
)


@dataclass(frozen=True)
class StemStatistics:
    """One stem over all clips."""

    loudest: float  # share of the clips that are not silent
    silent: float  # share of all clips; or so far behind that it is not heard (`levels`)
    loudness_lufs: Spread | None  # where it is heard
    raised: float  # share of clips in which the recipe raised it, on average over time
    change_db: Spread | None  # what the recipe did, on average over time


@dataclass(frozen=True)
class Statistics:
    """All clips of a data set."""

    clips: int
    hours: float
    splits: Mapping[str, int]
    kinds: Mapping[str, int]
    recipes: Mapping[str, int]
    faults: Mapping[str, int]
    difficulties: Mapping[str, int]  # by the recipe's step: low is nearest to 6 dB, medium to 9, high to 12
    trivial: Mapping[str, int]
    licences: Mapping[str, int]
    stems: Mapping[str, StemStatistics]
    gap_db: Spread | None  # loudest stem over the second
    alone: float  # share of clips with one audible stem
    boosted_silent: float  # share of clips in which nothing audible was raised, though something was
    target_lufs: Spread | None
    input_lufs: Spread | None
    limited: float  # share of clips that were brought down, since a peak passed −0.5 dBFS
    limited_db: Spread | None  # by how much
    starts_on_cut: float  # share
    cuts_a_clip: float


def statistics(entries: Sequence[Entry]) -> Statistics:
    """Figures of the clips listed."""
    heard_in = [_heard(entry) for entry in entries]
    loudest = Counter(max(levels, key=lambda stem: levels[stem]) for levels in heard_in if levels)
    several = [sorted(levels.values()) for levels in heard_in if len(levels) > 1]
    return Statistics(
        clips=len(entries),
        hours=round(sum(entry.seconds for entry in entries) / 3600, 3),
        splits=_count(entry.split for entry in entries),
        kinds=_count(entry.kind for entry in entries),
        recipes=_count(entry.recipe for entry in entries),
        faults=_count(_fault(entry) for entry in entries),
        difficulties=_count(difficulty(entry.step_db) for entry in entries),
        trivial=_count(entry.trivial for entry in entries if entry.trivial),
        licences=_count(source.licence for entry in entries for source in entry.sources),
        stems={stem: _stem(stem, entries, heard_in, loudest) for stem in STEMS},
        gap_db=Spread.of([levels[-1] - levels[-2] for levels in several]),
        alone=_share(len(levels) == 1 for levels in heard_in),
        boosted_silent=_share(_boosted_silent(entry, levels) for entry, levels in zip(entries, heard_in, strict=True)),
        target_lufs=_loudness(entries, "target"),
        input_lufs=_loudness(entries, "input"),
        limited=_share(entry.scale_db + entry.limit_db < 0 for entry in entries),
        limited_db=Spread.of([-down for entry in entries if (down := entry.scale_db + entry.limit_db) < 0]),
        starts_on_cut=_share(entry.starts_on_cut for entry in entries),
        cuts_a_clip=round(float(np.mean([len(entry.cuts_seconds) for entry in entries] or [0])), 2),
    )


def difficulty(step_db: float) -> str:
    """The papers' levels, 6, 9 and 12 dB; other steps go to the nearest."""
    return "none" if step_db == 0 else "low" if step_db < 7.5 else "medium" if step_db < 10.5 else "high"


def level_statistics(table: Path) -> LevelStatistics:
    """The same of clips whose stems' loudness a table has. Raises InputError."""
    columns = [f"{stem}_lufs" for stem in STEMS]
    try:
        with table.open(encoding="utf-8", newline="") as lines:
            levels = np.array([[float(row[name]) for name in columns] for row in csv.DictReader(lines)])
    except (OSError, UnicodeDecodeError, csv.Error, KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"Wanted a table with the columns {', '.join(columns)}, {table} has none ({error})."
        ) from error
    if not levels.size:
        raise InputError(f"Wanted a table with clips, {table} has none.")
    with np.errstate(divide="ignore"):
        mixes = 10 * np.log10(np.sum(10 ** (levels / 10), axis=1))  # stems do not resemble each other
    clips = [dict(zip(STEMS, row, strict=True)) for row in levels.tolist()]
    heard_in = [{stem: of[stem] for stem in is_heard(of, mix)} for of, mix in zip(clips, mixes.tolist(), strict=True)]
    return _levels(table.stem, heard_in, [mix for mix in mixes.tolist() if np.isfinite(mix)])


def _levels(name: str, heard_in: Sequence[Mapping[str, float]], mixes: Sequence[float]) -> LevelStatistics:
    loudest = Counter(max(levels, key=lambda stem: levels[stem]) for levels in heard_in if levels)
    several = [sorted(levels.values()) for levels in heard_in if len(levels) > 1]
    return LevelStatistics(
        name,
        loudest={stem: round(loudest[stem] / max(1, loudest.total()), 4) for stem in STEMS},
        silent={stem: _share(stem not in levels for levels in heard_in) for stem in STEMS},
        loudness_lufs={stem: Spread.of([levels[stem] for levels in heard_in if stem in levels]) for stem in STEMS},
        gap_db=Spread.of([levels[-1] - levels[-2] for levels in several]),
        alone=_share(len(levels) == 1 for levels in heard_in),
        mix_lufs=Spread.of(mixes),
    )


def _heard(entry: Entry) -> dict[str, float]:
    """The stems that are heard in the target, and how loud they are."""
    loudness = entry.loudness_lufs
    return {stem: float(loudness[stem] or 0.0) for stem in is_heard(loudness, loudness["target"])}


def _stem(
    stem: str, entries: Sequence[Entry], heard_in: Sequence[Mapping[str, float]], loudest: Counter[str]
) -> StemStatistics:
    return StemStatistics(
        loudest=round(loudest[stem] / max(1, loudest.total()), 4),
        silent=_share(stem not in levels for levels in heard_in),
        loudness_lufs=Spread.of([levels[stem] for levels in heard_in if stem in levels]),
        raised=_share(entry.changes_db[stem] > 0 for entry in entries),
        change_db=Spread.of([entry.changes_db[stem] for entry in entries]),
    )


def _boosted_silent(entry: Entry, levels: Mapping[str, float]) -> bool:
    boosted = {stem for stem, change in entry.changes_db.items() if change > 0}
    return bool(boosted) and not boosted & set(levels)


def _fault(entry: Entry) -> str:
    """Without the numbers of a room or noise, which are different in every clip."""
    return entry.fault.split(",")[0]


def _loudness(entries: Sequence[Entry], of: str) -> Spread | None:
    return Spread.of([lufs for entry in entries if (lufs := entry.loudness_lufs[of]) is not None])


def _share(facts: Iterable[bool]) -> float:
    facts = list(facts)
    return round(sum(facts) / max(1, len(facts)), 4)


def _count(values: Iterable[Any]) -> dict[str, int]:
    return dict(sorted(Counter(values).items()))


class StatisticsRow(NamedTuple):
    """One figure: of what, here, in the papers' data, in films."""

    what: str
    here: str
    papers: str = ""
    films: str = ""


def as_text(found: Statistics, beside: LevelStatistics = FILMS) -> str:
    """Several lines, each with one figure; the papers' and films' beside it in brackets where they are known."""
    told = []
    for row in rows(found, beside):
        known = [f"{name}: {there}" for name, there in (("papers", row.papers), (beside.name, row.films)) if there]
        told.append(f"{row.what:46}{row.here}   ({'; '.join(known)})" if known else f"{row.what:46}{row.here}")
    return "\n".join(told)


def rows(found: Statistics, beside: LevelStatistics = FILMS) -> Iterator[StatisticsRow]:
    """Every figure."""
    yield StatisticsRow("clips", f"{found.clips} ({found.hours:.2f} h)")
    yield from _counted("split", found.splits)
    yield from _counted("kind", found.kinds)
    yield from _counted("recipe", found.recipes)
    yield from _counted("what is wrong", found.faults)
    yield from _counted("difficulty", found.difficulties)
    for stem in STEMS:
        yield from _of_stem(stem, found.stems[stem], beside)
    gap = f"{number(PAPERS_GAP_DB)} dB"
    yield StatisticsRow("loudest over second", spread_text(found.gap_db, "dB"), gap, spread_text(beside.gap_db, "dB"))
    yield StatisticsRow("only one stem is heard in", percent(found.alone), "", percent(beside.alone))
    yield StatisticsRow("the boosted stem is silent in", percent(found.boosted_silent), percent(PAPERS_BOOSTED_SILENT))
    yield StatisticsRow(
        "target, loudness", spread_text(found.target_lufs, "LUFS"), "", spread_text(beside.mix_lufs, "LUFS")
    )
    yield StatisticsRow("input, loudness", spread_text(found.input_lufs, "LUFS"))
    yield StatisticsRow(
        "brought down for a peak", f"{percent(found.limited)}, by {spread_text(found.limited_db, 'dB')}"
    )
    yield StatisticsRow("begins on a cut", percent(found.starts_on_cut))
    yield StatisticsRow("cuts in a clip", number(found.cuts_a_clip))
    yield from _counted("labelled trivial", found.trivial)
    yield from _counted("licence", found.licences)


def _of_stem(stem: str, of: StemStatistics, beside: LevelStatistics) -> Iterator[StatisticsRow]:
    yield StatisticsRow(
        f"{stem} is loudest in", percent(of.loudest), percent(PAPERS_LOUDEST[stem]), percent(beside.loudest[stem])
    )
    yield StatisticsRow(
        f"{stem} is silent in", percent(of.silent), percent(PAPERS_SILENT.get(stem)), percent(beside.silent[stem])
    )
    there = spread_text(beside.loudness_lufs[stem], "LUFS")
    yield StatisticsRow(f"{stem}, loudness", spread_text(of.loudness_lufs, "LUFS"), "", there)
    yield StatisticsRow(f"{stem}, moved by", f"{spread_text(of.change_db, 'dB')}, raised in {percent(of.raised)}")


def percent(share: float | None) -> str:
    """A share for reading; nothing for none."""
    return "" if share is None else f"{number(100 * share, 0)} %"


def spread_text(of: Spread | None, unit: str) -> str:
    """The median, and the middle half in brackets."""
    if of is None:
        return "–"
    return f"{number(of.median)} {unit} [{number(of.low)} … {number(of.high)}]"


def _counted(what: str, counts: Mapping[str, int]) -> Iterator[StatisticsRow]:
    for name, count in counts.items():
        yield StatisticsRow(f"{what}: {plain(name, limit=60)}", str(count))
