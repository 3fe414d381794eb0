"""What a trained separator hears, kept: so the director can go on learning alone, many times as fast as both together.

A hearing is what the director is told of a mixture (latent, levels, context), the gains it should answer, and, of every
second token's first step, what its answer will sound like (masks and magnitudes of lines). They are kept in parts, each
written whole, so that a stop costs one part.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from limelight.training.checkpoint import save_tensors
from limelight.training.lite_passages import LitePassages

log = logging.getLogger(__name__)
Batch = dict[str, Tensor]
EVERY_TOKEN = 2
SECONDS = 10  # of context; a mixture without a picture has zeros there


@torch.no_grad()
def hearing(task: LitePassages, batch: Batch) -> Batch:
    """A batch as training draws it, of waveforms or of lines, to half-precision hearings, one a row."""
    heard = batch if batch["mixture"].dim() == 3 else task.heard(batch)
    model, power = task.network.lite, heard["mixture"]
    config = model.config
    masks, latent, levels_db = model.hear(power)
    every = config.steps_per_token * EVERY_TOKEN
    context = torch.zeros(len(power), SECONDS, config.highlighter.context_width)
    if "context" in heard:
        context[:, : heard["context"].shape[1]] = heard["context"][:, :SECONDS]
    rows = {
        "latent": latent,
        "levels_db": levels_db,
        "context": context,
        "masks": masks[:, :, ::every],
        "mixture": power[:, ::every].sqrt(),
        "target": heard["target"][:, ::every].sqrt(),
        "gains_db": heard["gains_db"],
        "good": heard["good"],
    }
    return {name: value.half().contiguous() for name, value in rows.items()}


def keep_hearings(
    folder: Path, name: str, task: LitePassages, batches: Callable[[int], Iterator[Batch]], *, parts: int, steps: int
) -> list[Path]:
    """`parts` files of `steps` batches each in `folder`, heard where they are not there yet. Raises OutputError.

    `batches` gives the run's batches from a step on. What a step draws besides is named by its number.
    """
    paths = [folder / f"{name}-{part:03d}.safetensors" for part in range(parts)]
    for part, path in enumerate(paths):
        if path.is_file():
            continue
        rows = []
        for step, batch in enumerate(islice(batches(part * steps), steps), start=part * steps):
            torch.manual_seed(step)
            rows.append(hearing(task, batch))
        save_tensors(path, _joined(rows))
        log.info("%s: part %d of %d heard", name, part + 1, parts)
    return paths


def load_hearings(paths: list[Path]) -> Batch:
    """All of them as one, cut to the shortest."""
    return _joined([load_file(path) for path in paths])


def _joined(rows: list[Batch]) -> Batch:
    """Batches one behind the other; a few tokens or steps more or less are cut off."""
    out = {}
    for name in rows[0]:
        time = {"latent": 1, "levels_db": 1, "masks": 2, "mixture": 1, "target": 1}.get(name)
        values = [row[name] for row in rows]
        if time is not None:
            shortest = min(value.shape[time] for value in values)
            values = [value.narrow(time, 0, shortest) for value in values]
        out[name] = torch.cat(values)
    return out


def stretch_of(hearings: Batch, start_seconds: int, seconds: int, token_seconds: float) -> Batch:
    """What is heard and seen in a stretch of hearings: a film's scenes are seldom as long as a window."""
    first, last = (round(at / token_seconds / EVERY_TOKEN) for at in (start_seconds, start_seconds + seconds))
    last = min(last, hearings["mixture"].shape[1])
    tokens = slice(EVERY_TOKEN * first, min(EVERY_TOKEN * last, hearings["latent"].shape[1]))
    out = dict(hearings)
    out["context"] = hearings["context"][:, start_seconds : start_seconds + seconds]
    for name in ("latent", "levels_db"):
        out[name] = hearings[name][:, tokens]
    for name in ("masks", "mixture", "target"):
        out[name] = hearings[name][..., first:last, :]
    return out


def hearings_from(hearings: Batch, step: int, *, batch: int, seed: int = 0) -> Iterator[Batch]:
    """Endless batches from a step on, each drawn by its number."""
    count = len(hearings["good"])
    while True:
        generator = torch.Generator().manual_seed(seed * 1_000_003 + step)
        rows = torch.randint(count, (batch,), generator=generator)
        yield {name: value[rows].float() for name, value in hearings.items()}
        step += 1
