"""VisAH and SemMix: the dual U-Net with the latent highlighting transformer at its embedding.

From VisAH (CVPR 2025) and SemMix (arXiv 2601.08871), which is VisAH's network behind other captions:

    mixture → encoder → f_a → f̂ = f_a + Z(D(f_a, E(context))) → decoder → mask, wave
    output = iSTFT(mask · X) + wave

    preset        context a step                              L   parameters
    visah         a frame by CLIP, 768 numbers                3   59.96 M
    visah-text    a caption by T5-XXL, 4,096 numbers          6   67.97 M
    semmix        a focused caption by T5-XXL, 4,096 numbers  3   61.66 M

Without a context (`context_width` 0) it is 53.25 M. `sized` makes a preset smaller or larger by the backbone's width
alone; the transformer's heads, hence its width, follow in proportion (24 channels : 16 heads).

Each preset comes in two variants with the same weights. `released` computes what the published code computes; `limelight`, the
default, differs in three switches:

    switch             released  limelight  why
    context_axis       batch     time       a film must not depend on the films beside it
    embedding_twice    yes       no         what the highlighter takes away must be gone
    faded_ends         yes       no         a mask of ones must change nothing
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any

from torch import Tensor

from limelight.errors import UsageError
from limelight.networks.context_transformer import BATCH, HEAD_WIDTH, TIME, ContextTransformer, ContextTransformerConfig
from limelight.networks.dual_unet import DualUnet, DualUnetConfig, Prescription
from limelight.networks.remixer import RemixNetwork

STEPS_PER_SECOND = 1  # of context
LIMELIGHT, RELEASED = "limelight", "released"
VARIANTS = (LIMELIGHT, RELEASED)


@dataclass(frozen=True)
class VisahConfig:
    """Everything that is needed to build the model again; travels in the checkpoint."""

    backbone: DualUnetConfig = field(default_factory=DualUnetConfig)
    context_width: int = 768  # 0: without a context
    encoder_layers: int = 3  # L
    decoder_layers: int = 6
    context_axis: str = TIME
    heads: int | None = None  # None: in proportion to the backbone's channels
    head_width: int = HEAD_WIDTH

    @property
    def highlighter(self) -> ContextTransformerConfig:
        return ContextTransformerConfig(
            self.backbone.embedding_width,
            self.heads or max(1, round(self.backbone.channels * 16 / 24)),
            self.context_width,
            self.encoder_layers,
            self.decoder_layers,
            self.context_axis,
            self.head_width,
        )

    def sized(self, channels: int) -> VisahConfig:
        """The same preset at another width, a multiple of 4; the papers' is 24."""
        return replace(self, backbone=replace(self.backbone, channels=channels))

    def as_variant(self, name: str) -> VisahConfig:
        """The same size as `limelight` or `released` computes it. Raises UsageError for another name."""
        if name not in VARIANTS:
            raise UsageError(f"there is no variant {name!r}; there are {' and '.join(VARIANTS)}")
        released = name == RELEASED
        backbone = replace(self.backbone, faded_ends=released, embedding_twice=released)
        return replace(self, backbone=backbone, context_axis=BATCH if released else TIME)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> VisahConfig:
        return cls(**(values | {"backbone": DualUnetConfig(**values["backbone"])}))


PRESETS = {
    "visah": VisahConfig(context_width=768, encoder_layers=3),
    "visah-text": VisahConfig(context_width=4096, encoder_layers=6),
    "semmix": VisahConfig(context_width=4096, encoder_layers=3),
}


class Visah(RemixNetwork):
    """Mixture [B, N] and context [B, M, D], one step a second (or none), to output [B, N], of any length."""

    def __init__(self, config: VisahConfig) -> None:
        super().__init__()
        self.config: VisahConfig = config
        self.backbone = DualUnet(config.backbone)
        self.highlighter = ContextTransformer(config.highlighter)

    def forward(self, mixture: Tensor, context: Tensor | None = None, hidden: Tensor | None = None) -> Tensor:
        """`hidden` [B, M] is 1 where a step of context must not be seen."""
        return self.backbone(mixture, highlight=lambda embedding: self.highlighter(embedding, context, hidden))

    def prescribe(self, magnitude: Tensor, mixture: Tensor, context: Tensor | None = None) -> Prescription:
        """|X| [B, F, T], mixture [B, N] and context to mask and wave: no transform inside."""
        return self.backbone.prescribe(
            magnitude, mixture, highlight=lambda embedding: self.highlighter(embedding, context)
        )

    def recompute_activations(self) -> None:
        """Training takes about a third of the memory and a third more time; the gradients stay the same."""
        self.backbone.recompute = self.highlighter.recompute = True
