"""A talking head: textures painted once for a take, then bent and placed for every picture.

    hair behind, shoulders, face with hair before it      three textures, each with its cover
    turn, nod   move a point by how far it stands out      what makes a drawing look solid
    jaw         draws the chin down and opens the mouth

Only the mouth and the lids are painted anew; the rest is one look-up for every point of the picture that the head covers.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from research.painted import lips
from research.painted.acting import Pose
from research.painted.canvas import Canvas, axes, mixed, smoothstep
from research.painted.face import EYE_LINE, LEFT, TOP, ground_of, half_width, paint_eyes, paint_skin
from research.painted.hair import fringe_cover, hair_behind, paint_hair
from research.painted.lamps import Lamps
from research.painted.person import Person
from research.painted.shoulders import paint_shoulders

FINEST, COARSEST = 90.0, 26.0  # texture points for one unit of face
BOX = 1.85  # units of face in the height of the box that a detector draws
Texture = NDArray[np.float32]  # [h, w, 4], colour times cover, cover


@dataclass(frozen=True)
class Placed:
    """Where a head is in the picture: the middle of the face, and points for one unit of face."""

    x: float
    y: float
    per_unit: float


class Head:
    """One person under one light, at one size; the body goes down to `below` units under the face."""

    def __init__(
        self, rng: np.random.Generator, person: Person, lamps: Lamps, *, per_unit: float, below: float = 6.0
    ) -> None:
        self._person = person
        self._ground = ground_of(float(np.clip(1.2 * per_unit, COARSEST, FINEST)))
        self._light = 0.1 + 0.62 * float(np.mean(lamps.key)) + float(np.mean(lamps.ambient))
        self._behind = _texture(*hair_behind(rng, self._ground, person, lamps))
        self._shoulders = paint_shoulders(rng, person, lamps, per_unit=self._ground.per_unit, below=below)
        self._awake, self._asleep = self._faces(rng, lamps)
        self._mouth = self._ground.part(lips.LEFT, lips.RIGHT, lips.TOP, lips.BOTTOM)
        self._lids = self._ground.part(-0.8, 0.8, EYE_LINE - 0.42, EYE_LINE + 0.30)

    def paint(self, canvas: Canvas, placed: Placed, pose: Pose) -> None:
        """The head at an instant, into the canvas."""
        calm = Pose(0.4 * pose.turn, 0.2 * pose.nod, 0.15 * pose.tilt, 0, 0, 0, 0)
        _place(canvas, self._behind, placed, pose, self._ground.per_unit)
        self._shoulders.paint(canvas, placed.x, placed.y, placed.per_unit, calm)
        _place(canvas, self._face(pose), placed, pose, self._ground.per_unit)

    def _faces(self, rng: np.random.Generator, lamps: Lamps) -> tuple[Texture, Texture]:
        """The face with its eyes open, and shut."""
        ground, person = self._ground, self._person
        skin = paint_skin(ground, person, lamps)
        cover = smoothstep(-ground.edge, ground.edge, half_width(ground.v, person) - np.abs(ground.u))
        hair, front = paint_hair(rng, ground, person, lamps), fringe_cover(ground, person)
        shade = 0.40 * smoothstep(-0.35, -0.75, ground.v - 0.25 * ground.u**2) * (person.style != "bald")
        skin *= (1 - shade - 0.25 * smoothstep(0.7, 0.95, np.abs(ground.u)))[..., None]
        faces = []
        for shut in (False, True):
            face = skin.copy()
            paint_eyes(face, ground, person, lamps, shut=shut)
            faces.append(_texture(mixed(face, hair, front), np.maximum(cover, front)))
        return faces[0], faces[1]

    def _face(self, pose: Pose) -> Texture:
        texture = self._awake.copy()
        if pose.lids > 0.05:
            lid = np.float32(pose.lids)
            texture[self._lids] += (self._asleep[self._lids] - texture[self._lids]) * lid
        colour = texture[self._mouth][..., :3]  # wholly covered there
        ground = self._ground.within(self._mouth)
        texture[self._mouth][..., :3] = lips.paint_mouth(colour, ground, self._person, pose, light=self._light)
        return texture


def _texture(colour: Canvas, cover: NDArray[np.float32]) -> Texture:
    return np.concatenate([colour * cover[..., None], cover[..., None]], axis=2)


def _place(canvas: Canvas, texture: Texture, placed: Placed, pose: Pose, texture_per_unit: float) -> None:
    """Bend, turn and scale a texture of the head into the canvas."""
    height, width = canvas.shape[:2]
    reach = 2.0 * placed.per_unit
    rows = slice(int(np.clip(placed.y - reach, 0, height)), int(np.clip(placed.y + reach, 0, height)))
    columns = slice(int(np.clip(placed.x - 0.8 * reach, 0, width)), int(np.clip(placed.x + 0.8 * reach, 0, width)))
    if rows.start >= rows.stop or columns.start >= columns.stop:
        return
    x, y = (axis[rows, columns] for axis in axes(height, width))
    # A head that turns or nods also moves a little.
    dx = (x - np.float32(placed.x)) / np.float32(placed.per_unit) - np.float32(0.1 * pose.turn)
    dy = (y - np.float32(placed.y)) / np.float32(placed.per_unit) - np.float32(0.07 * pose.nod)
    cos, sin = np.float32(np.cos(pose.tilt)), np.float32(np.sin(pose.tilt))
    u, v = cos * dx + sin * dy, cos * dy - sin * dx
    out = np.sqrt(np.maximum(1 - (u / 1.05) ** 2 - ((v - 0.05) / 1.5) ** 2, 0))
    u -= np.float32(0.9 * pose.turn) * out
    v -= np.float32(0.7 * pose.nod) * out
    v -= np.float32(0.10 * pose.jaw) * smoothstep(0.95, 1.25, v)
    fine = np.float32(texture_per_unit)
    at_x, at_y = (u - np.float32(LEFT)) * fine, (v - np.float32(TOP)) * fine
    seen = cv2.remap(texture, at_x, at_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    canvas[rows, columns] = canvas[rows, columns] * (1 - seen[..., 3:]) + seen[..., :3]
