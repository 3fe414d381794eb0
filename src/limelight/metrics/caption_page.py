"""The check of captions for people: what it may use, what it found in sentences, and a page that opens offline.

It uses weights that were named, or that lie on the disk already; for others it says why not. Everything that a file or a
model says is escaped; there is no script, and the page's own policy forbids fetching.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec

import numpy as np
from markupsafe import Markup

from limelight.errors import ModelError
from limelight.metrics.caption_check import NO_CHANGE_DB, Checked, ClipPair, Effect, Means, Sample
from limelight.models.protocols import Remixer
from limelight.models.registry import load_remixer
from limelight.report.drawings import data_url
from limelight.report.page import STYLE
from limelight.report.templating import render
from limelight.report.thumbnails import jpeg
from limelight.report.words import clock_time, number, plain
from limelight.vision.encoder import ContextRequest, text_name, text_of, worded
from limelight.vision.pretrained.captioned import FilmTeller
from limelight.vision.pretrained.captions import Consistency, Grounding
from limelight.vision.pretrained.encoders import CLIP, ClipFrames, ClipWords, TextEncoder
from limelight.vision.pretrained.sampling import Rows


def gather(wish: ContextRequest, *, clip: str | None, model: str | None) -> Means:
    """`clip` and `model` by name or path, where they were named. Raises ModelError for one that was and is not there."""
    heard = _model(model, wish.device)
    width = 0 if isinstance(heard, str) else heard.card.context_width
    return Means(clip=_clip(clip, wish), text=_text(wish, width), model=heard)


class SilentTeller:
    """A text encoder for those who only tell: nobody reads what they say."""

    width = 0

    def embed(self, sentences: Sequence[str]) -> Rows:
        return np.zeros((len(sentences), 0), np.float32)


def teller_of(name: str, wish: ContextRequest) -> FilmTeller:
    """Who puts a film into words: "captions" or "words". Raises ModelError, InputError."""
    return worded(name, wish, SilentTeller)


def _clip(name: str | None, wish: ContextRequest) -> ClipPair | str:
    offline = wish.offline or name is None
    try:
        return ClipPair(
            ClipFrames(name or CLIP, device=wish.device, offline=offline),
            ClipWords(name or CLIP, device=wish.device, offline=offline),
        )
    except ModelError:
        if name is not None:
            raise
        return _missing(CLIP, "--clip")


def _text(wish: ContextRequest, width: int) -> TextEncoder | str:
    named = wish.text_model is not None
    try:
        return text_of(wish if named else replace(wish, offline=True), width=width)
    except ModelError:
        if named:
            raise
        return _missing(text_name(wish, width=width), "--text-model")


def _missing(name: str, flag: str) -> str:
    if find_spec("transformers") is None:
        return "needs the extra context (`pip install -e '.[context]'` in a clone)"
    return f"{name} is not on this disk; name one with {flag}"


def _model(name: str | None, device: str | None) -> Remixer | str:
    return "none was named; name one with --model" if name is None else load_remixer(name, device=device)


WIDEST = 480  # pixels of a picture


@dataclass(frozen=True)
class ShownSample:
    """A caption beside its picture, as it is printed."""

    image: Markup  # its address
    at: str
    when: str
    alike: str
    words: Mapping[str, str]


def captions_page(checked: Checked) -> str:
    """The page as HTML."""
    captions = checked.story.captions
    facts = (f"{len(captions.captions)} captions", captions.model, captions.style, f"{len(checked.samples)} shown here")
    return render(
        "metrics",
        "captions.html.j2",
        style=Markup(STYLE),
        name=checked.info.path.name,
        facts=list(dict.fromkeys(facts)),  # by hand is said once
        found=sentences(checked),
        samples=[_shown(sample, k, checked.grounding) for k, sample in enumerate(checked.samples)],
    )


def said_of_grounding(found: Grounding) -> str:
    """One sentence."""
    verdict = "captions speak of their pictures" if found.is_grounded else "captions would suit other pictures as well"
    return (
        f"similarity with the own picture {number(float(found.own.mean()), 3)}, with others "
        f"{number(float(found.others.mean()), 3)}; own is nearest for {100 * found.found:.0f} % (by chance "
        f"{100 / len(found.own):.0f} %): {verdict}"
    )


def said_of_embeddings(found: Consistency) -> str:
    """One sentence."""
    scaled = "all of length 1" if found.is_unit else f"of lengths {found.shortest:.3f} to {found.longest:.3f}, not 1"
    return f"{found.rows} embeddings, {found.width} wide, {scaled}; {found.empty} empty"


def said_of_effect(found: Effect) -> str:
    """One sentence."""
    if not found.listens:
        return "the result is the same whatever the model is told: it does not listen to captions"
    shuffled, emptied = (_decibels(value) for value in (found.shuffled_db, found.emptied_db))
    return (
        f"the model changes the sound by {_decibels(found.change_db)}; of that change, {shuffled} differs with shuffled "
        f"captions and {emptied} with none"
    )


def _decibels(value: float) -> str:
    return "nothing" if value <= NO_CHANGE_DB else f"{number(value)} dB"


def sentences(checked: Checked) -> dict[str, str]:
    """All that was found, and what was not, each in a sentence."""
    said = {
        "Grounding": checked.grounding and said_of_grounding(checked.grounding),
        "Embeddings": checked.consistency and said_of_embeddings(checked.consistency),
        "Effect": checked.effect and said_of_effect(checked.effect),
        "Not measured": "; ".join(checked.left_out),
    }
    return {term: plain(words, limit=2000) for term, words in said.items() if words}


def _shown(sample: Sample, k: int, found: Grounding | None) -> ShownSample:
    caption = sample.caption
    alike = ""
    if found is not None:
        alike = f"similarity {number(float(found.own[k]), 3)}, others {number(float(found.others[k]), 3)}"
    return ShownSample(
        image=Markup(data_url("image/jpeg", jpeg(sample.picture.image, widest=WIDEST))),
        at=clock_time(sample.picture.time_seconds),
        when=f"{clock_time(caption.start_seconds)} to {clock_time(caption.end_seconds)}",
        alike=alike,
        words=caption.words,
    )
