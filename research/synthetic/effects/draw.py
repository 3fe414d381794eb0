"""One effect, drawn: what it is, and how long."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from research.synthetic.effects import calls, impacts, machines, textures
from research.synthetic.effects.parts import Rng, Sound, between, count_of, unit

Maker = Callable[[Rng, float], Sound]
SECONDS = (1.5, 9.0)
SPOILT = 1e-6  # what a filter leaves where there is nothing

MAKERS: tuple[Maker, ...] = (
    *(impacts.struck, impacts.footsteps, impacts.shots, impacts.debris, impacts.door, impacts.whoosh),
    *(textures.wind, textures.rain, textures.water, textures.sea, textures.fire, textures.crowd, textures.applause),
    *(textures.rustle, textures.chimes),
    *(machines.engine, machines.pass_by, machines.rotor, machines.power_tool, machines.clockwork, machines.signal),
    machines.electric,
    *(calls.birds, calls.insects, calls.beasts, calls.frogs, calls.breath),
)
"""All kinds, each as likely as any other."""


def draw_effect(rng: Rng) -> tuple[str, Sound]:
    """Its name, and the sound at 48 kHz, [n], RMS 1; every fifth has another kind behind it."""
    maker = MAKERS[int(rng.integers(len(MAKERS)))]
    seconds = between(rng, *SECONDS)
    sound, name = unit(maker(rng, seconds)), maker.__name__
    if rng.random() < 0.2:
        behind = MAKERS[int(rng.integers(len(MAKERS)))]
        sound = unit(sound + np.float32(between(rng, 0.1, 0.6)) * unit(behind(rng, seconds)))
        name = f"{name} over {behind.__name__}"
    ends = np.minimum(1, np.arange(len(sound)) / count_of(0.005)).astype(np.float32)
    return name.replace("_", " "), np.asarray(sound * ends * ends[::-1], np.float32)
