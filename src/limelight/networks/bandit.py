"""Bandit v2: a film's sound into speech, music and effects, band by band. For the published weights; it is not trained here.

From Watcharasupat, Wu and Orife, "Remastering Divide and Remaster" (2024, arXiv 2407.07275), the network of "A Generalized
Bandsplit Neural Network for Cinematic Audio Source Separation" (2023, arXiv 2309.02539), mono at 48 kHz:

    spectrum [B, F, T] ─► 64 bands that overlap, each normed and mapped to W = 128     [B, bands, T, W]
                       ─► 16 × ( norm → GRU both ways → linear, added ), over time and over bands in turn
                       ─► per stem and band: norm → linear → tanh → linear → GLU → complex mask, shared out by weights

Bands are equally wide in pitch. A bin that n bands hold takes the mean of their n masks. Ours differs in how chunks are joined
(`mixing/chunks.py`: neighbours share a fifth and fade; theirs are eight deep, eight times the work). Nothing else differs: the
published names of all 2,946 arrays are known, and each array has a place.
"""

from __future__ import annotations

import pickle
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from limelight.errors import ModelError

SAMPLE_RATE = 48_000
N_FFT, HOP = 2048, 512
# Published names (after "model."), and ours. Masks' layers are published twice: "combined" is a second name for the same.
NAMES = (
    (r"band_split\.norm_fc_modules\.(\d+)\.combined\.(\d)\.(\w+)", r"split.\1.\2.\3"),
    (r"tf_model\.seqband\.(\d+)\.(norm|rnn|fc)\.(\w+)", r"turns.\1.\2.\3"),
    (r"mask_estim\.(\w+)\.norm_mlp\.(\d+)\.norm\.(\w+)", r"masks.\1.\2.0.\3"),
    (r"mask_estim\.(\w+)\.norm_mlp\.(\d+)\.hidden\.0\.(\w+)", r"masks.\1.\2.1.\3"),
    (r"mask_estim\.(\w+)\.norm_mlp\.(\d+)\.output\.0\.(\w+)", r"masks.\1.\2.3.\3"),
)
WITHOUT_WEIGHTS = re.compile(r"i?stft\.window|mask_estim\.\w+\.(freq_weights/\d+|norm_mlp\.\d+\.combined\..*)")


@dataclass(frozen=True)
class BanditConfig:
    """Sizes, which a checkpoint's shapes tell."""

    stems: tuple[str, ...] = ("speech", "music", "sfx")
    bands: int = 64
    width: int = 128  # W
    hidden: int = 256  # of a GRU, one way
    mask_hidden: int = 512
    turns: int = 16  # half of them over time, half over bands

    @classmethod
    def of(cls, state: Mapping[str, Tensor]) -> BanditConfig:
        """From arrays under our names. Raises KeyError where it is another network."""
        stems = tuple(dict.fromkeys(name.split(".")[1] for name in state if name.startswith("masks.")))
        return cls(
            stems=stems,
            bands=_count(state, "split"),
            width=len(state["split.0.1.bias"]),
            hidden=state["turns.0.rnn.weight_hh_l0"].shape[1],
            mask_hidden=len(state[f"masks.{stems[0]}.0.1.bias"]),
            turns=_count(state, "turns"),
        )


class Turn(nn.Module):
    """One look along an axis, both ways, added to what was: [B, A, S, W] to the same, over S."""

    def __init__(self, config: BanditConfig) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(config.width)
        self.rnn = nn.GRU(config.width, config.hidden, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(2 * config.hidden, config.width)

    def forward(self, x: Tensor) -> Tensor:
        heard, _ = self.rnn(self.norm(x).flatten(0, 1))
        return x + self.fc(heard).view_as(x)


class Bandit(nn.Module):
    """Mono sound [B, N] to its stems [B, K, N], in the order of the config."""

    window: Tensor
    shares: Tensor

    def __init__(self, config: BanditConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or BanditConfig()
        weights = band_weights(config.bands)
        self.spans = [(int(rows[0]), int(rows[-1]) + 1) for rows in (np.flatnonzero(band) for band in weights)]
        self.split = nn.ModuleList(_mapped(2 * (end - start), config.width) for start, end in self.spans)
        self.turns = nn.ModuleList(Turn(config) for _ in range(config.turns))
        self.masks = nn.ModuleDict(
            {stem: nn.ModuleList(_mask(config, end - start) for start, end in self.spans) for stem in config.stems}
        )
        self.register_buffer("window", torch.hann_window(N_FFT), persistent=False)
        self.register_buffer("shares", torch.from_numpy(weights.astype(np.float32)), persistent=False)

    def forward(self, sound: Tensor) -> Tensor:
        scale = self.window.square().sum().sqrt()
        spectrum = torch.stft(sound, N_FFT, HOP, window=self.window, pad_mode="reflect", return_complex=True) / scale
        x = torch.stack(
            [layer(self._band(spectrum, span)) for layer, span in zip(self.split, self.spans, strict=True)], 1
        )
        for turn in self.turns:  # over time, then over bands, and so on
            x = turn(x).transpose(1, 2)
        stems = [self._mask(x, stem) * spectrum * scale for stem in self.config.stems]
        return torch.stack(
            [torch.istft(stem, N_FFT, HOP, window=self.window, length=sound.shape[-1]) for stem in stems], 1
        )

    def _band(self, spectrum: Tensor, span: tuple[int, int]) -> Tensor:
        """Real and imaginary parts of a band's bins, [B, T, 2 · bins]."""
        return torch.view_as_real(spectrum[:, slice(*span)].transpose(1, 2).contiguous()).flatten(2)

    def _mask(self, x: Tensor, stem: str) -> Tensor:
        """The complex mask [B, F, T] of a stem."""
        batch, _, steps, _ = x.shape
        mask = torch.zeros(batch, N_FFT // 2 + 1, steps, dtype=torch.complex64, device=x.device)
        for band, (layers, (start, end)) in enumerate(zip(self.masks[stem], self.spans, strict=True)):  # type: ignore[call-overload]
            parts = layers(x[:, band]).unflatten(2, (-1, 2))
            mask[:, start:end] += torch.view_as_complex(parts).transpose(1, 2) * self.shares[band, start:end, None]
        return mask


def load_bandit(path: Path) -> Bandit:
    """The network of a published checkpoint (`.ckpt`), or of its arrays alone. Raises ModelError."""
    try:
        # weights_only: nothing of the file is run.
        saved = torch.load(path, map_location="cpu", weights_only=True)
        state = dict(ours(saved.get("state_dict", saved)))
        network = Bandit(BanditConfig.of(state))
        network.load_state_dict(state)
    except (OSError, RuntimeError, KeyError, IndexError, AttributeError, pickle.UnpicklingError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
        raise ModelError(f"Wanted Bandit v2 in {path}, found another file ({reason}); get it again.") from error
    return network.eval()


def ours(published: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
    """Arrays under our names. Raises KeyError for one that has no place, or bands that lie elsewhere."""
    for full, array in published.items():
        name = full.removeprefix("model.").replace("_orig_mod.", "")
        found = [re.sub(pattern, name_of, name) for pattern, name_of in NAMES if re.fullmatch(pattern, name)]
        if found:
            yield _turn_number(found[0]), array
        elif not WITHOUT_WEIGHTS.fullmatch(name):
            raise KeyError(f"no place for {full}")


def band_weights(bands: int) -> NDArray[np.float64]:
    """What each band counts in each bin, [bands, F]: 1 / n where n bands overlap.

    Centres are spread evenly in pitch from the first bin to half the sample rate; a band reaches one step of the scale to
    either side, and the outermost to the ends.
    """
    bins, spacing = N_FFT // 2 + 1, SAMPLE_RATE / N_FFT
    step = (SAMPLE_RATE / 2 / spacing) ** (1 / bands)
    centres = np.geomspace(spacing, SAMPLE_RATE / 2, bands)
    low = np.floor(centres / step / spacing).astype(int)
    high = np.minimum(np.ceil(centres * step / spacing).astype(int), bins - 1)
    low[0], high[-1] = 0, bins - 1
    place = np.arange(bins)
    held = ((low[:, None] <= place) & (place <= high[:, None])).astype(np.float64)
    return np.asarray(held / held.sum(axis=0))


def _turn_number(name: str) -> str:
    """Published turns have even numbers: between them the axes change places."""
    return re.sub(r"^turns\.(\d+)", lambda match: f"turns.{int(match[1]) // 2}", name)


def _count(state: Mapping[str, Tensor], part: str) -> int:
    return len({name.split(".")[1] for name in state if name.startswith(f"{part}.")})


def _mapped(size: int, width: int) -> nn.Sequential:
    return nn.Sequential(nn.LayerNorm(size), nn.Linear(size, width))


def _mask(config: BanditConfig, bins: int) -> nn.Sequential:
    inner, outer = config.mask_hidden, 4 * bins  # real and imaginary, and as many again that gate them
    return nn.Sequential(
        nn.LayerNorm(config.width), nn.Linear(config.width, inner), nn.Tanh(), nn.Linear(inner, outer), nn.GLU()
    )
