"""What a check of captions may use: weights that were named, or that lie on the disk already; else the reason why not.

The check of captions as one page that opens offline: what was found, and captions beside their pictures.

Everything that a file or a model says is escaped; there is no script, and the page's own policy forbids fetching.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from importlib.util import find_spec

import numpy as np

from limelight.errors import ModelError
from limelight.metrics.caption_check import NO_CHANGE_DB, Checked, ClipPair, Effect, Means, Sample
from limelight.models.protocols import Remixer
from limelight.models.registry import load_remixer
from limelight.report.drawings import data_url
from limelight.report.page import STYLE
from limelight.report.thumbnails import jpeg
from limelight.report.words import clock_time, escaped, number, plain
from limelight.vision.encoders import ContextRequest, text_name, text_of, worded
from limelight.vision.pretrained.caption_check import Consistency, Grounding
from limelight.vision.pretrained.captions import FilmTeller
from limelight.vision.pretrained.clip import CLIP, ClipFrames, ClipWords
from limelight.vision.pretrained.sampling import Rows
from limelight.vision.pretrained.text import TextEncoder


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
        return "needs pip install 'limelight-audio[context]'"
    return f"{name} is not on this disk; name one with {flag}"


def _model(name: str | None, device: str | None) -> Remixer | str:
    if name is None:
        return "none was named; name one with --model"
    model = load_remixer(name, device=device)
    if not isinstance(model, Remixer):
        raise ModelError(
            f"Wanted to tell captions to {model.card.name}, which listens to measured cues alone; give a model that "
            "was trained on captions."
        )
    return model


WIDEST = 480  # pixels of a picture
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
_MORE_STYLE = """
.sample { display: grid; grid-template-columns: minmax(0, 20rem) 1fr; gap: .5rem 1.4rem; padding: 1rem 0;
  border-top: 1px solid var(--line); } .sample img { width: 100%; border-radius: 4px; display: block; }
.sample dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; margin: .4rem 0 0; }
@media (max-width: 640px) { .sample, .sample dl { grid-template-columns: 1fr; } }
"""


def captions_page(checked: Checked) -> str:
    """The page as HTML."""
    name, captions = escaped(checked.info.path.name), checked.story.captions
    facts = (f"{len(captions.captions)} captions", captions.model, captions.style, f"{len(checked.samples)} shown here")
    told = " · ".join(escaped(fact) for fact in dict.fromkeys(facts))  # by hand is said once
    samples = "".join(_sample(sample, k, checked.grounding) for k, sample in enumerate(checked.samples))
    body = (
        f'<header><div class="over">Check of captions</div><h1>{name}</h1><p class="quiet">{told}</p></header>'
        f"<h2>What was found</h2>{_found(checked)}<h2>Captions beside their pictures</h2>"
        '<p class="quiet">Read some: does each speak of what is seen, and of nothing else?</p>'
        f"{samples or '<p>There are no captions.</p>'}"
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Captions of {name} · Limelight</title><style>{STYLE}{_MORE_STYLE}</style></head>"
        f"<body><main>{body}</main></body></html>\n"
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


def _found(checked: Checked) -> str:
    rows = "".join(f"<dt>{term}</dt><dd>{escaped(said, limit=2000)}</dd>" for term, said in sentences(checked).items())
    return f'<dl class="made">{rows}</dl>'


def _sample(sample: Sample, k: int, found: Grounding | None) -> str:
    caption = sample.caption
    when = f"{clock_time(caption.start_seconds)} to {clock_time(caption.end_seconds)}"
    alike = ""
    if found is not None:
        alike = f" · similarity {number(float(found.own[k]), 3)}, others {number(float(found.others[k]), 3)}"
    words = "".join(
        f"<dt>{escaped(kind, limit=60)}</dt><dd>{escaped(said)}</dd>" for kind, said in caption.words.items()
    )
    image = data_url("image/jpeg", jpeg(sample.picture.image, widest=WIDEST))
    alt = f"Picture at {clock_time(sample.picture.time_seconds)}"
    return (
        f'<div class="sample"><img alt="{alt}" src="{image}"><div><p class="quiet">{when}{alike}</p>'
        f"<dl>{words}</dl></div></div>"
    )
