"""AST, with a tiny model saved in the real format."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from metrics.signals import noise

from limelight.errors import ModelError
from limelight.metrics.papers import SAMPLE_RATE, kld
from limelight.metrics.pretrained import at_rate, tagger_of

pytestmark = [
    pytest.mark.filterwarnings("ignore:At least one mel filter"),  # of transformers' own mel bands
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from transformers import ASTConfig, ASTFeatureExtractor, ASTForAudioClassification

    torch.manual_seed(2)
    config = ASTConfig(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32, num_labels=11, max_length=64
    )
    folder = tmp_path_factory.mktemp("weights") / "ast"
    ASTForAudioClassification(config).save_pretrained(folder)
    ASTFeatureExtractor(max_length=64).save_pretrained(folder)
    return folder


def test_logits_are_those_of_the_network_itself(folder: Path) -> None:
    from transformers import ASTFeatureExtractor, ASTForAudioClassification

    sound = noise(0, SAMPLE_RATE // 2)
    found = tagger_of(str(folder), offline=True).logits(sound)
    network = ASTForAudioClassification.from_pretrained(folder).eval()
    features = ASTFeatureExtractor.from_pretrained(folder)
    with torch.inference_mode():
        seen = features(at_rate(sound, 16_000), sampling_rate=16_000, return_tensors="pt")
        slow = network(**seen).logits[0].numpy()
    assert found.shape == (11,)
    np.testing.assert_allclose(found, slow, atol=1e-5)


def test_other_sounds_have_other_classes(folder: Path) -> None:
    tagger = tagger_of(str(folder), offline=True)
    one, other = (tagger.logits(sound) for sound in (noise(0, 20_000), np.cumsum(noise(1, 20_000)) * 0.01))
    assert kld(one, one) == 0
    assert kld(one, other) > 0


def test_weights_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="nowhere"):
        tagger_of(str(tmp_path / "nowhere"), offline=True)
