"""One film becomes clips: watched, taken apart, cut on its shots, each clip degraded by its own sample.

    film ─► watch ─► cuts ─► where clips begin ─┐
      └───► stems, block by block ──────────────┴─► clip [K, C, N] ─► levels ─► degradation ─► pair ─► folder

No more than one clip is held at a time. What is sampled for clip n depends on (seed, the film's hash, n). All clips last
the same, so that they make batches; they begin on a cut where one is near, else where the clip before ended:

    cuts          |      |                  |    |                     |
    clips   [==========]  ·[==========][==========]  ·[==========]
                          ^ on the next cut       ^ no cut within reach: at once

A film is watched once, then asked for the numbers of each clip: the encoder's own, per second from where the clip begins,
not from where the film does. It keeps about 250 bytes a picture: 15 MB for two hours.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from limelight.dataset.build_state import BuildPart, record
from limelight.dataset.clips import Clip, write_clip
from limelight.dataset.degrade import LIMITS, DegradationChoice, Limit, Stems, degrade, sample_degradation, why_trivial
from limelight.dataset.film_audio import FilmAudio, Layout, film_stems, separator_text
from limelight.dataset.levels import StemLevels
from limelight.dataset.manifest import Source
from limelight.dataset.sounds import SAMPLE_RATE
from limelight.dataset.splits import Print, SplitEntry, fingerprint, write_prints
from limelight.errors import InputError, UsageError
from limelight.media.sample_frames import sample_frames
from limelight.models.registry import DEFAULT_SEPARATOR
from limelight.types import Picture, SourceInfo, Vector
from limelight.vision.cues import CUE_NAMES, scale_all
from limelight.vision.encoder import evidence_of
from limelight.vision.shots import find_cuts
from limelight.vision.summary import Stretches, cues_of_pictures, observe_frames, summarise

FRAME_HEIGHT = 448  # lines: what the vision-language model wants; CLIP wants half of it


@dataclass(frozen=True)
class BuildSettings:
    """What holds for the whole data set."""

    seed: int = 0
    clip_seconds: float = 10.0
    layout: Layout = "mono"
    recipes: tuple[str, ...] = ("paper",)  # as `DegradationChoice.of` reads them; one is sampled for each clip
    separator: str = DEFAULT_SEPARATOR  # as `models.registry` reads it
    keep_trivial: bool = False
    frames: bool = False
    limit: Limit = "both"  # what comes down where a peak passes −0.5 dBFS

    def __post_init__(self) -> None:
        if self.limit not in LIMITS:
            raise UsageError(f"the limit is {' or '.join(LIMITS)}, wanted is {self.limit!r}")
        if not 1 <= self.clip_seconds <= 600:
            raise UsageError(f"clips last 1 to 600 s, wanted are {self.clip_seconds:g} s")
        if not self.recipes:
            raise UsageError("at least one recipe is needed")

    @property
    def wishes(self) -> tuple[DegradationChoice, ...]:
        return tuple(map(DegradationChoice.of, self.recipes))


@dataclass(frozen=True)
class FilmJob:
    """One film to be built."""

    path: Path
    name: str  # what its clips are called
    sha256: str
    place: SplitEntry
    dataset: Path
    settings: BuildSettings

    @property
    def facts(self) -> dict[str, str]:
        """What its record says; where one of these is another, it is built again."""
        place = self.place
        facts = {"sha256": self.sha256, "split": place.split, "group": place.group, "licence": place.licence}
        return facts | ({"end_seconds": f"{place.end_seconds:g}"} if place.end_seconds else {})


def build_film(job: FilmJob, report: Callable[[float], None]) -> BuildPart:
    """Writes a film's clips, then its record. `report` gets seconds of film. Raises the errors of `limelight.errors`."""
    audio = FilmAudio.of(job.path, layout=job.settings.layout)
    seconds, whole = job.settings.clip_seconds, audio.source.duration_seconds
    duration = min(whole, job.place.end_seconds or whole)
    if duration < seconds:
        raise InputError(f"{job.path.name} lasts {duration:.1f} s, less than a clip of {seconds:g} s; leave it out.")
    sight = watch_film(audio.source)
    report(0.0)
    starts = clip_starts(sight.cut_seconds, duration, seconds)
    slides = Slides(audio.source) if job.settings.frames else None
    entries, prints, left_out = [], list[Print](), Counter[str]()
    for number, stems in enumerate(cut_out(film_stems(audio, job.settings.separator), starts, seconds)):
        start = starts[number]
        pictures = slides.between(start, start + seconds) if slides else []
        clip = _clip(job, number, start, stems, sight, pictures)
        trivial = why_trivial(clip.pair.degradation, clip.pair.levels)
        if trivial and not job.settings.keep_trivial:
            left_out[trivial] += 1
        else:
            entries.append(write_clip(job.dataset, clip))
            prints.append(fingerprint(clip.pair.target))
        report(start + seconds)
    write_prints(job.dataset, job.name, prints)
    part = BuildPart(job.name, job.facts, tuple(entries), dict(sorted(left_out.items())))
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
        self._pictures = sample_frames(info, pictures_per_second=1, height=FRAME_HEIGHT)
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
    sight: FilmCues,
    pictures: Sequence[Picture],
) -> Clip:
    settings, place = job.settings, job.place
    rng = np.random.default_rng([settings.seed, int(job.sha256[:16], 16), number])
    levels = StemLevels.of(stems, layout=settings.layout)
    wish = settings.wishes[int(rng.integers(len(settings.wishes)))]
    degradation = sample_degradation(rng, wish, levels)
    source = Source(job.path.name, "film", place.group, job.sha256, place.licence, round(start_seconds, 6))
    return Clip(
        name=f"{job.name}-{number:04d}",
        split=place.split,
        kind="film",
        sources=(source,),
        separator=separator_text(settings.separator),
        pair=degrade(stems, degradation, layout=settings.layout, levels=levels, limit=settings.limit),
        cues=sight.cues(start_seconds, settings.clip_seconds),
        starts_on_cut=on_cut(start_seconds, sight.cut_seconds),
        cuts_seconds=tuple(sight.cuts_within(start_seconds, settings.clip_seconds)),
        pictures=pictures,
    )


REACH = 0.3  # of a clip's length


def clip_starts(cut_seconds: Vector, duration_seconds: float, clip_seconds: float) -> list[float]:
    """Beginnings of clips that lie inside the film and do not overlap, in seconds, in order."""
    starts: list[float] = []
    position = 0.0
    while position + clip_seconds <= duration_seconds:
        last = min(position + REACH * clip_seconds, duration_seconds - clip_seconds)
        near = cut_seconds[(cut_seconds >= position) & (cut_seconds <= last)]
        # The film's own beginning is as good as a cut.
        start = float(near.min()) if near.size and position > 0 else position
        starts.append(start)
        position = start + clip_seconds
    return starts


def on_cut(start_seconds: float, cut_seconds: Vector) -> bool:
    """Whether a shot, or the film, begins here."""
    return start_seconds == 0 or bool(np.any(np.abs(cut_seconds - start_seconds) < 1e-6))


@dataclass(frozen=True, repr=False)
class FilmCues:
    """A film that was watched."""

    duration_seconds: float
    cut_seconds: Vector  # where a new shot begins
    columns: dict[str, Vector]  # raw cues of every picture, name → [P]; empty where there is no picture

    def cues(self, start_seconds: float, seconds: float) -> NDArray[np.float32]:
        """The cues of a clip, one row a second, [T, D] in 0…1; zeros where no picture is shown yet."""
        count = math.ceil(seconds)
        if not self.columns:
            return np.zeros((count, len(CUE_NAMES)), np.float32)
        inside = start_seconds + np.arange(count + 1.0)
        # One stretch before and one after take the pictures that are not the clip's; the last ends where the film does.
        end = max(math.ceil(self.duration_seconds), inside[-1] + 1e-6)
        stretches = Stretches(np.concatenate([[-1.0], inside, [end]]))
        values = scale_all(summarise(self.columns, stretches, self.cut_seconds))[1:-1]
        values[inside[1:] <= self.columns["time_seconds"][0]] = 0.0
        return values

    def cuts_within(self, start_seconds: float, seconds: float) -> list[float]:
        """Cuts inside a clip, in seconds from its beginning."""
        inside = (self.cut_seconds > start_seconds + 1e-6) & (self.cut_seconds < start_seconds + seconds)
        return [round(float(cut - start_seconds), 3) for cut in self.cut_seconds[inside]]


def watch_film(info: SourceInfo) -> FilmCues:
    """Looks at a whole film in one pass; a sound file is never seen."""
    seen = observe_frames(sample_frames(info)) if info.picture else None
    if seen is None or len(seen.moments) == 0:
        return FilmCues(info.duration_seconds, np.zeros(0), {})
    cuts = find_cuts(evidence_of(seen))
    return FilmCues(info.duration_seconds, np.asarray(seen.moments["time_seconds"][cuts]), cues_of_pictures(seen, cuts))
