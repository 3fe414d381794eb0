"""Faces followed closely, where it pays: somebody is in the picture while somebody speaks.

    cues (`watch`)    seconds in which a face was glimpsed ─┐
    any separator     stretches in which speech is heard ───┴─► of each shot 8 s, and again after 24 s ─► tracks with lips

Reading lips takes 12 pictures a second and all decoding between them, so that it costs more than all other looking. Eight
seconds are plenty to tell a mouth that speaks from another's, and 12.5 pictures a second nearly as good as 25
(research/looking).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from limelight.media.sample_frames import Stretch, sample_frames
from limelight.runtime import prefetch
from limelight.types import Cues, SourceInfo
from limelight.vision.face_tracks import FaceFollower, FaceTrack
from limelight.vision.synchrony_cues import Sound, SynchronyCues, synchrony_cues
from limelight.vision.watch import AHEAD

RATE, HEIGHT = 12.5, 216  # pictures a second, lines; five times as high, decoding may be hastened
FOLLOWED_SECONDS, EVERY_SECONDS = 8.0, 24.0
SHORTEST_SECONDS = 1.0  # less tells nothing


@dataclass(frozen=True)
class FollowedFaces:
    """Faces with their lips, and the stretches about which they say all there is to say."""

    tracks: tuple[FaceTrack, ...]
    known: tuple[Stretch, ...]  # the rest has faces that were not followed


def follow_faces(
    info: SourceInfo,
    seen: Cues,
    spoken: Sequence[Stretch],
    *,
    every_seconds: float = EVERY_SECONDS,
    notes: list[str] | None = None,
    progress: Callable[[float], None] = lambda seconds: None,
) -> FollowedFaces:
    """Follow the faces of a film where there are some and speech is heard; `spoken`: seconds, in order and apart.

    every_seconds: of a shot's talk 8 s are followed, and again after so long. Raises InputError, ModelError.
    """
    faces = _faces(seen)
    shots = [(shot.start_seconds, shot.end_seconds) for shot in seen.shots]
    talk = overlaps(overlaps(faces, spoken), shots)
    worth = [part for stretch in talk for part in _parts(stretch, every_seconds)]
    follower = FaceFollower()
    pictures = sample_frames(info, pictures_per_second=RATE, height=HEIGHT, notes=notes, within=worth)
    for picture in prefetch(pictures, count=AHEAD):
        follower.watch(picture.time_seconds, picture.image)
        progress(picture.time_seconds)
    unknown = [gap for stretch in faces for gap in _without(stretch, worth)]
    known = _without((0.0, info.duration_seconds), unknown)
    return FollowedFaces(follower.tracks(), tuple(known))


def synchrony_of(seen: Cues, followed: FollowedFaces, sound: Sound, *, duration_seconds: float) -> SynchronyCues:
    """What followed faces and cuts have to do with the sound, ten times a second; what was not followed is unknown."""
    return synchrony_cues(
        followed.tracks,
        sound,
        duration_seconds=duration_seconds,
        cuts_seconds=[shot.start_seconds for shot in seen.shots[1:]],
        known=followed.known,
    )


def with_synchrony(seen: Cues, found: SynchronyCues) -> Cues:
    """The cues and those of synchrony, a row a second: each by its name, its confidence as "NAME, sure"."""
    count = len(seen.values)
    second = np.minimum(np.arange(len(found.values)) // 10, max(count - 1, 0))
    rows = np.concatenate([found.values * found.confidence, found.confidence], axis=1)
    sums = np.zeros((count, rows.shape[1]))
    np.add.at(sums, second, rows)
    steps = np.maximum(np.bincount(second, minlength=count), 1)[:, None]
    weighted, sure = np.split(sums, 2, axis=1)
    # The mean of what is known; ½ where nothing is.
    values = np.where(sure > 0, weighted / np.maximum(sure, 1e-9), 0.5)
    names = (*seen.names, *found.names, *(f"{name}, sure" for name in found.names))
    joined = np.concatenate([seen.values, values, sure / steps], axis=1).astype(np.float32)
    return Cues(names, joined, seen.shots)


def overlaps(some: Sequence[Stretch], others: Sequence[Stretch]) -> list[Stretch]:
    """What lies in stretches of both, in order."""
    shared = [(max(a, c), min(b, d)) for a, b in some for c, d in others if max(a, c) < min(b, d)]
    return sorted(shared)


def _faces(seen: Cues) -> list[Stretch]:
    """Seconds in which a face was glimpsed, those that touch made one."""
    there = np.concatenate([[0], seen.column("face_present") > 0, [0]]).astype(int)
    edges = np.flatnonzero(np.diff(there)).reshape(-1, 2).astype(float)
    return [(start, end) for start, end in edges.tolist()]


def _parts(stretch: Stretch, every_seconds: float) -> list[Stretch]:
    start, end = stretch
    step = max(every_seconds, FOLLOWED_SECONDS + SHORTEST_SECONDS)
    parts = [(at, min(at + FOLLOWED_SECONDS, end)) for at in np.arange(start, end, step).tolist()]
    return [(a, b) for a, b in parts if b - a >= SHORTEST_SECONDS]


def _without(stretch: Stretch, taken: Sequence[Stretch]) -> list[Stretch]:
    """What is left of a stretch."""
    at, end = stretch
    left = []
    for start, stop in overlaps([stretch], taken):
        if start > at:
            left.append((at, start))
        at = max(at, stop)
    return [*left, (at, end)] if at < end else left
