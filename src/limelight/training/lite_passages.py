"""`lite` trained on passages of a built data set: waveforms with their stems and cues, as training/passages.py draws them.

What its losses want is computed here: powers of lines, the stems as the spoilt mixture has them, and the gains that lead
back. A passage may also be spoilt anew (`Anew`), so that the same clip is heard in many bad mixes, and now and then in its
good one.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from limelight.muddy.mixtures import PRIORS_LUFS
from limelight.networks.lite import PROGRAMME_LUFS, Lite, loudness_lufs
from limelight.networks.lite_remixer import LiteRemixer, whole_tokens
from limelight.networks.lite_spectra import waveform_spectra
from limelight.signals import STEMS
from limelight.training.batches import INAUDIBLE_DB
from limelight.training.lite import LiteTask, Weights
from limelight.training.spoilt_stems import gains_in

Batch = dict[str, Tensor]
GOOD_DB = 0.5  # a mixture whose stems were moved by less is good already
LEAST_GAIN = 1e-3  # −60 dB


@dataclass(frozen=True)
class Anew:
    """How many of the passages get another mix than the one that was built; the rest keep theirs."""

    blind: float = 0.0  # share whose stems are set to levels drawn without regard to the picture
    good: float = 0.0  # share that is left as it should be
    recast: float = 0.0  # share of batches whose clips exchange stems, blindly mixed and without their pictures


class LitePassages(nn.Module):
    """The network with its losses, as one module that a loop can step."""

    def __init__(self, network: LiteRemixer, weights: Weights | None = None, anew: Anew | None = None) -> None:
        super().__init__()
        self.network, self.anew = network, anew or Anew()
        self.task = LiteTask(network.lite.config, weights, network.lite)

    def forward(self, batch: Batch) -> Batch:
        """Losses by name; "total" is what is minimised.

        The batch holds `mixture` and `target` [B, N] and the target's `stems` [B, K, N]; or it is one of training/batches.py,
        in lines already.
        """
        lines = batch["mixture"].dim() == 3
        losses: Batch = self.task(batch if lines else self.heard(batch))
        return losses

    def matrices(self) -> list[nn.Parameter]:
        """Those that Muon is for."""
        return self.task.matrices()

    @torch.no_grad()
    def heard(self, batch: Batch) -> Batch:
        """Waveforms to what `LiteTask` is given; in training, away from the programme level as a film's passages are."""
        model = self.network.lite
        if self.training:
            batch = self._spoilt_anew(batch)
        gains = gains_in(batch["stems"], batch["mixture"])  # [B, K]
        mixture, stems = power_of_lines(batch["mixture"], model), power_of_lines(batch["stems"], model)
        stems = stems * gains.square()[..., None, None]
        target = power_of_lines(batch["target"], model)
        lufs = lufs_of(mixture, model)
        audible = (lufs_of(stems, model) - lufs[:, None] > INAUDIBLE_DB).float()
        kept_db = lufs - lufs_of(target, model)
        moved_db = 20 * torch.log10(gains.clamp(min=LEAST_GAIN))
        gains_db = (kept_db[:, None] - moved_db) * audible
        level_db = self._level_db(len(lufs)).to(lufs) if self.training else 0.0
        scale = 10 ** ((PROGRAMME_LUFS + level_db - lufs) / 10)  # of power, [B]
        made = {
            "mixture": mixture * scale[:, None, None],
            "stems": stems * scale[:, None, None, None],
            "target": target * (scale * 10 ** (kept_db / 10))[:, None, None],
            "gains_db": gains_db,
            "audible": audible,
            "good": (gains_db.abs() < GOOD_DB).all(1).float(),
        }
        return made | ({"context": batch["context"]} if "context" in batch else {})

    def _spoilt_anew(self, batch: Batch) -> Batch:
        model, anew = self.network.lite, self.anew
        if anew.recast and float(torch.rand(())) < anew.recast:
            batch, anew = recast(batch), Anew(blind=1 - anew.good, good=anew.good)
        return batch | {"mixture": spoilt_anew(batch, anew, model)}

    def _level_db(self, count: int) -> Tensor:
        """[B]; mostly near, at times a quiet passage of a film or a loud one."""
        near, far = 4 * torch.randn(count), -20 + 28 * torch.rand(count)
        return torch.where(torch.rand(count) < 0.6, near, far)


def spoilt_anew(batch: Batch, anew: Anew, model: Lite) -> Tensor:
    """Mixtures [B, N]: as built, or of the stems at other levels, or as they should be."""
    mixture, stems = batch["mixture"], batch["stems"]
    chance = torch.rand(len(mixture))
    means, spreads = torch.tensor([PRIORS_LUFS[stem] for stem in STEMS]).T
    wished_lufs = means + spreads * torch.randn(stems.shape[:2])  # [B, K]
    gains = 10 ** ((wished_lufs.to(mixture) - lufs_of(power_of_lines(stems, model), model)).clamp(-24, 24) / 20)
    gains = torch.where((chance < anew.good).to(mixture.device)[:, None], torch.ones_like(gains), gains)
    other = torch.einsum("bkn,bk->bn", stems, gains)
    return torch.where((chance < anew.good + anew.blind).to(mixture.device)[:, None], other, mixture)


def recast(batch: Batch) -> Batch:
    """The clips with each stem from any of them: so no scene is known by its soundtrack. Pictures are hidden."""
    stems = batch["stems"]
    count, kinds = stems.shape[:2]
    stems = torch.stack([stems[torch.randperm(count), k] for k in range(kinds)], dim=1)
    made = {"stems": stems, "target": stems.sum(1)}
    return batch | made | ({"context": torch.zeros_like(batch["context"])} if "context" in batch else {})


def power_of_lines(sound: Tensor, model: Lite) -> Tensor:
    """[..., N] to [..., T, lines], whole tokens."""
    flat = whole_tokens(sound.reshape(-1, sound.shape[-1]), model.config)
    power = torch.view_as_real(waveform_spectra(flat, model.config)).square().sum(-1)
    return model.separator.lines.sums(power).unflatten(0, sound.shape[:-1])


def lufs_of(power: Tensor, model: Lite) -> Tensor:
    """Ungated loudness of lines [..., T, lines], [...]."""
    return loudness_lufs(power.flatten(0, -3), model.k, model.config).unflatten(0, power.shape[:-2])
