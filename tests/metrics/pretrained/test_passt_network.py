"""The network of hear21passt itself, made tiny, as the package builds it."""

from __future__ import annotations

import numpy as np
import pytest
from metrics.signals import noise

from limelight.metrics.papers import SAMPLE_RATE, kld
from limelight.metrics.pretrained import tagger_of

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # its layers and its dependencies warn of much


def test_a_tiny_network_tells_sounds_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    base = pytest.importorskip("hear21passt.base", reason="needs hear21passt, of the extra `eval`")
    passt = pytest.importorskip("hear21passt.models.passt")
    sizes = {"embed_dim": 8, "depth": 1, "num_heads": 2, "stride": 10, "distilled": True}
    monkeypatch.setattr(base, "get_model_passt", lambda arch: passt.PaSST(**sizes))
    tagger = tagger_of("passt")
    flat, dull = noise(0, 2 * SAMPLE_RATE), np.cumsum(noise(1, 2 * SAMPLE_RATE)) * 0.01
    assert tagger.logits(flat).shape == (527,)
    assert kld(tagger.logits(flat), tagger.logits(flat)) == pytest.approx(0, abs=1e-3)  # it draws its lowest mel band
    assert kld(tagger.logits(dull), tagger.logits(flat)) > 10 * kld(tagger.logits(flat), tagger.logits(flat))
