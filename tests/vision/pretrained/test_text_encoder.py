"""T5, with a tiny model and a tiny vocabulary saved in the real format."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import sentencepiece
import torch

from limelight.errors import ModelError
from limelight.vision.pretrained.encoders import T5

CORPUS = [f"a {size} {what} in the {place}" for size in ("wide", "close") for what in ("shot", "face", "door")
          for place in ("street", "kitchen", "dark night", "bright morning")]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from transformers import T5Config, T5ForConditionalGeneration, T5Tokenizer

    torch.manual_seed(1)
    folder = tmp_path_factory.mktemp("weights") / "t5"
    folder.mkdir()
    trained = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(CORPUS), model_writer=trained, vocab_size=60, model_type="unigram", pad_id=0, eos_id=1,
        unk_id=2, bos_id=-1, hard_vocab_limit=False, minloglevel=2,
    )  # fmt: skip
    (folder / "spiece.model").write_bytes(trained.getvalue())
    T5Tokenizer.from_pretrained(folder).save_pretrained(folder)
    config = T5Config(vocab_size=200, d_model=24, d_kv=8, d_ff=32, num_layers=1, num_heads=2, decoder_start_token_id=0)
    T5ForConditionalGeneration(config).save_pretrained(folder)  # as the hub's files are: both halves
    return folder


@pytest.fixture(scope="module")
def text(folder: Path) -> T5:
    return T5(str(folder), device="cpu", offline=True)


def test_a_sentence_is_the_mean_of_its_tokens_at_length_one(text: T5, folder: Path) -> None:
    """The naive way, one sentence at a time, without padding."""
    from transformers import AutoTokenizer, T5ForConditionalGeneration

    sentences = ["a wide shot in the street", "a close face", "door"]
    tokenizer = AutoTokenizer.from_pretrained(folder)
    encoder = T5ForConditionalGeneration.from_pretrained(folder).eval().get_encoder()
    for sentence, row in zip(sentences, text.embed(sentences), strict=True):
        ids = tokenizer(sentence, return_tensors="pt").input_ids
        assert ids[0, -1] == 1  # the end mark counts
        with torch.inference_mode():
            mean = encoder(input_ids=ids).last_hidden_state[0].mean(0)
        np.testing.assert_allclose(row, (mean / mean.norm()).numpy(), atol=1e-5)


def test_nothing_said_is_zeros_and_equals_are_equal(text: T5) -> None:
    rows = text.embed(["a wide shot", "", "  ", "a wide shot", "a close shot in the dark night"])
    assert not rows[1:3].any()
    np.testing.assert_array_equal(rows[0], rows[3])
    assert np.abs(rows[0] - rows[4]).max() > 1e-3
    np.testing.assert_allclose(np.linalg.norm(rows[[0, 3, 4]], axis=1), 1, atol=1e-5)
    assert text.embed([]).shape == (0, text.width)


def test_the_order_of_words_and_the_company_do_not_leak(text: T5) -> None:
    many = CORPUS[:20]
    together = text.embed(many)
    np.testing.assert_allclose(together[17], text.embed([many[17]])[0], atol=1e-5)


def test_weights_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="nowhere"):
        T5(str(tmp_path / "nowhere"), device="cpu", offline=True)
