"""One picture, prepared once for all that is measured on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from limelight.signals import Picture

Image = NDArray[np.float32]
Grey = NDArray[np.uint8]
AnyImage = TypeVar("AnyImage", NDArray[np.float32], NDArray[np.uint8])

LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)
LINES = 180  # the height at which thresholds in picture points were chosen


@dataclass(frozen=True)
class View:
    """A picture in the sizes that measurements need; all values in 0…1 but `grey`."""

    time_seconds: float
    grey: Grey  # [180, W]
    small: Grey  # [90, W / 2], for motion
    soft: Image  # the same, a little blurred
    colours: Image  # [45, W / 4, 3], for light and colour
    luma: Image  # [45, W / 4], of those colours (Rec. 709 weights on gamma-coded values)


def prepare(picture: Picture) -> View:
    """Scale one picture to the sizes that measurements need, whatever size it has."""
    height, width = picture.image.shape[:2]
    width = max(32, round(width * LINES / height))
    image = np.ascontiguousarray(picture.image)
    grey = resized(cast(Grey, cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)), LINES, width)
    colours = resized(image, LINES // 4, width // 4).astype(np.float32) / np.float32(255)
    small = resized(grey, LINES // 2, width // 2)
    return View(
        picture.time_seconds,
        grey,
        small,
        np.asarray(cv2.GaussianBlur(small, (0, 0), 1.0), np.float32) / np.float32(255),
        colours,
        np.asarray(colours @ LUMA, np.float32),
    )


def change(view: View, earlier_luma: Image | None) -> float:
    """Mean difference of luma since an earlier picture, 0…1; 1 where there is none of the same shape."""
    if earlier_luma is None or earlier_luma.shape != view.luma.shape:
        return 1.0
    return float(np.abs(view.luma - earlier_luma).mean())


def resized(image: AnyImage, height: int, width: int) -> AnyImage:
    """An image [H, W, …] at another size, each new point the mean of those it covers."""
    if image.shape[:2] == (height, width):
        return image
    scaled = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    return cast(AnyImage, scaled)
