"""A face drawn with soft ellipses, in NumPy alone: enough of one for the networks that look for faces and lips."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]  # [H, W, 3], RGB


def ground(height: int = 360, width: int = 640) -> Image:
    """A wall, a little brighter at the top."""
    shade = np.linspace(1.05, 0.9, height)[:, None, None]
    return np.asarray(np.broadcast_to(shade * np.array([96.0, 112.0, 128.0]), (height, width, 3)), np.uint8)


@dataclass(frozen=True)
class DrawnFace:
    """The middle and the height in pixels, how far the mouth is open (0…1), the turn of the head in degrees."""

    x: float
    y: float
    height: float = 160.0
    mouth: float = 0.0
    turned: float = 0.0

    def on(self, picture: Image) -> Image:
        """The picture with this face."""
        height, width = picture.shape[:2]
        reach = round(1.3 * self.height)
        top, bottom = max(0, round(self.y) - reach), min(height, round(self.y) + reach)
        left, right_end = max(0, round(self.x) - reach), min(width, round(self.x) + reach)
        rows, columns = np.mgrid[top:bottom, left:right_end].astype(float)
        angle, unit = np.radians(self.turned), self.height / 200
        right, down = (columns - self.x) / unit, (rows - self.y) / unit
        u, v = np.cos(angle) * right + np.sin(angle) * down, -np.sin(angle) * right + np.cos(angle) * down
        canvas = picture[top:bottom, left:right_end].astype(float)

        def spot(x: float, y: float, wide: float, high: float, colour: tuple[int, int, int], soft: float = 3.0) -> None:
            near = np.hypot((u - x) / wide, (v - y) / high)
            share = (1 - near) * min(wide, high) / soft + 0.5
            touched = share > 0
            part = np.minimum(share[touched], 1)[:, None]
            canvas[touched] += part * (np.array(colour, float) - canvas[touched])

        spot(0, 150, 45, 70, (190, 145, 120))  # neck
        spot(0, 0, 78, 104, (222, 176, 148))
        spot(0, -88, 80, 34, (60, 42, 30), 8)  # hair
        for side in (-1, 1):
            spot(side * 33, -20, 26, 14, (190, 145, 122), 8)  # socket
            spot(side * 33, -40, 24, 5, (84, 60, 44))  # brow
            spot(side * 33, -18, 15, 7, (238, 236, 232))
            spot(side * 33, -18, 7, 7, (52, 38, 30))
            spot(side * 10, 30, 5, 4, (150, 104, 86))  # nostril
        spot(0, 5, 7, 24, (234, 192, 166), 5)  # bridge of the nose
        opening = 16 * self.mouth
        spot(0, 60 + opening / 2, 28, 8 + opening / 2, (178, 88, 84))  # lips
        spot(0, 60 + opening / 2, 23, 1 + opening / 2, (60, 22, 24), 2)  # the gap between them
        drawn = picture.copy()
        drawn[top:bottom, left:right_end] = np.clip(canvas, 0, 255)
        return drawn
