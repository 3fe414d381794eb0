"""Sharpness, texture and lettering of one picture, from its grey values at 180 lines.

These change slowly and cost most, so they are measured four times a second, and at once when the picture changes.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from limelight.cues.text import text_share
from limelight.cues.view import Image, View, change, resized

EVERY_SECONDS = 0.25
CHANGED = 0.06  # mean difference of luma
QUIET = (0.27 / 255) ** 2  # energy of the detail that rounding to whole grey levels makes by itself
PRIOR = 0.3  # of the whole picture's detail: a plain centre or border says nothing about focus
DETAIL = 0.03  # luma: where detail is higher there is an edge or texture
CENTRE = np.zeros((12, 16), bool)
CENTRE[3:9, 4:12] = True


class Surface(NamedTuple):
    """Measurements of one picture; units in the catalogue."""

    sharpness: float
    centre_focus: float
    detail: float
    text: float


class SurfaceWatcher:
    """Measures when due, and repeats the last measurement in between."""

    def __init__(self) -> None:
        self._last = Surface(0.0, 1.0, 0.0, 0.0)
        self._measured_seconds = -np.inf
        self._luma: Image | None = None

    def watch(self, view: View) -> Surface:
        """The surface of this picture, at most a quarter of a second old."""
        due = view.time_seconds > self._measured_seconds + EVERY_SECONDS - 0.01
        if due or change(view, self._luma) > CHANGED:
            self._last, self._measured_seconds, self._luma = measure_surface(view), view.time_seconds, view.luma
        return self._last


def measure_surface(view: View) -> Surface:
    """Measure one picture."""
    # Two neighbouring bands of spatial detail: fine = I − G₁·I, coarse = G₁·I − G₃·I (G: Gaussian of that width).
    # A defocused picture keeps the coarse band and loses the fine one; light scales both alike:
    #     sharpness = Σ fine² / Σ (fine² + coarse²)
    grey = view.grey.astype(np.float32) / np.float32(255)
    soft = cv2.GaussianBlur(grey, (0, 0), 1.0)
    fine, coarse = np.abs(grey - soft), np.abs(soft - cv2.GaussianBlur(soft, (0, 0), 2.8))
    fine_map = np.maximum(resized(fine * fine, 12, 16).astype(np.float64) - QUIET, 0)
    both_map = fine_map + resized(coarse * coarse, 12, 16)
    sharpness = float(fine_map.mean() / (both_map.mean() + QUIET))
    # Centre and border are each judged with a little of the whole picture mixed in, so that plain ones come out even.
    prior = PRIOR * float(both_map.mean()) + QUIET

    def zone(mask: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> float:
        return float((fine_map[mask].mean() + prior * (sharpness + 0.01)) / (both_map[mask].mean() + prior))

    return Surface(
        sharpness=sharpness,
        centre_focus=zone(CENTRE) / zone(~CENTRE),
        detail=np.count_nonzero(fine + coarse > DETAIL) / fine.size,
        text=text_share(view.grey),
    )
