"""Whether a model listens to what it is told: the same film with its captions, with others, and with none.

    told       what the film's captions say, second by second
    shuffled   the same rows, half the film later
    emptied    zeros, as where nothing is said

SemMix (arXiv 2601.08871) asks this as its last check: no effect means captions off screen or embeddings misaligned. At its
first weights every network of ours has none, exactly: its way from the context starts at zero. Before it the captions are
sampled beside their pictures, compared by CLIP, and embedded. What needs weights that are not at hand is left out, and the
reason said; nothing is fetched that was not asked for by name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limelight.audio.convert import downmix_weights
from limelight.errors import InputError
from limelight.media.probe import choose_soundtrack, probe
from limelight.media.read_audio import read_audio
from limelight.media.sample_frames import sample_frames
from limelight.mixing.one_step import changes, context_of
from limelight.models.protocols import Remixer
from limelight.types import Picture, Samples, SourceInfo
from limelight.vision.cues import KINDS
from limelight.vision.encoder import CLIP_HEIGHT
from limelight.vision.pretrained.captioned import FilmTeller, ToldFilm
from limelight.vision.pretrained.captions import Caption, Consistency, Grounding, consistency, grounding
from limelight.vision.pretrained.encoders import ClipFrames, ClipWords, TextEncoder
from limelight.vision.pretrained.sampling import nearest

Array = NDArray[np.float32]
NO_CHANGE_DB = -120.0


@dataclass(frozen=True)
class Effect:
    """Levels in dB; NO_CHANGE_DB for nothing at all."""

    change_db: float  # what the model does, told truly, against the sound
    shuffled_db: float  # how much of that differs when told the wrong captions, against the change
    emptied_db: float  # when told none

    @property
    def listens(self) -> bool:
        """Whether what it is told makes any difference."""
        return max(self.shuffled_db, self.emptied_db) > NO_CHANGE_DB


def effect_of(
    model: Remixer, context: Array, blocks: Callable[[], Iterable[Samples]], *, sample_rate: int, layout: str
) -> Effect:
    """Runs a model three times over the same blocks [C, n], told rows [T, D] in three ways."""
    ways = (context, np.roll(context, len(context) // 2, axis=0), np.zeros_like(context))
    runs = [changes(blocks(), model, way, sample_rate=sample_rate, downmix=downmix_weights(layout)) for way in ways]
    sums = np.zeros(4)  # power of the sound, of the change, and of what differs from it
    for (original, true), (_, shuffled), (_, emptied) in zip(*runs, strict=True):
        parts = (original, true, shuffled - true, emptied - true)
        sums += [float(np.square(part, dtype=np.float64).sum()) for part in parts]
    sound, change, *differences = sums.tolist()
    return Effect(_level_db(change, sound), *(_level_db(difference, change) for difference in differences))


def _level_db(power: float, against: float) -> float:
    if power == 0 or against == 0:
        return NO_CHANGE_DB
    return max(NO_CHANGE_DB, float(10 * np.log10(power / against)))


MOST_SAMPLES = 24
EFFECT_SECONDS = 60.0


@dataclass(frozen=True)
class ClipPair:
    """Both halves of one CLIP."""

    frames: ClipFrames
    words: ClipWords


@dataclass(frozen=True)
class Sample:
    """A caption and the picture that it is about."""

    caption: Caption
    picture: Picture
    sentence: str


@dataclass(frozen=True)
class Checked:
    """What was found; what is None could not be measured, and `left_out` says why."""

    info: SourceInfo
    story: ToldFilm
    samples: tuple[Sample, ...]
    grounding: Grounding | None
    consistency: Consistency | None
    effect: Effect | None
    left_out: tuple[str, ...]


@dataclass(frozen=True)
class Means:
    """What the check may use: each a thing, or the reason why there is none."""

    clip: ClipPair | str
    text: TextEncoder | str
    model: Remixer | str


def check(source: Path, teller: FilmTeller, means: Means, *, picture_height: int) -> Checked:
    """Looks twice (for words, then for the sampled pictures) and asks what there is to ask. Raises InputError."""
    info = probe(source)
    if info.picture is None:
        raise InputError(f"Wanted to check the captions of {info.path.name}, which has no picture; give a film.")
    story = teller.tell(sample_frames(info, height=picture_height), duration_seconds=info.duration_seconds)
    samples = _sampled(info, story)
    left_out: list[str] = []
    return Checked(
        info=info,
        story=story,
        samples=samples,
        grounding=_grounding(samples, means.clip, left_out),
        consistency=_consistency(samples, means.text, left_out),
        effect=_effect(info, story, means, left_out),
        left_out=tuple(left_out),
    )


def findings(checked: Checked) -> dict[str, Any]:
    """The figures, for a program."""
    ground, fit, effect = checked.grounding, checked.consistency, checked.effect
    return {
        "captions": len(checked.story.captions.captions),
        "captioner": checked.story.captions.model,
        "style": checked.story.captions.style,
        "sampled": len(checked.samples),
        "grounding": ground
        and {
            "own": round(float(ground.own.mean()), 4),
            "others": round(float(ground.others.mean()), 4),
            "found": round(ground.found, 4),
        },
        "embeddings": fit and {"width": fit.width, "rows": fit.rows, "empty": fit.empty, "unit_length": fit.is_unit},
        "effect": effect
        and {
            "change_db": round(effect.change_db, 2),
            "shuffled_db": round(effect.shuffled_db, 2),
            "emptied_db": round(effect.emptied_db, 2),
            "listens": effect.listens,
        },
        "left_out": list(checked.left_out),
    }


def _sampled(info: SourceInfo, story: ToldFilm) -> tuple[Sample, ...]:
    """Captions that say something, evenly over the film, each with the picture nearest to its key frame."""
    said = [caption for caption in story.captions.captions if caption.sentence(KINDS)]
    chosen = [said[k] for k in _evenly(len(said), MOST_SAMPLES)]
    pictures = nearest(sample_frames(info, height=CLIP_HEIGHT), [_moment(caption) for caption in chosen])
    return tuple(
        Sample(caption, picture, caption.sentence(KINDS))
        for caption, picture in zip(chosen, pictures, strict=True)
        if picture is not None
    )


def _evenly(count: int, most: int) -> Sequence[int]:
    return range(count) if count <= most else [int((k + 0.5) * count / most) for k in range(most)]


def _moment(caption: Caption) -> float:
    middle = (caption.start_seconds + caption.end_seconds) / 2
    return middle if caption.picture_seconds is None else caption.picture_seconds


def _grounding(samples: tuple[Sample, ...], clip: ClipPair | str, left_out: list[str]) -> Grounding | None:
    if isinstance(clip, str):
        left_out.append(f"similarity of captions and pictures: {clip}")
        return None
    if len(samples) < 2:
        left_out.append("similarity of captions and pictures: it takes two captions or more")
        return None
    pictures = clip.frames.embed([sample.picture.image for sample in samples])
    return grounding(pictures, clip.words.embed([sample.sentence for sample in samples]))


def _consistency(samples: tuple[Sample, ...], text: TextEncoder | str, left_out: list[str]) -> Consistency | None:
    if isinstance(text, str):
        left_out.append(f"embeddings: {text}")
        return None
    return consistency(text.embed([sample.sentence for sample in samples]))


def _effect(info: SourceInfo, story: ToldFilm, means: Means, left_out: list[str]) -> Effect | None:
    """Over the first minute of the film's sound."""
    if isinstance(means.model, str) or isinstance(means.text, str):
        reason = means.model if isinstance(means.model, str) else means.text
        left_out.append(f"effect on a model: {reason}")
        return None
    cues = story.cues(means.text, kinds=KINDS, duration_seconds=info.duration_seconds)
    if not cues.values.any():
        left_out.append("effect on a model: the captions say nothing")
        return None
    context = context_of(cues, means.model.card)
    if context is None:
        left_out.append(f"effect on a model: {means.model.card.name} is told nothing")
        return None
    track = choose_soundtrack(info)

    def blocks() -> Iterator[Samples]:
        return _first(read_audio(info, track), round(EFFECT_SECONDS * track.sample_rate))

    heard = context[: int(np.ceil(EFFECT_SECONDS))]
    return effect_of(means.model, heard, blocks, sample_rate=track.sample_rate, layout=track.layout)


def _first(blocks: Iterator[Samples], samples: int) -> Iterator[Samples]:
    for block in blocks:
        yield block[:, :samples]
        samples -= block.shape[1]
        if samples <= 0:
            return
