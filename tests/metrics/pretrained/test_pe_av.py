"""PE-AV, with a tiny model saved in the real format; its picture half, a network of timm, is a small ViT here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from metrics.signals import noise

from limelight.errors import ModelError
from limelight.metrics.papers import delta_ib
from limelight.metrics.pretrained import PerceptionAudioVideo, embedder_of

SMALL = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "head_dim": 8}
WIDTH = 12  # of the text network, which is that of the shared space


@pytest.fixture(scope="module")
def patched() -> pytest.MonkeyPatch:
    from transformers import PeVideoEncoderConfig, ViTConfig
    from transformers.configuration_utils import SubConfigSpec

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(PeVideoEncoderConfig.sub_configs_defaults, "vision_config", SubConfigSpec(config_class=ViTConfig))
        yield patch


@pytest.fixture(scope="module")
def folder(patched: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from transformers import PeAudioVideoConfig, PeAudioVideoModel, PeVideoEncoderConfig, ViTConfig

    torch.manual_seed(3)
    letters = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "cls_token_id": 1, "sep_token_id": 2}
    text = {"model_type": "modernbert", "vocab_size": 8, **SMALL, "hidden_size": WIDTH, **letters}
    text.pop("head_dim")
    dac = {"model_type": "dac", "downsampling_ratios": [2, 8, 10, 12], "encoder_hidden_size": 4, "hidden_size": 32}
    vit = ViTConfig(
        hidden_size=8,
        intermediate_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        image_size=16,
        patch_size=8,
        num_labels=16,
    )
    config = PeAudioVideoConfig(
        text_config=text,
        audio_video_config={
            **SMALL,
            "audio_config": {"model_type": "pe_audio_encoder", **SMALL, "dac_config": {**dac, "codebook_dim": 8}},
            "video_config": PeVideoEncoderConfig(**SMALL, vision_config=vit),
        },
    )
    folder = tmp_path_factory.mktemp("weights") / "pe-av"
    PeAudioVideoModel(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def embedder(folder: Path) -> PerceptionAudioVideo:
    return PerceptionAudioVideo(str(folder), device="cpu", offline=True, size=16)


def test_sounds_and_films_are_in_one_space(embedder: PerceptionAudioVideo) -> None:
    images = [np.full((20, 30, 3), shade, np.uint8) for shade in (0, 128, 255)]
    pictures = embedder.pictures(images)
    sounds = [embedder.sound(noise(seed, 44_100)) for seed in (0, 1)]
    assert pictures.shape == (1, WIDTH)
    assert sounds[0].shape == (WIDTH,)
    assert delta_ib(sounds[0], sounds[0], pictures) == 0
    assert delta_ib(sounds[1], sounds[0], pictures) > 0


def test_embeddings_are_those_of_the_network_itself(embedder: PerceptionAudioVideo, folder: Path) -> None:
    from transformers import PeAudioVideoModel

    network = PeAudioVideoModel.from_pretrained(folder).eval()
    white = torch.ones(1, 2, 3, 16, 16)  # 255 becomes 1
    with torch.inference_mode():
        both = network(pixel_values_videos=white, input_values=torch.zeros(1, 1, 1920))
        slow = both.video_embeds.numpy()
    np.testing.assert_allclose(embedder.pictures([np.full((9, 9, 3), 255, np.uint8)] * 2), slow, atol=1e-5)


@pytest.mark.parametrize("length", [500, 2000, 40_000])
def test_sounds_may_have_any_length(embedder: PerceptionAudioVideo, length: int) -> None:
    assert np.isfinite(embedder.sound(noise(0, length))).all()


def test_weights_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="nowhere"):
        embedder_of(str(tmp_path / "nowhere"), offline=True)
