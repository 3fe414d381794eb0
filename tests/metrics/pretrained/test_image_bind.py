"""ImageBind is not needed: a stand-in for its network and its loaders, which read files."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch

from limelight.errors import ModelError
from limelight.media.probe import choose_soundtrack, probe
from limelight.media.read_audio import read_audio
from limelight.metrics.pretrained import ImageBind, embedder_of

SEEN: list[Path] = []


def read_sounds(paths: list[str], _device: str) -> torch.Tensor:
    infos = [probe(path) for path in paths]
    sounds = [np.concatenate(list(read_audio(info, choose_soundtrack(info, None))), axis=1) for info in infos]
    SEEN.extend(map(Path, paths))
    return torch.tensor([[float(np.abs(sound).max()), float(sound.shape[1]), 0.0] for sound in sounds])


def read_pictures(paths: list[str], _device: str) -> torch.Tensor:
    SEEN.extend(map(Path, paths))
    return torch.tensor(np.stack([cv2.imread(path)[:, :, ::-1].mean((0, 1)) for path in paths]))


@pytest.fixture
def embedder() -> ImageBind:
    loaders = SimpleNamespace(load_and_transform_audio_data=read_sounds, load_and_transform_vision_data=read_pictures)
    return ImageBind(lambda inputs: inputs, loaders)


def test_its_loaders_get_the_sound_and_the_pictures_as_files_that_vanish(embedder: ImageBind) -> None:
    sound = np.array([0.0, 0.5, -0.25] * 1000)
    np.testing.assert_allclose(embedder.sound(sound), [0.5, 3000, 0], atol=1e-6)
    red, blue = np.zeros((2, 8, 8, 3), np.uint8)
    red[..., 0], blue[..., 2] = 200, 100
    np.testing.assert_allclose(embedder.pictures([red, blue]), [[200, 0, 0], [0, 0, 100]])
    assert SEEN
    assert not any(path.exists() for path in SEEN)


def test_where_it_is_not_installed_one_line_says_why_and_what_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "imagebind", None)
    with pytest.raises(ModelError, match=r"commercially.*pe-av"):
        embedder_of("imagebind")


def test_one_that_is_installed_and_broken_is_not_called_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "imagebind").mkdir()
    (tmp_path / "imagebind" / "__init__.py").write_text("")
    (tmp_path / "imagebind" / "data.py").write_text("import pytorchvideo_that_is_nowhere")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModelError, match=r"imagebind is installed and cannot be used.*pytorchvideo_that_is_nowhere"):
        embedder_of("imagebind")
