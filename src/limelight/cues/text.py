"""Lettering: many small strokes of one ink side by side in a line, on plain ground above and below.

Evidence only, nothing is read. Close upright strokes are joined sideways; what becomes a long low bar, well filled
with strokes and set off from an even ground by its ink, counts as a line of text. Titles and captions of ordinary
size are seen; letters higher than a fifth of the picture are not, and the windows of a façade may be taken for text.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from limelight.cues.view import Grey

STROKE = 45  # grey levels that a stroke's flank must rise or fall
JOIN = np.ones((1, 9), np.uint8)  # strokes closer than this belong together
SHORTEST = 16  # picture points of 180
FILLED, STROKED = 0.45, 0.12  # least share of the bar after and before joining
EVEN, INK = 22, 60  # grey levels: the ground varies less, the ink stands out more


class _Bar(NamedTuple):
    x: int
    y: int
    width: int
    height: int
    filled: int


def text_share(grey: Grey) -> float:
    """Share of a picture [H, W] that lines of text cover, 0…1."""
    flanks = (np.abs(cv2.Sobel(grey, cv2.CV_16S, 1, 0)) > 4 * STROKE).astype(np.uint8)  # [H, W]
    joined = cv2.morphologyEx(flanks, cv2.MORPH_CLOSE, JOIN)
    boxes = np.asarray(cv2.connectedComponentsWithStats(joined, connectivity=4)[2])[1:]  # [components, 5]
    bars = [_Bar(*box) for box in boxes[boxes[:, cv2.CC_STAT_WIDTH] >= SHORTEST].tolist()]
    lines = (bar for bar in bars if _is_long_and_low(bar, grey) and _is_lettered(bar, grey, np.asarray(flanks)))
    return min(1.0, sum(bar.width * bar.height for bar in lines) / grey.size)


def _is_long_and_low(bar: _Bar, grey: Grey) -> bool:
    long = bar.width >= 2.5 * bar.height and bar.width <= 0.8 * grey.shape[1]
    return long and 4 <= bar.height <= grey.shape[0] // 5 and bar.filled >= FILLED * bar.width * bar.height


def _is_lettered(bar: _Bar, grey: Grey, flanks: Grey) -> bool:
    gap = max(3, bar.height // 2)
    top, bottom, across = bar.y, bar.y + bar.height, slice(bar.x, bar.x + bar.width)
    inside = grey[top:bottom, across]
    ground = np.concatenate(
        [grey[max(0, top - gap) : max(0, top - 1), across], grey[bottom + 1 : bottom + gap, across]]
    )
    if ground.size == 0 or float(ground.std()) > EVEN or float(flanks[top:bottom, across].mean()) < STROKED:
        return False
    dark, bright = np.percentile(inside, (5, 95))
    level = float(np.median(ground))
    return bool(max(bright - level, level - dark) > INK)
