"""What every remixing network is: a mixture and a context in, a remix out, by a mask and a waveform, on any channels.

    output = iSTFT(mask · X) + wave

This is the seam between networks and all that trains, exports and runs them. A network that works on waveforms alone
prescribes a mask of ones and wave = output − mixture, so that all networks are run on stereo and 5.1 alike: what the mono
network decides for the downmix m = Σ_c w_c x_c is done to every channel. The mask is applied to the spectrum of each channel,
which keeps each where it stands. The waveform residual r is one for all; each channel gets the share of it that it has in the
downmix, by least squares over the whole stretch:

    y_c = iSTFT(mask · X_c) + a_c r,      a_c = ⟨x_c, m⟩ / ⟨m, m⟩

Since Σ_c w_c a_c = 1 and the transform is linear, the downmix of the outputs is the network's output for the downmix. For
channels of equal power that have nothing in common, a is the pseudo-inverse of the weights, w / ‖w‖²; unlike that, a silent
channel gets nothing, and equal channels get equal shares. What only stands out of phase (m = 0) is masked by what the network
says of silence: this is the known limit of a mono network.

Neither paper says how to run its mono network on more channels; this is our own.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Protocol, Self

import torch
from torch import Tensor, nn

from limelight.networks.dual_unet import Prescription, istft, lengthened, stft


class Transform(Protocol):
    """The STFT that a mask is laid on."""

    @property
    def sample_rate(self) -> int:
        """Hz."""
        ...

    @property
    def n_fft(self) -> int: ...

    @property
    def hop(self) -> int: ...

    @property
    def bins(self) -> int:
        """F, without Nyquist's."""
        ...


class RemixerConfig(Protocol):
    """Everything that is needed to build a network again: a frozen dataclass that travels in checkpoints and exports."""

    @property
    def backbone(self) -> Any:
        """A `Transform`, and what else the network keeps there."""
        ...

    @property
    def context_width(self) -> int:
        """D; 0: without a context."""
        ...

    def sized(self, channels: int) -> Self:
        """The same network by its one dial."""
        ...

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        ...

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """The inverse."""
        ...


class RemixNetwork(nn.Module, ABC):
    """Mixture [B, N] at the config's rate and context [B, M, D], a step a second (or none), to output [B, N]."""

    config: RemixerConfig

    @abstractmethod
    def forward(self, mixture: Tensor, context: Tensor | None = None, hidden: Tensor | None = None) -> Tensor:
        """`hidden` [B, M] is 1 where a step of context must not be seen."""

    @abstractmethod
    def prescribe(self, magnitude: Tensor, mixture: Tensor, context: Tensor | None = None) -> Prescription:
        """|X| [B, F, T], mixture [B, N] and context to mask [B, F, T] and wave [B, N]."""

    def recompute_activations(self) -> None:
        """From here on training computes activations again in the way back, where the network can; else nothing changes."""


def on_every_channel(
    network: RemixNetwork, sound: Tensor, context: Tensor | None = None, *, weights: Tensor | None = None
) -> Tensor:
    """Sound [B, C, N] and context [B, M, D] to output [B, C, N]. Weights [C] of the downmix; default all alike."""
    config, samples = network.config.backbone, sound.shape[-1]
    weights = torch.full((sound.shape[1],), 1 / sound.shape[1]) if weights is None else weights
    sound = lengthened(sound, config)
    mono = torch.einsum("bcn,c->bn", sound, weights.to(sound))
    # One transform of the downmix more than needed: it is the sum of the channels', but the sum costs as much.
    made = network.prescribe(stft(mono, config).abs(), mono, context)
    outputs = [istft(made.mask * stft(channel, config), sound.shape[-1], config) for channel in sound.unbind(1)]
    output = torch.stack(outputs, dim=1) + shares(sound, mono)[..., None] * made.wave[:, None]
    return output[..., :samples]


def shares(sound: Tensor, mono: Tensor) -> Tensor:
    """a_c, [B, C], of channels [B, C, N] in their downmix [B, N]; zeros where the downmix is silent."""
    common = torch.einsum("bcn,bn->bc", sound, mono)
    power = mono.square().sum(1, keepdim=True)
    return torch.where(power > 0, common / power.clamp(min=torch.finfo(power.dtype).tiny), 0.0)
