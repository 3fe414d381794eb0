"""One picture: brought to the few sizes that are measured, and what its light, colours and surface say.

    picture → grey, 180 lines     sharpness and its place, detail, lettering (`lettering`)
            → grey, 90 lines      motion (`motion`)
            → colours, 45 lines   light and colour

Ratios are used wherever the eye judges by ratio, so that warmth and saturation stay when the picture gets darker. The surface
changes slowly and costs most: it is measured four times a second, and at once when the picture changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from limelight.types import Picture
from limelight.vision.images import blurred, by_area, grey_of, text_share

Image = NDArray[np.float32]
Grey = NDArray[np.uint8]

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
    grey = _rounded(by_area(grey_of(picture.image), LINES, width))
    colours = np.round(by_area(picture.image, LINES // 4, width // 4)) / np.float32(255)
    small = _rounded(by_area(grey, LINES // 2, width // 2))
    return View(
        picture.time_seconds,
        grey,
        small,
        blurred(small, 1.0) / np.float32(255),
        colours,
        np.asarray(colours @ LUMA, np.float32),
    )


def _rounded(image: Image) -> Grey:
    return np.asarray(image + np.float32(0.5), np.uint8)


def change(view: View, earlier_luma: Image | None) -> float:
    """Mean difference of luma since an earlier picture, 0…1; 1 where there is none of the same shape."""
    if earlier_luma is None or earlier_luma.shape != view.luma.shape:
        return 1.0
    return float(np.abs(view.luma - earlier_luma).mean())


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
    soft = blurred(grey, 1.0)
    fine, coarse = np.abs(grey - soft), np.abs(soft - blurred(soft, 2.8))
    fine_map = np.maximum(by_area(fine * fine, 12, 16).astype(np.float64) - QUIET, 0)
    both_map = fine_map + by_area(coarse * coarse, 12, 16)
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
