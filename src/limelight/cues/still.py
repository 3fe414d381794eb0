"""What one picture shows by itself: light, colour, sharpness, texture, lettering.

Ratios are used wherever the eye judges by ratio, so that warmth, saturation and sharpness do not change when
the whole picture becomes darker.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from limelight.cues.text import text_share
from limelight.cues.view import Image, View

QUIET = 0.15 / 255  # detail energy below this (a sixth of a grey level) is noise of coding


class Still(NamedTuple):
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
    sharpness: float
    centre_focus: float
    detail: float
    text: float


class _Sharpness(NamedTuple):
    overall: float
    centre_over_border: float
    detail: float


def measure_still(view: View) -> Still:
    """Measure one picture."""
    luma, colours = view.luma, view.colours
    low, bright, high = np.percentile(luma, (5, 75, 95))
    largest, smallest = colours.max(axis=2), colours.min(axis=2)
    red, green, blue = (float(channel) for channel in colours.mean(axis=(0, 1)))
    sharp = _sharpness(view)
    return Still(
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
        sharpness=sharp.overall,
        centre_focus=sharp.centre_over_border,
        detail=sharp.detail,
        text=text_share(view.grey),
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


def _sharpness(view: View) -> _Sharpness:
    # Two neighbouring bands of spatial detail: fine = I − G₁·I, coarse = G₁·I − G₃·I (G: Gaussian of that width).
    # A defocused picture keeps the coarse band and loses the fine one; light scales both alike.
    grey = view.grey.astype(np.float32) / np.float32(255)
    soft = cv2.GaussianBlur(grey, (0, 0), 1.0)
    fine, coarse = grey - soft, soft - cv2.GaussianBlur(soft, (0, 0), 2.8)
    fine_map = cv2.resize(fine * fine, (16, 12), interpolation=cv2.INTER_AREA)
    coarse_map = cv2.resize(coarse * coarse, (16, 12), interpolation=cv2.INTER_AREA)
    centre = np.zeros((12, 16), bool)
    centre[3:9, 4:12] = True
    inside, outside = _share(fine_map[centre], coarse_map[centre]), _share(fine_map[~centre], coarse_map[~centre])
    overall = _share(fine_map, coarse_map)
    detail = float((np.abs(fine) + np.abs(coarse) > 0.03).mean())
    return _Sharpness(overall, (inside + 0.02) / (outside + 0.02), detail)


def _share(fine: Image, coarse: Image) -> float:
    fine_energy, coarse_energy = float(fine.mean()), float(coarse.mean())
    return fine_energy / (fine_energy + coarse_energy + QUIET**2)
