"""Remixing networks by name, as commands, checkpoints and exports call them: one table, read by two functions.

A network of another kind is added by a line: its class, and its configuration at its full size.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

from limelight.errors import ModelError
from limelight.networks import visah
from limelight.networks.lce import Lce, LceConfig
from limelight.networks.learn2remix import Learn2Remix, Learn2RemixConfig
from limelight.networks.remixer import RemixerConfig, RemixNetwork


@dataclass(frozen=True)
class Preset:
    """A kind of network, and its configuration at its full size."""

    network: Callable[[Any], RemixNetwork]
    config: RemixerConfig


PRESETS = {name: Preset(visah.Visah, config) for name, config in visah.PRESETS.items()} | {
    "learn2remix": Preset(Learn2Remix, Learn2RemixConfig()),
    "lce": Preset(Lce, LceConfig()),
}


def build(
    name: str,
    *,
    variant: str = visah.LIMELIGHT,
    channels: int | None = None,
    context_width: int | None = None,
    **more: int,
) -> RemixNetwork:
    """A new network: `channels` is its dial, `more` any other field of its configuration (`encoder_layers`, …).

    Raises ModelError for a name that is none, and for a variant, a field or a size that the network does not have.
    """
    preset = _preset(name)
    wished = more | ({} if context_width is None else {"context_width": context_width})
    known = {field.name for field in fields(preset.config)}  # type: ignore[arg-type]
    if strangers := sorted(set(wished) - known):
        raise ModelError(f"Wanted {name!r} with {', '.join(strangers)}; it has {', '.join(sorted(known))}.")
    try:
        config = preset.config if channels is None else preset.config.sized(channels)
        if isinstance(config, visah.VisahConfig):
            config = config.as_variant(variant)
        elif variant != visah.LIMELIGHT:
            raise ValueError(f"it has no variant {variant!r}")
        return preset.network(replace(config, **wished))  # type: ignore[type-var]
    except ValueError as error:
        raise ModelError(f"Wanted {name!r} at that size: {error}; choose another.") from error


def from_saved(name: str, config: dict[str, Any]) -> RemixNetwork:
    """The network of a checkpoint or export, with weights still to come. Raises ModelError."""
    preset = _preset(name)
    try:
        return preset.network(type(preset.config).from_dict(config))
    except (ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError) as error:
        raise ModelError(f"Wanted {name!r} as it was saved, its configuration is damaged ({error!r}).") from error


def _preset(name: str) -> Preset:
    if name not in PRESETS:
        raise ModelError(f"Wanted the preset {name!r}; there are {', '.join(PRESETS)}.")
    return PRESETS[name]
