"""A separator that is told what pretrained ears hear: with a tiny random network, in the real format."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from audio.sounds import noise, programme

from limelight.audio.stft import Bands, StftConfig, whole_frames
from limelight.errors import ModelError
from limelight.models.registry import load_separator
from limelight.models.separators.masks import (
    FAINTEST_DB,
    InformedSeparator,
    MaskSeparator,
    agreed,
    alone,
    at_least,
    side_of,
    told_powers,
)
from limelight.models.separators.pretrained_ear import WARM_SAMPLES, PretrainedEar, SoundKinds, kinds_at, told_gain
from limelight.types import Chunk

torch = pytest.importorskip("torch")
RATE, HOP = 48_000, 1024
BANDS = Bands((*range(0, 1025, 64), 1025))


def tiny_separator(path: Path) -> tuple[InformedSeparator, torch.nn.Module]:
    """A sealed file with random weights, opened, and its network."""
    from limelight.networks.stem_separator import StemSeparator, StemSeparatorConfig
    from limelight.training.export_separator import export_separator, separator_card

    torch.manual_seed(1)
    config = StemSeparatorConfig(lines=17, bands=17, width=8, across=4, latent_width=8, blocks=2, heads=2)
    network = StemSeparator(config).eval()
    with torch.no_grad():
        for parameter in (*network.join.parameters(), *network.kinds.outer.parameters()):
            parameter.normal_(0, 0.3)
    network.half().float()  # files hold large weights in half precision
    card = separator_card(network, BANDS.edges, name="tiny", licence="none", training_data="none")
    export_separator(network, path, card, scale=torch.tensor([2.0, 1.0, 1.0]), shift=torch.tensor([0.5, 0.0, 0.0]))
    separator = load_separator(str(path), threads=1)
    assert isinstance(separator, InformedSeparator)
    return separator, network


def chunk_of(sound: np.ndarray, *weights: float) -> Chunk:
    return Chunk(sound.astype(np.float32), 0.0, np.float32(weights))


@pytest.mark.slow
@pytest.mark.parametrize("steps", [1, 7, 96])
def test_masks_sum_to_one_over_any_number_of_steps(tmp_path: Path, steps: int) -> None:
    separator, _ = tiny_separator(tmp_path / "tiny.onnx")
    found = separator.separate(chunk_of(0.3 * programme(2, 3, RATE)[:, : (steps + 1) * HOP], 0.5, 0.5))
    assert found.masks.shape == (3, steps, len(BANDS))
    assert found.presence.shape == (steps,)
    np.testing.assert_allclose(found.masks.sum(axis=0), 1, atol=1e-5)
    assert 0 <= found.presence.min() <= found.presence.max() <= 1


@pytest.mark.slow
def test_the_file_says_what_the_network_says(tmp_path: Path) -> None:
    from limelight.networks.stem_separator import sharpened

    separator, network = tiny_separator(tmp_path / "tiny.onnx")
    chunk = chunk_of(0.3 * programme(2, 3, RATE)[:, : 65 * HOP], 0.5, 0.5)
    found = separator.separate(chunk)
    heard = PretrainedEar().hear(chunk.mono)
    powers = told_powers(chunk.mono, heard.speech, side_of(chunk), StftConfig(), BANDS)
    seconds = np.arange(1, 65) * HOP / RATE
    voice = heard.voice_at(seconds)
    kinds = kinds_at(SoundKinds().hear(chunk.mono * told_gain(chunk.mono)), seconds)
    with torch.no_grad():
        wished = network(*(torch.from_numpy(told)[None] for told in (powers, voice, kinds)))
    np.testing.assert_allclose(found.masks, sharpened(wished.log_masks)[0].numpy(), atol=1e-4)
    fitted = (2 * wished.presence[0, :, 0] + 0.5).sigmoid().numpy()
    assert (found.presence <= fitted.repeat(4) + 1e-4).all()


@pytest.mark.parametrize(("over_db", "counts"), [(FAINTEST_DB + 1, True), (FAINTEST_DB - 1, False)])
def test_somebody_speaks_where_all_agree(over_db: float, counts: bool) -> None:
    presence, voice = np.full(100, 0.9, np.float32), np.zeros(100, np.float32)
    voice[[20, 50]] = 0.8
    rest = np.ones(100, np.float32)
    found = agreed(presence, voice, rest * np.float32(10 ** (over_db / 10)), rest, reach=10)
    near = np.abs(np.arange(100)[:, None] - [20, 50]).min(axis=1) <= 10
    np.testing.assert_array_equal(found > 0.5, near & counts)
    assert (found <= presence).all()
    assert not found[~near].any()
    np.testing.assert_array_equal(agreed(presence * 0, voice, rest, rest, reach=10), 0)


def test_where_there_is_hardly_anything_but_speech_it_is_what_the_ear_says() -> None:
    steps = 200
    voice, rest = np.zeros(steps, np.float32), np.ones(steps, np.float32)
    voice[:100] = 0.9
    speech = np.where(np.arange(steps) < 50, 100, 1).astype(np.float32)
    found = alone(voice, speech, rest, reach=5)
    assert found[:40].all()  # 20 dB over the rest, and a voice
    assert not found[60:].any()  # no more than the rest
    assert not alone(np.zeros_like(voice), speech, rest, reach=5).any()  # nobody's voice


def test_raised_masks_of_speech_still_sum_to_one() -> None:
    rng = np.random.default_rng(1)
    masks = rng.dirichlet([1, 1, 1], (20, 6)).transpose(2, 0, 1).astype(np.float32)
    masks[:, 0] = np.array([1, 0, 0], np.float32)[:, None]
    speech, rest = rng.uniform(0, 1, (2, 20, 6)).astype(np.float32)
    speech[1], rest[1] = 0, 0  # silence
    raised = at_least(masks, speech, rest)
    np.testing.assert_allclose(raised.sum(axis=0), 1, atol=1e-5)
    assert (raised >= 0).all()
    np.testing.assert_allclose(raised[0], np.maximum(masks[0], speech / np.maximum(speech + rest, 1e-20)), atol=1e-6)


def test_a_graph_of_another_kind_is_refused(tmp_path: Path) -> None:
    """Its card says that it is told by an ear, its graph wants magnitudes."""
    from fakes import separator_file

    with pytest.raises(ModelError, match="not what its card says"):
        load_separator(str(separator_file(tmp_path / "other.onnx", config={"told": ["mixture"]})))
    assert isinstance(load_separator(str(separator_file(tmp_path / "masks.onnx"))), MaskSeparator)


def test_powers_of_white_noise_are_its_variance_in_every_band() -> None:
    x = noise(1, 400 * HOP, seed=1)[0]
    powers = told_powers(x, 0.5 * x, np.zeros_like(x), StftConfig(), BANDS)
    mean = powers.mean(axis=1) / (np.square(x).mean() * StftConfig().n_fft / 2)  # Σ window² is half of n_fft
    np.testing.assert_allclose(mean[0, :-1], 1, atol=0.05)  # the last band is Nyquist's bin alone
    np.testing.assert_allclose(mean[1:3], 0.25 * mean[[0, 0]], rtol=1e-3)
    assert not mean[3].any()


def test_the_side_is_what_the_middle_lacks() -> None:
    left, right = noise(2, 5000, seed=2)
    both = np.stack([left, right])
    np.testing.assert_allclose(side_of(chunk_of(both, 0.5, 0.5)), (left - right) / 2, atol=1e-6)
    assert not side_of(chunk_of(np.stack([left, left]), 0.5, 0.5)).any()
    assert not side_of(chunk_of(np.stack([left] * 6), *[0.2] * 6)).any()
    np.testing.assert_allclose(side_of(chunk_of(both, 0.5, -0.5)), (left + right) / 2, atol=1e-6)


def test_the_ear_hears_every_clip_by_itself_and_alike_at_any_level() -> None:
    ear = PretrainedEar()
    clip = programme(1, 2.5, RATE)[0]
    first = ear.hear(clip)
    ear.hear(noise(1, RATE)[0])
    again, soft = ear.hear(clip), ear.hear(clip * np.float32(0.1))
    np.testing.assert_array_equal(first.speech, again.speech)
    assert first.speech.shape == clip.shape
    assert first.voice.shape == (-(-len(clip) // 1536),)
    apart = np.square(soft.speech / np.float32(0.1) - first.speech).mean()
    assert apart < 1e-3 * np.square(clip).mean()
    np.testing.assert_allclose(soft.voice, first.voice, atol=0.1)


@pytest.mark.parametrize("samples", [1, 1500, WARM_SAMPLES + 1])
def test_silence_of_any_length_has_no_speech(samples: int) -> None:
    heard = PretrainedEar().hear(np.zeros(samples, np.float32))
    assert heard.speech.shape == (samples,)
    assert np.abs(heard.speech).max() < 1e-6
    assert heard.voice.max() < 0.3
    assert told_gain(np.zeros(samples, np.float32)) <= 100


def test_frames_are_those_of_the_package(tmp_path: Path) -> None:
    x = noise(1, 9 * HOP, seed=3)
    powers = told_powers(x[0], x[0], x[0], StftConfig(), Bands(tuple(range(1026))))
    np.testing.assert_allclose(powers[0], np.abs(whole_frames(x)[0].T) ** 2, rtol=1e-4)
