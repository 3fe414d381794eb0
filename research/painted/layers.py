"""A place in layers that slide at their own speeds when the camera pans: far ones slowly, near ones quickly.

A layer is wider than the picture; its two ends meet, so that a chase may go on for ever.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from research.painted.canvas import Canvas, Mask, Size

WIDER = 2.0  # a layer against the picture
SEAM = 8  # the last eighth goes over into what the first began with


@dataclass(frozen=True)
class Layer:
    """Colour times cover, and cover, from row `top` on: [H − top, WIDER · W, 4]."""

    texture: NDArray[np.float32]
    slide: float  # its speed against the nearest
    top: int = 0
    opaque: bool = False

    def onto(self, canvas: Canvas, pan: float) -> None:
        """Lay the layer over a canvas, moved `pan` points to the left."""
        width, whole = canvas.shape[1], self.texture.shape[1]
        left = (pan * self.slide) % whole
        first, part = int(left), np.float32(left - int(left))
        columns = np.arange(first, first + width + 1) % whole
        wide = self.texture[:, columns] if first + width + 1 > whole else self.texture[:, first : first + width + 1]
        seen = wide[:, :-1] + (wide[:, 1:] - wide[:, :-1]) * part if part > 0.02 else wide[:, :-1]
        below = canvas[self.top :]
        if self.opaque:
            below[:] = seen[..., :3]
        else:
            below *= 1 - seen[..., 3:]
            below += seen[..., :3]


@dataclass(frozen=True)
class Scape:
    """Layers from far to near, and the height of the horizon (share of the picture)."""

    layers: tuple[Layer, ...]
    horizon: float

    def painted(self, size: Size, pan: float, *, drift: float = 0.0) -> Canvas:
        """The place, the camera `pan` points to the right of where it began, the farthest layer `drift` further."""
        canvas = np.zeros((*size, 3), np.float32)
        for number, layer in enumerate(self.layers):
            layer.onto(canvas, pan + (drift / layer.slide if number == 0 else 0.0))
        return canvas


def wide_of(size: Size) -> Size:
    """The size of a layer for pictures of `size`."""
    return Size(size.height, round(WIDER * size.width))


def backdrop(colour: Canvas, slide: float) -> Layer:
    """A layer that covers all."""
    return layer_of(colour, np.ones(colour.shape[:2], np.float32), slide)


def layer_of(colour: Canvas, cover: Mask, slide: float) -> Layer:
    """A layer of its colour where `cover` has it, the empty rows above left out, its ends joined."""
    covered = np.flatnonzero(cover.max(axis=1) > 0)
    top = int(covered[0]) if len(covered) else 0
    colour, cover = colour[top:], cover[top:]
    texture = np.concatenate([colour * cover[..., None], cover[..., None]], axis=2).astype(np.float32)
    width = texture.shape[1]
    seam = width // SEAM
    ramp = np.linspace(0, 1, seam, dtype=np.float32)[:, None]
    texture[:, width - seam :] = texture[:, width - seam :] * (1 - ramp) + texture[:, seam - 1 :: -1] * ramp
    return Layer(texture, slide, top, bool(cover.min() >= 1))
