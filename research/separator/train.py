# ruff: noqa: T201 - a script talks
"""Trains the separator on drawn scenes, in slices: saves every five minutes, goes on where it stood.

    python train.py RUN.safetensors --data FOLDER [--steps N] [--set width=64 …]

One thread. The rate rises, stays, and falls over the last fifth of --steps; without --steps it stays until it is stopped, and a
later call with --steps brings it down. New shards are found while it runs. The checkpoint holds named arrays: network.* and
average.* (moving average, what is used), optimiser.*; configuration and step in its metadata. A checkpoint of averaged weights
alone (`export.py --half`) is trained on from there.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import time
from dataclasses import replace
from pathlib import Path

import muon_gram
import numpy as np
import torch
from losses import Weights, all_losses, drawn_gains, remix_distance, shares_loss
from safetensors import safe_open
from safetensors.torch import save_file
from shards import Batch, Shards
from spectral import Resolution
from torch import Tensor, nn
from torch.nn import functional as F

from limelight.networks.stem_separator import StemSeparator, StemSeparatorConfig
from limelight.training.muon import MuonWithAdamW
from limelight.types import STEMS

RATE, MATRIX_RATE, DECAY = 2e-3, 4e-3, 0.01
WARM_STEPS, FALL = 100, 0.2
SAVE_SECONDS, LOOK_STEPS = 300, 500
EDGES = ("split", "join", "taps", "voice", "presence", "gate")
CLIP = 1.0


def main() -> None:
    options = _options()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    muon_gram.install()
    run = Run(options)
    stopping: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda n, _frame: stopping.append(n))
    saved, started, sums, first = time.time(), time.process_time(), {}, run.step
    while not stopping and run.done() < 1:
        for name, value in run.train_step().items():
            sums[name] = sums.get(name, 0.0) + value
        if run.step % 100 == 0:
            n = run.step - first
            told = " ".join(f"{name} {value / n:.4f}" for name, value in sums.items())
            print(
                f"{time.strftime('%H:%M:%S')} step {run.step} {told} cpu {(time.process_time() - started) / n:.2f} s",
                flush=True,
            )
            started, sums, first = time.process_time(), {}, run.step
        if run.step % options.check_every == 0 or run.done() >= 1:
            print(
                f"{time.strftime('%H:%M:%S')} CHECK step {run.step} cpu_hours {run.cpu_hours():.3f} {run.check()}",
                flush=True,
            )
            started, sums, first = time.process_time(), {}, run.step
        if time.time() - saved > SAVE_SECONDS:
            run.save()
            saved = time.time()
    run.save()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="Holds train/ and validation/.")
    parser.add_argument(
        "--steps", type=int, help="In all, those of earlier slices counted in; the rate falls at the end."
    )
    parser.add_argument("--cpu-minutes", type=float, help="For trials: the rate falls at the end of so much CPU time.")
    parser.add_argument("--batch", type=int, default=6)
    parser.add_argument("--length", type=int, default=256, help="Steps of 21 ms in an example.")
    parser.add_argument("--rate", type=float, default=1.0)
    parser.add_argument("--check-every", type=int, default=LOOK_STEPS)
    parser.add_argument("--check-clips", type=int, default=96)
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--set", nargs="*", default=[], help="Of the network, as width=64.")
    parser.add_argument("--weigh", nargs="*", default=[], help="Of the losses, as stems=0.2.")
    return parser.parse_args()


class Run:
    """Network, average, optimiser and where they stand."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options, self.path = options, options.checkpoint
        self.train = Shards(options.data / "train", Resolution())
        self.validation = Shards(options.data / "validation", Resolution())
        changed = {name: json.loads(value) for name, value in (pair.split("=") for pair in options.set)}
        weighed = {name: float(value) for name, value in (pair.split("=") for pair in options.weigh)}
        self.config, self.weights = replace(StemSeparatorConfig(), **changed), Weights(**weighed)
        self.step, self._cpu_before = 0, 0.0
        stored = self._stored_config()
        if stored:
            self.config = stored
        torch.manual_seed(options.seed)
        self.network = StemSeparator(self.config)
        self.average = {name: value.detach().clone() for name, value in self.network.named_parameters()}
        matrices = [
            p for name, p in self.network.named_parameters() if p.ndim >= 2 and not any(edge in name for edge in EDGES)
        ]
        self.optimiser = MuonWithAdamW(
            self.network, matrices, rate=RATE * options.rate, matrix_rate=MATRIX_RATE * options.rate, weight_decay=DECAY
        )
        if stored:
            self._load()
        self.forward = torch.compile(self.network, dynamic=False) if options.compile else self.network
        self.rng = np.random.default_rng([options.seed, self.step])
        self.generator = torch.Generator().manual_seed(1000 + self.step)
        count = sum(p.numel() for p in self.network.parameters())
        print(
            f"{count / 1e6:.2f} M parameters, step {self.step}, {self.train.hours:.1f} h drawn, {self.config}",
            flush=True,
        )

    def cpu_hours(self) -> float:
        return self._cpu_before + time.process_time() / 3600

    def train_step(self) -> dict[str, float]:
        if self.step % LOOK_STEPS == 0:
            self.train.look_again()
        batch = self.train.batch(self.rng, self.options.batch, self.options.length)
        self.network.train()
        heard = self.forward(batch.told, batch.voice)
        gains = drawn_gains(batch, self.generator)
        losses = all_losses(heard, batch, gains, self.weights, self.train.widths, self.train.k_weights)
        self.optimiser.zero_grad()
        losses["total"].backward()
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), CLIP)
        self.optimiser.set_rate(self._rate())
        if torch.isfinite(norm):
            self.optimiser.step()
            self._follow()
        self.step += 1
        return {name: float(value.detach()) for name, value in losses.items()}

    def done(self) -> float:
        """0…1 of what was asked for; 0 where it goes on until it is stopped."""
        if self.options.cpu_minutes:
            return time.process_time() / 60 / self.options.cpu_minutes
        return self.step / self.options.steps if self.options.steps else 0.0

    def _rate(self) -> float:
        return min(1.0, (self.step + 1) / WARM_STEPS, max(0.01, (1 - self.done()) / FALL))

    @torch.no_grad()
    def _follow(self) -> None:
        keep = min(0.999, (self.step + 1) / (self.step + 10))
        for name, value in self.network.named_parameters():
            self.average[name].lerp_(value, 1 - keep)

    @torch.no_grad()
    def check(self) -> str:
        """Of the averaged weights, on whole validation clips."""
        own = {name: value.detach().clone() for name, value in self.network.named_parameters()}
        self._put(self.average)
        self.network.eval()
        told = figures(self.network, self.validation, self.options.check_clips)
        self._put(own)
        return " ".join(f"{name} {value:.3f}" for name, value in told.items())

    @torch.no_grad()
    def _put(self, values: dict[str, Tensor]) -> None:
        for name, parameter in self.network.named_parameters():
            parameter.copy_(values[name])

    def save(self) -> None:
        arrays: dict[str, Tensor] = {}
        for name, parameter in self.network.named_parameters():
            arrays[f"network.{name}"] = parameter.detach()
            arrays[f"average.{name}"] = self.average[name]
            for field, value in self.optimiser.state.get(parameter, {}).items():
                arrays[f"optimiser.{name}.{field}"] = torch.as_tensor(value)
        facts = {
            "config": json.dumps(self.config.as_dict()),
            "step": str(self.step),
            "cpu_hours": f"{self.cpu_hours():.4f}",
        }
        draft = self.path.with_suffix(".part")
        draft.parent.mkdir(parents=True, exist_ok=True)
        save_file({name: value.contiguous().clone() for name, value in arrays.items()}, draft, metadata=facts)
        os.replace(draft, self.path)

    def _stored_config(self) -> StemSeparatorConfig | None:
        if not self.path.is_file():
            return None
        with safe_open(self.path, "pt") as file:
            facts = file.metadata()
        self.step, self._cpu_before = int(facts["step"]), float(facts["cpu_hours"])
        return StemSeparatorConfig(**json.loads(facts["config"]))

    @torch.no_grad()
    def _load(self) -> None:
        with safe_open(self.path, "pt") as file:
            names = set(file.keys())
            for name, parameter in self.network.named_parameters():
                average = file.get_tensor(f"average.{name}")
                own = f"network.{name}"  # not there in what `export.py --half` keeps
                parameter.copy_(file.get_tensor(own) if own in names else average)
                self.average[name].copy_(average)
                start = f"optimiser.{name}."
                for key in (key for key in names if key.startswith(start)):
                    self.optimiser.restore(parameter, key[len(start) :], file.get_tensor(key))


@torch.no_grad()
def figures(network: StemSeparator, shards: Shards, clips: int) -> dict[str, float]:
    """Cross-entropy; remix with the true gains against doing nothing, of all and of mixtures that lack a stem; SNR of stems
    that are heard; phantoms of each stem; presence of speech."""
    entropy, said_all, true_all = [], [], []
    made: list[Tensor] = []
    none: list[Tensor] = []
    lacking: list[Tensor] = []
    snr: list[list[float]] = [[], [], []]
    phantom: list[list[float]] = [[], [], []]
    for batch in shards.in_order(8, clips):
        heard = network(batch.told, batch.voice)
        entropy.append(float(shares_loss(heard, batch, shards.widths)))
        undo = papers_undo_db(batch, shards.k_weights)
        made.append(remix_distance(heard.masks, batch, undo, shards.widths, shards.k_weights))
        alike = torch.ones_like(heard.masks)  # whatever the gains, the mixture's shape stays: nothing is done
        none.append(remix_distance(alike, batch, undo, shards.widths, shards.k_weights))
        lacking.append((batch.stems.sum((2, 3)) == 0).any(1))
        _stem_figures(heard.masks, batch, snr, phantom)
        said_all.append(heard.presence[..., 0].flatten() > 0)
        true_all.append(batch.present[..., 0].unflatten(1, (heard.presence.shape[1], -1)).mean(2).flatten() >= 0.5)
    said, true, lacks = torch.cat(said_all), torch.cat(true_all), torch.cat(lacking)
    ours, nothing = torch.cat(made), torch.cat(none)
    told = {"entropy": float(np.mean(entropy)), "remix": 100 * float(ours.sum() / nothing.sum() - 1)}
    told["remix_lacking"] = 100 * float(ours[lacks].sum() / nothing[lacks].sum() - 1)
    told |= {f"snr_{stem}": float(np.mean(values)) for stem, values in zip(STEMS, snr, strict=True)}
    for stem, values in zip(STEMS, phantom, strict=True):
        told[f"phantom_{stem}"] = float(np.median(values)) if values else float("nan")
    told["phantom_95"] = float(np.quantile(phantom[0], 0.95)) if phantom[0] else float("nan")
    return told | {"presence_f1": float(2 * (said & true).sum() / (said.sum() + true.sum()).clamp(min=1))}


def papers_undo_db(batch: Batch, k_weights: Tensor) -> Tensor:
    """[B, 3]: what undoes the papers' recipe where it was used; elsewhere the loudest stem up and the others down by 9 dB."""
    power = (batch.stems * k_weights).sum((2, 3))
    made_up = 9.0 * (F.one_hot(power.argmax(1), 3) * 2 - 1)
    return torch.where((batch.undo_db.abs().amax(1) > 0.5)[:, None], batch.undo_db, made_up)


def _stem_figures(masks: Tensor, batch: Batch, snr: list[list[float]], phantom: list[list[float]]) -> None:
    whole = batch.mixture.sum((1, 2))
    power = batch.stems.sum((2, 3))
    error = (masks.square() * batch.mixture[:, None] - 2 * masks * batch.along + batch.stems).sum((2, 3))
    called = (masks.square() * batch.mixture[:, None]).sum((2, 3))
    for b in range(len(whole)):
        for k in range(3):
            if power[b, k] > 1e-2 * whole[b]:
                snr[k].append(float(10 * torch.log10(power[b, k] / error[b, k].clamp(min=1e-6))))
            elif power[b, k] == 0:
                phantom[k].append(float(10 * torch.log10(called[b, k] / whole[b] + 1e-9)))


if __name__ == "__main__":
    main()
