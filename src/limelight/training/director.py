"""The second half of `lite`: the director learns the gains from what the finished separator hears.

Balance is a matter of few numbers (the stems' levels and how they move), so thousands of mixtures are heard once, what the
separator made of them is kept, and the director is trained on that in large batches, in minutes.

How much a well mixed film may be harmed is a choice, and this is where it is made: from levels alone a good mix cannot
always be told from a spoilt one, so the undegraded examples weigh more than their number (`undegraded_weight`).
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from limelight.networks.lite import Lite, token_levels_db
from limelight.training.lite import SILENT_WEIGHT, LiteTask

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Hearings:
    """What the separator made of n mixtures."""

    latent: Tensor  # [n, L, R], half precision
    levels_db: Tensor  # [n, L, K]
    gains_db: Tensor  # [n, K], the truth
    audible: Tensor  # [n, K]

    @property
    def undegraded(self) -> Tensor:
        """[n], where the truth is to leave the mix alone."""
        return self.gains_db.abs().amax(1) < 0.1

    def __getitem__(self, rows: Tensor) -> Hearings:
        return Hearings(self.latent[rows], self.levels_db[rows], self.gains_db[rows], self.audible[rows])

    def __len__(self) -> int:
        return len(self.gains_db)


@dataclass(frozen=True)
class DirectorConfig:
    """How the director is trained."""

    steps: int = 1500
    batch: int = 48
    stride: int = 4  # every fourth token is enough to learn from, and four times cheaper
    learning_rate: float = 1e-3
    weight_decay: float = 0.05
    undegraded_weight: float = 3.5
    forget_latent: float = 0.5  # share of examples that must do with the levels
    level_noise_db: float = 1.0
    delta_db: float = 2.0  # where the loss turns from squared to linear
    seed: int = 0


@torch.no_grad()
def collect(task: LiteTask, batches: Iterable[dict[str, Tensor]], count: int) -> Hearings:
    """Hears `count` mixtures through the separator."""
    parts: list[Hearings] = []
    have = 0
    for batch in batches:
        spectra = task.spectra(batch)
        magnitude = spectra.mixture.abs()
        masks, latent = task.model.separator(magnitude)
        levels = token_levels_db(masks, magnitude, task.k, task.config)
        parts.append(Hearings(latent.half(), levels, spectra.gains_db, spectra.audible))
        have += len(levels)
        if len(parts) % 50 == 0:
            log.info("heard %d of %d mixtures", have, count)
        if have >= count:
            break
    return Hearings(
        *(torch.cat([getattr(part, name) for part in parts]) for name in ("latent", "levels_db", "gains_db", "audible"))
    )


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


def gains_of(model: Lite, hearings: Hearings, *, stride: int = 1, start_seconds: float = 0.0) -> Tensor:
    """What the director makes of hearings of every `stride`-th token, without a picture, [n, L, K] in dB."""
    n, L = hearings.levels_db.shape[:2]
    seconds = (start_seconds + torch.arange(L) * stride * model.config.token_seconds).expand(n, L)
    cues = torch.zeros(n, 1, model.config.highlighter.context_width)
    gains: Tensor = model.director(
        hearings.latent.float(), hearings.levels_db, seconds, cues, torch.zeros(n, 1), torch.ones(n, 1)
    )
    return gains


def train_director(model: Lite, train: Hearings, validation: Hearings, config: DirectorConfig) -> None:
    """Trains the director of a model in place; keeps the weights that validate best."""
    generator = torch.Generator().manual_seed(config.seed)
    optimiser = torch.optim.AdamW(
        model.director.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, config.learning_rate, config.steps, pct_start=0.05)
    best, best_loss = {k: v.clone() for k, v in model.director.state_dict().items()}, float("inf")
    for step in range(1, config.steps + 1):
        batch = train[torch.randint(len(train), (config.batch,), generator=generator)]
        batch = _roughened(batch, generator, config)
        model.director.train()
        start = 10 * float(torch.rand((), generator=generator))  # a film's windows are longer than an example
        gains = gains_of(model, batch, stride=config.stride, start_seconds=start)
        loss = director_loss(gains, batch, config)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.director.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        if step % 100 == 0:
            judged = judge(model, validation, config)
            log.info("director %d/%d  loss %.3f  %s", step, config.steps, loss.item(), judged)
            if judged.loss < best_loss:
                best, best_loss = {k: v.clone() for k, v in model.director.state_dict().items()}, judged.loss
    model.director.load_state_dict(best)


def director_loss(gains_db: Tensor, hearings: Hearings, config: DirectorConfig) -> Tensor:
    """Huber distance of the gains from the truth; silent stems count little, undegraded mixtures much."""
    weight = hearings.audible + (1 - hearings.audible) * SILENT_WEIGHT
    weight = weight * torch.where(hearings.undegraded, config.undegraded_weight, 1.0)[:, None]
    error = torch.nn.functional.huber_loss(
        gains_db, hearings.gains_db[:, None].expand_as(gains_db), reduction="none", delta=config.delta_db
    )
    return (error.mean(1) * weight).sum() / weight.sum()


@dataclass(frozen=True)
class Judged:
    """How good the gains are, in dB over audible stems."""

    loss: float
    error_db: float  # on spoilt mixtures
    zero_error_db: float  # of doing nothing there
    harm_db: float  # on good mixtures

    def __str__(self) -> str:
        return f"error {self.error_db:.2f} dB (do nothing {self.zero_error_db:.2f})  harm {self.harm_db:.2f} dB"


@torch.no_grad()
def judge(model: Lite, hearings: Hearings, config: DirectorConfig) -> Judged:
    """Judges the director on hearings that it was not trained on."""
    model.director.eval()
    gains = torch.cat([gains_of(model, hearings[rows]) for rows in torch.arange(len(hearings)).split(50)])
    spoilt = hearings.audible * (~hearings.undegraded)[:, None]
    good = hearings.audible * hearings.undegraded[:, None]
    mean = gains.mean(1)
    return Judged(
        loss=director_loss(gains, hearings, config).item(),
        error_db=(((mean - hearings.gains_db).abs() * spoilt).sum() / spoilt.sum()).item(),
        zero_error_db=((hearings.gains_db.abs() * spoilt).sum() / spoilt.sum()).item(),
        harm_db=((mean.abs() * good).sum() / good.sum().clamp(min=1)).item(),
    )


def _roughened(batch: Hearings, generator: torch.Generator, config: DirectorConfig) -> Hearings:
    """One token in `stride` from a random place, noise on the levels, the latent of some forgotten."""
    n = len(batch)
    tokens = slice(int(torch.randint(config.stride, (1,), generator=generator)), None, config.stride)
    keep = (torch.rand(n, 1, 1, generator=generator) > config.forget_latent).to(batch.latent.dtype)
    noise = config.level_noise_db * torch.randn(n, 1, batch.levels_db.shape[2], generator=generator)
    return Hearings(batch.latent[:, tokens] * keep, batch.levels_db[:, tokens] + noise, batch.gains_db, batch.audible)
