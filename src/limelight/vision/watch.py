"""Watching a film without decoding all of it: key pictures first, more only where a cut may hide.

    index      when pictures are shown, how many bytes each takes, which are key pictures; nothing is decoded
    scout      key pictures alone, compared with each other
    glances    at most one a second: a key picture, and another an eighth of a second later for what moves
    closely    8 a second: around pictures that took many bytes, and where key pictures differ for no known reason

An encoder puts a key picture where a shot begins if it can, so one that comes early and differs from the last is a cut. A cut
elsewhere takes many bytes. What differs otherwise may be a dissolve, or a camera that moved: only looking tells. What lies
between two glances is taken to be as the nearer one of the same shot. Compressed video was first searched for cuts by what
its coding costs by Arman, Hsu and Chiu 1993.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from limelight.media.sample_frames import PictureIndex, Stretch, index_pictures, sample_frames
from limelight.runtime import prefetch
from limelight.types import Cues, Picture, SourceInfo, Vector
from limelight.vision.encoder import PictureStatistics, without_picture
from limelight.vision.frames import View, prepare
from limelight.vision.motion import measure_motion
from limelight.vision.shots import Comparer

HEIGHT, AHEAD = 180, 8  # lines; pictures that are decoded before they are wanted
NEAREST_KEYS_SECONDS = 0.25  # of key pictures that lie nearer together one is enough
GLANCE_EVERY_SECONDS, GLANCE_SECONDS = 0.9, 0.2
LONGEST_GLIMPSE_SECONDS = 10.6  # between key pictures; 250 pictures at 24 a second. Over longer gaps all is looked at
TICK = 0.001  # seconds that a stretch is wider than its pictures
ALIKE, CUT = (
    0.25,
    0.45,
)  # difference of two key pictures: less is one shot, more is a cut where the later one comes early
EARLY = 0.96  # of the usual interval
SPIKE, MEDIAN_SPIKE, OF_KEY = 2.0, 6.0, 0.25  # times the bytes of busy, of usual and of key pictures: more may be a cut
BUSY = 85  # per cent of pictures take less; those that others are predicted from take a lot in any film
AROUND_SECONDS = 0.4  # to either side of a spike


@dataclass(frozen=True)
class Look:
    """Where a film is looked at, and why: times of glances, and stretches that are seen closely, in order."""

    glances_seconds: tuple[float, ...]
    closely: tuple[Stretch, ...]

    @property
    def stretches(self) -> tuple[Stretch, ...]:
        """All of it, in order and apart."""
        last, brief = -np.inf, []
        for time in self.glances_seconds:
            whole = time - last >= GLANCE_EVERY_SECONDS
            brief.append((time - TICK, time + (GLANCE_SECONDS if whole else TICK)))
            last = time if whole else last
        return _joined([*brief, *self.closely])


def watch(
    info: SourceInfo,
    *,
    progress: Callable[[float], None] = lambda seconds: None,
) -> Cues:
    """The measured cues of a film. `progress` is told the seconds of film that are done.

    Raises InputError, ModelError.
    """
    if info.picture is None:
        return without_picture(info.duration_seconds)
    look = where_to_look(info)
    pictures = sample_frames(info, height=HEIGHT, within=look.stretches)
    encoder = PictureStatistics(sampled=True)
    return encoder.encode(_followed(prefetch(pictures, count=AHEAD), progress), duration_seconds=info.duration_seconds)


def where_to_look(info: SourceInfo) -> Look:
    """Which stretches of a film are worth decoding. Raises InputError."""
    index = index_pictures(info)
    order = np.argsort(index.times_seconds, kind="stable")
    index = PictureIndex(index.times_seconds[order], index.sizes_bytes[order], index.is_key[order])
    keys = _apart(index.times_seconds[index.is_key & (index.times_seconds >= 0)])
    if len(keys) == 0:
        return Look((), ((0.0, info.duration_seconds),))
    unlike = _differences(
        sample_frames(info, height=HEIGHT, within=[(time - TICK, time + TICK) for time in keys]), keys
    )
    usual = _usual_interval(np.diff(keys))
    closely: list[Stretch] = [(0.0, keys[0])] if keys[0] > GLANCE_EVERY_SECONDS else []
    for before, after, difference in zip(keys, [*keys[1:], info.duration_seconds], [*unlike[1:], 0.0], strict=True):
        early = after - before < EARLY * usual
        closely += _doubts(index, (before, after), difference, explained=early and difference > CUT)
    glances = [keys[0]]
    for time, difference in zip(keys[1:], unlike[1:], strict=True):
        if time - glances[-1] >= GLANCE_EVERY_SECONDS or difference > ALIKE:
            glances.append(time)
    return Look(tuple(glances), _joined(closely))


def _doubts(index: PictureIndex, gap: Stretch, difference: float, *, explained: bool) -> list[Stretch]:
    """Where a cut may hide between two key pictures, which may differ because the later one is a cut itself."""
    before, after = gap
    if after - before > LONGEST_GLIMPSE_SECONDS:
        return [gap]
    inside = (index.times_seconds > before + TICK) & (index.times_seconds < after - TICK) & ~index.is_key
    times, sizes = index.times_seconds[inside], index.sizes_bytes[inside]
    key = index.sizes_bytes[np.abs(index.times_seconds - before).argmin()]
    unclear = difference > ALIKE and not explained
    usual, busy = np.percentile(sizes, [50, BUSY]) if len(sizes) else (0.0, 0.0)
    spikes = times[sizes > max(SPIKE * busy, MEDIAN_SPIKE * usual, 0.0 if unclear else OF_KEY * key)]
    if unclear and len(spikes) == 0:
        return [gap]
    return [(max(before, time - AROUND_SECONDS), min(after, time + AROUND_SECONDS)) for time in spikes.tolist()]


def _usual_interval(seconds: Vector) -> float:
    """At which an encoder sets key pictures by the clock: the most frequent interval if it is frequent, else the longest."""
    if len(seconds) == 0:
        return 0.0
    values, counts = np.unique(np.round(seconds, 1), return_counts=True)
    return float(values[counts.argmax()] if 3 * counts.max() > len(seconds) else seconds.max())


def _differences(pictures: Iterator[Picture], keys: Sequence[float]) -> list[float]:
    """How much each key picture differs from the one before, the camera's motion taken out; 0 for those that are damaged."""
    comparer, earlier, found = Comparer(), None, dict.fromkeys(keys, 0.0)
    for picture in pictures:
        view = prepare(picture)
        nearest = keys[int(np.abs(np.asarray(keys) - picture.time_seconds).argmin())]
        found[nearest] = _difference(comparer, earlier, view)
        earlier = view
    return list(found.values())


def _difference(comparer: Comparer, earlier: View | None, view: View) -> float:
    change = comparer.compare(view).change_1
    if earlier is None or earlier.small.shape != view.small.shape or change < ALIKE:
        return change
    return float(change * np.sqrt(1 - np.clip(measure_motion(earlier, view).match, 0, 1)))


def _apart(times: Vector) -> list[float]:
    kept: list[float] = []
    for time in times.tolist():
        if not kept or time - kept[-1] >= NEAREST_KEYS_SECONDS:
            kept.append(time)
    return kept


def _joined(stretches: Sequence[Stretch]) -> tuple[Stretch, ...]:
    """In order, those that touch made one."""
    joined: list[Stretch] = []
    for start, end in sorted(stretches):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)


def _followed(pictures: Iterator[Picture], progress: Callable[[float], None]) -> Iterator[Picture]:
    for picture in pictures:
        progress(picture.time_seconds)
        yield picture
