"""The remixing network of a training checkpoint."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from torch import Tensor, device

from limelight.errors import ModelError
from limelight.networks.presets import from_saved
from limelight.networks.remixer import Remixer
from limelight.training.checkpoint import Checkpoint, load_checkpoint

LARGEST = {"sample_rate": 192_000, "n_fft": 65_536}  # what is no layer's size


def load_remixer(path: Path) -> Remixer:
    """Ready to be used, with its averaged weights where there are any. Raises ModelError."""
    return network_of(load_checkpoint(path), path).eval()


def network_of(checkpoint: Checkpoint, path: Path) -> Remixer:
    """The network with its weights. Raises ModelError for a checkpoint of another kind."""
    config = checkpoint.config
    if "preset" not in config or "network" not in config:
        raise ModelError(f"The checkpoint {path} is not of a remixing network (but of lite?); export it first.")
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
