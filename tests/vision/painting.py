"""Pictures drawn by code, with known truth: textured scenes, camera moves, a face whose mouth moves."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from limelight.types import Picture

RATE = 8.0
HEIGHT, WIDTH = 180, 320
Image = NDArray[np.uint8]


def film(paint: Callable[[int], Image], count: int, *, rate: float = RATE) -> Iterator[Picture]:
    """`count` pictures, painted one by one as they are asked for."""
    return (Picture(i / rate, paint(i)) for i in range(count))


def scene(seed: int, *, width: int = WIDTH, height: int = HEIGHT, base: tuple[int, int, int] | None = None) -> Image:
    """A textured scene of blotches, in colours of its own."""
    rng = np.random.default_rng(seed)
    ground = np.array(base if base is not None else rng.integers(60, 190, 3), np.float64)
    layers = [
        cv2.GaussianBlur(rng.normal(0, 1, (height, width)), (0, 0), sigma) * sigma * strength
        for sigma, strength in ((0.6, 12.0), (1.2, 14.0), (4.0, 50.0), (16.0, 75.0))
    ]
    tint = rng.normal(0, 12, 3)
    image = (
        ground
        + sum(layers)[..., None]
        + tint * (cv2.GaussianBlur(rng.normal(0, 1, (height, width)), (0, 0), 20) * 20)[..., None]
    )
    return np.clip(image, 0, 255).astype(np.uint8)


def plain(colour: tuple[int, int, int]) -> Image:
    """A picture of one colour."""
    return np.full((HEIGHT, WIDTH, 3), colour, np.uint8)


def window(wide: Image, left: float, top: float = 0.0, zoom: float = 1.0) -> Image:
    """What a camera sees that looks at a larger picture from (left, top), zoomed."""
    place = np.array(
        [[1 / zoom, 0, left + WIDTH / 2 * (1 - 1 / zoom)], [0, 1 / zoom, top + HEIGHT / 2 * (1 - 1 / zoom)]]
    )
    return cv2.warpAffine(
        wide, place, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REFLECT
    )


def with_ball(ground: Image, x: float, y: float, *, radius: int = 14) -> Image:
    """The picture with a bright ball at (x, y)."""
    image = ground.copy()
    cv2.circle(image, (round(x * 16), round(y * 16)), radius * 16, (250, 240, 60), -1, cv2.LINE_AA, 4)
    return image


@dataclass(frozen=True)
class Face:
    """A drawn face: the middle in picture points, its height from hairline to chin, how far the mouth is open."""

    x: float = WIDTH / 2
    y: float = HEIGHT / 2
    height: float = 90.0
    mouth: float = 0.0  # 0 closed … 1 wide open

    def on(self, ground: Image) -> Image:
        """The picture with this face drawn on it; shaded as Haar's cascade expects a lit face to be."""
        side = 240  # points of the drawing: face 160 wide, 200 high
        drawn, shape = _draw(self.mouth, side)
        scale = self.height / 200
        place = np.array([[scale, 0, self.x - side / 2 * scale], [0, scale, self.y - side / 2 * scale]])
        size = (ground.shape[1], ground.shape[0])
        blur = max(0.1, 0.35 / scale)  # against aliasing
        face = cv2.warpAffine(cv2.GaussianBlur(drawn, (0, 0), blur), place, size)
        mask = cv2.warpAffine(cv2.GaussianBlur(shape, (0, 0), blur), place, size)[..., None]
        return np.clip(ground * (1 - mask) + face * mask, 0, 255).astype(np.uint8)


@lru_cache(maxsize=64)
def _draw(mouth: float, side: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    middle = side // 2
    skin = np.array([224, 176, 146], np.float64)
    y, x = np.mgrid[0:side, 0:side] - middle
    # Light from above and in front: brighter forehead, cheeks and nose, darker towards the sides.
    light = 1.05 - 0.32 * (np.abs(x) / 80.0) ** 2.5 - 0.06 * (y / 100.0)
    face = skin * light[..., None]

    def spot(cx: float, cy: float, rx: float, ry: float, factor: float, soft: float) -> None:
        nonlocal face
        mask = np.zeros((side, side))
        cv2.ellipse(mask, (round(middle + cx), round(middle + cy)), (round(rx), round(ry)), 0, 0, 360, 1.0, -1)
        mask = cv2.GaussianBlur(mask, (0, 0), soft)[..., None]
        face = face * (1 - mask) + face * factor * mask

    for sign in (-1, 1):
        spot(sign * 33, -22, 25, 15, 0.66, 6)  # eye socket
        spot(sign * 33, -40, 24, 5, 0.38, 2)  # brow
        spot(sign * 33, -19, 16, 7, 0.75, 2)
        spot(sign * 33, -19, 7, 7, 0.22, 1.5)  # iris
        spot(sign * 38, 22, 18, 14, 1.12, 7)  # cheek
        spot(sign * 9, 27, 5, 4, 0.5, 2)  # nostril
    spot(0, 2, 7, 26, 1.14, 4)  # bridge of the nose
    spot(0, 34, 16, 4, 0.75, 3)  # its shadow
    spot(0, 58, 28, 7 + 3 * mouth, 0.62, 2.5)  # lips
    spot(0, 59 + 6 * mouth, 22, 1.5 + 14 * mouth, 0.3, 1.5)  # the gap between them
    spot(0, 80 + 4 * mouth, 18, 4, 0.85, 4)  # below the lower lip
    hair = np.zeros((side, side))
    cv2.ellipse(hair, (middle, middle - 82), (84, 36), 0, 0, 360, 1.0, -1)
    hair = cv2.GaussianBlur(hair, (0, 0), 3)[..., None]
    face = face * (1 - hair) + np.array([60, 42, 30]) * hair
    shape = np.zeros((side, side))
    cv2.ellipse(shape, (middle, middle), (80, 106), 0, 0, 360, 1.0, -1)
    return face, shape
