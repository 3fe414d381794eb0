"""The remixing network of a training checkpoint."""

from __future__ import annotations

from pathlib import Path

from limelight.errors import ModelError
from limelight.networks.presets import from_saved
from limelight.networks.remixer import Remixer
from limelight.training.checkpoint import Checkpoint, load_checkpoint


def load_remixer(path: Path) -> Remixer:
    """Ready to be used, with its averaged weights where there are any. Raises ModelError."""
    return network_of(load_checkpoint(path), path).eval()


def network_of(checkpoint: Checkpoint, path: Path) -> Remixer:
    """The network with its weights. Raises ModelError for a checkpoint of another kind."""
    config = checkpoint.config
    if "preset" not in config or "network" not in config:
        raise ModelError(f"The checkpoint {path} is not of a remixing network (but of lite?); export it first.")
    network = from_saved(str(config["preset"]), config["network"])
    weights = checkpoint.part("model") | checkpoint.part("average")
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        raise ModelError(
            f"The weights in {path} do not fit its {config['preset']!r} network; train another."
        ) from error
    return network
