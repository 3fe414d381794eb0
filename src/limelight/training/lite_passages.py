"""`lite` trained on passages of a built data set: waveforms with their stems and cues, as training/passages.py draws them.

What its losses want is computed here: powers of lines, the stems as the spoilt mixture has them, and the gains that lead back.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from limelight.networks.lite import PROGRAMME_LUFS, loudness_lufs
from limelight.networks.lite_remixer import LiteRemixer, whole_tokens
from limelight.networks.lite_spectra import waveform_spectra
from limelight.training.batches import INAUDIBLE_DB
from limelight.training.joint_loss import gains_in
from limelight.training.lite import LiteTask, Weights

GOOD_DB = 0.5  # a mixture whose stems were moved by less is good already
LEAST_GAIN = 1e-3  # −60 dB


class LitePassages(nn.Module):
    """The network with its losses, as one module that a loop can step."""

    def __init__(self, network: LiteRemixer, weights: Weights | None = None) -> None:
        super().__init__()
        self.network = network
        self.task = LiteTask(network.lite.config, weights, network.lite)

    def forward(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Losses by name; "total" is what is minimised. The batch holds `mixture` and `target` [B, N], `stems` [B, K, N]."""
        losses: dict[str, Tensor] = self.task(self.heard(batch))
        return losses

    def matrices(self) -> list[nn.Parameter]:
        """Those that Muon is for."""
        return self.task.matrices()

    @torch.no_grad()
    def heard(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Waveforms to what `LiteTask` is given; in training, away from the programme level as a film's passages are."""
        mixture, config = batch["mixture"], self.task.config
        gains = gains_in(batch["stems"], mixture)  # [B, K]
        sounds = {
            "mixture": self._power(mixture),
            "stems": self._power(batch["stems"] * gains[..., None]),
            "target": self._power(batch["target"]),
        }
        lufs = {
            name: loudness_lufs(power, self.network.lite.k, config) for name, power in sounds.items() if name != "stems"
        }
        stem_lufs = torch.stack(
            [loudness_lufs(p, self.network.lite.k, config) for p in sounds["stems"].unbind(1)], dim=1
        )
        audible = (stem_lufs - lufs["mixture"][:, None] > INAUDIBLE_DB).float()
        kept_db = (lufs["mixture"] - lufs["target"])[:, None]
        moved_db = 20 * torch.log10(gains.clamp(min=LEAST_GAIN))
        gains_db = (kept_db - moved_db) * audible
        scale = 10 ** ((PROGRAMME_LUFS + self._level_db(mixture) - lufs["mixture"]) / 10)  # of power, [B]
        made = {
            "mixture": sounds["mixture"] * scale[:, None, None],
            "stems": sounds["stems"] * scale[:, None, None, None],
            "target": sounds["target"] * (scale * 10 ** (kept_db[:, 0] / 10))[:, None, None],
            "gains_db": gains_db,
            "audible": audible,
            "good": (gains_db.abs() < GOOD_DB).all(1).float(),
        }
        return made | ({"context": batch["context"]} if "context" in batch else {})

    def _power(self, sound: Tensor) -> Tensor:
        """Of lines: [..., N] to [..., T, lines]."""
        config = self.task.config
        flat = whole_tokens(sound.flatten(0, -2), config)
        power = self.network.lite.separator.lines.sums(
            torch.view_as_real(waveform_spectra(flat, config)).square().sum(-1)
        )
        return power.unflatten(0, sound.shape[:-1])

    def _level_db(self, mixture: Tensor) -> Tensor:
        """[B]; mostly near, at times a quiet passage of a film or a loud one."""
        if not self.training:
            return mixture.new_zeros(len(mixture))
        near, far = 4 * torch.randn(len(mixture)), -20 + 28 * torch.rand(len(mixture))
        return torch.where(torch.rand(len(mixture)) < 0.6, near, far).to(mixture)
