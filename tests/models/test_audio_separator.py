"""Models of the package audio-separator: by a stand-in that does what the package documents, and by the package itself."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from audio.sounds import noise
from fakes import FakeSeparator, shared

from limelight.errors import ModelError
from limelight.media.audio_files import write_sound
from limelight.media.probe import choose_soundtrack, probe
from limelight.media.read_audio import read_audio
from limelight.models.registry import load_separator
from limelight.models.separators import audio_separator
from limelight.models.separators.audio_separator import AudioSeparatorModel
from limelight.types import Chunk

HOP, STEPS = 1024, 12


class StandIn:
    """Halves what it is given into vocals and instrumental; its model is a file of four bytes."""

    def __init__(self, **options: Any) -> None:
        self.folder, self.output = Path(options["model_file_dir"]), Path(options["output_dir"])
        assert options["normalization_threshold"] == 1.0
        self.peaks: list[float] = []

    def list_supported_model_files(self) -> dict[str, Any]:
        (self.folder / "download_checks.json").touch()
        return {"MDXC": {"Half": {"filename": "half.ckpt", "download_files": ["half.ckpt", "https://at.us/half.yaml"]}}}

    def load_model(self, name: str) -> None:
        if name != "half.ckpt":
            sys.exit(1)
        for file in ("half.ckpt", "half.yaml"):
            if not (self.folder / file).exists():
                (self.folder / file).write_bytes(b"half")

    def separate(self, path: str) -> list[str]:
        info = probe(Path(path))
        sound = np.concatenate(list(read_audio(info, choose_soundtrack(info))), axis=1)
        self.peaks.append(float(np.abs(sound).max()))
        names = [f"chunk_({stem})_half.wav" for stem in ("Vocals", "Instrumental")]
        for name in names:
            write_sound(self.output / name, [0.5 * sound], sample_rate=44_100, layout="stereo", overwrite=True)
        return names


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("AUDIO_SEPARATOR_MODEL_DIR", raising=False)
    monkeypatch.setattr(audio_separator, "PLACES", ())  # nobody is asked for sizes
    return tmp_path / "limelight" / "weights" / "audio-separator"


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stand-in in the package's place."""
    module = ModuleType("audio_separator.separator")
    module.Separator = StandIn  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "audio_separator", ModuleType("audio_separator"))
    monkeypatch.setitem(sys.modules, "audio_separator.separator", module)


def chunk_of(channels: int) -> Chunk:
    return Chunk(2 * noise(channels, (STEPS + 1) * HOP), 0.0, np.full(channels, 1 / channels, np.float32))


@pytest.mark.usefixtures("package")
def test_a_chunk_goes_through_files_and_comes_back_as_stems() -> None:
    model = AudioSeparatorModel("half.ckpt", FakeSeparator(masks=shared(0, 1, 0)))
    for channels in (1, 2):
        chunk = chunk_of(channels)
        found = model.separate(chunk)
        np.testing.assert_allclose(found.stems.sum(axis=0), chunk.samples, atol=1e-5)
        inside = found.stems[:2].sum(axis=0)[:, 2 * HOP : -2 * HOP]  # noise is no speech: it is music, as is the rest
        assert np.corrcoef(inside.ravel(), chunk.samples[:, 2 * HOP : -2 * HOP].ravel())[0, 1] > 0.9
    assert max(model._package.peaks) == pytest.approx(0.25, rel=0.1)  # however loud the film
    assert not list(model._scratch.glob("*half.wav"))


@pytest.mark.slow
@pytest.mark.usefixtures("package")
def test_what_is_fetched_is_told_and_its_hash_kept(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        first = load_separator("audio-separator:half.ckpt").card
        second = load_separator("audio-separator:half.ckpt", offline=True).card
    (line,) = caplog.messages
    assert all(part in line for part in ("half.ckpt, half.yaml", "licence", str(folder)))
    assert first.fingerprint == second.fingerprint
    assert set(json.loads((folder / "limelight-sha256.json").read_text())) == {"half.ckpt", "half.yaml"}
    (folder / "half.ckpt").write_bytes(b"hack")
    with pytest.raises(ModelError, match="delete it and fetch it again"):
        load_separator("audio-separator:half.ckpt")


@pytest.mark.usefixtures("package")
def test_offline_nothing_is_fetched(folder: Path) -> None:
    with pytest.raises(ModelError, match="without the network, it is not in"):
        load_separator("audio-separator:half.ckpt", offline=True)
    assert not folder.exists()


@pytest.mark.usefixtures("package")
def test_a_model_that_the_package_does_not_know_or_that_fails_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(ModelError, match=r"'none\.ckpt', which it does not know"):
        load_separator("audio-separator:none.ckpt")
    with pytest.raises(ModelError, match="SystemExit"):
        load_separator("audio-separator:half.yaml")  # of the model, but not what it is loaded by
    monkeypatch.setattr(StandIn, "separate", lambda *_: 1 / 0)
    model = AudioSeparatorModel("half.ckpt", FakeSeparator())
    with pytest.raises(ModelError, match=r"failed on a chunk .ZeroDivisionError"):
        model.separate(chunk_of(1))


def test_without_the_package_it_is_told_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "audio_separator.separator", None)
    with pytest.raises(ModelError, match=r"pip install 'audio-separator\[cpu\]'"):
        load_separator("audio-separator:half.ckpt")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_the_package_itself_with_a_tiny_network_of_random_weights(folder: Path) -> None:
    """A TFC-TDF network as UVR publishes them: a state dict, its sizes in YAML, both in the package's list."""
    net = pytest.importorskip("audio_separator.separator.uvr_lib_v5.tfc_tdf_v3").TFC_TDF_net
    torch, yaml, sizes = (pytest.importorskip(name) for name in ("torch", "yaml", "ml_collections"))
    lists = ("demucs_download_list", "vr_download_list", "mdx_download_list", "mdx_download_vip_list")
    lists += ("mdx23c_download_list", "mdx23c_download_vip_list", "roformer_download_list")
    known = {key: {} for key in lists} | {"mdx23c_download_list": {"Tiny": {"tiny.ckpt": "tiny.yaml"}}}
    audio = {"chunk_size": 30720, "dim_f": 512, "dim_t": 128, "hop_length": 256, "n_fft": 1024, "num_channels": 2}
    model = {"act": "gelu", "bottleneck_factor": 4, "growth": 4, "norm": "InstanceNorm", "num_blocks_per_scale": 1}
    config = {
        "audio": audio | {"sample_rate": 44100, "min_mean_abs": 0.001},
        "model": model | {"num_channels": 4, "num_scales": 2, "num_subbands": 2, "scale": [2, 2]},
        "training": {"instruments": ["Vocals", "Instrumental"], "target_instrument": None, "batch_size": 1},
        "inference": {"batch_size": 1, "dim_t": 128, "num_overlap": 2},
    }
    folder.mkdir(parents=True)
    (folder / "download_checks.json").write_text(json.dumps(known))
    (folder / "tiny.yaml").write_text(yaml.safe_dump(config))
    torch.manual_seed(0)
    torch.save(net(sizes.ConfigDict(config), device=torch.device("cpu")).state_dict(), folder / "tiny.ckpt")
    separator = AudioSeparatorModel("tiny.ckpt", FakeSeparator(masks=shared(0, 0.5, 0.5)), offline=True)
    assert set(separator._stems(0.1 * noise(2, STEPS * HOP))) == {"vocals", "instrumental"}
    chunk = chunk_of(2)
    np.testing.assert_allclose(separator.separate(chunk).stems.sum(axis=0), chunk.samples, atol=1e-5)
