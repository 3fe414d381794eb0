from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from dataset.stems import make_stems
from fakes import FakeDirector, FakeSeparator, remix_file

from limelight.errors import ModelError
from limelight.metrics.models import (
    CHUNKS,
    CachedSeparator,
    StemModel,
    cached_separator,
    model_of,
    remixed,
    separated,
)
from limelight.models.protocols import Remixer
from limelight.types import Chunk


def heard_by(separator: FakeSeparator) -> int:
    return len(separator.heard)


def test_each_chunk_is_heard_once_and_nothing_changes_by_it() -> None:
    mix = make_stems(1.0).sum(axis=0)
    asked, plain = FakeSeparator(), FakeSeparator()
    once, director = CachedSeparator(asked), FakeDirector((3.0, 0.0, 0.0))
    for _ in range(2):
        found = remixed(mix, StemModel(once, director), None, layout="mono")
        separated(mix, once, layout="mono")
    first = heard_by(asked)
    other = remixed(mix, StemModel(CachedSeparator(plain), director), None, layout="mono")
    assert np.array_equal(found.samples, other.samples)
    assert first <= heard_by(plain)  # three more passes, and nothing was heard again


def test_it_does_not_remember_for_ever() -> None:
    asked = FakeSeparator()
    once = CachedSeparator(asked)
    chunks = [Chunk(np.full((1, 4096), n, np.float32), 0.0, np.ones(1, np.float32)) for n in range(CHUNKS + 1)]
    for chunk in chunks:
        once.separate(chunk)
    once.separate(chunks[-1])
    assert heard_by(asked) == CHUNKS + 1
    once.separate(chunks[0])
    assert heard_by(asked) == CHUNKS + 2


def test_a_separator_is_loaded_once() -> None:
    assert cached_separator("lite") is cached_separator("lite")
    assert cached_separator("lite").card.name == "lite"


def test_models_of_either_kind_are_found(tmp_path: Path) -> None:
    pytest.importorskip("onnx", reason="needs onnx, of the extra `train`")
    path = str(remix_file(tmp_path / "small.onnx"))
    found = model_of("lite+speech-first")
    assert isinstance(found, StemModel)
    assert found.separator is cached_separator("lite")
    assert found.director.card.name == "speech-first"
    assert found.card.name == "lite"
    assert isinstance(model_of(path), Remixer)
    with pytest.raises(ModelError, match="nobody"):
        model_of("lite+nobody")
