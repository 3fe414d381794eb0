"""CLIP's text half, with a tiny model saved in the real format."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from vision.pretrained.tiny_clip import tiny_clip

from limelight.errors import ModelError
from limelight.vision.pretrained.encoders import ClipFrames, ClipWords

SENTENCES = ["a red door", "a close face, the street behind it blurred", "rain"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_clip(tmp_path_factory.mktemp("weights") / "clip")


@pytest.fixture(scope="module")
def words(folder: Path) -> ClipWords:
    return ClipWords(str(folder), device="cpu", offline=True)


def test_rows_are_the_embeddings_of_the_whole_model(words: ClipWords, folder: Path) -> None:
    """The naive way: transformers' own function, one sentence at a time, without padding."""
    from transformers import AutoTokenizer, CLIPModel

    whole, tokenizer = CLIPModel.from_pretrained(folder).eval(), AutoTokenizer.from_pretrained(folder)
    for sentence, row in zip(SENTENCES, words.embed(SENTENCES), strict=True):
        with torch.inference_mode():
            features = whole.get_text_features(**tokenizer(sentence, return_tensors="pt"))
        features = getattr(features, "pooler_output", features)[0]
        np.testing.assert_allclose(row, (features / features.norm()).numpy(), atol=1e-5)


def test_words_and_pictures_share_a_space(words: ClipWords, folder: Path) -> None:
    assert words.width == ClipFrames(str(folder), device="cpu", offline=True).width == 12


def test_nothing_said_is_zeros_and_the_order_is_kept(words: ClipWords) -> None:
    rows = words.embed(["", *SENTENCES * 7, "  "])
    assert not rows[[0, -1]].any()
    np.testing.assert_allclose(rows[1:4], rows[19:22], atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(rows[1:-1], axis=1), 1, atol=1e-5)
    assert words.embed([]).shape == (0, 12)


def test_a_long_caption_is_cut_off(words: ClipWords) -> None:
    np.testing.assert_allclose(words.embed(["word " * 100]), words.embed(["word " * 200]), atol=1e-5)


def test_weights_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="nowhere"):
        ClipWords(str(tmp_path / "nowhere"), device="cpu", offline=True)
