"""Light and colour of one picture, from its small colours alone.

Ratios are used wherever the eye judges by ratio, so that warmth and saturation stay when the picture gets darker.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from limelight.cues.view import Image, View


class Light(NamedTuple):
    """Measurements of one picture; units in the catalogue."""

    key: float
    contrast: float
    shadows: float
    highlights: float
    warmth: float
    saturation: float
    night: float
    greenery: float
    sky: float
    skin: float


def measure_light(view: View) -> Light:
    """Measure one picture."""
    luma, colours = view.luma, view.colours
    low, bright, high = np.percentile(luma, (5, 75, 95))
    largest, smallest = colours.max(axis=2), colours.min(axis=2)
    red, green, blue = (float(channel) for channel in colours.mean(axis=(0, 1)))
    return Light(
        key=float(luma.mean()),
        contrast=float(high - low),
        shadows=float((luma < 0.12).mean()),
        highlights=float((luma > 0.85).mean()),
        warmth=(red - blue) / (red + green + blue + 1e-3),
        saturation=float((largest - smallest).sum() / (largest.sum() + 1e-3 * largest.size)),
        night=float(np.clip(1 - bright / 0.4, 0, 1)),
        greenery=_greenery(colours, largest, smallest),
        sky=_sky(colours, luma),
        skin=_skin(colours, largest, smallest),
    )


def _greenery(colours: Image, largest: Image, smallest: Image) -> float:
    """Area whose hue lies between yellow-green and green-blue (55…165°), neither grey nor black."""
    red, green, blue = colours[..., 0], colours[..., 1], colours[..., 2]
    leafy = (green > 0.94 * red) & (green > 1.12 * blue) & (largest > 0.1)
    return float((leafy & (largest - smallest > 0.18 * largest)).mean())


def _skin(colours: Image, largest: Image, smallest: Image) -> float:
    """Area of skin colour, all complexions: red over green over blue, by ratio (after Kovač, Peer and Solina 2003)."""
    red, green, blue = colours[..., 0], colours[..., 1], colours[..., 2]
    reddish = (red > 1.1 * green) & (red < 2.2 * green) & (green > 1.05 * blue) & (red > 0.2)
    return float((reddish & (largest - smallest > 0.15 * largest)).mean())


def _sky(colours: Image, luma: Image) -> float:
    """Area that hangs from the upper edge, is bright, smooth and not warm."""
    step = np.abs(np.diff(luma, axis=0, prepend=luma[:1]))
    bluish = colours[..., 2] >= 0.97 * colours[..., 0]
    candidate = (step < 0.05) & bluish & (luma > 0.35)
    hanging = np.logical_and.accumulate(candidate, axis=0)  # [H, W], unbroken from the top
    return float(hanging.mean())
