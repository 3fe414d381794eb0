"""Synchrony cues of a film: faces followed where it pays, and what they tell.

Synchrony of picture and sound as cues by name, ten times a second, each with a confidence.

    faces followed ─► lip curves ─┐
    level of speech ──────────────┴─► one lag for the film ─► for each mouth: does it move, does it follow the speech
                                  ──► who speaks: one of those who are seen, or somebody who is not
    change of the picture, onsets of effects and music ─► does motion come with effects, do cuts fall on music

A cue is a probability; where nothing is known it is ½ and its confidence 0. Nothing here hears: curves come from any separator.

Faces followed closely, where it pays: somebody is in the picture while somebody speaks.

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
from numpy.typing import NDArray

from limelight.media.sample_frames import Stretch, sample_frames
from limelight.runtime import prefetch
from limelight.types import Cues, SourceInfo
from limelight.vision.face_tracks import FaceFollower, FaceTrack
from limelight.vision.synchrony import (
    RATE,
    LipCurve,
    MotionCurve,
    SpeechCurve,
    cut_odds,
    film_lag,
    follows,
    lip_curves,
    match,
    motion_odds,
    moves,
)
from limelight.vision.watch import AHEAD

Vector = NDArray[np.float64]

CUE_RATE = 10  # Hz
MOTION_MEMORY_SECONDS = 0.5  # people take turns
MOST_FOLLOWS = 3.0  # odds of having spoken around: a mouth that is still now outweighs them
UNSEEN = 0.5  # how often, with faces in the picture, somebody else speaks: before anything is known
NOBODY_SEEN = 0.5  # confidence that no visible mouth speaks where no face was found: one may be turned away

NAMES = (
    "face_seen",  # a face is in the picture
    "lips_move",  # a mouth moves as in talk
    "lips_follow_speech",  # a mouth moves with the speech that is heard
    "speaker_seen",  # who speaks is in the picture; known only while speech is heard
    "speech_unseen",  # speech is heard that no visible mouth explains
    "motion_with_effects",  # what moves makes what sounds
    "cuts_with_music",  # the film is cut to its music
)


@dataclass(frozen=True)
class HeardCurves:
    """What is heard, as curves every 10 ms from time 0; levels on any scale."""

    speech_db: Vector  # [N]
    speech_presence: Vector | None = None  # [N], 0…1: that somebody speaks; best given, for films without talk
    effects_onset: Vector | None = None  # [N], onset strength
    music_onset: Vector | None = None  # [N]


@dataclass(frozen=True)
class SynchronyCues:
    """Probabilities and confidences of the cues in `names`, [T, D], ten rows a second; row t is about t / 10 s."""

    names: tuple[str, ...]
    values: NDArray[np.float32]
    confidence: NDArray[np.float32]
    lag_seconds: float  # of the sound after the picture

    def column(self, name: str) -> NDArray[np.float32]:
        """One cue over time, [T]."""
        return self.values[:, self.names.index(name)]

    def sureness(self, name: str) -> NDArray[np.float32]:
        """The confidence in one cue over time, [T]."""
        return self.confidence[:, self.names.index(name)]

    def __repr__(self) -> str:
        return f"SynchronyCues(T={len(self.values)}, D={len(self.names)}, lag {self.lag_seconds:+.2f} s)"


def synchrony_cues(
    tracks: Sequence[FaceTrack],
    sound: HeardCurves,
    *,
    duration_seconds: float,
    cuts_seconds: Sequence[float] = (),
    motion: MotionCurve | None = None,
    known: Sequence[tuple[float, float]] | None = None,
) -> SynchronyCues:
    """All cues of a film, T = ceil(10 · duration). `motion`: how much the picture changes, at ten pictures a second or more.

    `known`: the stretches, in seconds, about which the tracks say all; of faces elsewhere nothing is known.
    """
    steps = int(np.ceil(duration_seconds * CUE_RATE - 1e-9))
    curves, speech = lip_curves(tracks, cuts_seconds), SpeechCurve(sound.speech_db, sound.speech_presence)
    lag = film_lag(curves, speech)
    mouths = [_mouth(curve, speech, lag, steps) for curve in curves]
    found = _of_mouths(mouths, speech.sounds(np.arange(steps) / CUE_RATE + lag) if steps else np.zeros(0))
    if known is not None:
        found = {name: _within(told, known) for name, told in found.items()}
    found["motion_with_effects"] = _of_motion(motion, sound.effects_onset, steps)
    cut = cut_odds(np.asarray(cuts_seconds, float), sound.music_onset) if sound.music_onset is not None else 0.0
    found["cuts_with_music"] = _told(np.full(steps, cut))
    values, confidence = (np.stack([found[name][k] for name in NAMES], axis=1).astype(np.float32) for k in (0, 1))
    return SynchronyCues(NAMES, values, confidence, lag)


@dataclass(frozen=True)
class _Mouth:
    """One mouth at the moments of the cues, all [T]; NaN where it is not seen."""

    follows: Vector  # log of the odds
    moves: Vector
    seen: Vector  # 0…1


Told = tuple[Vector, Vector]  # probability and confidence


def _mouth(curve: LipCurve, speech: SpeechCurve, lag_seconds: float, steps: int) -> _Mouth:
    at = np.arange(steps) / CUE_RATE
    inside = (at >= curve.times_seconds[0] - 0.5 / CUE_RATE) & (at <= curve.times_seconds[-1] + 0.5 / CUE_RATE)

    def placed(values: Vector, outside: float) -> Vector:
        return np.where(inside, np.interp(at, curve.times_seconds, values), outside)

    long = match(curve, speech, lag_seconds)
    short = match(curve, speech, lag_seconds, memory_seconds=MOTION_MEMORY_SECONDS)
    return _Mouth(placed(follows(long), np.nan), placed(moves(short), np.nan), placed(curve.confidence, 0.0))


def _of_mouths(mouths: Sequence[_Mouth], sounds: Vector) -> dict[str, Told]:
    """The cues about faces; `sounds` [T]: 1 where speech is heard."""
    steps = len(sounds)
    if not mouths:
        nothing = (np.zeros(steps), np.full(steps, NOBODY_SEEN))
        unknown = _told(np.zeros(steps))
        alone = (np.where(sounds > 0, 1.0, 0.0), np.full(steps, NOBODY_SEEN))
        return dict(
            zip(NAMES[:5], (nothing, unknown, unknown, (np.zeros(steps), NOBODY_SEEN * sounds), alone), strict=True)
        )
    synchronous, moving, seen = (
        np.stack([getattr(mouth, name) for mouth in mouths]) for name in ("follows", "moves", "seen")
    )
    there = np.isfinite(synchronous) & (seen > 0)  # [mouths, T]
    anyone = there.any(axis=0)
    faces = (anyone.astype(float), np.where(anyone, seen.max(axis=0), NOBODY_SEEN))
    speaker = _speaker(np.where(there, np.minimum(synchronous, MOST_FOLLOWS) + moving, -np.inf), there.sum(axis=0))
    sure = np.where(anyone, np.abs(2 * speaker - 1) * seen.max(axis=0), NOBODY_SEEN)
    unseen = np.where(sounds > 0, 1 - speaker, 0.0)
    return {
        "face_seen": faces,
        "lips_move": _told(_largest(moving, there), weight=seen.max(axis=0)),
        "lips_follow_speech": _told(_largest(synchronous, there), weight=seen.max(axis=0) * sounds),
        "speaker_seen": (np.where(sounds > 0, speaker, 0.5), sure * sounds),
        "speech_unseen": (unseen, np.where(sounds > 0, sure, 1.0)),
    }


def _speaker(odds: Vector, count: NDArray[np.intp]) -> Vector:
    """How likely one of the seen speaks, [T], by the log of the odds of each mouth [mouths, T] (−∞: not there)."""
    # One speaks: each of K mouths with (1 − u) / K before, or somebody unseen with u; the odds turn that to after.
    seen = (1 - UNSEEN) / np.maximum(count, 1) * np.exp(np.clip(odds, -30, 30)).sum(axis=0, where=np.isfinite(odds))
    return np.where(count > 0, seen / (seen + UNSEEN), 0.0)


def _largest(odds: Vector, there: NDArray[np.bool_]) -> Vector:
    """The largest of those that are there; 0, unknown, where none is."""
    return np.where(there.any(axis=0), np.where(there, odds, -np.inf).max(axis=0), 0.0)


def _of_motion(motion: MotionCurve | None, onset: Vector | None, steps: int) -> Told:
    length = int(np.ceil(steps * RATE / CUE_RATE))
    if motion is None or onset is None or length == 0 or len(motion.times_seconds) < 2:
        return _told(np.zeros(steps))
    odds = motion_odds(motion, onset, length)
    return _told(np.interp(np.arange(steps) / CUE_RATE, np.arange(length) / RATE, odds))


def _within(told: Told, known: Sequence[tuple[float, float]]) -> Told:
    """Probability and confidence [T], those outside of some stretches forgotten."""
    probability, confidence = told
    at = np.arange(len(probability)) / CUE_RATE
    inside = np.zeros(len(at), bool)
    for start, end in known:
        inside |= (at >= start) & (at < end)
    return np.where(inside, probability, 0.5), np.where(inside, confidence, 0.0)


def _told(odds: Vector, *, weight: Vector | float = 1.0) -> Told:
    probability = 1 / (1 + np.exp(-np.clip(odds, -30, 30)))
    return probability, np.abs(2 * probability - 1) * weight


PICTURES_PER_SECOND, HEIGHT = 12.5, 216  # pictures a second, lines; five times as high, decoding may be hastened
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
    pictures = sample_frames(info, pictures_per_second=PICTURES_PER_SECOND, height=HEIGHT, within=worth)
    for picture in prefetch(pictures, count=AHEAD):
        follower.watch(picture.time_seconds, picture.image)
        progress(picture.time_seconds)
    unknown = [gap for stretch in faces for gap in _without(stretch, worth)]
    known = _without((0.0, info.duration_seconds), unknown)
    return FollowedFaces(follower.tracks(), tuple(known))


def synchrony_of(seen: Cues, followed: FollowedFaces, sound: HeardCurves, *, duration_seconds: float) -> SynchronyCues:
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
