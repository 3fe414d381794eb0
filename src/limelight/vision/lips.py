"""How far a mouth is open: 468 points on each face by MediaPipe's network, through ONNX Runtime.

    five points of a face → upright square around it, 192 × 192 → 468 points (x, y, z) → gap of the lips / height of the face

Kartynnik et al., "Real-time Facial Surface Geometry from Monocular Video on Mobile GPUs", CVPR workshop 2019. Theirs cuts
the square by the points of the picture before; ours by the five points that the detector gives, so that every picture
stands alone and pictures may be left out. The gap is measured in three dimensions, so that a face may turn.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from limelight.runtime.session import ask, open_session
from limelight.vision.face_detector import WEIGHTS, Faces, Floats

SIDE = 192  # pixels of the square that the network sees
REACH = 3.4  # side of the square over the distance from eyes to mouth
UPPER_LIP, LOWER_LIP = np.array([82, 13, 312]), np.array([87, 14, 317])  # inner edges, three places side by side
FOREHEAD, BETWEEN_LIP_AND_NOSE = 10, 2  # the chin moves with the mouth, so that height is measured above it
SHARP = 32.0  # pixels from forehead to nose: from here on the lips can be measured well


@dataclass(frozen=True)
class Lips:
    """The mouths of the faces of one picture."""

    opening: Floats  # [P], gap of the inner lips over the height from forehead to nose; 0 closed
    confidence: Floats  # [P], 0…1: that it is a face, and large enough to measure
    points: Floats  # [P, 468, 3], in pixels of the picture; z towards the back, same scale

    def __repr__(self) -> str:
        return f"Lips({len(self.opening)})"


class LipReader:
    """Measures the mouths of faces that were found."""

    def __init__(self, *, threads: int = 1) -> None:
        """Raises ModelError."""
        self._session = open_session(WEIGHTS / "face_landmarks.onnx", threads=threads)

    def read(self, image: NDArray[np.uint8], faces: Faces) -> Lips:
        """The mouths of the faces of a picture [H, W, 3], RGB. Raises ModelError."""
        if len(faces) == 0:
            return Lips(np.zeros(0, np.float32), np.zeros(0, np.float32), np.zeros((0, 468, 3), np.float32))
        squares = [square_around(points) for points in faces.points]
        pictures = np.stack([cut(image, square) for square in squares])
        points, face = ask(self._session, ("points", "face"), {"picture": pictures}, model="face_landmarks")
        placed = np.stack([_placed(mine, square) for mine, square in zip(points, squares, strict=True)])
        height = _distance(placed, FOREHEAD, BETWEEN_LIP_AND_NOSE)
        gap = _distance(placed, UPPER_LIP, LOWER_LIP).mean(axis=1)
        confidence = np.minimum(height / SHARP, 1) / (1 + np.exp(-face))
        return Lips(gap / np.maximum(height, 1e-6), np.asarray(confidence, np.float32), placed)


def square_around(points: Floats) -> Floats:
    """The square around a face with five points [5, 2]: a matrix [2, 3] from its pixels (u, v, 1) to the picture's."""
    eyes, mouth = points[:2].mean(axis=0), points[3:].mean(axis=0)
    along = points[1] - points[0]  # from the right eye, which is to the left, to the left eye
    across = np.array([-along[1], along[0]])
    # Seen from the side the eyes come together, from above eyes and mouth do: the longer of both tells the size.
    size = REACH * max(float(np.hypot(*(mouth - eyes))), float(np.hypot(*along)))
    turned = np.stack([along, across], axis=1) / max(float(np.hypot(*along)), 1e-6)  # [2, 2], columns: right, down
    scaled = turned * size / SIDE
    middle = (eyes + mouth) / 2
    return np.concatenate([scaled, (middle - scaled @ np.full(2, SIDE / 2))[:, None]], axis=1).astype(np.float32)


def cut(image: NDArray[np.uint8], square: Floats) -> Floats:
    """What a square shows of a picture [H, W, 3]: [SIDE, SIDE, 3] in 0…1, bilinear, black outside."""
    scale = float(np.hypot(*square[:, 0]))
    if scale >= 2:  # a large face: mean over whole blocks first, so that no pixel is left out
        block = int(scale)
        image, square = _blocks(image, block), square / block
    height, width = image.shape[:2]
    across, down = np.arange(SIDE, dtype=np.float32)[None, :], np.arange(SIDE, dtype=np.float32)[:, None]
    x = square[0, 0] * across + square[0, 1] * down + square[0, 2]  # [SIDE, SIDE]
    y = square[1, 0] * across + square[1, 1] * down + square[1, 2]
    left, top = np.floor(x), np.floor(y)
    right_share, low_share = (x - left)[..., None], (y - top)[..., None]
    pixels = np.zeros((height + 2, width + 2, 3), np.float32)  # a frame of black
    pixels[1:-1, 1:-1] = image
    pixels = pixels.reshape(-1, 3)
    columns = [np.clip(left + k + 1, 0, width + 1).astype(np.int32) for k in (0, 1)]
    rows = [np.clip(top + k + 1, 0, height + 1).astype(np.int32) * (width + 2) for k in (0, 1)]
    upper = pixels[rows[0] + columns[0]] * (1 - right_share) + pixels[rows[0] + columns[1]] * right_share
    lower = pixels[rows[1] + columns[0]] * (1 - right_share) + pixels[rows[1] + columns[1]] * right_share
    return np.asarray((upper * (1 - low_share) + lower * low_share) / 255, np.float32)


def _blocks(image: NDArray[np.uint8], block: int) -> NDArray[np.uint8]:
    height, width = (size // block for size in image.shape[:2])
    parts = image[: height * block, : width * block].reshape(height, block, width, block, 3)
    return parts.mean(axis=(1, 3)).astype(np.uint8)


def _placed(points: Floats, square: Floats) -> Floats:
    """Points of a square [468, 3] in pixels of the picture."""
    flat = points[:, :2] @ square[:, :2].T + square[:, 2]
    return np.concatenate([flat, points[:, 2:] * float(np.hypot(*square[:, 0]))], axis=1).astype(np.float32)


def _distance(points: Floats, one: int | NDArray[np.intp], other: int | NDArray[np.intp]) -> Floats:
    return np.asarray(np.linalg.norm(points[:, one] - points[:, other], axis=-1), np.float32)
