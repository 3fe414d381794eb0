"""What a data set is like, from its manifest alone: the figures that are known of the papers' own Muddy Mix.

Known of VisAH's clips (122 of them, measured): speech is silent in 49 %; loudest is speech in 31 %, music in 30 %, effects
in 39 %; between the loudest and the second lie 8.7 dB (median); in 31 % the boosted stem is silent.

A data set's statistics as lines for a terminal, beside what is known of the papers' own data.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from limelight.dataset.levels import is_heard
from limelight.dataset.manifest import Entry
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
    trivial: Mapping[str, int]
    licences: Mapping[str, int]
    stems: Mapping[str, StemStatistics]
    gap_db: Spread | None  # loudest stem over the second
    alone: float  # share of clips with one audible stem
    boosted_silent: float  # share of clips in which nothing audible was raised, though something was
    target_lufs: Spread | None
    input_lufs: Spread | None
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
        trivial=_count(entry.trivial for entry in entries if entry.trivial),
        licences=_count(source.licence for entry in entries for source in entry.sources),
        stems={stem: _stem(stem, entries, heard_in, loudest) for stem in STEMS},
        gap_db=Spread.of([levels[-1] - levels[-2] for levels in several]),
        alone=_share(len(levels) == 1 for levels in heard_in),
        boosted_silent=_share(_boosted_silent(entry, levels) for entry, levels in zip(entries, heard_in, strict=True)),
        target_lufs=_loudness(entries, "target"),
        input_lufs=_loudness(entries, "input"),
        starts_on_cut=_share(entry.starts_on_cut for entry in entries),
        cuts_a_clip=round(float(np.mean([len(entry.cuts_seconds) for entry in entries] or [0])), 2),
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


Row = tuple[str, str, str]  # what, here, in the papers' data


def as_text(found: Statistics) -> str:
    """Several lines, each with one figure; the papers' beside it in brackets where it is known."""
    told = (f"{what:46}{here}{f'   (papers: {there})' if there else ''}" for what, here, there in rows(found))
    return "\n".join(told)


def rows(found: Statistics) -> Iterator[Row]:
    """Every figure."""
    yield "clips", f"{found.clips} ({found.hours:.2f} h)", ""
    yield from _counted("split", found.splits)
    yield from _counted("kind", found.kinds)
    yield from _counted("recipe", found.recipes)
    yield from _counted("what is wrong", found.faults)
    for stem in STEMS:
        of = found.stems[stem]
        yield f"{stem} is loudest in", percent(of.loudest), percent(PAPERS_LOUDEST[stem])
        yield f"{stem} is silent in", percent(of.silent), percent(PAPERS_SILENT.get(stem))
        yield f"{stem}, loudness", spread_text(of.loudness_lufs, "LUFS"), ""
        yield f"{stem}, moved by", f"{spread_text(of.change_db, 'dB')}, raised in {percent(of.raised)}", ""
    yield "loudest over second", spread_text(found.gap_db, "dB"), f"{number(PAPERS_GAP_DB)} dB"
    yield "only one stem is heard in", percent(found.alone), ""
    yield "the boosted stem is silent in", percent(found.boosted_silent), percent(PAPERS_BOOSTED_SILENT)
    yield "target, loudness", spread_text(found.target_lufs, "LUFS"), ""
    yield "input, loudness", spread_text(found.input_lufs, "LUFS"), ""
    yield "begins on a cut", percent(found.starts_on_cut), ""
    yield "cuts in a clip", number(found.cuts_a_clip), ""
    yield from _counted("labelled trivial", found.trivial)
    yield from _counted("licence", found.licences)


def percent(share: float | None) -> str:
    """A share for reading; nothing for none."""
    return "" if share is None else f"{number(100 * share, 0)} %"


def spread_text(of: Spread | None, unit: str) -> str:
    """The median, and the middle half in brackets."""
    if of is None:
        return "–"
    return f"{number(of.median)} {unit} [{number(of.low)} … {number(of.high)}]"


def _counted(what: str, counts: Mapping[str, int]) -> Iterator[Row]:
    for name, count in counts.items():
        yield f"{what}: {plain(name, limit=60)}", str(count), ""
