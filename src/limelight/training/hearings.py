"""What the finished separator makes of mixtures, kept so that the director can learn from it in large batches.

Of each mixture every token's latent and stem levels are kept, and one frame in eight of the masks, of the mixture and of
the good mix: enough to say how far a remix with any gains would be from the truth.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, fields

import torch
from torch import Tensor

from limelight.networks.lite import Lite, LiteConfig, token_levels_db
from limelight.training.lite import LiteTask

log = logging.getLogger(__name__)

TOKENS_PER_FRAME = 2  # kept frame j belongs to token 2 j


@dataclass(frozen=True)
class Hearings:
    """What the separator made of n mixtures. L tokens, J = L / 2 kept frames; half precision where it says so."""

    latent: Tensor  # [n, L, R] half
    levels_db: Tensor  # [n, L, K]
    masks: Tensor  # [n, K, J, F] half
    magnitude: Tensor  # |X|, [n, J, F] half
    target: Tensor  # |Y| of the good mix at the input's loudness, [n, J, F] half
    gains_db: Tensor  # [n, K], the truth
    audible: Tensor  # [n, K]

    @property
    def undegraded(self) -> Tensor:
        """[n], where the truth is to leave the mix alone."""
        return self.gains_db.abs().amax(1) < 0.1

    def __getitem__(self, rows: Tensor) -> Hearings:
        return Hearings(*(getattr(self, field.name)[rows] for field in fields(self)))

    def __len__(self) -> int:
        return len(self.gains_db)

    def every(self, stride: int, offset: int) -> Hearings:
        """One token in `stride` from `offset` on, with its frames; both are multiples of TOKENS_PER_FRAME."""
        tokens = slice(offset, None, stride)
        frames = slice(offset // TOKENS_PER_FRAME, None, stride // TOKENS_PER_FRAME)
        return Hearings(
            self.latent[:, tokens],
            self.levels_db[:, tokens],
            self.masks[:, :, frames],
            self.magnitude[:, frames],
            self.target[:, frames],
            self.gains_db,
            self.audible,
        )


def joined(parts: list[Hearings]) -> Hearings:
    """Many as one."""
    return Hearings(*(torch.cat([getattr(part, field.name) for part in parts]) for field in fields(Hearings)))


@torch.no_grad()
def collect(task: LiteTask, batches: Iterable[dict[str, Tensor]], count: int) -> Hearings:
    """Hears at least `count` mixtures through the separator."""
    parts: list[Hearings] = []
    have = 0
    for batch in batches:
        parts.append(_heard(task, batch))
        have += len(parts[-1])
        if len(parts) % 50 == 0:
            log.info("heard %d of %d mixtures", have, count)
        if have >= count:
            break
    return joined(parts)


def _heard(task: LiteTask, batch: dict[str, Tensor]) -> Hearings:
    spectra = task.spectra(batch)
    magnitude = spectra.mixture.abs()
    masks, latent = task.model.separator(magnitude)
    levels = token_levels_db(masks, magnitude, task.k, task.config)
    frames = kept_frames(magnitude.shape[1], task.config)
    return Hearings(
        latent.half(),
        levels,
        masks[:, :, frames].half(),
        magnitude[:, frames].half(),
        spectra.target[:, frames].abs().half(),
        spectra.gains_db,
        spectra.audible,
    )


def kept_frames(steps: int, config: LiteConfig) -> slice:
    """Of T steps those that are kept: the second of every other token."""
    return slice(1, steps, TOKENS_PER_FRAME * config.steps_per_token)


@torch.no_grad()
def whiten(model: Lite, hearings: Hearings) -> None:
    """Gives every number of the latent mean 0 and deviation 1 over the hearings, here and in the separator that makes it.

    As it leaves the separator the latent is large and mostly constant, and drowns the levels that are added to it. Only
    the director reads it, so the separator's last layer can be rescaled freely: W/σ, (b − μ)/σ.
    """
    flat = hearings.latent.float().flatten(0, 1)
    mean, deviation = flat.mean(0), flat.std(0) + 1e-4
    layer = model.separator.latent
    layer.weight.div_(deviation[:, None])
    layer.bias.copy_((layer.bias - mean) / deviation)
