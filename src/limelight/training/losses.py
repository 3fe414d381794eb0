"""Losses, and which network is trained by which.

How far a remix is from the good mix: the papers' spectral distance, and the joint loss of networks that separate too.

From VisAH (CVPR 2025), a multi-resolution STFT distance in the two readings that it leaves open. Windows (Hann) of 2048, 1024
and 512 samples, hop half the window, |X| = √max(re² + im², 1e-7):

    linear      mean over the three windows of  mean |  |Y| − |X|  |              what the paper says
    log         0.1 × the same of               mean | log |Y| − log |X| |        what its released code does

Loud passages rule the first, and it sees levels as they are; in the second every bin counts alike, however faint.

The joint loss of `learn2remix`, after Yang et al. (ICASSP 2022, arXiv 2107.13634), is minus the signal-to-distortion ratio
(SDR) of the stems, and of the remix. In decibels, of estimates ŝ and truths s,

    L(ŝ, s) = 10 log10( |ŝ − s|² / r + τ ),    r = |s|²,    τ = 1e-3

Ours differs in three things. τ ends the reward at 30 dB: what is nearly perfect must not drown the rest (Wisdom et al.,
2021). A stem that is not heard has no SDR: its r is the power of all stems together, so that it costs what is wrongly taken
for it. Many clips of films have no speech; without this they could not be learnt from. And the stems count four times as
much as the remix, where the released code's example has it the other way round. There the gains are given; here they are
the network's own, and a wrong stem with a wrong gain can make as good a remix: with the remix on top, two pairs of three
simple stems were remixed to 25 dB while no stem was found. The true stems are those of the good mix as the degraded mixture
has them, by the static gains that explain it best.

What a remixing network is trained to do, as one module that the loop can step: come near the good mix.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from limelight.errors import InputError
from limelight.networks.learn2remix import Learn2Remix, Remix
from limelight.networks.remixer import RemixNetwork

WINDOWS = (2048, 1024, 512)
LEAST_POWER = 1e-7
LOG_WEIGHT = 0.1

Loss = Callable[[Tensor, Tensor], Tensor]  # output and target [B, N] to one number


def linear_distance(output: Tensor, target: Tensor) -> Tensor:
    """L1 of linear magnitudes of [B, N]."""
    return torch.stack([(magnitude(output, w) - magnitude(target, w)).abs().mean() for w in WINDOWS]).mean()


def log_distance(output: Tensor, target: Tensor) -> Tensor:
    """A tenth of the L1 of log magnitudes of [B, N]."""
    distances = [(magnitude(output, w).log() - magnitude(target, w).log()).abs().mean() for w in WINDOWS]
    return LOG_WEIGHT * torch.stack(distances).mean()


def magnitude(x: Tensor, window: int) -> Tensor:
    """|STFT| of [B, N], [B, F, T], at least √1e-7; N over half the window."""
    hann = torch.hann_window(window, device=x.device)
    spectrum = torch.view_as_real(torch.stft(x, window, window // 2, window=hann, return_complex=True))
    return spectrum.square().sum(-1).clamp(min=LEAST_POWER).sqrt()


LOSSES: dict[str, Loss] = {"linear": linear_distance, "log": log_distance}


BEND = 1e-3  # τ, −30 dB
INAUDIBLE = 10**-4.5  # a stem's power under that of all, −45 dB
SILENCE = 1e-9  # power


@dataclass(frozen=True)
class JointWeights:
    """How much each part counts; together one."""

    separation: float = 0.8
    remix: float = 0.2


class JointTask(nn.Module):
    """The network with its loss, as one module that a loop can step."""

    def __init__(self, network: Learn2Remix, weights: JointWeights | None = None) -> None:
        super().__init__()
        self.network, self.weights = network, weights or JointWeights()

    def forward(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Losses by name; "total" is what is minimised. Never in half precision, whatever the network's is.

        The batch holds `mixture` and `target` [B, N] and the target's `stems` [B, K, N].
        """
        remix = self.network.remix(batch["mixture"])
        with torch.autocast(remix.stems.device.type, enabled=False):
            remix = Remix(batch["mixture"], remix.stems.float(), remix.gains_db.float())
            return joint_losses(remix, batch["target"], degraded_stems(batch["stems"], batch["mixture"]), self.weights)


def joint_losses(remix: Remix, target: Tensor, true_stems: Tensor, weights: JointWeights) -> dict[str, Tensor]:
    """Of a remix, against the target [B, N] and the stems [B, K, N] as they sound in the mixture."""
    separation = separation_loss(remix.stems, true_stems).mean()
    remixed = distortion_db(remix.output, target, power(target)).mean()
    total = weights.separation * separation + weights.remix * remixed
    return {"separation": separation, "remix": remixed, "total": total}


def separation_loss(stems: Tensor, true_stems: Tensor) -> Tensor:
    """Mean over the stems [B, K, N] of L in dB, [B]; −30 at best, about 0 where nothing is told apart."""
    own = power(true_stems)
    whole = own.sum(1, keepdim=True)
    reference = torch.where(own > INAUDIBLE * whole, own, whole)
    return distortion_db(stems, true_stems, reference).mean(1)


def distortion_db(estimate: Tensor, truth: Tensor, reference: Tensor) -> Tensor:
    """L of signals [..., N] against a reference power [...], in dB."""
    return 10 * torch.log10(power(estimate - truth) / (reference + SILENCE) + BEND)


def power(x: Tensor) -> Tensor:
    """Mean square of [..., N]."""
    return x.square().mean(-1)


RIDGE = 1e-7  # of the stems' power, so that a silent one gets no gain


def degraded_stems(stems: Tensor, mixture: Tensor) -> Tensor:
    """The target's stems [B, K, N] as the degraded mixture [B, N] has them."""
    return stems * gains_in(stems, mixture)[..., None]


def gains_in(stems: Tensor, mixture: Tensor) -> Tensor:
    """The gains [B, K] of the stems [B, K, N] that explain the mixture [B, N] best; a silent one's is 0.

    Exact where the gains were static: they solve (S Sᵀ) a = S x.
    """
    alike = torch.einsum("bkn,bjn->bkj", stems, stems).double()
    found = torch.einsum("bkn,bn->bk", stems, mixture).double()
    ridge = RIDGE * alike.diagonal(dim1=1, dim2=2).sum(1)[:, None, None] + SILENCE
    return torch.linalg.solve(alike + ridge * torch.eye(stems.shape[1]).to(alike), found).to(stems)


JOINT = "joint"
NAMES = (*LOSSES, JOINT)
NEED_STEMS = (JOINT,)


@runtime_checkable
class WithMatrices(Protocol):
    """A task that names the weights which Muon takes."""

    def matrices(self) -> Iterable[nn.Parameter]: ...


class RemixTask(nn.Module):
    """The network with its loss. The batch is as training/contexts.py draws it."""

    def __init__(self, network: RemixNetwork, loss: str) -> None:
        """`loss`: a name of `LOSSES`."""
        super().__init__()
        self.network, self.loss = network, LOSSES[loss]

    def forward(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Losses by name; "total" is what is minimised, "untouched" the mixture's own: passages differ widely in level.

        Never in half precision, whatever the network's is.
        """
        output = self.network(batch["mixture"], batch.get("context"))
        with torch.autocast(output.device.type, enabled=False):
            total = self.loss(output.float(), batch["target"])
            with torch.no_grad():
                untouched = self.loss(batch["mixture"], batch["target"])
        return {"total": total, "untouched": untouched}


def task_of(network: RemixNetwork, loss: str) -> nn.Module:
    """The task by its loss's name; "joint" is for networks that separate too. Raises InputError."""
    if loss == JOINT:
        if not isinstance(network, Learn2Remix):
            raise InputError("Wanted the joint loss for another network than learn2remix; take linear or log.")
        return JointTask(network)
    return RemixTask(network, loss)
