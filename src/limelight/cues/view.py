"""One picture, prepared once for all that is measured on it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from limelight.signals import Picture

Image = NDArray[np.float32]

LINES = 180  # the height at which thresholds in picture points were chosen


@dataclass(frozen=True)
class View:
    """A picture in the sizes that measurements need; all values in 0…1 but `grey`."""

    time_seconds: float
    grey: NDArray[np.uint8]  # [180, W]
    small: NDArray[np.uint8]  # [90, W / 2], for motion
    colours: Image  # [45, W / 4, 3], for light and colour

    @property
    def luma(self) -> Image:
        """Luma of the small colours, [45, W / 4] (Rec. 709 weights on gamma-coded values)."""
        return self.colours @ np.array([0.2126, 0.7152, 0.0722], np.float32)


def prepare(picture: Picture) -> View:
    """Scale one picture to the sizes that measurements need, whatever size it has."""
    height, width = picture.image.shape[:2]
    width = max(32, round(width * LINES / height))
    image = np.ascontiguousarray(picture.image)
    grey = _resized(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), LINES, width)
    colours = _resized(image, LINES // 4, width // 4).astype(np.float32) / np.float32(255)
    return View(picture.time_seconds, grey, _resized(grey, LINES // 2, width // 2), colours)


def _resized(image: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    if image.shape[:2] == (height, width):
        return image
    scaled: NDArray[np.uint8] = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    return scaled
