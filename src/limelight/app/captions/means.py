"""What a check of captions may use: weights that were named, or that lie on the disk already; else the reason why not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from importlib.util import find_spec

import numpy as np

from limelight.app.captions.check import ClipPair, Means
from limelight.app.contexts import ContextWish, text_name, text_of, worded
from limelight.app.loading import load
from limelight.cues.pretrained.captioned import Teller
from limelight.cues.pretrained.clip import CLIP, ClipFrames
from limelight.cues.pretrained.clip_words import ClipWords
from limelight.cues.pretrained.sampling import Rows
from limelight.cues.pretrained.text_encoder import TextEncoder
from limelight.errors import ModelError
from limelight.runtime.remix import RemixModel


def gather(wish: ContextWish, *, clip: str | None, model: str | None) -> Means:
    """`clip` and `model` by name or path, where they were named. Raises ModelError for one that was and is not there."""
    heard = _model(model, wish.device)
    width = 0 if isinstance(heard, str) else heard.card.context_width
    return Means(clip=_clip(clip, wish), text=_text(wish, width), model=heard)


class Mute:
    """A text encoder for those who only tell: nobody reads what they say."""

    width = 0

    def embed(self, sentences: Sequence[str]) -> Rows:
        return np.zeros((len(sentences), 0), np.float32)


def teller_of(name: str, wish: ContextWish) -> Teller:
    """Who puts a film into words: "captions" or "words". Raises ModelError, InputError."""
    return worded(name, wish, Mute)


def _clip(name: str | None, wish: ContextWish) -> ClipPair | str:
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


def _text(wish: ContextWish, width: int) -> TextEncoder | str:
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


def _model(name: str | None, device: str | None) -> RemixModel | str:
    if name is None:
        return "none was named; name one with --model"
    model = load(name, device=device)
    if not isinstance(model, RemixModel):
        raise ModelError(
            f"Wanted to tell captions to {model.card.name}, which listens to measured cues alone; give a model that "
            "was trained on captions."
        )
    return model
