"""The second half of `lite`: the director learns the gains from what the finished separator hears.

Balance is a matter of few numbers (the stems' levels and how they move), so thousands of mixtures are heard once, what the
separator made of them is kept, and the director is trained on that in large batches, in minutes.

It is asked for two things: that the remix lies near the good mix, with the masks as they are (L1 of magnitudes after level
matching, so that a stem that is badly separated is moved less than one that is cleanly heard), and that the gains lie near
the true ones. How much a well mixed film may be harmed is a choice, and this is where it is made: from levels alone a good
mix cannot always be told from a spoilt one, so the undegraded examples weigh more than their number (`undegraded_weight`).
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional as F

from limelight.networks.lite import Lite, k_weights
from limelight.training.hearings import Hearings

log = logging.getLogger(__name__)
SILENT_WEIGHT = 0.1  # a silent stem's gain is asked to stay at zero, gently


@dataclass(frozen=True)
class DirectorConfig:
    """How the director is trained."""

    steps: int = 1500
    batch: int = 48
    stride: int = 4  # every fourth token is enough to learn from, and four times cheaper
    learning_rate: float = 1e-3
    weight_decay: float = 0.05
    gains_weight: float = 0.01  # of a decibel, where the remix's distance is relative to the good mix
    undegraded_weight: float = 1.5
    forget_latent: float = 0.2  # share of examples that must do with the levels
    level_noise_db: float = 1.0
    delta_db: float = 2.0  # where the loss of the gains turns from squared to linear
    seed: int = 0


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
    weights = k_weights(model.config)
    best, best_loss = {k: v.clone() for k, v in model.director.state_dict().items()}, float("inf")
    for step in range(1, config.steps + 1):
        batch = train[torch.randint(len(train), (config.batch,), generator=generator)]
        batch = _roughened(batch, generator, config)
        model.director.train()
        start = 10 * float(torch.rand((), generator=generator))  # a film's windows are longer than an example
        gains = gains_of(model, batch, stride=config.stride, start_seconds=start)
        loss = director_loss(gains, batch, weights, config)
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


def director_loss(gains_db: Tensor, hearings: Hearings, weights: Tensor, config: DirectorConfig) -> Tensor:
    """Distance of the remix, and Huber distance of the gains [n, L, K]; silent stems count little, good mixes much."""
    good = torch.where(hearings.undegraded, config.undegraded_weight, 1.0)  # [n]
    error = F.huber_loss(
        gains_db, hearings.gains_db[:, None].expand_as(gains_db), reduction="none", delta=config.delta_db
    )
    heard = hearings.audible + (1 - hearings.audible) * SILENT_WEIGHT
    of_gains = (error.mean(1) * heard).sum(1) / heard.sum(1)  # [n]
    distance = remix_distance(gains_db, hearings, weights)
    return ((distance + config.gains_weight * of_gains) * good).sum() / good.sum()


def remix_distance(gains_db: Tensor, hearings: Hearings, weights: Tensor) -> Tensor:
    """How far the level-matched remix lies from the good mix, relative to the good mix's own magnitude, [n].

    `gains_db` [n, L, K] are of the tokens whose frames the hearings hold: L = J, or twice as many.
    """
    gains = 10 ** (gains_db[:, :: gains_db.shape[1] // hearings.magnitude.shape[1]] / 20)  # [n, J, K]
    mask = torch.einsum("njk,nkjf->njf", gains, hearings.masks.float())
    output, target = mask * hearings.magnitude, hearings.target.float()
    fit = ((target.square() * weights).sum((1, 2)) / ((output.square() * weights).sum((1, 2)) + 1e-9)).sqrt()
    return (fit[:, None, None] * output - target).abs().sum((1, 2)) / (target.sum((1, 2)) + 1e-6)


@dataclass(frozen=True)
class Judged:
    """How good the director is; gains in dB over audible stems."""

    loss: float
    distance_change: float  # of the remix to the good mix, relative to doing nothing, on spoilt mixtures
    error_db: float  # of the gains, there
    zero_error_db: float  # of doing nothing, there
    harm_db: float  # mean absolute gain on good mixtures

    def __str__(self) -> str:
        return (
            f"remix {100 * self.distance_change:+.1f} %  gains {self.error_db:.2f} dB "
            f"(do nothing {self.zero_error_db:.2f})  harm {self.harm_db:.2f} dB"
        )


@torch.no_grad()
def judge(model: Lite, hearings: Hearings, config: DirectorConfig) -> Judged:
    """Judges the director on hearings that it was not trained on."""
    model.director.eval()
    weights = k_weights(model.config)
    loss, after, before, gains = [], [], [], []
    for rows in torch.arange(len(hearings)).split(50):
        part = hearings[rows]
        found = gains_of(model, part)
        gains.append(found.mean(1))
        loss.append(director_loss(found, part, weights, config) * len(rows))
        after.append(remix_distance(found, part, weights))
        before.append(remix_distance(torch.zeros_like(found), part, weights))
    mean = torch.cat(gains)
    spoilt = hearings.audible * (~hearings.undegraded)[:, None]
    good = hearings.audible * hearings.undegraded[:, None]
    bad = ~hearings.undegraded
    return Judged(
        loss=(torch.stack(loss).sum() / len(hearings)).item(),
        distance_change=(torch.cat(after)[bad].mean() / torch.cat(before)[bad].mean() - 1).item(),
        error_db=(((mean - hearings.gains_db).abs() * spoilt).sum() / spoilt.sum()).item(),
        zero_error_db=((hearings.gains_db.abs() * spoilt).sum() / spoilt.sum()).item(),
        harm_db=((mean.abs() * good).sum() / good.sum().clamp(min=1)).item(),
    )


def _roughened(batch: Hearings, generator: torch.Generator, config: DirectorConfig) -> Hearings:
    """One token in `stride` from a random place, noise on the levels, the latent of some forgotten."""
    n = len(batch)
    batch = batch.every(config.stride, 2 * int(torch.randint(config.stride // 2, (1,), generator=generator)))
    keep = (torch.rand(n, 1, 1, generator=generator) > config.forget_latent).to(batch.latent.dtype)
    noise = config.level_noise_db * torch.randn(n, 1, batch.levels_db.shape[2], generator=generator)
    return replace(batch, latent=batch.latent * keep, levels_db=batch.levels_db + noise)
