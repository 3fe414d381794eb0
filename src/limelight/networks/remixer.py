"""What every remixing network is: a mixture and a context in, a remix out, by a mask and a waveform.

    output = iSTFT(mask · X) + wave

A network that works on waveforms alone prescribes a mask of ones and wave = output − mixture, so that more channels than
one can be done alike (`every_channel`). The seam between networks and all that trains, exports and runs them.
"""

from __future__ import annotations

from typing import Any, Protocol, Self

from torch import Tensor, nn

from limelight.networks.dual_unet import Prescription


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


class Remixer(nn.Module):
    """Mixture [B, N] at the config's rate and context [B, M, D], a step a second (or none), to output [B, N]."""

    config: RemixerConfig

    def forward(self, mixture: Tensor, context: Tensor | None = None, hidden: Tensor | None = None) -> Tensor:
        """`hidden` [B, M] is 1 where a step of context must not be seen."""
        raise NotImplementedError

    def prescribe(self, magnitude: Tensor, mixture: Tensor, context: Tensor | None = None) -> Prescription:
        """|X| [B, F, T], mixture [B, N] and context to mask [B, F, T] and wave [B, N]."""
        raise NotImplementedError
