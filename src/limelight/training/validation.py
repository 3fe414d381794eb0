"""How good a remixing network in training is: the papers' metrics on clips that it never learns from, × 100.

Each clip is heard whole, with its own picture, with another clip's, and with none: what the picture is worth is the
difference. Doing nothing stands beside them. KLD and ΔIB are measured where their networks are named.
"""

from __future__ import annotations

import logging
from functools import cached_property

import numpy as np
import torch
from torch import Tensor, nn

from limelight.audio.convert import resample
from limelight.metrics.papers import SAMPLE_RATE
from limelight.metrics.pretrained import NO_NETWORKS, MetricNetworks, read_pictures
from limelight.metrics.registry import measure
from limelight.networks.remixer import RemixNetwork
from limelight.training.contexts import Passage, Passages
from limelight.training.loop import Report

log = logging.getLogger(__name__)

Figures = dict[str, float]  # metric to its mean over the clips, × 100
ByPicture = dict[str, Figures]  # by what was shown: "input" (nothing done), "true", "shuffled", "none"
METRICS = {"mag": "MAG", "env": "ENV", "kld": "KLD", "delta_ib": "ΔIB", "w_dis": "W-dis"}
METRICS |= {"mag_level_matched": "level-matched MAG"}
SCORE = "mag"  # with the own picture; what makes a checkpoint the best


class Validation:
    """Evaluates a network on `count` clips, always the same; a `Validate` of the loop (training/loop.py)."""

    def __init__(
        self,
        passages: Passages,
        count: int,
        *,
        networks: MetricNetworks = NO_NETWORKS,
        report: Report | None = None,
    ) -> None:
        """`networks`: of KLD and ΔIB. Raises ModelError, InputError where they cannot be had."""
        self._passages, self._networks, self._report = passages, networks, report
        clips = len(passages.clips)
        self._clips: list[int] = np.linspace(0, clips - 1, min(count, clips)).astype(int).tolist()
        networks.check([passages.clips.entries[clip] for clip in self._clips])

    def __call__(self, task: nn.Module, step: int) -> float:
        """The score, lower is better."""
        network = task.network
        assert isinstance(network, RemixNetwork)
        found = self.evaluate(network)
        log.info("validation at %d\n%s", step, table(found))
        if self._report:
            self._report({"step": step, "validation": found})
        return found.get("true", found["none"])[SCORE]

    @torch.inference_mode()
    def evaluate(self, network: RemixNetwork) -> ByPicture:
        """Means over the clips. Without a context there is only "none"."""
        device = next(network.parameters()).device
        found: dict[str, list[Figures]] = {}
        for place, passage in enumerate(self._heard):
            for shown, context in self._shown(place).items():
                told = None if context is None else context[None].to(device)
                output = network(passage["mixture"][None].to(device), told)
                found.setdefault(shown, []).append(self._figures(place, output[0].float().cpu()))
        return {"input": self._input} | {shown: _means(figures) for shown, figures in found.items()}

    def _shown(self, place: int) -> dict[str, Tensor | None]:
        """What a clip is heard with."""
        context = self._heard[place].get("context")
        if context is None:
            return {"none": None}
        # Half way round: neighbours may be two scenes with the same sounds.
        other = self._heard[(place + max(1, len(self._heard) // 2)) % len(self._heard)]["context"]
        return {"true": context, "shuffled": other, "none": torch.zeros_like(context)}

    @cached_property
    def _heard(self) -> list[Passage]:
        return [self._passages.passage(clip) for clip in self._clips]

    @cached_property
    def _input(self) -> Figures:
        return _means([self._figures(place, passage["mixture"]) for place, passage in enumerate(self._heard)])

    def _figures(self, place: int, output: Tensor) -> Figures:
        rate = self._passages.sample_rate
        sounds = (output, self._heard[place]["target"])
        x, y = (resample(sound.numpy()[None], rate, SAMPLE_RATE)[0] for sound in sounds)
        entry = self._passages.clips.entries[self._clips[place]]
        pictures = read_pictures(self._passages.clips.folder, entry) if self._networks.embedder else []
        return measure(x, y, networks=self._networks, pictures=pictures, only=METRICS)


def table(found: ByPicture) -> str:
    """A Markdown table: a row for each way of listening."""
    words = {"input": "do nothing", "true": "its own picture", "shuffled": "another clip's", "none": "no picture"}
    measured = [name for name in METRICS if name in found["input"]]
    rows = [["", *(METRICS[name] for name in measured)], ["---"] * (1 + len(measured))]
    rows += [[words[shown], *(f"{figures[name]:.2f}" for name in measured)] for shown, figures in found.items()]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _means(figures: list[Figures]) -> Figures:
    return {name: 100 * float(np.mean([one[name] for one in figures])) for name in figures[0]}
