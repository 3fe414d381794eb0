"""Bandit v2 against a naive twin in NumPy, and its checkpoint against what is known of the published one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from limelight.errors import ModelError
from limelight.networks.bandit import HOP, N_FFT, Bandit, BanditConfig, band_weights, load_bandit, ours

TINY = BanditConfig(bands=6, width=4, hidden=3, mask_hidden=5, turns=4)
PUBLISHED_ARRAYS = 2946  # of checkpoint-multi.ckpt, optimiser's not counted
PUBLISHED_BYTES = 446_680_129  # weights and two moments of Adam, 4 bytes each


def published_names(network: Bandit) -> dict[str, torch.Tensor]:
    """The arrays under the published names, with the copies and buffers that are published beside them."""
    state: dict[str, torch.Tensor] = {"model.stft.window": network.window, "model.istft.window": network.window}
    for name, array in network.state_dict().items():
        part, *rest = name.split(".")
        if part == "split":
            state[f"model.band_split.norm_fc_modules.{rest[0]}.combined.{rest[1]}.{rest[2]}"] = array
        elif part == "turns":
            state[f"model.tf_model.seqband.{2 * int(rest[0])}.{rest[1]}.{rest[2]}"] = array
        else:
            stem, band, layer, kind = rest
            place = f"model.mask_estim.{stem}.norm_mlp.{band}"
            first, second = {"0": ("norm", "0"), "1": ("hidden.0", "1.0"), "3": ("output.0", "2.0")}[layer]
            state[f"{place}.{first}.{kind}"] = state[f"{place}.combined.{second}.{kind}"] = array
    for stem in network.config.stems:
        for band, (start, end) in enumerate(network.spans):
            weights = torch.from_numpy(band_weights(network.config.bands)[band, start:end])
            state[f"model.mask_estim.{stem}.freq_weights/{band}"] = weights
    return state


def save_checkpoint(path: Path, config: BanditConfig = TINY, *, seed: int = 0) -> Bandit:
    """A checkpoint of the published form with random weights."""
    torch.manual_seed(seed)
    network = Bandit(config).eval()
    torch.save({"state_dict": published_names(network), "epoch": 3, "optimizer_states": [{}]}, path)
    return network


@pytest.mark.slow
def test_the_published_size_has_as_many_arrays_and_bytes_as_the_published_file() -> None:
    with torch.device("meta"):
        config = BanditConfig()
        count = sum(array.numel() for array in Bandit(config).parameters())
    assert len(published_names(Bandit(BanditConfig(width=1, hidden=1, mask_hidden=1)))) == PUBLISHED_ARRAYS
    assert 0 < PUBLISHED_BYTES - 3 * 4 * count < 0.01 * PUBLISHED_BYTES  # names and places of arrays take the rest


def test_bands_cover_all_bins_and_share_them_out() -> None:
    weights = band_weights(64)
    np.testing.assert_allclose(weights.sum(axis=0), 1)
    spans = [np.flatnonzero(band) for band in weights]
    assert (spans[0][0], spans[-1][-1]) == (0, N_FFT // 2)
    assert all(np.diff(span).max() == 1 for span in spans)
    assert all(np.diff([span[0] for span in spans]) >= 0)


def test_a_checkpoint_comes_back_as_the_network_that_was_saved(tmp_path: Path) -> None:
    network = save_checkpoint(tmp_path / "tiny.ckpt")
    again = load_bandit(tmp_path / "tiny.ckpt")
    assert again.config == TINY
    sound = 0.1 * torch.randn(2, 8 * HOP)
    with torch.inference_mode():
        torch.testing.assert_close(again(sound), network(sound))
    assert set(dict(ours(published_names(network)))) == set(network.state_dict())


def test_it_computes_what_the_paper_says(tmp_path: Path) -> None:
    network = save_checkpoint(tmp_path / "tiny.ckpt", seed=5)
    sound = 0.1 * np.random.default_rng(0).standard_normal(10 * HOP).astype(np.float32)
    with torch.inference_mode():
        made = network(torch.from_numpy(sound)[None])[0].numpy()
    state = {name: array.double().numpy() for name, array in published_names(network).items()}
    np.testing.assert_allclose(made, naive(state, sound.astype(np.float64)), atol=2e-5)


@pytest.mark.parametrize("change", ["missing", "strange", "text"])
def test_another_file_is_told_in_one_line(tmp_path: Path, change: str) -> None:
    path = tmp_path / "other.ckpt"
    save_checkpoint(path)
    saved = torch.load(path, weights_only=True)
    if change == "missing":
        del saved["state_dict"]["model.tf_model.seqband.2.fc.bias"]
    elif change == "strange":
        saved["state_dict"]["model.more"] = torch.zeros(1)
    torch.save(saved, path)
    if change == "text":
        path.write_text("not a checkpoint")
    with pytest.raises(ModelError, match=r"Wanted Bandit v2 in .*get it again"):
        load_bandit(path)


def naive(state: dict[str, np.ndarray], sound: np.ndarray) -> np.ndarray:
    """The network frame by frame and cell by cell, from the published names alone, [K, N]."""
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(N_FFT) / N_FFT)
    scale = np.sqrt((window**2).sum())
    padded = np.pad(sound, N_FFT // 2, mode="reflect")
    starts = range(0, len(padded) - N_FFT + 1, HOP)
    spectra = np.array([np.fft.rfft(window * padded[at : at + N_FFT]) for at in starts]) / scale  # [T, F]
    weights = band_weights(TINY.bands)
    spans = [np.flatnonzero(band) for band in weights]
    x = np.zeros((TINY.bands, len(spectra), TINY.width))
    for band, span in enumerate(spans):
        parts = np.stack([spectra[:, span].real, spectra[:, span].imag], axis=-1).reshape(len(spectra), -1)
        place = f"model.band_split.norm_fc_modules.{band}.combined"
        x[band] = linear(state, f"{place}.1", norm(state, f"{place}.0", parts))
    for turn in range(TINY.turns):
        place = f"model.tf_model.seqband.{2 * turn}"
        x = np.stack(
            [
                row + linear(state, f"{place}.fc", both_ways(state, f"{place}.rnn", norm(state, f"{place}.norm", row)))
                for row in x
            ]
        )
        x = x.transpose(1, 0, 2)
    stems = []
    for stem in TINY.stems:
        mask = np.zeros(spectra.shape, complex)
        for band, span in enumerate(spans):
            place = f"model.mask_estim.{stem}.norm_mlp.{band}"
            hidden = np.tanh(linear(state, f"{place}.hidden.0", norm(state, f"{place}.norm", x[band])))
            value, gate = np.split(linear(state, f"{place}.output.0", hidden), 2, axis=-1)
            parts = (value / (1 + np.exp(-gate))).reshape(len(spectra), len(span), 2)
            mask[:, span] += (parts[..., 0] + 1j * parts[..., 1]) * weights[band, span]
        out, total = np.zeros(len(padded)), np.zeros(len(padded))
        for at, frame in zip(starts, mask * spectra * scale, strict=True):
            out[at : at + N_FFT] += window * np.fft.irfft(frame)
            total[at : at + N_FFT] += window**2
        stems.append((out / np.maximum(total, 1e-12))[N_FFT // 2 :][: len(sound)])
    return np.array(stems)


def norm(state: dict[str, np.ndarray], place: str, x: np.ndarray) -> np.ndarray:
    spread = np.sqrt(x.var(axis=-1, keepdims=True) + 1e-5)
    return (x - x.mean(axis=-1, keepdims=True)) / spread * state[f"{place}.weight"] + state[f"{place}.bias"]


def linear(state: dict[str, np.ndarray], place: str, x: np.ndarray) -> np.ndarray:
    return x @ state[f"{place}.weight"].T + state[f"{place}.bias"]


def both_ways(state: dict[str, np.ndarray], place: str, x: np.ndarray) -> np.ndarray:
    """A GRU over the first axis, forwards and backwards, [S, 2 · hidden]."""
    ways = []
    for way, row in (("", x), ("_reverse", x[::-1])):
        hidden, made = np.zeros(TINY.hidden), []
        for entering in row:
            given = state[f"{place}.weight_ih_l0{way}"] @ entering + state[f"{place}.bias_ih_l0{way}"]
            kept = state[f"{place}.weight_hh_l0{way}"] @ hidden + state[f"{place}.bias_hh_l0{way}"]
            (r, z, n), (hr, hz, hn) = np.split(given, 3), np.split(kept, 3)
            reset, update = 1 / (1 + np.exp(-(r + hr))), 1 / (1 + np.exp(-(z + hz)))
            hidden = (1 - update) * np.tanh(n + reset * hn) + update * hidden
            made.append(hidden)
        ways.append(np.array(made if not way else made[::-1]))
    return np.concatenate(ways, axis=-1)
