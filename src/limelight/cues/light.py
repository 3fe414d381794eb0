"""Light and colour of one picture, from its small colours alone.

Ratios are used wherever the eye judges by ratio, so that warmth and saturation stay when the picture gets darker.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

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
    rising = np.sort(luma, axis=None)
    low, bright, high = (float(rising[int(share * (rising.size - 1))]) for share in (0.05, 0.75, 0.95))
    largest, smallest = colours.max(axis=2), colours.min(axis=2)
    red, green, blue = (float(channel) for channel in colours.mean(axis=(0, 1)))
    return Light(
        key=float(luma.mean()),
        contrast=high - low,
        shadows=_share(luma < 0.12),
        highlights=_share(luma > 0.85),
        warmth=(red - blue) / (red + green + blue + 1e-3),
        saturation=float((largest - smallest).sum() / (largest.sum() + 1e-3 * largest.size)),
        night=float(np.clip(1 - bright / 0.4, 0, 1)),
        greenery=_greenery(colours, largest, smallest),
        sky=_sky(colours, luma),
        skin=_skin(colours, largest, smallest),
    )


def _share(area: NDArray[np.bool_]) -> float:
    return np.count_nonzero(area) / area.size


def _greenery(colours: Image, largest: Image, smallest: Image) -> float:
    """Area whose hue lies between yellow-green and green-blue (55…165°), neither grey nor black."""
    red, green, blue = colours[..., 0], colours[..., 1], colours[..., 2]
    leafy = (green > 0.94 * red) & (green > 1.12 * blue) & (largest > 0.1)
    return _share(leafy & (largest - smallest > 0.18 * largest))


def _skin(colours: Image, largest: Image, smallest: Image) -> float:
    """Area of skin colour, all complexions: red over green over blue, by ratio (after Kovač, Peer and Solina 2003)."""
    red, green, blue = colours[..., 0], colours[..., 1], colours[..., 2]
    reddish = (red > 1.1 * green) & (red < 2.2 * green) & (green > 1.05 * blue) & (red > 0.2)
    return _share(reddish & (largest - smallest > 0.15 * largest))


def _sky(colours: Image, luma: Image) -> float:
    """Area that hangs from the upper edge, is bright, smooth and not warm."""
    step = np.abs(np.diff(luma, axis=0, prepend=luma[:1]))
    bluish = colours[..., 2] >= 0.97 * colours[..., 0]
    candidate = (step < 0.05) & bluish & (luma > 0.35)
    hanging = np.logical_and.accumulate(candidate, axis=0)  # [H, W], unbroken from the top
    return _share(hanging)
