"""From a result to its page: listen to both, find pictures, lay out, write."""

from __future__ import annotations

from pathlib import Path

from limelight.api import Highlighted
from limelight.errors import OutputError
from limelight.media.probe import probe
from limelight.media.target import check_place
from limelight.report.drawings import TimeAxis
from limelight.report.listening import choose_excerpt, new_soundtrack, view_soundtrack
from limelight.report.page import ReportData, page
from limelight.report.templating import write_text
from limelight.report.thumbnails import strip_cells, thumbnails

_SHORTEST_SECONDS = 0.001


def write_report(result: Highlighted, path: Path, *, overwrite: bool = False) -> Path:
    """One page that opens offline, beside the result or anywhere; under 8 MB, in constant memory.

    Reads the source and the written file once more. The page appears only when it is whole. Raises TargetExists where a
    file is there and `overwrite` is false, OutputError where it cannot be written.
    """
    check_page(result.source.path, path, result.dest, overwrite=overwrite)
    return write_text(page(result, find(result)), path)


def check_page(source: Path, path: Path, dest: Path, *, overwrite: bool) -> None:
    """Whether a page may be put there: before the work as well as after it. Raises as above."""
    if path.exists() and dest.exists() and path.samefile(dest):
        raise OutputError(f"cannot write the report to {path}: that is the film itself; choose another name")
    check_place(source, path, overwrite=overwrite)


def find(result: Highlighted) -> ReportData:
    """What the page shows and plays."""
    source, track = result.source, result.soundtrack
    seconds = max(source.duration_seconds, result.written.seconds, _SHORTEST_SECONDS)
    excerpt = choose_excerpt(result.plan, seconds)
    cells = strip_cells(result.plan.shots, seconds) if source.picture else []
    written = probe(result.dest)
    new_track = new_soundtrack(written, source, track)
    return ReportData(
        axis=TimeAxis(seconds),
        excerpt=excerpt,
        before=view_soundtrack(source, track, excerpt, seconds),
        after=view_soundtrack(written, new_track, excerpt, seconds),
        cells=cells,
        pictures=thumbnails(source.path, cells),
        new_track=new_track,
    )
