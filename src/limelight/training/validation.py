"""What a remixing network in training is worth: the papers' metrics on clips that it never learns from, × 100.

Each clip is heard whole, with its own picture, with another clip's, and with none: what the picture is worth is the
difference. Doing nothing stands beside them. KLD and ΔIB need networks of their own and are left to the evaluation.
"""

from __future__ import annotations

import logging
from functools import cached_property

import numpy as np
import torch
from torch import Tensor, nn

from limelight.audio.resample import resample
from limelight.metrics import papers as metrics
from limelight.networks.remixer import Remixer
from limelight.training.loop import Told
from limelight.training.passages import Passage, Passages

log = logging.getLogger(__name__)

Figures = dict[str, float]  # metric to its mean over the clips, × 100
Judgement = dict[str, Figures]  # by what was shown: "input" (nothing done), "true", "shuffled", "none"
METRICS = {"mag": "MAG", "env": "ENV", "w_dis": "W-dis", "mag_level_matched": "level-matched MAG"}


class Validation:
    """Judges a network on `count` clips, always the same; a check of the loop (training/loop.py)."""

    def __init__(self, passages: Passages, count: int, told: Told | None = None) -> None:
        self._passages, self._told = passages, told
        clips = len(passages.clips)
        self._clips = np.linspace(0, clips - 1, min(count, clips)).astype(int).tolist()

    def __call__(self, task: nn.Module, step: int) -> None:
        network = task.network
        assert isinstance(network, Remixer)
        judged = self.judge(network)
        log.info("check at %d\n%s", step, table(judged))
        if self._told:
            self._told({"step": step, "validation": judged})

    @torch.inference_mode()
    def judge(self, network: Remixer) -> Judgement:
        """Means over the clips. Without a context there is only "none"."""
        device = next(network.parameters()).device
        heard: dict[str, list[Figures]] = {}
        for clip, passage in zip(self._clips, self._heard, strict=True):
            for shown, context in self._shown(clip).items():
                output = network(
                    passage["mixture"][None].to(device), None if context is None else context[None].to(device)
                )
                heard.setdefault(shown, []).append(self._figures(output[0].float().cpu(), passage["target"]))
        return {"input": self._input} | {shown: _means(figures) for shown, figures in heard.items()}

    def _shown(self, clip: int) -> dict[str, Tensor | None]:
        """What a clip is heard with."""
        here = self._clips.index(clip)
        context = self._heard[here].get("context")
        if context is None:
            return {"none": None}
        # Half way round: neighbours may be two scenes with the same sounds.
        other = self._heard[(here + max(1, len(self._heard) // 2)) % len(self._heard)]["context"]
        return {"true": context, "shuffled": other, "none": torch.zeros_like(context)}

    @cached_property
    def _heard(self) -> list[Passage]:
        return [self._passages.passage(clip) for clip in self._clips]

    @cached_property
    def _input(self) -> Figures:
        return _means([self._figures(passage["mixture"], passage["target"]) for passage in self._heard])

    def _figures(self, output: Tensor, target: Tensor) -> Figures:
        rate = self._passages.sample_rate
        x, y = (resample(sound.numpy()[None], rate, metrics.SAMPLE_RATE)[0] for sound in (output, target))
        return {
            "mag": metrics.mag(x, y),
            "env": metrics.env(x, y),
            "w_dis": metrics.w_dis(x, y),
            "mag_level_matched": metrics.mag(metrics.level_matched(x, y), y),
        }


def table(judged: Judgement) -> str:
    """A Markdown table: a row for each way of listening."""
    words = {"input": "do nothing", "true": "its own picture", "shuffled": "another clip's", "none": "no picture"}
    rows = [["", *METRICS.values()], ["---"] * (1 + len(METRICS))]
    rows += [[words[shown], *(f"{figures[name]:.2f}" for name in METRICS)] for shown, figures in judged.items()]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _means(figures: list[Figures]) -> Figures:
    return {name: 100 * float(np.mean([one[name] for one in figures])) for name in METRICS}
