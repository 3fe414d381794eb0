from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from dataset.stems import make_stems
from fake_models import FakeModel
from remixes import remix_file

from limelight.errors import ModelError
from limelight.metrics.models import WINDOWS, CachedSeparator, cached_separator, model_of, remixed, separated
from limelight.models.remixer import RemixModel


def test_each_window_is_heard_once_and_nothing_changes_by_it() -> None:
    mix = make_stems(1.0).sum(axis=0)
    model, plain = FakeModel(gains_db=(3.0, 0.0, 0.0)), FakeModel(gains_db=(3.0, 0.0, 0.0))
    once = CachedSeparator(model)
    for _ in range(2):
        found = remixed(mix, once, None, layout="mono")
        separated(mix, once, layout="mono")
    assert (
        len(model.separated) == 2
    )  # a plan notes the loudness to 0.01 LU, so the mix is heard by a hair louder or softer
    assert np.array_equal(found.samples, remixed(mix, plain, None, layout="mono").samples)


def test_it_does_not_remember_for_ever() -> None:
    model = FakeModel()
    once = CachedSeparator(model)
    windows = [np.full((4, 1025), n, np.float32) for n in range(WINDOWS + 1)]
    for window in windows:
        once.separate(window)
    once.separate(windows[-1])
    assert len(model.separated) == WINDOWS + 1
    once.separate(windows[0])
    assert len(model.separated) == WINDOWS + 2


def test_a_model_is_loaded_once() -> None:
    assert cached_separator("lite") is cached_separator("lite")
    assert cached_separator("lite").card.name == "lite"


def test_models_of_either_kind_are_found(tmp_path: Path) -> None:
    pytest.importorskip("onnx", reason="needs onnx, of the extra `train`")
    path = str(remix_file(tmp_path / "small.onnx"))
    assert model_of("lite") is cached_separator("lite")
    assert isinstance(model_of(path), RemixModel)
    with pytest.raises(ModelError, match="no stems"):
        cached_separator(path)
