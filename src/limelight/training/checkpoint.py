"""Checkpoints: written safely, the best kept, and interrupts that lose nothing.

Ctrl-C and SIGTERM between two steps, never within one: so that a stopped run loses nothing.

Checkpoints: one safetensors file with weights, optimiser and averages, and everything needed to go on in its header.

Written beside and renamed, so that a kill leaves the last whole one. The remixing network of a checkpoint is built from its
header and given its averaged weights, where there are any; a header cannot announce more than the file holds.

The best checkpoints of a run by validation, beside the latest one: weights without the optimiser's memory.

run/best/step-001500.safetensors       the file's header holds its score; the lowest is the best
"""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import Any, Self

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, device, nn

from limelight.errors import ModelError, OutputError
from limelight.media.target import naming_write_errors, whole_or_absent
from limelight.networks.presets import from_saved
from limelight.networks.remixer import RemixNetwork
from limelight.training.muon import MuonWithAdamW

STOPS = (signal.SIGINT, signal.SIGTERM)


class BetweenSteps:
    """While it lasts, a first signal is only noted, and passed on by `check`; a second one acts at once, as it did before.

    Python allows handlers in the main thread alone; elsewhere nothing is changed.
    """

    def __init__(self) -> None:
        self._noted: int | None = None
        self._before: dict[int, object] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._note) for number in STOPS}
        return self

    def __exit__(self, *_error: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    @property
    def asked(self) -> bool:
        """Whether somebody wants an end."""
        return self._noted is not None

    def check(self) -> None:
        """Lets a noted signal act: the former handler raises, or the system's does its work."""
        if self._noted is None:
            return
        number, self._noted = self._noted, None
        signal.signal(number, self._before[number])  # type: ignore[arg-type]
        signal.raise_signal(number)

    def _note(self, number: int, _frame: FrameType | None) -> None:
        if self._noted is not None:
            self.check()
        self._noted = number


FORMAT = "limelight-checkpoint-1"


@dataclass(frozen=True)
class Checkpoint:
    """What a training run is at one step."""

    config: dict[str, Any]
    step: int
    tensors: dict[str, Tensor]

    def part(self, name: str) -> dict[str, Tensor]:
        """The tensors under one prefix: "model", "average", "optimiser"."""
        return {key[len(name) + 1 :]: value for key, value in self.tensors.items() if key.startswith(name + ".")}


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Replaces `path` at once or not at all. Raises OutputError."""
    header = {"format": FORMAT, "step": str(checkpoint.step), "config": json.dumps(checkpoint.config)}
    save_tensors(path, checkpoint.tensors, header)


def save_tensors(path: Path, tensors: dict[str, Tensor], header: dict[str, str] | None = None) -> None:
    """A safetensors file, whole or not at all. Raises OutputError."""
    with naming_write_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_or_absent(path) as draft:
            try:
                save_file({key: value.contiguous() for key, value in tensors.items()}, draft, metadata=header)
            except SafetensorError as error:
                raise OutputError(f"cannot write {path}: {error}; make room or choose another folder") from error


def load_checkpoint(path: Path) -> Checkpoint:
    """Raises ModelError for anything that is not a checkpoint of this format."""
    return _read(path, tensors=True)


def read_header(path: Path) -> Checkpoint:
    """As `load_checkpoint`, without the tensors. Raises ModelError."""
    return _read(path, tensors=False)


def _read(path: Path, *, tensors: bool) -> Checkpoint:
    try:
        with safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
            found = {key: file.get_tensor(key) for key in file.keys()} if tensors else {}  # noqa: SIM118 (not a dict)
    except (OSError, SafetensorError) as error:
        raise ModelError(f"Wanted a checkpoint in {path}, could not read it ({error}); train one first.") from error
    if header.get("format") is None and {"config", "step", "cpu_hours"} <= header.keys():
        header, found = _of_separator_script(header, found)
    if header.get("format") != FORMAT:
        raise ModelError(f"{path} is of format {header.get('format')!r}, this version reads {FORMAT!r}.")
    try:
        config, step = json.loads(header["config"]), int(header["step"])
        if not isinstance(config, dict):
            raise ValueError("its configuration is no record")
        return Checkpoint(config, step, found)
    except (KeyError, ValueError, RecursionError) as error:
        raise ModelError(f"The header of {path} is damaged; go back to an earlier checkpoint.") from error


def _of_separator_script(header: dict[str, str], found: dict[str, Tensor]) -> tuple[dict[str, str], dict[str, Tensor]]:
    """A separator's checkpoint as research/separator wrote it until 2026-12, with all that is needed to go on exactly.

    Its half-precision copy holds the averaged weights alone: from these it goes on.
    """
    tensors = {}
    for key, value in found.items():
        part, _, name = key.partition(".")
        if part == "optimiser":
            name = ":".join(name.rsplit(".", 1))
        tensors[f"{'model' if part == 'network' else part}.{name}"] = value.float()
    if not any(key.startswith("model.") for key in tensors):
        tensors |= {key.replace("average.", "model.", 1): value for key, value in tensors.items()}
    config = json.dumps({"preset": "lite", "network": json.loads(header["config"])})
    return {"format": FORMAT, "step": header["step"], "config": config}, tensors


def optimiser_tensors(optimiser: MuonWithAdamW, model: nn.Module) -> dict[str, Tensor]:
    """The optimiser's state by parameter name, as plain tensors."""
    names: dict[Tensor, str] = {parameter: name for name, parameter in model.named_parameters()}
    return {
        f"{names[parameter]}:{key}": torch.as_tensor(value)
        for parameter, state in optimiser.state.items()
        for key, value in state.items()
    }


def restore_optimiser(optimiser: MuonWithAdamW, model: nn.Module, tensors: dict[str, Tensor]) -> None:
    """Puts back what `optimiser_tensors` took."""
    parameters = dict(model.named_parameters())
    for key, value in tensors.items():
        name, field = key.rsplit(":", 1)
        # torch counts AdamW's steps on the CPU, wherever the parameters are.
        optimiser.restore(parameters[name], field, value.to(parameters[name].device) if value.ndim else value)


LARGEST = {"sample_rate": 192_000, "n_fft": 65_536}  # what is no layer's size


def load_remixer(path: Path) -> RemixNetwork:
    """Ready to be used, with its averaged weights where there are any. Raises ModelError."""
    return network_of(load_checkpoint(path), path).eval()


def network_of(checkpoint: Checkpoint, path: Path) -> RemixNetwork:
    """The network with its weights. Raises ModelError for a checkpoint of another kind."""
    config = checkpoint.config
    if "preset" not in config or "network" not in config:
        raise ModelError(f"The checkpoint {path} is not of a remixing network; name another.")
    preset = str(config["preset"])
    weights = checkpoint.part("model") | checkpoint.part("average")
    _check_size(config["network"], weights, path)
    with device("meta"):  # costs no memory
        wished = {name: value.shape for name, value in from_saved(preset, config["network"]).state_dict().items()}
    if wished.keys() - weights.keys() or any(weights[name].shape != shape for name, shape in wished.items()):
        raise _misfit(preset, path)
    network = from_saved(preset, config["network"])
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        raise _misfit(preset, path) from error
    return network


def _misfit(preset: str, path: Path) -> ModelError:
    return ModelError(f"The weights in {path} do not fit its {preset!r} network; train another.")


def _check_size(config: object, weights: Mapping[str, Tensor], path: Path) -> None:
    """A network has no more layers than tensors, and none is wider than its widest. Raises ModelError."""
    most = max((len(weights), *(size for value in weights.values() for size in value.shape)))
    if any(size > LARGEST.get(name, most) for name, size in _sizes(config)):
        raise ModelError(f"The checkpoint {path} announces a larger network than it holds; train another.")


def _sizes(config: object) -> Iterator[tuple[str, float]]:
    """Every number of a configuration, with its name."""
    for name, value in config.items() if isinstance(config, Mapping) else ():
        if isinstance(value, int | float):
            yield str(name), value
        yield from _sizes(value)


FOLDER, SCORE = "best", "score"


class BestCheckpoints:
    """Keeps as many as are wanted; knows those of earlier sittings."""

    def __init__(self, folder: Path, keep: int) -> None:
        """Raises ModelError for a damaged one."""
        self._folder, self._keep = folder, keep
        self._scores = scores_of(folder)

    def offer(self, score: float, step: int, make: Callable[[], Checkpoint]) -> bool:
        """Writes what `make` gives if it is among the best, and removes the worst. Raises OutputError."""
        path = self._folder / f"step-{step:06d}.safetensors"
        others = {place: value for place, value in self._scores.items() if place != path}
        if self._keep == 0 or (len(others) >= self._keep and score >= sorted(others.values())[self._keep - 1]):
            return False
        made = make()
        weights = {name: value for name, value in made.tensors.items() if not name.startswith("optimiser.")}
        save_checkpoint(path, replace(made, tensors=weights, config=made.config | {SCORE: score}))
        ordered = sorted((others | {path: score}).items(), key=lambda item: (item[1], item[0].name))
        self._scores = dict(ordered[: self._keep])
        for place, _ in ordered[self._keep :]:
            place.unlink(missing_ok=True)
        return True


def scores_of(folder: Path) -> dict[Path, float]:
    """The best checkpoints in a folder, the best one first. Raises ModelError for a damaged one."""
    found = {path: float(read_header(path).config[SCORE]) for path in sorted(folder.glob("step-*.safetensors"))}
    return dict(sorted(found.items(), key=lambda item: item[1]))


def best_of(run: Path) -> Path | None:
    """The best checkpoint of a run's folder, where it was validated at all. Raises ModelError."""
    return next(iter(scores_of(run / FOLDER)), None)
