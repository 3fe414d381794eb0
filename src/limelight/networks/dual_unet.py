"""The dual U-Net: VisAH's audio backbone, one branch on the spectrogram and one on the waveform, meeting in the middle.

From VisAH (CVPR 2025), whose backbone is a HybridDemucs (Défossez, 2021) of base width 24, 20.96 M parameters.
For 10 s at 44.1 kHz:

    level   spectrogram  C × F × T         waveform  C × T
      –       1 × 2048 × 431                 1 × 441000
      0      24 ×  512 × 431                24 × 110250          down and up by 4 at each level: over frequency
      1      48 ×  128 × 431                48 ×  27563          on the left, over time on the right; skips across
      2      96 ×   32 × 431                96 ×   6891
      3     192 ×    8 × 431               192 ×   1723
      4     384 ×    1 × 431   ←── added ── 384 ×    431         norms, LSTM and attention from here on
      5     768 ×        216   the embedding, where a highlighter may speak

    output = iSTFT(mask · X) + (waveform branch's output · σ + μ)         X, μ, σ of the input

As VisAH, and unlike HybridDemucs: the spectrogram is one channel of magnitude that is not normalised (normalising
suppresses ambience), one output in place of four sources, the mask is linear and unbounded, width 24 in place of 48.

Two things that the released code does are switches, off in our own variant:

- `faded_ends`: its inverse STFT keeps T frames but divides by the windows of T + 4, which fades the first and last 35 ms.
  Ours divides by the windows that are there, so that a mask of ones changes nothing.
- `embedding_twice`: the untouched embedding enters the decoder once more, as its deepest skip, beside what the highlighter
  made of it. In ours it enters once, as in HybridDemucs, so that what the highlighter takes away is gone.

Clips under three hops are lengthened with silence, so that any length goes through. Mask and waveform are made in single
precision under autocast: a mask in bfloat16 would leave noise 50 dB under the mixture.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from limelight.networks.unet_layers import DecoderLayer, Down, EncoderLayer, Level, Up

EMBEDDING_WEIGHT = 0.2  # of the frequency embedding beside the sound
EMBEDDING_SCALE = 10.0  # its learning rate against the others'
FIRST_STD = 0.1  # towards which the convolutions' first weights are drawn
SHORTEST_HOPS = 3
MERGED_LEVEL = 4  # where the waveform branch joins, one frequency left

Highlight = Callable[[Tensor], Tensor]  # embedding [B, C_a, L] to embedding


@dataclass(frozen=True)
class StftFrames:
    """How the spectrum is framed that a mask is laid on; a part of every remixing network's configuration."""

    n_fft = 4096
    hop = 1024  # = 4⁵, so that both branches of the dual U-Net arrive at the same number of steps

    @property
    def margin(self) -> int:
        """How far the first frame reaches out before the sound."""
        return (self.n_fft - self.hop) // 2

    @property
    def bins(self) -> int:
        """Without Nyquist's."""
        return self.n_fft // 2


@dataclass(frozen=True)
class DualUnetConfig(StftFrames):
    """Size of the backbone: `channels` is the dial, a multiple of 4. All else follows."""

    channels: int = 24
    sample_rate: int = 44_100  # Hz
    faded_ends: bool = False
    embedding_twice: bool = False

    def __post_init__(self) -> None:
        if self.channels < 4 or self.channels % 4:
            raise ValueError(f"the width of a dual U-Net must be a multiple of 4, got {self.channels}")

    @property
    def widths(self) -> tuple[int, ...]:
        """Channels of levels 0 … 4."""
        return tuple(self.channels * 2**i for i in range(MERGED_LEVEL + 1))

    @property
    def embedding_width(self) -> int:
        """C_a."""
        return 2 * self.widths[-1]

    @property
    def spectral_levels(self) -> tuple[Level, ...]:
        """Five over frequency, the last shared and over time."""
        *upper, (outer, inner) = pairwise((1, *self.widths))
        merged = Level(outer, inner, normed=True, deep=True, padded=False)
        shared = Level(inner, self.embedding_width, 4, 2, over_frequency=False, normed=True, deep=True)
        return (*(Level(a, b) for a, b in upper), merged, shared)

    @property
    def wave_levels(self) -> tuple[Level, ...]:
        """Five over time, as long as the spectral ones are high."""
        ladder = pairwise((1, *self.widths))
        return tuple(Level(a, b, over_frequency=False, normed=i == MERGED_LEVEL) for i, (a, b) in enumerate(ladder))


@dataclass(frozen=True)
class Encoded:
    """What the encoder leaves for the decoder."""

    embedding: Tensor  # f_a [B, C_a, L], L = ⌈T / 2⌉
    skips: tuple[Tensor, ...]  # [B, C, F, T] of levels 0 … 4
    wave_skips: tuple[Tensor, ...]  # [B, C, N / 4ⁱ] of levels 0 … 3
    wave_mean: Tensor  # μ [B, 1]
    wave_std: Tensor  # σ [B, 1]
    samples: int  # N
    steps: int  # T


@dataclass(frozen=True)
class Prescription:
    """What the network does to a mixture: output = iSTFT(mask · X) + wave."""

    mask: Tensor  # [B, F, T], unbounded
    wave: Tensor  # [B, N], at the mixture's level


class FrequencyEmbedding(nn.Module):
    """Tells the network which frequency it is at: adds a learnt vector to each row of [B, C, F, T]."""

    def __init__(self, frequencies: int, channels: int) -> None:
        super().__init__()
        # Neighbours start alike: a random walk, at unit variance everywhere.
        walk = torch.randn(frequencies, channels).cumsum(0)
        walk = walk / torch.arange(1, frequencies + 1).sqrt()[:, None]
        self.rows = nn.Parameter(walk / EMBEDDING_SCALE)

    def forward(self, x: Tensor) -> Tensor:
        return x + EMBEDDING_WEIGHT * EMBEDDING_SCALE * self.rows.T[:, :, None]


class DualUnet(nn.Module):
    """Mixture [B, N] to output [B, N], of any length."""

    recompute = False  # the layers' activations in the way back, in place of keeping them

    def __init__(self, config: DualUnetConfig) -> None:
        super().__init__()
        self.config = config
        *upper, merged, shared = config.spectral_levels
        *wave, wave_merged = config.wave_levels
        self.frequencies = FrequencyEmbedding(config.bins // upper[0].stride, config.channels)
        self.encoder = nn.ModuleList(EncoderLayer(level) for level in upper)
        self.wave_encoder = nn.ModuleList(EncoderLayer(level) for level in wave)
        self.wave_in = Down(wave_merged)
        self.merged_encoder, self.shared_encoder = EncoderLayer(merged), EncoderLayer(shared)
        # The decoders are listed as the encoders are, from the outside in.
        self.decoder = nn.ModuleList(DecoderLayer(level, last=i == 0) for i, level in enumerate(upper))
        self.wave_decoder = nn.ModuleList(DecoderLayer(level, last=i == 0) for i, level in enumerate(wave))
        self.wave_out = Up(wave_merged)
        self.merged_decoder, self.shared_decoder = DecoderLayer(merged), DecoderLayer(shared)
        _even_out_weights(self)

    def forward(self, mixture: Tensor, *, highlight: Highlight | None = None) -> Tensor:
        """`highlight` changes the embedding between encoder and decoder."""
        samples = mixture.shape[1]
        mixture = lengthened(mixture, self.config)
        spectrum = stft(mixture, self.config)
        made = self.prescribe(spectrum.abs(), mixture, highlight=highlight)
        masked = istft(made.mask * spectrum, mixture.shape[1], self.config, faded_ends=self.config.faded_ends)
        return (masked + made.wave)[:, :samples]

    def prescribe(self, magnitude: Tensor, mixture: Tensor, *, highlight: Highlight | None = None) -> Prescription:
        """From |X| [B, F, T] and the mixture [B, N], N at least 3 hops; real numbers only, no transform inside."""
        encoded = self.encode(magnitude, mixture)
        return self.decode(encoded, highlight(encoded.embedding) if highlight else encoded.embedding)

    def encode(self, magnitude: Tensor, mixture: Tensor) -> Encoded:
        """|X| [B, F, T] and mixture [B, N] to the embedding [B, C_a, L] and what the decoder needs beside it."""
        mean, std = mixture.mean(1, keepdim=True), mixture.std(1, keepdim=True)
        waves = [((mixture - mean) / (std + 1e-5))[:, None]]  # [B, 1, N]
        for layer in self.wave_encoder:
            waves.append(self._run(layer, waves[-1]))
        merged = self.wave_in(waves[-1])[:, :, None]  # [B, C, 1, T]
        scaled = math.sqrt(self.config.n_fft) * magnitude[:, None]  # of a transform without any scaling, as released
        skips = [self.frequencies(self._run(self.encoder[0], scaled))]  # [B, C, F, T]
        for layer in self.encoder[1:]:
            skips.append(self._run(layer, skips[-1]))
        skips.append(self._run(self.merged_encoder, skips[-1], merged))
        embedding = self._run(self.shared_encoder, skips[-1].squeeze(2))
        return Encoded(embedding, tuple(skips), tuple(waves[1:]), mean, std, mixture.shape[1], magnitude.shape[-1])

    def decode(self, encoded: Encoded, embedding: Tensor) -> Prescription:
        """The embedding, highlighted or not, to what is done to the mixture."""
        if self.config.embedding_twice:
            embedding = embedding + encoded.embedding
        x = self._run(self.shared_decoder, embedding, encoded.steps)[:, :, None]  # [B, C, 1, T]
        x = self.merged_decoder.gather(x + encoded.skips[-1])
        wave = self._ascend_wave(x.squeeze(2), encoded)
        x = self.merged_decoder.up(x, encoded.steps)
        for i in reversed(range(len(self.decoder))):
            x = self._run(self.decoder[i], x + encoded.skips[i], encoded.steps)
        return Prescription(x[:, 0], wave * encoded.wave_std + encoded.wave_mean)

    def _ascend_wave(self, x: Tensor, encoded: Encoded) -> Tensor:
        """The merged level [B, C, T] to the waveform branch's output [B, N], still normalised."""
        lengths = [encoded.samples, *(skip.shape[-1] for skip in encoded.wave_skips)]
        x = self.wave_out(x, lengths[-1])
        for i in reversed(range(len(encoded.wave_skips))):
            x = self._run(self.wave_decoder[i], x + encoded.wave_skips[i], lengths[i])
        return x[:, 0]

    def _run(self, layer: nn.Module, *inputs: Any) -> Tensor:
        return checkpoint(layer, *inputs, use_reentrant=False) if self.recompute and self.training else layer(*inputs)


def lengthened(mixture: Tensor, config: StftFrames) -> Tensor:
    """[…, N] with silence behind, where it is shorter than three hops."""
    return F.pad(mixture, (0, max(0, SHORTEST_HOPS * config.hop - mixture.shape[-1])))


def stft(x: Tensor, config: StftFrames) -> Tensor:
    """[B, N] to [B, F, T] complex, T = ⌈N / hop⌉, Nyquist's bin dropped, scaled by 1 / √n_fft; N at least 3 hops.

    Frame t spans the samples from (t − 1½) · hop to (t + 2½) · hop; beyond its ends the sound is mirrored.
    """
    margin = config.margin
    x = F.pad(x[:, None], (margin, margin + -x.shape[1] % config.hop), mode="reflect")[:, 0]
    window = torch.hann_window(config.n_fft, device=x.device)
    spectrum = torch.stft(
        x, config.n_fft, config.hop, window=window, center=False, normalized=True, return_complex=True
    )
    return spectrum[:, :-1]


def istft(spectrum: Tensor, samples: int, config: StftFrames, *, faded_ends: bool = False) -> Tensor:
    """The inverse, [B, F, T] to [B, N]: x[n] = Σ_t w[n − t hop] y_t[n − t hop] / Σ_t w²[n − t hop].

    `faded_ends`: the sum below also runs over two frames before and two behind, which hold nothing.
    """
    window = torch.hann_window(config.n_fft, device=spectrum.device)
    frames = torch.fft.irfft(F.pad(spectrum, (0, 0, 0, 1)), dim=1, norm="ortho") * window[:, None]  # [B, n_fft, T]
    beyond = 2 if faded_ends else 0
    weight = (window.square()[:, None]).expand(-1, frames.shape[-1] + 2 * beyond)[None]
    first = config.margin + beyond * config.hop
    below = _overlap_add(weight, config)[:, first : first + samples]
    return _overlap_add(frames, config)[:, config.margin : config.margin + samples] / below


def _overlap_add(frames: Tensor, config: StftFrames) -> Tensor:
    """[B, n_fft, T] to [B, (T − 1) · hop + n_fft]."""
    length = (frames.shape[-1] - 1) * config.hop + config.n_fft
    return F.fold(frames, (1, length), (1, config.n_fft), stride=(1, config.hop)).flatten(1)


def _even_out_weights(network: nn.Module) -> None:
    """Brings the deviation σ of every convolution's first weights half way (in dB) to 0.1: divides them by √(σ / 0.1)."""
    convolutions = nn.Conv1d, nn.Conv2d, nn.ConvTranspose1d, nn.ConvTranspose2d
    for module in network.modules():
        if isinstance(module, convolutions):
            factor = (module.weight.detach().std() / FIRST_STD).sqrt()
            for parameter in module.parameters(recurse=False):
                parameter.data /= factor
