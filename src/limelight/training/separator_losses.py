"""What the separator is trained on: masks on the mixture, judged by what they are for.

shares     cross-entropy of masks to the true shares of power, loud lines counting more: whose is this line
remix      distance of magnitudes of Σ g_k M_k X to the true remix, level-matched: what gains will make of it
stems      log of each stem's error over its power, phases counted (Re X S* is kept): how clean is it, how silent when absent
presence   cross-entropy of "is it heard now"
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from limelight.networks.stem_separator import Heard, StemSeparator
from limelight.training.scenes import DrawnScenes, SceneBatch
from limelight.types import STEMS

FLOOR = 3e-4  # of the mixture's power: an absent stem may keep −35 dB
GOOD_DB = 0.5
STEPS_DB = torch.tensor([6.0, 9.0, 12.0])


@dataclass(frozen=True)
class LossWeights:
    """How much each counts."""

    shares: float = 1.0
    remix: float = 3.0
    stems: float = 0.4
    presence: float = 0.3


def shares_loss(heard: Heard, batch: SceneBatch, widths: Tensor) -> Tensor:
    """Cross-entropy of masks to the true shares of power."""
    shares = batch.stems / (batch.stems.sum(1, keepdim=True) + 1e-9)
    entropy = -(shares * heard.log_masks.clamp(min=-12)).sum(1)
    weight = (batch.mixture.clamp(min=0) * widths).pow(0.25)
    return ((weight * entropy).mean((1, 2)) / (weight.mean((1, 2)) + 1e-3)).mean()


def remix_distance(masks: Tensor, batch: SceneBatch, gains_db: Tensor, widths: Tensor, k_weights: Tensor) -> Tensor:
    """L1 of magnitudes relative to the target's sum, [B]; the remix is brought to the target's loudness."""
    gains = 10 ** (gains_db / 20)
    target = _mixed_power(batch, gains).clamp(min=0).sqrt()
    made = (masks * gains[:, :, None, None]).sum(1) * batch.mixture.clamp(min=0).sqrt()
    wished, found = ((x.square() * k_weights).sum((1, 2)) + 1e-9 for x in (target, made))
    made = made * (wished / found).sqrt()[:, None, None]
    count = widths.sqrt()
    return ((made - target).abs() * count).sum((1, 2)) / ((target * count).sum((1, 2)) + 1e-6)


def _mixed_power(batch: SceneBatch, gains: Tensor) -> Tensor:
    """|Σ g_k S_k|² [B, T, N] from powers and cross-powers."""
    # 2 Re S_i S_j* g_i g_j of the pair without k:  c_ij = (Σ along − …); solved from along_k = P_k + Σ_{j≠k} c_kj
    cross = batch.along - batch.stems  # [B, 3, T, N]: c_01 + c_02, c_01 + c_12, c_02 + c_12
    half = cross.sum(1) / 2
    pairs = half[:, None] - cross  # c_12, c_02, c_01
    g = gains[:, :, None, None]
    others = torch.stack([gains[:, 1] * gains[:, 2], gains[:, 0] * gains[:, 2], gains[:, 0] * gains[:, 1]], 1)
    return (g.square() * batch.stems).sum(1) + 2 * (others[:, :, None, None] * pairs).sum(1)


def stems_loss(masks: Tensor, batch: SceneBatch) -> Tensor:
    """Log of each stem's error over its power."""
    whole = batch.mixture.clamp(min=0).sum((1, 2))[:, None]
    error = (masks.square() * batch.mixture[:, None] - 2 * masks * batch.along + batch.stems).sum((2, 3)).clamp(min=0)
    power = batch.stems.sum((2, 3))
    floor = FLOOR * whole + 1e-6
    return torch.log10((error + floor) / (power + floor)).mean()


def presence_loss(heard: Heard, batch: SceneBatch) -> Tensor:
    """Cross-entropy of what is said to be heard."""
    tokens = heard.presence.shape[1]
    wished = batch.present.unflatten(1, (tokens, -1)).mean(2)
    return F.binary_cross_entropy_with_logits(heard.presence, wished)


def drawn_gains(batch: SceneBatch, generator: torch.Generator | None = None) -> Tensor:
    """dB [B, 3]: those that lead back to the good mix; one stem up or down against the others, as mixers do; or any.

    Which stem it is falls evenly on all three, those that are not there among them: what is called theirs is heard then.
    """
    B = len(batch.undo_db)
    static = batch.undo_db.abs().amax(1) > GOOD_DB
    kind = torch.rand(B, generator=generator)
    free = (torch.rand(B, 3, generator=generator) * 2 - 1) * 14
    step = STEPS_DB[torch.randint(len(STEPS_DB), (B,), generator=generator)]
    step = torch.where(torch.rand(B, generator=generator) < 0.5, step, -step)
    one = F.one_hot(torch.randint(3, (B,), generator=generator), 3) * 2 - 1
    gains = torch.where((kind < 0.35)[:, None], free, step[:, None] * one)
    return torch.where((static & (kind > 0.65))[:, None], batch.undo_db, gains)


def all_losses(
    heard: Heard, batch: SceneBatch, gains_db: Tensor, weights: LossWeights, widths: Tensor, k_weights: Tensor
) -> dict[str, Tensor]:
    """By name, and their weighted sum as `total`."""
    losses = {
        "shares": shares_loss(heard, batch, widths),
        "remix": remix_distance(heard.masks, batch, gains_db, widths, k_weights).clamp(max=4).mean(),
        "stems": stems_loss(heard.masks, batch),
        "presence": presence_loss(heard, batch),
    }
    total = torch.stack([getattr(weights, name) * loss for name, loss in losses.items()]).sum()
    return losses | {"total": total}


@torch.no_grad()
def figures(network: StemSeparator, scenes: DrawnScenes, clips: int) -> dict[str, float]:
    """Cross-entropy; remix with the true gains against doing nothing, of all and of mixtures that lack a stem; SNR of stems
    that are heard; phantoms of each stem; presence of speech."""
    entropy, said_all, true_all = [], [], []
    made: list[Tensor] = []
    none: list[Tensor] = []
    lacking: list[Tensor] = []
    snr: list[list[float]] = [[], [], []]
    phantom: list[list[float]] = [[], [], []]
    for batch in scenes.in_order(8, clips):
        heard = answered(network, batch)
        entropy.append(float(shares_loss(heard, batch, scenes.widths)))
        undo = papers_undo_db(batch, scenes.k_weights)
        made.append(remix_distance(heard.masks, batch, undo, scenes.widths, scenes.k_weights))
        alike = torch.ones_like(heard.masks)  # whatever the gains, the mixture's shape stays: nothing is done
        none.append(remix_distance(alike, batch, undo, scenes.widths, scenes.k_weights))
        lacking.append((batch.stems.sum((2, 3)) == 0).any(1))
        _stem_figures(heard.masks, batch, snr, phantom)
        said_all.append(heard.presence[..., 0].flatten() > 0)
        true_all.append(batch.present[..., 0].unflatten(1, (heard.presence.shape[1], -1)).mean(2).flatten() >= 0.5)
    said, true, lacks = torch.cat(said_all), torch.cat(true_all), torch.cat(lacking)
    ours, nothing = torch.cat(made), torch.cat(none)
    told = {"entropy": float(np.mean(entropy)), "remix": 100 * float(ours.sum() / nothing.sum() - 1)}
    told["remix_lacking"] = 100 * float(ours[lacks].sum() / nothing[lacks].sum() - 1)
    told |= {f"snr_{stem}": float(np.mean(values)) for stem, values in zip(STEMS, snr, strict=True)}
    for stem, values in zip(STEMS, phantom, strict=True):
        told[f"phantom_{stem}"] = float(np.median(values)) if values else float("nan")
    told["phantom_95"] = float(np.quantile(phantom[0], 0.95)) if phantom[0] else float("nan")
    return told | {"presence_f1": float(2 * (said & true).sum() / (said.sum() + true.sum()).clamp(min=1))}


def answered(network: StemSeparator, batch: SceneBatch) -> Heard:
    """What the network says, on the CPU wherever it runs."""
    device = next(network.parameters()).device
    heard = network(batch.told.to(device), batch.voice.to(device), batch.kinds.to(device))
    return Heard(heard.masks.cpu(), heard.log_masks.cpu(), heard.presence.cpu())


def papers_undo_db(batch: SceneBatch, k_weights: Tensor) -> Tensor:
    """[B, 3]: what undoes the papers' recipe where it was used; elsewhere the loudest stem up and the others down by 9 dB."""
    power = (batch.stems * k_weights).sum((2, 3))
    made_up = 9.0 * (F.one_hot(power.argmax(1), 3) * 2 - 1)
    return torch.where((batch.undo_db.abs().amax(1) > 0.5)[:, None], batch.undo_db, made_up)


def _stem_figures(masks: Tensor, batch: SceneBatch, snr: list[list[float]], phantom: list[list[float]]) -> None:
    whole = batch.mixture.sum((1, 2))
    power = batch.stems.sum((2, 3))
    error = (masks.square() * batch.mixture[:, None] - 2 * masks * batch.along + batch.stems).sum((2, 3))
    called = (masks.square() * batch.mixture[:, None]).sum((2, 3))
    for b in range(len(whole)):
        for k in range(3):
            if power[b, k] > 1e-2 * whole[b]:
                snr[k].append(float(10 * torch.log10(power[b, k] / error[b, k].clamp(min=1e-6))))
            elif power[b, k] == 0:
                phantom[k].append(float(10 * torch.log10(called[b, k] / whole[b] + 1e-9)))
