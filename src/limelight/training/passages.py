"""Passages of a built data set for training, as a remixing network hears them: mono, 44.1 kHz, with their context.

Passage n of a seed is always the same clip, cut out at the same second, whoever draws it: the clips are shuffled anew in
every epoch, step s of a run takes passages s · batch … (s + 1) · batch − 1, and each process its share of them. So the
order is named by the step, never by how often an iterator was asked, and a resumed run hears what the first would have.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from limelight.audio.resample import resample
from limelight.dataset.clips import read_clip_sound, read_stems
from limelight.dataset.reading import MuddyMix, check_sounds
from limelight.dataset.sounds import SAMPLE_RATE as CLIP_RATE
from limelight.training.contexts import context_rows
from limelight.vision.contexts import ContextChoice

Passage = dict[str, Tensor]


@dataclass(frozen=True)
class PassageConfig:
    """How passages are drawn."""

    batch: int = 24  # of all processes together
    seconds: float = 10.0  # of a passage; clips are not longer than they are
    seed: int = 0
    context: ContextChoice = field(default_factory=ContextChoice)
    context_dropout: float = 0.0  # share of passages whose picture is left out
    stems: bool = False  # also the target's stems, for losses that want them


@dataclass(frozen=True)
class Share:
    """Which process of how many this is."""

    number: int = 0
    of: int = 1


class Passages(Dataset[Passage]):
    """Passages by number, without end."""

    def __init__(self, clips: MuddyMix, config: PassageConfig, *, sample_rate: int) -> None:
        """`sample_rate`: the network's, Hz."""
        self.clips, self.config, self.sample_rate = clips, config, sample_rate

    def __getitem__(self, number: int) -> Passage:
        epoch, place = divmod(number, len(self.clips))
        self.clips.set_epoch(epoch)
        order = np.random.default_rng([self.config.seed, epoch]).permutation(len(self.clips))
        rng = np.random.default_rng([self.config.seed, epoch, place])
        clip = int(order[place])
        spare = max(0.0, self.clips.entries[clip].seconds - self.config.seconds)
        start = int(rng.integers(int(spare) + 1))  # a whole second, so that the context's rows fall in step
        return self.passage(clip, start_seconds=start, shown=rng.random() >= self.config.context_dropout)

    def passage(self, clip: int, *, start_seconds: int = 0, shown: bool = True) -> Passage:
        """mixture and target [N]; context [M, D] where one is chosen, zeros where it is not `shown`; stems [K, N]."""
        entry = self.clips.entries[clip]
        sounds = self._sounds(clip)
        check_sounds(entry, *sounds.values())
        passage = {name: self._heard(sound, start_seconds) for name, sound in sounds.items()}
        rows = context_rows(self.clips.folder, entry.name, self.config.context)
        if rows is not None:
            seconds = min(self.config.seconds, entry.seconds)
            rows = self.config.context.seen(rows, start_seconds, int(np.ceil(seconds)))
            passage["context"] = torch.from_numpy(rows * np.float32(shown))
        return passage

    def _sounds(self, clip: int) -> dict[str, NDArray[np.float32]]:
        """Input and target [C, N], stems [K, C, N]; what is not wanted is not read, decoding takes longest of all."""
        if self.clips.wishes:
            item = self.clips[clip]
            sounds = {"mixture": item["input"], "target": item["target"], "stems": item["stems"]}
            return sounds if self.config.stems else {name: sounds[name] for name in ("mixture", "target")}
        folder, name = self.clips.folder, self.clips.entries[clip].name
        files = {"mixture": "input", "target": "target"}
        sounds = {sound: read_clip_sound(folder, name, file) for sound, file in files.items()}
        return sounds | ({"stems": read_stems(folder, name)} if self.config.stems else {})

    def _heard(self, sound: NDArray[np.float32], start_seconds: int) -> Tensor:
        """The mean of the channels [..., C, N] from a second on, at the network's rate, [..., n]."""
        first = start_seconds * CLIP_RATE
        mono = sound[..., first : first + round(self.config.seconds * CLIP_RATE)].mean(-2)
        return torch.from_numpy(resample(np.atleast_2d(mono), CLIP_RATE, self.sample_rate)).reshape(
            *mono.shape[:-1], -1
        )


@dataclass(frozen=True)
class Turns:
    """The numbers of the passages of each batch, from a step on, for one process; `accumulate` batches make a step."""

    batch: int  # of all processes and all parts of a step together
    start_step: int
    share: Share
    accumulate: int = 1

    def __iter__(self) -> Iterator[list[int]]:
        each = self.batch // self.share.of
        part = each // self.accumulate
        first = self.start_step * self.batch + self.share.number * each
        while True:
            for start in range(first, first + each, part):
                yield list(range(start, start + part))
            first += self.batch


def batches_from(
    passages: Passages, start_step: int, *, share: Share | None = None, accumulate: int = 1, workers: int = 0
) -> Iterator[dict[str, Tensor]]:
    """Batches from a step on: mixture and target [B, N], context [B, M, D]."""
    turns = Turns(passages.config.batch, start_step, share or Share(), accumulate)
    return iter(
        DataLoader(
            passages,
            batch_sampler=turns,
            num_workers=workers,
            pin_memory=torch.cuda.is_available(),
            worker_init_fn=_start_worker,
        )
    )


def _start_worker(_worker: int) -> None:
    """One thread each; a stop is the main process's affair, which ends its workers when it has saved."""
    torch.set_num_threads(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
