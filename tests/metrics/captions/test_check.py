"""The check on a film, without weights: fakes for CLIP and the text encoder."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from fakes import FakeRemixer, gains, remix_card
from films import Film, film_path
from vision.pretrained.fakes import FirstLetters

from limelight.errors import InputError
from limelight.metrics.caption_check import MOST_SAMPLES, Checked, ClipPair, Means, check, findings
from limelight.metrics.caption_page import SilentTeller, sentences
from limelight.types import Shot
from limelight.vision.pretrained.captioned import CaptionsByHand, CuesInWords
from limelight.vision.pretrained.captions import Caption, Captions
from limelight.vision.pretrained.sampling import unit_length

SECONDS = 3.0
FILM = Film(seconds=SECONDS, size=(96, 64))
NOTHING = Means(clip="none here", text="none either", model="nor this")


class Brightness:
    """Pictures as numbers: how bright each quarter is."""

    def embed(self, images: list[np.ndarray]) -> np.ndarray:
        quarters = [
            [part.mean() for half in np.array_split(i, 2) for part in np.array_split(half, 2, axis=1)] for i in images
        ]
        return unit_length(np.float32(quarters))


class Read:
    """Sentences as the numbers that they hold."""

    def embed(self, sentences: list[str]) -> np.ndarray:
        return unit_length(np.float32([[float(word) for word in said.split()] for said in sentences]))


def by_hand(*words: str, seconds: float = SECONDS) -> CaptionsByHand:
    edges = np.linspace(0, seconds, len(words) + 1).tolist()
    captions = tuple(
        Caption(start_seconds=edges[k], end_seconds=edges[k + 1], words={"tone": said} if said else {})
        for k, said in enumerate(words)
    )
    return CaptionsByHand(Captions(captions=captions), SilentTeller())


def checked(*words: str, means: Means = NOTHING) -> Checked:
    return check(film_path(FILM), by_hand(*words), means, picture_height=96)


def with_means(**changes: Any) -> Means:
    return Means(**({"clip": NOTHING.clip, "text": NOTHING.text, "model": NOTHING.model} | changes))


def test_each_caption_stands_beside_the_picture_of_its_moment() -> None:
    found = checked("a", "", "c")
    assert [sample.sentence for sample in found.samples] == ["a", "c"]
    for sample, moment in zip(found.samples, (SECONDS / 6, SECONDS * 5 / 6), strict=True):
        assert abs(sample.picture.time_seconds - moment) <= 0.13
        assert sample.picture.image.shape[0] == 224


def test_of_many_captions_some_are_shown_evenly_over_the_film() -> None:
    found = checked(*[f"c{k}" for k in range(100)])
    assert len(found.samples) == MOST_SAMPLES
    starts = [sample.caption.start_seconds for sample in found.samples]
    assert np.diff(starts).max() < 2 * np.diff(starts).min()
    assert findings(found)["captions"] == 100


def test_what_cannot_be_measured_is_said_and_left_out() -> None:
    found = checked("a", "b")
    figures = findings(found)
    assert figures["grounding"] is figures["embeddings"] is figures["effect"] is None
    assert list(sentences(found)) == ["Not measured"]
    assert all(reason in sentences(found)["Not measured"] for reason in ("none here", "none either", "nor this"))
    lonely = checked("a", means=with_means(clip=ClipPair(Brightness(), Read())))
    assert "two captions or more" in lonely.left_out[0]


@pytest.mark.slow
def test_captions_that_say_what_is_seen_are_grounded() -> None:
    looks = Brightness()
    pictures = [sample.picture.image for sample in checked(*"abcd").samples]
    true = [" ".join(f"{value:.6f}" for value in row - 0.49) for row in looks.embed(pictures)]
    means = with_means(clip=ClipPair(looks, Read()))
    right, wrong = checked(*true, means=means), checked(*true[2:], *true[:2], means=means)
    assert right.grounding is not None
    assert wrong.grounding is not None
    assert right.grounding.lead > wrong.grounding.lead
    assert "Grounding" in sentences(right)


def test_embeddings_are_looked_over() -> None:
    found = checked("alpha", "beta", means=with_means(text=FirstLetters()))
    assert findings(found)["embeddings"] == {"width": 26, "rows": 2, "empty": 0, "unit_length": True}


@pytest.mark.slow
def test_a_model_is_told_true_shuffled_and_no_captions() -> None:
    card = remix_card(context="captions", context_width=26, samples=44_100)
    found = checked("alpha", "beta", means=with_means(text=FirstLetters(), model=FakeRemixer(gains(0.5), card)))
    assert findings(found)["effect"]["listens"] is False
    assert "does not listen" in sentences(found)["Effect"]
    deaf = checked("alpha", "beta", means=with_means(text=FirstLetters(), model=FakeRemixer()))
    assert "is told nothing" in sentences(deaf)["Not measured"]


def test_the_measured_cues_can_be_checked_as_words() -> None:
    found = check(film_path(FILM), CuesInWords(SilentTeller()), NOTHING, picture_height=96)
    assert found.story.captions.style == "measured"
    assert all(isinstance(shot, Shot) for shot in found.story.shots)
    json.dumps(findings(found))


def test_a_sound_file_has_nothing_to_check() -> None:
    sound = film_path(Film(container="wav", picture=None, sound="pcm_s16le"))
    with pytest.raises(InputError, match="no picture"):
        check(sound, by_hand("a"), NOTHING, picture_height=96)
