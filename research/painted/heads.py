"""Talking heads: textures painted once for a take, then bent and placed for every picture; and takes of one or two people.

    hair behind, shoulders, face with hair before it      three textures, each with its cover
    turn, nod   move a point by how far it stands out      what makes a drawing look solid
    jaw         draws the chin down and opens the mouth

Only the mouth and the lids are painted anew. The rest is one look-up for every point of the picture that the head covers.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from research.painted import face as lips
from research.painted.camera import Lamps, draw_lamps
from research.painted.canvas import Canvas, Size, axes, mixed, noise, scaled, shifted, smoothstep, soft, tinted
from research.painted.face import (
    EYE_LINE,
    LEFT,
    TOP,
    face_grid,
    fringe_cover,
    hair_behind,
    half_width,
    paint_eyes,
    paint_hair,
    paint_skin,
)
from research.painted.person import Person, Pose, draw_mannerisms, draw_person, pose_at
from research.painted.places import draw_hills, draw_room, draw_street, draw_studio, draw_wood
from research.painted.sky import Place
from research.painted.storyboard import Light, Take
from research.painted.timing import Timing

SHOULDERS_SIDE, SHOULDERS_TOP = 3.0, 0.7  # in units of face
COARSER = 0.6  # cloth needs fewer points than a face


@dataclass(frozen=True)
class Shoulders:
    """A texture [h, w, 4] (colour times cover, cover) with `per_unit` points for one unit of face."""

    texture: NDArray[np.float32]
    per_unit: float

    def paint(self, canvas: Canvas, x: float, y: float, per_unit: float, pose: Pose) -> None:
        """Below a face at (x, y) of `per_unit` points."""
        zoom = per_unit / self.per_unit
        cos, sin = zoom * np.cos(pose.tilt), zoom * np.sin(pose.tilt)
        left, top = -SHOULDERS_SIDE * self.per_unit, SHOULDERS_TOP * self.per_unit
        right = x + 0.3 * pose.turn * per_unit
        place = np.array([[cos, -sin, right + cos * left - sin * top], [sin, cos, y + sin * left + cos * top]])
        first = int(np.clip(y + (SHOULDERS_TOP - 0.3) * per_unit, 0, canvas.shape[0]))
        if first == canvas.shape[0]:
            return
        place[1, 2] -= first
        size = (canvas.shape[1], canvas.shape[0] - first)
        seen = np.asarray(cv2.warpAffine(self.texture, place, size, flags=cv2.INTER_LINEAR), np.float32)
        canvas[first:] = canvas[first:] * (1 - seen[..., 3:]) + seen[..., :3]


def paint_shoulders(
    rng: np.random.Generator, person: Person, lamps: Lamps, *, per_unit: float, below: float
) -> Shoulders:
    """Neck in the chin's shadow, a coat with a collar or a bare neckline, down to `below` units under the face."""
    per_unit *= COARSER
    height, width = round((max(below, 1.5) - SHOULDERS_TOP) * per_unit), round(2 * SHOULDERS_SIDE * per_unit)
    v, u = np.mgrid[0:height, 0:width].astype(np.float32) / np.float32(per_unit)
    u, v, edge = u - np.float32(SHOULDERS_SIDE), v + np.float32(SHOULDERS_TOP), 1.2 / per_unit
    light = np.asarray(lamps.key, np.float32) + np.asarray(lamps.ambient, np.float32)
    side = float(lamps.key_from[0])
    wide = 0.42 + 0.30 * smoothstep(1.45, 2.0, v) ** 2
    neck = smoothstep(edge, -edge, np.abs(u) - wide) * smoothstep(0.7, 0.8, v)
    shade = 0.34 + 0.52 * smoothstep(1.2, 1.9, v + 0.5 * side * u) + 0.2 * side * u
    round_off = np.sqrt(np.maximum(1 - (u / 0.70) ** 2, 0.05))
    skin = tinted(person.skin, shade * round_off) * light
    broad = float(rng.uniform(0.9, 1.25))
    slope = 1.34 + 0.13 * np.abs(u / broad) ** float(rng.uniform(1.6, 2.6))
    opening = slope + float(rng.uniform(0.3, 1.4)) * np.maximum(0.52 - np.abs(u), 0)
    folds = 0.85 + 0.22 * np.sin(4 * u + 2.2 * v) * np.exp(-((np.abs(u) - 1.2) ** 2))
    weave = noise(rng, Size(height, width), cell=(0.2 * per_unit, 0.2 * per_unit), octaves=3)
    cloth = tinted(person.cloth, folds * (0.62 + 0.22 * np.tanh(side * u)) * (0.85 + 0.3 * weave)) * light
    lapel = smoothstep(edge, -edge, v - opening - 0.24 * np.maximum(1 - np.abs(u) / 0.95, 0) ** 0.6)
    cloth = mixed(cloth, 1.5 * cloth, lapel * float(rng.random() < 0.6))
    dressed = smoothstep(-edge, edge, v - opening) * smoothstep(2.35 * broad + 0.1, 2.35 * broad, np.abs(u))
    rim = tinted(
        scaled(lamps.fill, 0.8), np.exp(-(((v - slope) / 0.05) ** 2)) * smoothstep(0.3, 1.6, -np.sign(side) * u)
    )
    colour, cover = mixed(skin, cloth + rim, dressed), np.maximum(neck, dressed)
    return Shoulders(np.concatenate([colour * cover[..., None], cover[..., None]], axis=2), per_unit)


FINEST, COARSEST = 240.0, 26.0  # texture points for one unit of face
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
        self._grid = face_grid(float(np.clip(1.2 * per_unit, COARSEST, FINEST)))
        self._light = 0.1 + 0.62 * float(np.mean(lamps.key)) + float(np.mean(lamps.ambient))
        self._behind = _texture(*hair_behind(rng, self._grid, person, lamps))
        self._shoulders = paint_shoulders(rng, person, lamps, per_unit=self._grid.per_unit, below=below)
        self._awake, self._asleep = self._faces(rng, lamps)
        self._mouth = self._grid.part(lips.MOUTH_LEFT, lips.MOUTH_RIGHT, lips.MOUTH_TOP, lips.MOUTH_BOTTOM)
        self._lids = self._grid.part(-0.8, 0.8, EYE_LINE - 0.42, EYE_LINE + 0.30)

    def paint(self, canvas: Canvas, placed: Placed, pose: Pose) -> None:
        """The head at an instant, into the canvas."""
        calm = Pose(0.4 * pose.turn, 0.2 * pose.nod, 0.15 * pose.tilt, 0, 0, 0, 0)
        _blend_head(canvas, self._behind, placed, pose, self._grid.per_unit)
        self._shoulders.paint(canvas, placed.x, placed.y, placed.per_unit, calm)
        _blend_head(canvas, self._face(pose), placed, pose, self._grid.per_unit)

    def _faces(self, rng: np.random.Generator, lamps: Lamps) -> tuple[Texture, Texture]:
        """The face with its eyes open, and shut."""
        grid, person = self._grid, self._person
        skin = paint_skin(grid, person, lamps)
        cover = smoothstep(-grid.edge, grid.edge, half_width(grid.v, person) - np.abs(grid.u))
        hair, front = paint_hair(rng, grid, person, lamps), fringe_cover(grid, person)
        shade = 0.40 * smoothstep(-0.35, -0.75, grid.v - 0.25 * grid.u**2) * (person.style != "bald")
        skin *= (1 - shade - 0.25 * smoothstep(0.7, 0.95, np.abs(grid.u)))[..., None]
        faces = []
        for shut in (False, True):
            face = skin.copy()
            paint_eyes(face, grid, person, lamps, shut=shut)
            faces.append(_texture(mixed(face, hair, front), np.maximum(cover, front)))
        return faces[0], faces[1]

    def _face(self, pose: Pose) -> Texture:
        texture = self._awake.copy()
        if pose.lids > 0.05:
            lid = np.float32(pose.lids)
            texture[self._lids] += (self._asleep[self._lids] - texture[self._lids]) * lid
        colour = texture[self._mouth][..., :3]  # wholly covered there
        grid = self._grid.within(self._mouth)
        texture[self._mouth][..., :3] = lips.paint_mouth(colour, grid, self._person, pose, light=self._light)
        return texture


def _texture(colour: Canvas, cover: NDArray[np.float32]) -> Texture:
    return np.concatenate([colour * cover[..., None], cover[..., None]], axis=2)


def _blend_head(canvas: Canvas, texture: Texture, placed: Placed, pose: Pose, texture_per_unit: float) -> None:
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


INDOORS, OUTDOORS = (draw_room, draw_studio), (draw_hills, draw_street, draw_wood, draw_studio)


class People:
    """The take, ready to be painted at any instant."""

    def __init__(self, take: Take, timing: Timing, size: Size) -> None:
        rng, place_rng = np.random.default_rng(take.seed), np.random.default_rng(take.place_seed)
        lamps = draw_lamps(place_rng, take.light)
        self._timing = timing
        self._start_seconds = take.start_seconds
        self._zoom = float(rng.choice([0.0, 0.0, 0.004, 0.012]))  # per second: a slow push in
        blur = float(rng.uniform(0.008, 0.03)) * size.height * (0.4 + take.closeness)
        self._behind = soft(
            _draw_place(place_rng, take.light, size).painted(size, float(rng.uniform(0, size.width))), blur
        )
        per_unit = take.closeness * size.height / BOX
        self._seats = _seats(rng, take, size, per_unit)
        below = (size.height - min(seat.y for seat in self._seats)) / per_unit + 0.5
        self._heads = [Head(rng, draw_person(seed), lamps, per_unit=per_unit, below=below) for seed in take.people]
        self._mannerisms = [
            draw_mannerisms(rng, take.start_seconds, take.end_seconds, speaks=number == take.speaking)
            for number in range(len(take.people))
        ]

    def paint(self, time_seconds: float) -> Canvas:
        """[H, W, 3] at an instant."""
        poses = [pose_at(mannerisms, self._timing, time_seconds) for mannerisms in self._mannerisms]
        canvas = shifted(self._behind, -6 * poses[0].turn, -3 * poses[0].nod, zoom=1.03)
        for head, seat, pose in zip(self._heads, self._seats, poses, strict=True):
            head.paint(canvas, seat, pose)
        zoom = 1 + self._zoom * (time_seconds - self._start_seconds)
        return canvas if zoom == 1 else shifted(canvas, 0, 0, zoom=zoom)


def _draw_place(rng: np.random.Generator, light: Light, size: Size) -> Place:
    draws = INDOORS if light == "indoors" else OUTDOORS
    return draws[int(rng.integers(len(draws)))](rng, light, size)


def _seats(rng: np.random.Generator, take: Take, size: Size, per_unit: float) -> list[Placed]:
    """Where the heads are: near the upper third, side by side where there are two."""
    middle, down = size.width / 2, size.height * float(rng.uniform(0.42, 0.54))
    down = max(down, 1.15 * per_unit)  # at most the hair is cut off
    if len(take.people) == 1:
        return [Placed(middle + float(rng.uniform(-0.18, 0.18)) * size.width, down, per_unit)]
    apart = max(0.2 * size.width, 1.3 * per_unit)
    return [
        Placed(middle + side * apart, down + float(rng.normal(0, 0.02)) * size.height, per_unit) for side in (-1, 1)
    ]
