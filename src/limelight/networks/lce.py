"""LCE, the baseline that encodes a latent of context, and the bands it works on.

The axis of frequency as `lite` sees it: *lines*, one bin each up to 3 kHz and then wider, as the ear's resolution is.

Above 3 kHz no network of this size tells neighbouring bins apart, yet they would be three quarters of its work. A mask
has one number a line.

`lce`: one network that remixes in one step, told by a caption what matters.

After Jiang et al., "Listen, Chat, and Edit" (arXiv 2402.03710): a prompt, embedded by a language model, becomes a *semantic
filter* that scales and shifts the features of a separation network (FiLM), which puts out the edited mixture, not its
sources. VisAH (CVPR 2025) compares itself with it behind a SepReformer. Ours:

    lines of |X| → log → W numbers a step → SepReformer → K streams a_k [T, W]
                     context c → z → γ_i, β_i ──┘  x ← (1 + γ_i) x + β_i  before each stage i

    mask = 1 + Σ_k softmax_k(W a_k) · (10^(g_k/20) − 1),   g_k = 24 dB · tanh(w · a_k)
    output = iSTFT(mask · X)

Each stream claims its share of every line and has one gain a step: the mixture is taken apart, filtered and put together
within the network. What a stream holds is its own affair; nobody is shown stems.

Simplified, on purpose: it works on STFT frames in place of a learnt transform of 2 ms windows (a fortieth of the steps, so
that two cores can train it; phases stay the mixture's). The context is embedded beforehand and the language model is
not trained along. LCE has one prompt a mixture; here the context may have a step a second, and is spread evenly over the
mixture; a row of zeros says nothing. γ, β and g start at zero: an untrained network ignores its context and returns its
input.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from limelight.networks.dual_unet import Prescription, istft, lengthened, stft
from limelight.networks.remixer import RemixNetwork
from limelight.networks.sep_reformer import Modulate, SepReformer, SepReformerConfig

SINGLE_HERTZ = 3000.0
WIDENING = 1.026  # of each line's upper edge, further up


def line_edges(bins: int, hertz_per_bin: float) -> list[int]:
    """Lines + 1 bin numbers, from 0 to the number of bins."""
    edges = list(range(min(bins, round(SINGLE_HERTZ / hertz_per_bin)) + 1))
    place = float(edges[-1])
    while edges[-1] < bins:
        place *= WIDENING
        edges.append(min(bins, max(round(place), edges[-1] + 1)))
    return edges


class Lines(nn.Module):
    """From bins to lines and back. Has nothing to learn, and nothing that a checkpoint would have to keep."""

    def __init__(self, bins: int, hertz_per_bin: float) -> None:
        super().__init__()
        edges = line_edges(bins, hertz_per_bin)
        widths = torch.tensor([b - a for a, b in pairwise(edges)])
        line_of = torch.repeat_interleave(torch.arange(len(widths)), widths, output_size=bins)
        self.line_of: Tensor
        self.widths: Tensor
        self.members: Tensor
        self.register_buffer("line_of", line_of, persistent=False)  # [F]
        self.register_buffer("widths", widths.float(), persistent=False)  # [N]
        self.register_buffer("members", (line_of[:, None] == torch.arange(len(widths))).float(), persistent=False)

    def __len__(self) -> int:
        return len(self.widths)

    def sums(self, x: Tensor) -> Tensor:
        """[…, F] to [..., N]: powers of bins to powers of lines."""
        return x @ self.members

    def means(self, x: Tensor) -> Tensor:
        """[…, F] to [..., N]: weights of bins to weights of lines."""
        return self.sums(x) / self.widths

    def of_bins(self, x: Tensor) -> Tensor:
        """[…, N] to [..., F]: each bin gets what its line has."""
        return x.index_select(-1, self.line_of)


LARGEST_GAIN_DB = 24.0
SILENCE = 1e-8  # power of a line
MEANING = 2  # width of z over the network's


@dataclass(frozen=True)
class LceConfig:
    """Everything that is needed to build the model again; travels in the checkpoint."""

    backbone: SepReformerConfig = field(default_factory=SepReformerConfig)
    context_width: int = 4096  # numbers a caption, T5-XXL's; 0: without a context

    def sized(self, channels: int) -> LceConfig:
        """The same network at another width, a multiple of 4; SepReformer-B's is 128."""
        return replace(self, backbone=replace(self.backbone, width=channels))

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> LceConfig:
        return cls(**(values | {"backbone": SepReformerConfig(**values["backbone"])}))


class Lce(RemixNetwork):
    """Mixture [B, N] and context [B, M, D] (or none) to output [B, N], of any length."""

    def __init__(self, config: LceConfig) -> None:
        super().__init__()
        self.config: LceConfig = config
        size = config.backbone
        self.lines = Lines(size.bins, size.sample_rate / size.n_fft)
        self.features = nn.Sequential(nn.Linear(len(self.lines), size.width), nn.LayerNorm(size.width))
        self.backbone = SepReformer(size)
        self.filter = SemanticFilter(config) if config.context_width else None
        self.shares = nn.Linear(size.width, len(self.lines))
        self.gains = nn.Linear(size.width, 1)
        nn.init.zeros_(self.gains.weight)
        nn.init.zeros_(self.gains.bias)

    def forward(self, mixture: Tensor, context: Tensor | None = None, hidden: Tensor | None = None) -> Tensor:
        """`hidden` [B, M] is 1 where a step of context must not be seen. Raises ValueError for a context it has no way for."""
        samples = mixture.shape[1]
        mixture = lengthened(mixture, self.config.backbone)
        spectrum = stft(mixture, self.config.backbone)
        mask = self.mask(spectrum.abs(), context, hidden)
        return istft(mask * spectrum, mixture.shape[1], self.config.backbone)[:, :samples]

    def prescribe(self, magnitude: Tensor, mixture: Tensor, context: Tensor | None = None) -> Prescription:
        """|X| [B, F, T] and context to the mask, and silence of the mixture's shape [B, N]: a mask is all there is."""
        silence = 0 * mixture  # not a constant: an exported graph keeps only inputs that it uses
        return Prescription(self.mask(magnitude, context), silence)

    def mask(self, magnitude: Tensor, context: Tensor | None = None, hidden: Tensor | None = None) -> Tensor:
        """What |X| [B, F, T] is multiplied by, [B, F, T], between −24 and 24 dB."""
        power = self.lines.means(magnitude.transpose(1, 2).square())  # [B, T, lines]
        x = self.features(torch.log10(power + SILENCE) / 4 + 1)
        streams = self.backbone(x, modulate=self._listen(context, hidden))  # [B, K, T, W]
        shares = self.shares(streams).softmax(1)  # [B, K, T, lines]
        gains_db = LARGEST_GAIN_DB * torch.tanh(self.gains(streams))  # [B, K, T, 1]
        change = (shares * (10 ** (gains_db / 20) - 1)).sum(1)
        return 1 + self.lines.of_bins(change).transpose(1, 2)

    def _listen(self, context: Tensor | None, hidden: Tensor | None) -> Modulate | None:
        if context is None:
            return None
        if self.filter is None:
            raise ValueError("this network was built without a semantic filter (context_width 0) but got a context")
        return self.filter(context if hidden is None else context * (1 - hidden)[..., None])


class SemanticFilter(nn.Module):
    """Context [B, M, D] to what scales and shifts the features at every place of the network; nothing at first.

    It has no biases: a row of zeros, which is how all contexts say that nothing is shown or said, changes nothing, ever.
    """

    def __init__(self, config: LceConfig) -> None:
        super().__init__()
        width = config.backbone.width
        self.read = nn.Sequential(
            nn.Linear(config.context_width, MEANING * width, bias=False),
            nn.LayerNorm(MEANING * width, bias=False),
            nn.GELU(),
        )
        self.places = nn.ModuleList(
            nn.Linear(MEANING * width, 2 * width, bias=False) for _ in range(config.backbone.places)
        )
        for place in self.places:
            nn.init.zeros_(place.weight)  # type: ignore[arg-type]

    def forward(self, context: Tensor) -> Modulate:
        """x ← (1 + γ) x + β, with γ and β of the moment and the place."""
        meaning = self.read(context)

        def modulate(x: Tensor, place: int) -> Tensor:
            change = over_steps(self.places[place](meaning), x.shape[-2])
            scale, shift = (change if x.ndim == 3 else change[:, None]).chunk(2, dim=-1)
            return x * (1 + scale) + shift

        return modulate


def over_steps(rows: Tensor, steps: int) -> Tensor:
    """Rows [B, M, D] spread evenly over so many steps, straight lines between them, [B, T, D]."""
    return F.interpolate(rows.transpose(1, 2), size=steps, mode="linear").transpose(1, 2)
