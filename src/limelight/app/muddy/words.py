"""A data set's statistics as lines for a terminal, beside what is known of the papers' own data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from limelight.app.report.words import number, plain
from limelight.muddy import statistics as known
from limelight.muddy.statistics import Spread, Statistics
from limelight.signals import STEMS

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
        yield f"{stem} is loudest in", percent(of.loudest), percent(known.PAPERS_LOUDEST[stem])
        yield f"{stem} is silent in", percent(of.silent), percent(known.PAPERS_SILENT.get(stem))
        yield f"{stem}, loudness", spread(of.loudness_lufs, "LUFS"), ""
        yield f"{stem}, moved by", f"{spread(of.change_db, 'dB')}, raised in {percent(of.raised)}", ""
    yield "loudest over second", spread(found.gap_db, "dB"), f"{number(known.PAPERS_GAP_DB)} dB"
    yield "only one stem is heard in", percent(found.alone), ""
    yield "the boosted stem is silent in", percent(found.boosted_silent), percent(known.PAPERS_BOOSTED_SILENT)
    yield "target, loudness", spread(found.target_lufs, "LUFS"), ""
    yield "input, loudness", spread(found.input_lufs, "LUFS"), ""
    yield "begins on a cut", percent(found.starts_on_cut), ""
    yield "cuts in a clip", number(found.cuts_a_clip), ""
    yield from _counted("labelled trivial", found.trivial)
    yield from _counted("licence", found.licences)


def percent(share: float | None) -> str:
    """A share for reading; nothing for none."""
    return "" if share is None else f"{number(100 * share, 0)} %"


def spread(of: Spread | None, unit: str) -> str:
    """The median, and the middle half in brackets."""
    if of is None:
        return "–"
    return f"{number(of.median)} {unit} [{number(of.low)} … {number(of.high)}]"


def _counted(what: str, counts: Mapping[str, int]) -> Iterator[Row]:
    for name, count in counts.items():
        yield f"{what}: {plain(name, limit=60)}", str(count), ""
