"""One film becomes clips: watched, taken apart, cut on its shots, each clip spoilt by its own draw.

    film ─► watch ─► cuts ─► where clips begin ─┐
      └───► Separator.stems, block by block ────┴─► clip [K, C, N] ─► levels ─► draw ─► pair ─► folder

No more than one clip is held at a time. The draw of clip n is seeded by (seed, the film's hash, n).
"""

from __future__ import annotations

import functools
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from limelight.errors import InputError, UsageError
from limelight.media.look import look
from limelight.muddy.clips import Clip, write_clip
from limelight.muddy.cutting import clip_starts, on_cut
from limelight.muddy.ledger import Part, record
from limelight.muddy.levels import StemLevels
from limelight.muddy.manifest import Source
from limelight.muddy.pair import spoil, why_trivial
from limelight.muddy.programme import Layout, Programme
from limelight.muddy.separate import Separator, separator_of, separator_text
from limelight.muddy.sight import Sight, watch
from limelight.muddy.sounds import SAMPLE_RATE
from limelight.muddy.splits import Filing
from limelight.muddy.spoiling import Stems, Wish, draw_spoiling
from limelight.signals import Picture, SourceInfo

FRAME_HEIGHT = 256


@dataclass(frozen=True)
class Settings:
    """What holds for the whole data set."""

    seed: int = 0
    clip_seconds: float = 10.0
    layout: Layout = "mono"
    recipes: tuple[str, ...] = ("paper",)  # as `Wish.of` reads them; one is drawn for each clip
    separator: str = "model"  # as `separator_of` reads it
    keep_trivial: bool = False
    frames: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.clip_seconds <= 600:
            raise UsageError(f"clips last 1 to 600 s, wanted are {self.clip_seconds:g} s")
        if not self.recipes:
            raise UsageError("at least one recipe is needed")

    @property
    def wishes(self) -> tuple[Wish, ...]:
        return tuple(map(Wish.of, self.recipes))


@dataclass(frozen=True)
class FilmJob:
    """One film to be built."""

    path: Path
    name: str  # what its clips are called
    sha256: str
    filing: Filing
    dataset: Path
    settings: Settings

    @property
    def facts(self) -> dict[str, str]:
        """What its record says; where one of these is another, it is built again."""
        filing = self.filing
        return {"sha256": self.sha256, "split": filing.split, "group": filing.group, "licence": filing.licence}


def build_film(job: FilmJob, report: Callable[[float], None]) -> Part:
    """Writes a film's clips, then its record. `report` gets seconds of film. Raises the errors of `limelight.errors`."""
    programme = Programme.of(job.path, layout=job.settings.layout)
    seconds, duration = job.settings.clip_seconds, programme.source.duration_seconds
    if duration < seconds:
        raise InputError(f"{job.path.name} lasts {duration:.1f} s, less than a clip of {seconds:g} s; leave it out.")
    separator = _separator(job.settings.separator)
    sight = watch(programme.source)
    report(0.0)
    starts = clip_starts(sight.cut_seconds, duration, seconds)
    slides = Slides(programme.source) if job.settings.frames else None
    entries, left_out = [], Counter[str]()
    for number, stems in enumerate(cut_out(separator.stems(programme), starts, seconds)):
        start = starts[number]
        pictures = slides.between(start, start + seconds) if slides else []
        clip = _clip(job, number, start, stems, sight, pictures, separator)
        trivial = why_trivial(clip.pair.spoiling, clip.pair.levels)
        if trivial and not job.settings.keep_trivial:
            left_out[trivial] += 1
        else:
            entries.append(write_clip(job.dataset, clip))
        report(start + seconds)
    part = Part(job.name, job.facts, tuple(entries), dict(sorted(left_out.items())))
    record(job.dataset, part)
    return part


def cut_out(blocks: Iterable[Stems], starts_seconds: Sequence[float], seconds: float) -> Iterator[Stems]:
    """The clips [K, C, N] of a stream of blocks [K, C, n]; what the stream does not reach is not given."""
    length = round(seconds * SAMPLE_RATE)
    starts: deque[int] = deque()
    for start in starts_seconds:  # rounding must not let a clip begin in the one before
        starts.append(max(round(start * SAMPLE_RATE), starts[-1] + length if starts else 0))
    held: list[Stems] = []
    first = 0  # sample of the film at which the block begins
    for block in blocks:
        end = first + block.shape[2]
        while starts and starts[0] < end:
            held.append(block[:, :, max(starts[0] - first, 0) : starts[0] + length - first])
            if end < starts[0] + length:
                break
            yield np.concatenate(held, axis=2)
            held = []
            starts.popleft()
        first = end


class Slides:
    """The pictures of a film, one a second, asked for in order of time."""

    def __init__(self, info: SourceInfo) -> None:
        self._pictures = look(info, pictures_per_second=1, height=FRAME_HEIGHT)
        self._next: Picture | None = next(self._pictures, None)

    def between(self, start_seconds: float, end_seconds: float) -> list[Picture]:
        """Those of a clip; those before it are let go."""
        found = []
        while self._next is not None and self._next.time_seconds < end_seconds:
            if self._next.time_seconds >= start_seconds:
                found.append(self._next)
            self._next = next(self._pictures, None)
        return found


def _clip(
    job: FilmJob,
    number: int,
    start_seconds: float,
    stems: Stems,
    sight: Sight,
    pictures: Sequence[Picture],
    separator: Separator,
) -> Clip:
    settings, filing = job.settings, job.filing
    rng = np.random.default_rng([settings.seed, int(job.sha256[:16], 16), number])
    levels = StemLevels.of(stems, layout=settings.layout)
    wish = settings.wishes[int(rng.integers(len(settings.wishes)))]
    spoiling = draw_spoiling(rng, wish, levels)
    source = Source(job.path.name, "film", filing.group, job.sha256, filing.licence, round(start_seconds, 6))
    return Clip(
        name=f"{job.name}-{number:04d}",
        split=filing.split,
        kind="film",
        sources=(source,),
        separator=separator_text(separator),
        pair=spoil(stems, spoiling, layout=settings.layout, levels=levels),
        cues=sight.cues(start_seconds, settings.clip_seconds),
        starts_on_cut=on_cut(start_seconds, sight.cut_seconds),
        cuts_seconds=tuple(sight.cuts_within(start_seconds, settings.clip_seconds)),
        pictures=pictures,
    )


@functools.lru_cache(maxsize=1)
def _separator(text: str) -> Separator:
    """One model for all films of a process."""
    return separator_of(text)
