"""Bandit v2 and Demucs behind the protocol, with tiny random weights in the form in which the real ones are published."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from audio.sounds import noise
from fakes import FakeSeparator, shared
from networks.test_bandit import save_checkpoint

from limelight.errors import ModelError
from limelight.models.protocols import Separator
from limelight.models.registry import load_separator
from limelight.models.separators.downloaded import BanditSeparator, DemucsSeparator
from limelight.types import Chunk

HOP, STEPS = 1024, 20


def chunk_of(channels: int, *, level: float = 1.0) -> Chunk:
    sound = 0.1 * noise(channels, (STEPS + 1) * HOP)
    weights = np.full(channels, level / channels, np.float32)
    if channels == 6:
        weights[3] = 0
    return Chunk(sound, 0.0, weights)


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    save_checkpoint(tmp_path / "tiny.ckpt")
    return tmp_path / "tiny.ckpt"


@pytest.mark.parametrize("channels", [1, 2, 6])
def test_bandits_stems_sum_to_the_sound(checkpoint: Path, channels: int) -> None:
    separator = load_separator(f"bandit:{checkpoint}")
    assert isinstance(separator, Separator)
    chunk = chunk_of(channels)
    found = separator.separate(chunk)
    assert found.presence.shape == (STEPS,)
    np.testing.assert_allclose(found.stems.sum(axis=0), chunk.samples, atol=1e-6)
    assert found.stems[0].any()
    if channels == 6:  # what no ear hears is effects
        assert not found.stems[:2, 3].any()


def test_bandit_hears_the_film_at_one_level_and_answers_at_its_own(checkpoint: Path) -> None:
    separator = BanditSeparator(checkpoint, weights=None)
    soft, loud = chunk_of(1), chunk_of(1)
    soft = Chunk(0.01 * loud.samples, 0.0, np.float32([100.0]))
    np.testing.assert_allclose(
        100 * separator.separate(soft).stems, separator.separate(loud).stems, rtol=1e-3, atol=1e-6
    )


def test_a_checkpoint_of_ones_own_is_known_by_its_name_and_hash(checkpoint: Path) -> None:
    card = load_separator(f"bandit:{checkpoint}").card
    assert card.name == f"bandit:{checkpoint}"
    assert card.parameters > 0
    save_checkpoint(checkpoint, seed=1)
    assert load_separator(card.name).card.fingerprint != card.fingerprint
    with pytest.raises(ModelError, match="get it again"):
        load_separator(f"bandit:{checkpoint.with_name('none.ckpt')}")


def save_demucs(path: Path, **changes: str) -> None:
    """A tiny HTDemucs with random weights, as Demucs publishes them: half precision, class and sizes in the metadata."""
    htdemucs = pytest.importorskip("demucs.htdemucs")
    torch = pytest.importorskip("torch")
    save_file = pytest.importorskip("safetensors.torch").save_file
    sizes = {"channels": 4, "depth": 4, "growth": 1, "nfft": 2048, "t_layers": 1, "t_heads": 2, "bottom_channels": 8}
    named = sizes | {"sources": ["drums", "bass", "other", "vocals"], "dconv_mode": 0}
    torch.manual_seed(0)
    network = htdemucs.HTDemucs(**named, segment=Fraction(3, 5))
    said = {"klass": "demucs.htdemucs.HTDemucs", "args": "[]"}
    said["kwargs"] = json.dumps(named | {"segment": {"_type": "fraction", "numerator": 3, "denominator": 5}})
    save_file({key: array.half() for key, array in network.state_dict().items()}, str(path), metadata=said | changes)


def test_demucs_vocals_and_what_the_other_separator_makes_of_the_rest(tmp_path: Path) -> None:
    save_demucs(tmp_path / "tiny.safetensors")
    rest = FakeSeparator(masks=shared(0.5, 0.5, 0.0))
    separator = DemucsSeparator(tmp_path / "tiny.safetensors", rest, weights=None)
    for channels in (1, 2):
        chunk = chunk_of(channels)
        found = separator.separate(chunk)
        np.testing.assert_allclose(found.stems.sum(axis=0), chunk.samples, atol=1e-6)
        again = separator.separate(chunk)
        np.testing.assert_array_equal(found.stems, again.stems)  # no random shifts
    assert separator.card.name == "demucs"


@pytest.mark.parametrize("changes", [{"klass": "os.system"}, {"args": "["}, {"structure": "{}"}])
def test_a_file_that_says_it_is_something_else_is_refused(tmp_path: Path, changes: dict[str, str]) -> None:
    save_demucs(tmp_path / "other.safetensors", **changes)
    with pytest.raises(ModelError, match=r"Wanted a network of Demucs in .*get it again"):
        DemucsSeparator(tmp_path / "other.safetensors", FakeSeparator(), weights=None)
