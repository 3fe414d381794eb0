"""From a result to its page: listen to both, find pictures, lay out, write."""

from __future__ import annotations

from pathlib import Path

from limelight.api import Highlighted
from limelight.errors import OutputError
from limelight.media.target import naming_write_errors, whole_or_absent
from limelight.report.lanes import TimeAxis
from limelight.report.listening import choose_excerpt, view_soundtrack, view_written
from limelight.report.page import ReportData, page
from limelight.report.thumbnails import strip_cells, thumbnails

_SHORTEST_SECONDS = 0.001


def write_report(result: Highlighted, path: Path) -> None:
    """One page that opens offline, beside the result or anywhere; under 8 MB, in constant memory.

    Reads the source and the written file once more. The page appears only when it is whole, and replaces an older one.
    Raises OutputError where it cannot be written.
    """
    _refuse_films(result, path)
    text = page(result, find(result))
    with whole_or_absent(path) as temporary, naming_write_errors(path):
        temporary.write_text(text, encoding="utf-8")


def _refuse_films(result: Highlighted, path: Path) -> None:
    for film in (result.source.path, result.dest):
        if path.exists() and film.exists() and path.samefile(film):
            raise OutputError(f"cannot write the report to {path}: that is the film itself; choose another name")


def find(result: Highlighted) -> ReportData:
    """What the page shows and plays."""
    source, track = result.source, result.soundtrack
    seconds = max(source.duration_seconds, result.written.seconds, _SHORTEST_SECONDS)
    excerpt = choose_excerpt(result.plan, seconds)
    cells = strip_cells(result.plan.shots, seconds) if source.picture else []
    return ReportData(
        axis=TimeAxis(seconds),
        excerpt=excerpt,
        before=view_soundtrack(source, track, excerpt, seconds),
        after=view_written(result.dest, source, track, excerpt, seconds),
        cells=cells,
        pictures=thumbnails(source.path, cells),
    )
