"""The title, drawn from strokes: a round monoline alphabet with just the letters of "limelight"."""

from functools import cache

import cv2
import numpy as np

from research.demo.canvas import Canvas, Mask
from research.demo.story import HEIGHT, TITLE, WIDTH

X_HEIGHT = 78.0  # pixels; ascenders rise 1.75 of it
WEIGHT = 11.0
SPACING = 0.36  # between letters, in x-heights
GLYPH_WIDTH = {"l": 0.0, "i": 0.0, "m": 1.56, "e": 0.98, "g": 0.96, "h": 0.80, "t": 0.46}


def _arc(cx: float, cy: float, rx: float, ry: float, start: float, end: float) -> np.ndarray:
    """Points on an ellipse from one angle to another, degrees counted against the clock from the right."""
    a = np.radians(np.linspace(start, end, 48))
    return np.stack([cx + rx * np.cos(a), cy - ry * np.sin(a)], 1)


def _line(*points: tuple[float, float]) -> np.ndarray:
    return np.array(points)


def _glyph(letter: str) -> tuple[np.ndarray, ...]:
    """Strokes in x-heights: x from 0, the baseline at y = 0, the x-height at y = −1."""
    arch = 0.39
    strokes = {
        "l": (_line((0, -1.72), (0, 0)),),
        "i": (_line((0, -1), (0, 0)), _line((0, -1.42), (0, -1.42))),
        "m": (
            _line((0, -1), (0, 0)),
            np.concatenate([_arc(arch, -0.61, arch, arch, 180, 0), _line((2 * arch, 0))]),
            np.concatenate([_arc(3 * arch, -0.61, arch, arch, 180, 0), _line((4 * arch, 0))]),
        ),
        "e": (np.concatenate([_line((0.02, -0.5), (0.98, -0.5)), _arc(0.5, -0.5, 0.48, 0.5, 0, 318)]),),
        "g": (
            _arc(0.48, -0.5, 0.48, 0.5, 0, 360),
            np.concatenate([_line((0.96, -1), (0.96, 0.08)), _arc(0.48, 0.08, 0.48, 0.46, 0, -150)]),
        ),
        "h": (_line((0, -1.72), (0, 0)), np.concatenate([_arc(0.40, -0.60, 0.40, 0.40, 180, 0), _line((0.80, 0))])),
        "t": (
            np.concatenate([_line((0.14, -1.42)), _arc(0.40, -0.26, 0.26, 0.26, 180, 285)]),
            _line((-0.06, -1), (0.44, -1)),
        ),
    }
    return strokes[letter]


@cache
def title_mask(baseline: float) -> Mask:
    """The title in the middle of the picture, [HEIGHT, WIDTH] in 0…1, drawn at four times the size and made smaller."""
    fine = 4
    widths = [GLYPH_WIDTH[letter] for letter in TITLE]
    whole = (sum(widths) + SPACING * (len(TITLE) - 1)) * X_HEIGHT
    pen, mask = (WIDTH - whole) / 2, np.zeros((HEIGHT * fine, WIDTH * fine), np.uint8)
    for letter, width in zip(TITLE, widths, strict=True):
        for path in _glyph(letter):
            points = np.round((path * X_HEIGHT + (pen, baseline)) * fine).astype(np.int32)
            cv2.polylines(mask, [points], False, 255, int(WEIGHT * fine))
        pen += (width + SPACING) * X_HEIGHT
    return cv2.resize(mask, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA).astype(np.float32) / 255


def write_title(canvas: Canvas, amount: float, baseline: float) -> None:
    """Letters of warm light that come out of a glow; `amount` goes from 0 to 1."""
    letters = title_mask(baseline)
    halo = cv2.GaussianBlur(letters, (0, 0), 26) + 0.6 * cv2.GaussianBlur(letters, (0, 0), 9)
    canvas *= 1 - 0.22 * amount * np.clip(2.2 * cv2.GaussianBlur(letters, (0, 0), 40), 0, 1)[..., None]
    canvas += (0.55 * amount * halo)[..., None] * np.array([1.0, 0.72, 0.38], np.float32)
    canvas += (np.array([1.12, 1.06, 0.94], np.float32) - canvas) * (amount**1.5 * letters)[..., None]
