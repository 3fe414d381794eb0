"""A stream of sound cut into equal blocks or overlapping chunks, and put together again.

Blocks of a soundtrack: remembered until they are needed again, in memory or on the disk, and cut to another size. On the disk
they wait as 32-bit floats until it is known how loud they are to be; an hour of stereo at 48 kHz takes 1.4 GB.

A soundtrack of any length through a model that hears some seconds: overlapping chunks, cross-faded. One for all models.

    chunk 0   ├────────────────────────┤
    chunk 1                   ├────────────────────────┤
    weight    ──────────────────╲╱─────────────────╲╱────      answers fade linearly over the overlap

A model answers in steps: of a hop for masks, of one sample for a waveform. The last chunk reaches back, so that none is
shorter than it must be. Constant memory: about two chunks.
"""

from __future__ import annotations

import shutil
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from limelight.errors import OutputError
from limelight.media.target import ByteSpool
from limelight.types import Samples, SoundtrackInfo, SourceInfo


class Originals:
    """Hands blocks [C, n] on and remembers them until they are taken."""

    def __init__(self, blocks: Iterable[Samples]) -> None:
        self._blocks = blocks
        self._kept: deque[Samples] = deque()
        self.samples = 0

    def __iter__(self) -> Iterator[Samples]:
        for block in self._blocks:
            self._kept.append(block)
            self.samples += block.shape[1]
            yield block

    def take(self, count: int) -> Samples:
        """The next `count` samples, [C, count]."""
        parts = []
        while count:
            block = self._kept.popleft()
            if block.shape[1] > count:
                self._kept.appendleft(block[:, count:])
                block = block[:, :count]
            parts.append(block)
            count -= block.shape[1]
        return np.concatenate(parts, axis=1)


def cut(blocks: Iterable[Samples], size: int) -> Iterator[Samples]:
    """The same samples in blocks of `size`, but for the last: small enough for the cache, large enough to be worth it."""
    kept: list[Samples] = []
    count = 0
    for block in blocks:
        for first in range(0, block.shape[1], size):
            kept.append(block[:, first : first + size])
            count += kept[-1].shape[1]
            if count >= size:
                whole = np.concatenate(kept, axis=1)
                yield whole[:, :size]
                kept, count = [whole[:, size:]], count - size
    if count:
        yield np.concatenate(kept, axis=1)


AnyArray = NDArray[Any]  # of floats or of complex numbers
# A chunk's samples [C, (T + reach) · hop] and its first step, to arrays whose time axis is told by `axes`.
Answer = Callable[[Samples, int], tuple[AnyArray, ...]]


@dataclass(frozen=True)
class ChunkPlan:
    """How long chunks are and how far they overlap, in steps; a step may reach over `lead` hops on either side."""

    length: int
    overlap: int
    hop: int = 1  # samples a step
    lead: int = 0  # hops in front of a chunk's first centre; then there is a step more at the end of the sound

    @property
    def reach(self) -> int:
        """Hops of a chunk beyond one for each step."""
        return max(0, 2 * self.lead - 1)

    @property
    def behind(self) -> int:
        """Hops that must follow a chunk's last step."""
        return max(0, self.lead - 1)


@dataclass(frozen=True)
class Answered:
    """Steps that will not change any more."""

    first_step: int
    samples: Samples  # [C, (t + reach) · hop]
    answers: tuple[AnyArray, ...]  # of t steps each


class Chunker:
    """Cuts a sound that comes in blocks into chunks, asks the model, fades one answer into the next."""

    def __init__(self, plan: ChunkPlan, channels: int, answer: Answer, *, axes: tuple[int, ...]) -> None:
        self._plan, self._answer, self._axes = plan, answer, axes
        self._pending = [np.zeros((channels, plan.lead * plan.hop), np.float32)]  # from `_start − lead` on
        self._count = 0  # samples in it, the lead not counted
        self._start = 0  # step at which the next chunk begins
        self._before: Samples | None = None  # samples before `_pending`, for the last chunk
        self._tail: tuple[AnyArray, ...] | None = None  # answers from `_start` on that fade out

    def push(self, samples: Samples) -> Iterator[Answered]:
        """Take [C, n]."""
        stride = (self._plan.length - self._plan.overlap) * self._plan.hop
        # In pieces, so that a film in one block is not copied again for each of its chunks.
        for first in range(0, samples.shape[1], stride):
            self._pending.append(samples[:, first : first + stride])
            self._count += self._pending[-1].shape[1]
            # More than a chunk: the last one is left to `finish`.
            if self._count > (self._plan.length + self._plan.behind) * self._plan.hop:
                yield self._chunk(self._plan.length - self._plan.overlap)

    def finish(self) -> Iterator[Answered]:
        """What is left; the last step is filled up with silence."""
        missing = -self._count % self._plan.hop + self._plan.lead * self._plan.hop  # silence
        if missing:
            self._pending.append(np.zeros((len(self._pending[0]), missing), np.float32))
            self._count += missing
        steps = self._count // self._plan.hop - self._plan.behind
        while steps > self._plan.length:
            yield self._chunk(self._plan.length - self._plan.overlap)
            steps -= self._plan.length - self._plan.overlap
        if steps > 0:
            yield self._chunk(steps)

    def _chunk(self, emit: int) -> Answered:
        """Asks for the chunk at `_start`, gives its first `emit` steps and keeps the rest."""
        plan = self._plan
        here = np.concatenate(self._pending, axis=1)
        reach, given = plan.reach * plan.hop, emit * plan.hop
        answers = self._ask(here[:, : reach + plan.length * plan.hop])
        heads = tuple(take(answer, 0, emit, axis) for answer, axis in zip(answers, self._axes, strict=True))
        self._tail = tuple(take(answer, emit, None, axis) for answer, axis in zip(answers, self._axes, strict=True))
        done = Answered(self._start, here[:, : reach + given], heads)
        self._before, self._pending = here[:, :given], [here[:, given:]]
        self._count -= given
        self._start += emit
        return done

    def _ask(self, here: Samples) -> tuple[AnyArray, ...]:
        """Answers for `here`, faded in from the chunk before; a short last chunk is heard with what came before it."""
        plan = self._plan
        steps = here.shape[1] // plan.hop - plan.reach
        reach = 0
        if steps < plan.length and self._before is not None:
            reach = min(self._before.shape[1] // plan.hop, plan.length - steps)
            here = np.concatenate([self._before[:, self._before.shape[1] - reach * plan.hop :], here], axis=1)
        answers = self._answer(here, self._start - reach)
        answers = tuple(
            take(answer, reach, reach + steps, axis) for answer, axis in zip(answers, self._axes, strict=True)
        )
        if self._tail is None:
            return answers
        return tuple(faded(old, new, axis=axis) for old, new, axis in zip(self._tail, answers, self._axes, strict=True))


def in_chunks(
    blocks: Iterable[Samples], plan: ChunkPlan, channels: int, answer: Answer, *, axes: tuple[int, ...]
) -> Iterator[Answered]:
    """Blocks [C, n] at the model's rate to the steps of its answers, in order and without gaps."""
    chunker = Chunker(plan, channels, answer, axes=axes)
    for block in blocks:
        yield from chunker.push(block)
    yield from chunker.finish()


def take(array: AnyArray, first: int, last: int | None, axis: int) -> AnyArray:
    """A stretch of an array along one axis."""
    return array[(slice(None),) * axis + (slice(first, last),)]


def faded(old: AnyArray, new: AnyArray, *, axis: int) -> AnyArray:
    """`new`, its beginning faded in from `old` along one axis."""
    n = min(old.shape[axis], new.shape[axis])
    shape = [1] * new.ndim
    shape[axis] = n
    weight = ((np.arange(n, dtype=np.float32) + 0.5) / max(1, n)).reshape(shape)
    out = new.copy()
    head = (slice(None),) * axis + (slice(0, n),)
    out[head] = weight * new[head] + (1 - weight) * old[head]
    return out


READ_SAMPLES = 1 << 15
SAMPLE_BYTES = 4


def check_room(dest: Path, info: SourceInfo, track: SoundtrackInfo) -> None:
    """Raises OutputError where the disk of `dest` cannot hold the film's sound while it waits."""
    needed = info.duration_seconds * track.sample_rate * track.channels * SAMPLE_BYTES
    free = shutil.disk_usage(dest.parent).free
    if free < needed:
        raise OutputError(
            f"cannot write {dest}: the sound waits beside it and takes {needed / 1e9:.1f} GB, there are {free / 1e9:.1f}; "
            "make room or choose another folder"
        )


class AudioSpool:
    """Samples of so many channels, interleaved; what they wait for is `dest`."""

    def __init__(self, scratch: BinaryIO, channels: int, dest: Path) -> None:
        self._bytes, self._channels = ByteSpool(scratch, dest), channels

    def add(self, block: Samples) -> None:
        """Put [C, n] behind what is there. Raises OutputError where the disk is full."""
        self._bytes.add(np.ascontiguousarray(block.T, np.float32).tobytes())

    def blocks(self) -> Iterator[Samples]:
        """All of it, [C, n]; the very same numbers."""
        width = SAMPLE_BYTES * self._channels
        end = self._bytes.size  # of what is there now
        for first in range(0, end, READ_SAMPLES * width):
            data = self._bytes.read(first, min(READ_SAMPLES * width, end - first))
            yield np.ascontiguousarray(np.frombuffer(data, np.float32).reshape(-1, self._channels).T)
