"""One picture, prepared once for all that is measured on it.

Light and colour of one picture, from its small colours alone.

Ratios are used wherever the eye judges by ratio, so that warmth and saturation stay when the picture gets darker.

Sharpness, texture and lettering of one picture, from its grey values at 180 lines.

These change slowly and cost most, so they are measured four times a second, and at once when the picture changes.

Lettering: many small strokes of one ink side by side in a line, on plain ground above and below.

Evidence only, nothing is read. Close upright strokes are joined sideways; what becomes a long low bar, well filled
with strokes and set off from an even ground by its ink, counts as a line of text. Titles and captions of ordinary
size are seen; letters higher than a fifth of the picture are not, and the windows of a façade may be taken for text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, TypeVar, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from limelight.types import Picture

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


class Light(NamedTuple):
    """Measurements of one picture; units in the catalogue."""

    key: float
    contrast: float
    shadows: float
    highlights: float
    warmth: float
    saturation: float
    night: float
    greenery: float
    sky: float
    skin: float


def measure_light(view: View) -> Light:
    """Measure one picture."""
    luma, colours = view.luma, view.colours
    rising = np.sort(luma, axis=None)
    low, bright, high = (float(rising[int(share * (rising.size - 1))]) for share in (0.05, 0.75, 0.95))
    largest, smallest = colours.max(axis=2), colours.min(axis=2)
    red, green, blue = (float(channel) for channel in colours.mean(axis=(0, 1)))
    return Light(
        key=float(luma.mean()),
        contrast=high - low,
        shadows=_share(luma < 0.12),
        highlights=_share(luma > 0.85),
        warmth=(red - blue) / (red + green + blue + 1e-3),
        saturation=float((largest - smallest).sum() / (largest.sum() + 1e-3 * largest.size)),
        night=float(np.clip(1 - bright / 0.4, 0, 1)),
        greenery=_greenery(colours, largest, smallest),
        sky=_sky(colours, luma),
        skin=_skin(colours, largest, smallest),
    )


def _share(area: NDArray[np.bool_]) -> float:
    return np.count_nonzero(area) / area.size


def _greenery(colours: Image, largest: Image, smallest: Image) -> float:
    """Area whose hue lies between yellow-green and green-blue (55…165°), neither grey nor black."""
    red, green, blue = colours[..., 0], colours[..., 1], colours[..., 2]
    leafy = (green > 0.94 * red) & (green > 1.12 * blue) & (largest > 0.1)
    return _share(leafy & (largest - smallest > 0.18 * largest))


def _skin(colours: Image, largest: Image, smallest: Image) -> float:
    """Area of skin colour, all complexions: red over green over blue, by ratio (after Kovač, Peer and Solina 2003)."""
    red, green, blue = colours[..., 0], colours[..., 1], colours[..., 2]
    reddish = (red > 1.1 * green) & (red < 2.2 * green) & (green > 1.05 * blue) & (red > 0.2)
    return _share(reddish & (largest - smallest > 0.15 * largest))


def _sky(colours: Image, luma: Image) -> float:
    """Area that hangs from the upper edge, is bright, smooth and not warm."""
    step = np.abs(np.diff(luma, axis=0, prepend=luma[:1]))
    bluish = colours[..., 2] >= 0.97 * colours[..., 0]
    candidate = (step < 0.05) & bluish & (luma > 0.35)
    hanging = np.logical_and.accumulate(candidate, axis=0)  # [H, W], unbroken from the top
    return _share(hanging)


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
