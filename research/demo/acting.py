"""How the presenter moves: sway, nods with the voice, blinks, and the mouth that the phones ask for."""

from dataclasses import dataclass

import numpy as np

from research.demo.voice import mouth

BLINKS = (0.9, 3.15, 5.0, 6.2, 8.6, 10.3)


@dataclass(frozen=True)
class Pose:
    """The presenter at one instant."""

    turn: float  # −1 … 1, to her left
    nod: float
    tilt: float  # radians
    jaw: float  # 0 … 1
    round_lips: float  # −1 … 1
    lids: float  # 0 open, 1 shut
    brows: float  # 0 … 1, raised


def pose_at(time_seconds: float) -> Pose:
    """Slow sway, nods with the voice, blinks."""
    t = time_seconds
    jaw, lips = mouth(t)
    lids = max(np.exp(-(((t - at) / 0.065) ** 2)) for at in BLINKS)
    energy = np.mean([mouth(t + d)[0] for d in (-0.24, -0.12, 0.0, 0.12, 0.24)])
    return Pose(
        turn=0.09 * np.sin(0.9 * t + 0.4) + 0.05 * np.sin(2.3 * t),
        nod=0.05 * np.sin(1.3 * t) + 0.09 * (energy - 0.3),
        tilt=0.035 * np.sin(0.7 * t + 1) + 0.02 * np.sin(1.9 * t),
        jaw=jaw,
        round_lips=lips,
        lids=float(lids),
        brows=float(np.clip(0.3 + 0.25 * np.sin(0.8 * t) + 1.1 * (energy - 0.35), 0, 1)),
    )
