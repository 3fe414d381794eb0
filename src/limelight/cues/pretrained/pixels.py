"""Pictures as the pretrained networks want them, with OpenCV instead of torchvision.

CLIP (Radford et al., 2021): the shorter side to S, the S × S middle, colours standardised. InternVL (Chen et al., 2023):
the whole picture squeezed to S × S, colours standardised by ImageNet's figures; of its up to twelve close-up tiles we
make none, since a key frame is asked about as a whole. Shrinking is by area and growing cubic, where the originals are
cubic both ways.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]  # [H, W, 3], RGB
Pixels = NDArray[np.float32]


@dataclass(frozen=True)
class Colours:
    """What the network's training pictures had: mean and deviation of red, green, blue in 0…1."""

    mean: tuple[float, float, float]
    std: tuple[float, float, float]

    def standardised(self, image: Image) -> Pixels:
        """[H, W, 3] to [3, H, W]."""
        scaled = (image / 255 - np.array(self.mean)) / np.array(self.std)
        return np.ascontiguousarray(scaled.transpose(2, 0, 1), dtype=np.float32)


CLIP_COLOURS = Colours((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711))
IMAGENET_COLOURS = Colours((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


def centre_of(images: Sequence[Image], size: int, colours: Colours = CLIP_COLOURS) -> Pixels:
    """The middles of pictures, [P, 3, size, size]."""
    return np.stack([colours.standardised(_middle(image, size)) for image in images])


def whole_of(images: Sequence[Image], size: int, colours: Colours = IMAGENET_COLOURS) -> Pixels:
    """The pictures, squeezed, [P, 3, size, size]."""
    return np.stack([colours.standardised(_resized(image, size, size)) for image in images])


def _middle(image: Image, size: int) -> Image:
    height, width = image.shape[:2]
    scale = size / min(height, width)
    image = _resized(image, max(size, round(height * scale)), max(size, round(width * scale)))
    top, left = (image.shape[0] - size) // 2, (image.shape[1] - size) // 2
    return image[top : top + size, left : left + size]


def _resized(image: Image, height: int, width: int) -> Image:
    if image.shape[:2] == (height, width):
        return image
    shrinks = height * width < image.shape[0] * image.shape[1]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, (width, height), interpolation=method), np.uint8)
