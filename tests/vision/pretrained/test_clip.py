"""CLIP, with a tiny model saved in the real format."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from vision.painting import film
from vision.pretrained.fakes import SCENES, three_shots

from limelight.errors import ModelError
from limelight.vision.pretrained.encoders import ClipFrames

SMALL = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from transformers import CLIPConfig, CLIPModel

    torch.manual_seed(1)
    config = CLIPConfig(
        vision_config={**SMALL, "image_size": 32, "patch_size": 8, "projection_dim": 12},
        text_config={**SMALL, "vocab_size": 50, "projection_dim": 12},
        projection_dim=12,
    )
    folder = tmp_path_factory.mktemp("weights") / "clip"
    CLIPModel(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def clip(folder: Path) -> ClipFrames:
    return ClipFrames(str(folder), device="cpu", offline=True)


def test_one_row_of_length_one_a_second(clip: ClipFrames) -> None:
    cues = clip.encode(three_shots(), duration_seconds=6.0)
    assert cues.values.shape == (6, 12)
    assert cues.names[11] == "clip_0011"
    np.testing.assert_allclose(np.linalg.norm(cues.values, axis=1), 1, atol=1e-5)
    assert [shot.start_seconds for shot in cues.shots] == [0, 2, 4]
    # the picture stands still within a shot
    np.testing.assert_array_equal(cues.values[0], cues.values[1])
    assert np.abs(cues.values[1] - cues.values[2]).max() > 1e-3


def test_rows_are_the_embeddings_of_the_whole_model(clip: ClipFrames, folder: Path) -> None:
    """The naive way: transformers' own function, one picture at a time."""
    from transformers import CLIPModel

    from limelight.vision.pretrained.sampling import centre_of

    whole = CLIPModel.from_pretrained(folder).eval()
    found = clip.embed(SCENES)
    for image, row in zip(SCENES, found, strict=True):
        with torch.inference_mode():
            features = whole.get_image_features(pixel_values=torch.from_numpy(centre_of([image], 32)))
        features = getattr(features, "pooler_output", features)[0]
        np.testing.assert_allclose(row, (features / features.norm()).numpy(), atol=1e-5)


def test_many_seconds_come_in_batches_and_in_order(clip: ClipFrames) -> None:
    frames = [SCENES[i % 3] for i in range(20)]
    cues = clip.encode(film(lambda i: frames[i], 20, rate=1), duration_seconds=22)
    np.testing.assert_allclose(cues.values[:20], clip.embed(SCENES)[[i % 3 for i in range(20)]], atol=1e-5)
    np.testing.assert_array_equal(cues.values[20:], cues.values[[19, 19]])  # held


def test_before_the_first_picture_all_is_zero(clip: ClipFrames) -> None:
    late = (p for p in three_shots() if p.time_seconds >= 4)
    cues = clip.encode(late, duration_seconds=6)
    assert not cues.values[:4].any()
    assert cues.values[4:].any(axis=1).all()
    assert not clip.encode([], duration_seconds=2.5).values.any()


def test_weights_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="nowhere"):
        ClipFrames(str(tmp_path / "nowhere"), device="cpu", offline=True)
