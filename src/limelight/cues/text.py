"""Lettering: many small strokes side by side in a line, on plainer ground above and below.

Evidence only, nothing is read. Close upright strokes are joined sideways; what becomes a long low bar, well filled
with strokes and set off from its surroundings, counts as a line of text.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

STROKE = 45  # grey levels of a Sobel step / 4 that a stroke's flank must have
JOIN = np.ones((1, 9), np.uint8)  # strokes closer than this belong together


def text_share(grey: NDArray[np.uint8]) -> float:
    """Share of a picture [H, W] that lines of text cover, 0…1."""
    flanks = (np.abs(cv2.Sobel(grey, cv2.CV_16S, 1, 0)) > 4 * STROKE).astype(np.uint8)  # [H, W]
    bars = cv2.morphologyEx(flanks, cv2.MORPH_CLOSE, JOIN)
    _, _, boxes, _ = cv2.connectedComponentsWithStats(bars, connectivity=4)
    area = sum(w * h for x, y, w, h, filled in boxes[1:].tolist() if _is_line(flanks, x, y, w, h, filled))
    return float(min(1.0, area / grey.size))


def _is_line(flanks: NDArray[np.uint8], x: int, y: int, w: int, h: int, filled: int) -> bool:
    if not (4 <= h <= flanks.shape[0] // 5 and w >= 2.5 * h and w >= 16 and filled >= 0.45 * w * h):
        return False
    inside = float(flanks[y : y + h, x : x + w].mean())
    gap = max(2, h // 3)
    above, below = flanks[max(0, y - gap) : y, x : x + w], flanks[y + h : y + h + gap, x : x + w]
    around = float(np.concatenate([above, below]).mean()) if above.size + below.size else 0.0
    return inside > 0.12 and around < 0.15 * inside
