"""How fast a recipe trains here: steps per second, and the hours that the papers' 126 thousand steps would take.

python -m research.speed --preset visah --batch 24 --seconds 10 --precision bf16

On noise that is there already, so that it measures the network and not the disk. VisAH tells about 18 hours on two
RTX 4090, for 24 clips of 10 s a step.
"""

from __future__ import annotations

import logging
import time
from dataclasses import asdict, dataclass
from json import dumps
from typing import Annotated

import torch
import typer
from accelerate import Accelerator

from limelight.networks.presets import PRESETS, build
from limelight.training.loop import Batch
from limelight.training.losses import RemixTask

log = logging.getLogger(__name__)

PAPER_STEPS = 126_000
WARM_UP = 5  # steps that are not counted


@dataclass(frozen=True)
class Speed:
    """What was measured."""

    device: str
    processes: int
    preset: str
    parameters: int
    batch: int  # of all processes
    seconds: float
    precision: str
    accumulate: int
    recompute: bool
    steps_per_second: float
    hours_for_the_papers_steps: float
    peak_memory_gib: float  # of one GPU; 0 on a CPU


def measure(
    preset: str = "visah",
    channels: Annotated[int | None, typer.Option(help="The network's dial; default the paper's.")] = None,
    batch: Annotated[int, typer.Option(help="Clips a step, of all processes.")] = 24,
    seconds: Annotated[float, typer.Option(help="Of a clip.")] = 10.0,
    loss: str = "linear",
    precision: Annotated[str, typer.Option(help="no or bf16.")] = "no",
    accumulate: Annotated[int, typer.Option(help="Parts of a step, one after the other.")] = 1,
    recompute: Annotated[bool, typer.Option("--recompute", help="Compute activations again in the way back.")] = False,
    steps: Annotated[int, typer.Option(help="How many are timed.")] = 50,
    cpu: bool = False,
) -> Speed:
    """Prints a line of JSON."""
    accelerator = Accelerator(mixed_precision=precision, cpu=cpu)
    network = build(preset, channels=channels)
    if recompute:
        network.recompute_activations()
    task = accelerator.prepare_model(RemixTask(network, loss))
    optimiser = torch.optim.Adam(task.parameters(), lr=1e-4)
    share = _noise(preset, batch // (accelerator.num_processes * accumulate), seconds, accelerator.device)
    started = 0.0
    for step in range(WARM_UP + steps):
        if step == WARM_UP:
            started = _now(accelerator.device)
        for _ in range(accumulate):
            accelerator.backward(task(share)["total"] / accumulate)
        torch.nn.utils.clip_grad_norm_(task.parameters(), 1.0)
        optimiser.step()
        optimiser.zero_grad()
    rate = steps / (_now(accelerator.device) - started)
    on_gpu = accelerator.device.type == "cuda"
    found = Speed(
        device=torch.cuda.get_device_name() if on_gpu else "CPU",
        processes=accelerator.num_processes,
        preset=preset,
        parameters=sum(parameter.numel() for parameter in network.parameters()),
        batch=batch,
        seconds=seconds,
        precision=precision,
        accumulate=accumulate,
        recompute=recompute,
        steps_per_second=round(rate, 4),
        hours_for_the_papers_steps=round(PAPER_STEPS / rate / 3600, 2),
        peak_memory_gib=round(torch.cuda.max_memory_allocated() / 2**30, 2) if on_gpu else 0.0,
    )
    if accelerator.is_main_process:
        typer.echo(dumps(asdict(found)))
    return found


def _noise(preset: str, batch: int, seconds: float, device: torch.device) -> Batch:
    config = PRESETS[preset].config
    samples = round(seconds * config.backbone.sample_rate)
    noise = {name: 0.1 * torch.randn(batch, samples, device=device) for name in ("mixture", "target")}
    if config.context_width:
        noise["context"] = torch.randn(batch, max(1, round(seconds)), config.context_width, device=device)
    return noise


def _now(device: torch.device) -> float:
    """The clock, once all that was asked for is done."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.monotonic()


if __name__ == "__main__":
    typer.run(measure)
