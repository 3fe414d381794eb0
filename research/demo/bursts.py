"""What falls and bursts: crates, barrels, explosions, lightning, rain, and the shaking of the camera.

Everything is a function of the time since (or until) an impact, seeded by the impact's place in the story, so that any
frame can be drawn alone.
"""

from functools import cache

import cv2
import numpy as np

from research.demo.canvas import SHIFT, Canvas, Mask, glow, gradient, grid, noise, polygon, puff, rgb, stroke
from research.demo.story import FALL_SECONDS, HEIGHT, IMPACTS, LIGHTNING_SECONDS, WIDTH, Impact

WOOD, WOOD_LIT, WOOD_DARK = rgb("5a3722"), rgb("a8683a"), rgb("22130c")
FIRE = ((0, "000000"), (0.18, "2a0502"), (0.38, "a31f05"), (0.60, "f2700f"), (0.82, "ffc24a"), (1.0, "fff3c8"))
GRAVITY = 1500.0  # pixels per second², for a crate of size 1
CRATE_PIXELS = 74.0


def _random(impact: Impact) -> np.random.Generator:
    return np.random.default_rng(IMPACTS.index(impact) + 100)


def _turned(shape: object, angle: float, scale: float, x: float, y: float) -> np.ndarray:
    cos, sin = np.cos(angle), np.sin(angle)
    return np.asarray(shape) @ np.array([[cos, sin], [-sin, cos]]) * scale + (x, y)


def _crate(canvas: Canvas, x: float, y: float, size: float, angle: float) -> None:
    """A box of planks with a brace, lit from the horizon."""
    half = size * CRATE_PIXELS / 2
    square = ((-1, -1), (1, -1), (1, 1), (-1, 1))
    polygon(canvas, _turned(square, angle, half, x, y), WOOD_DARK)
    polygon(canvas, _turned(square, angle, 0.92 * half, x, y), WOOD)
    for row in (-0.45, 0.0, 0.45):
        stroke(canvas, _turned(((-0.9, row), (0.9, row)), angle, half, x, y), 0.05 * half, WOOD_DARK)
    for bar in (
        ((-0.8, -0.8), (0.8, -0.8)),
        ((-0.8, 0.8), (0.8, 0.8)),
        ((-0.8, -0.8), (-0.8, 0.8)),
        ((0.8, -0.8), (0.8, 0.8)),
        ((-0.7, 0.7), (0.7, -0.7)),
    ):
        stroke(canvas, _turned(bar, angle, half, x, y), 0.26 * half, WOOD_DARK)
        stroke(canvas, _turned(bar, angle, half, x, y), 0.20 * half, WOOD_LIT)


def _barrel(canvas: Canvas, x: float, y: float, size: float, angle: float) -> None:
    half = size * CRATE_PIXELS / 2
    along = np.linspace(-1, 1, 12)
    belly = 0.62 + 0.18 * (1 - along**2)
    outline = np.concatenate([np.stack([belly, along], 1), np.stack([-belly[::-1], along[::-1]], 1)])
    polygon(canvas, _turned(outline * 1.06, angle, half, x, y), WOOD_DARK)
    polygon(canvas, _turned(outline, angle, half, x, y), WOOD)
    for stave in (-0.5, -0.17, 0.17, 0.5):
        line = np.stack([stave * belly / 0.62, along], 1)
        stroke(canvas, _turned(line, angle, half, x, y), 0.05 * half, WOOD_DARK)
    polygon(
        canvas,
        _turned(
            np.concatenate([np.stack([belly, along], 1), np.stack([0.72 * belly[::-1], along[::-1]], 1)]),
            angle,
            half,
            x,
            y,
        ),
        WOOD_LIT,
        0.8,
    )
    for hoop in (-0.62, 0.62):
        wide = 0.62 + 0.18 * (1 - hoop**2)
        stroke(canvas, _turned(((-wide, hoop), (wide, hoop)), angle, half, x, y), 0.16 * half, rgb("3a4248"))


def falling(canvas: Canvas, impact: Impact, time_seconds: float, drift: float) -> None:
    """The body on its way down, with streaks of speed; `drift` is how far the scene still slides until the impact."""
    left = (impact.time_seconds - time_seconds) / FALL_SECONDS
    if impact.kind == "explosion" or not 0 < left <= 1:
        return
    half = impact.size * CRATE_PIXELS / 2
    x = impact.x * WIDTH + drift
    y = impact.y * HEIGHT - half - (HEIGHT + 2 * half) * (1 - (1 - left) ** 2)
    for k, trail in enumerate((-0.6, 0.0, 0.6)):
        stroke(
            canvas,
            ((x + trail * half, y - half), (x + trail * half, y - half * (3 + k % 2))),
            3,
            rgb("d8b48a"),
            0.22,
            end=0.5,
        )
    body = _crate if impact.kind == "crate" else _barrel
    body(canvas, x, y, impact.size, 0.5 + 5.0 * left)


def _pieces(canvas: Canvas, impact: Impact, age: float, x: float, ground: float) -> None:
    """Planks that fly, turn, bounce once and fade."""
    rng = _random(impact)
    for _ in range(int(14 * impact.size)):
        angle, speed = rng.uniform(-np.pi * 0.95, -0.05 * np.pi), rng.uniform(250, 900) * impact.size**0.5
        wide, high, spin = rng.uniform(8, 30) * impact.size, rng.uniform(3, 8) * impact.size, rng.uniform(-14, 14)
        hue = np.array(WOOD_LIT) * rng.uniform(0.35, 1.0)
        px = x + speed * np.cos(angle) * age
        height = -speed * np.sin(angle) * age - GRAVITY / 2 * age**2
        rest = max(1.25 - age, 0) / 0.4
        if height < 0:  # a low second arc after the first landing
            height = 0.12 * abs(height) * max(1 - age, 0)
            spin *= 0.4
        shape = ((-wide, -high), (wide, -0.6 * high), (0.8 * wide, high), (-0.9 * wide, 0.7 * high))
        polygon(canvas, _turned(shape, spin * age + angle, 0.5, px, ground - 4 - height), hue, min(rest, 1.0))


def _sparks(canvas: Canvas, impact: Impact, age: float, x: float, y: float, count: int) -> None:
    rng = _random(impact)
    for _ in range(count):
        angle, speed, life = rng.uniform(-np.pi, 0.1), rng.uniform(200, 1100) * impact.size**0.5, rng.uniform(0.25, 0.9)
        if age > life:
            continue
        ends = []
        for t in (age, max(age - 0.035, 0.0)):
            reach = speed * (1 - np.exp(-2.2 * t)) / 2.2
            ends.append((x + reach * np.cos(angle), y + reach * np.sin(angle) + 300 * t**2))
        stroke(canvas, ends, 3.2 * (1 - age / life) + 0.8, (1.6, 1.1 - 0.5 * age / life, 0.5), 0.9, end=0.6)


def _dust(canvas: Canvas, impact: Impact, age: float, x: float, ground: float, colour: str) -> None:
    rng = _random(impact)
    fade = max(1 - age / 1.5, 0) * min(age / 0.06, 1)
    for _ in range(10):
        reach, height, wide = rng.uniform(-150, 150), rng.uniform(0, 70), rng.uniform(30, 75)
        grow = impact.size * (1 - np.exp(-4 * age))
        puff(canvas, x + reach * grow, ground - 12 - height * grow, wide * (0.4 + grow), rgb(colour), 0.36 * fade)


@cache
def _turbulence() -> Mask:
    return noise(HEIGHT, WIDTH // 2, cell=(60, 60), octaves=4, seed=31)


def _fire(canvas: Canvas, impact: Impact, age: float, x: float, y: float) -> None:
    """A ball of hot blobs that rise, swell, cool, and leave smoke; drawn at half size."""
    rng, half = _random(impact), (HEIGHT // 2, WIDTH // 2)
    across, down = grid(*half)
    heat, smoke = np.zeros(half, np.float32), np.zeros(half, np.float32)
    swell = 1 - np.exp(-5.5 * age)
    for _ in range(22):
        angle, reach, wide = (
            rng.uniform(-np.pi, 0.0),
            rng.uniform(0, 150) * impact.size,
            rng.uniform(34, 70) * impact.size,
        )
        cooling, rise = rng.uniform(1.2, 2.6), rng.uniform(60, 180)
        bx = (x + reach * swell * np.cos(angle)) / 2
        by = (y + reach * swell * np.sin(angle) * 0.9 - rise * age) / 2
        radius = wide * (0.25 + 0.75 * swell + 0.3 * age) / 2
        blob = np.exp(-((across - bx) ** 2 + (down - by) ** 2) / radius**2)
        heat += blob * np.exp(-cooling * age) * 0.50
        smoke += blob * 0.16 * min(age * 2, 1) * max(1 - age / 2.4, 0)
    roll = np.roll(_turbulence(), -int(140 * age), axis=0)[: half[0]]
    heat = np.clip(heat * (0.15 + 1.35 * roll) - 0.06 * age, 0, 1.25)
    full = [
        cv2.resize(layer, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
        for layer in (heat, np.clip(smoke * (0.4 + roll), 0, 0.8))
    ]
    canvas += (np.array(rgb("1a1414"), np.float32) - canvas) * full[1][..., None]
    flame = gradient(FIRE, np.clip(full[0], 0, 1))
    canvas *= 1 - 0.85 * np.clip(1.6 * full[0], 0, 1)[..., None]
    canvas += 1.15 * flame


def burst(canvas: Canvas, impact: Impact, time_seconds: float, drift: float) -> None:
    """All that is seen of an impact from its frame on."""
    age = time_seconds - impact.time_seconds + 0.02  # the frame of the impact already shows it
    if not 0 < age < 1.9:
        return
    x, y = impact.x * WIDTH + drift, impact.y * HEIGHT
    large = impact.kind == "explosion"
    ground = 0.80 * HEIGHT if large else y
    if large:
        _fire(canvas, impact, age, x, y)
    else:
        _dust(canvas, impact, age, x, ground, "b79a7c")
    _pieces(canvas, impact, age, x, ground)
    _sparks(canvas, impact, age, x, y - 10, int((60 if large else 22) * impact.size))
    flash = np.exp(-age / (0.16 if large else 0.07))
    glow(canvas, x, y - 20, (330 if large else 130) * impact.size**0.7, (1.0, 0.72, 0.40), 1.5 * flash)
    canvas += np.array([0.50, 0.38, 0.26], np.float32) * flash * (1.3 if large else 0.6)


def shake(time_seconds: float) -> tuple[float, float]:
    """How far the camera is thrown, in pixels: a fast, dying swing after each impact, the first frame the strongest."""
    dx = dy = 0.0
    for impact in IMPACTS:
        age = time_seconds - impact.time_seconds + 0.02
        if age > 0:
            throw = (15 if impact.kind == "explosion" else 9) * impact.size * np.exp(-age / 0.16)
            dx += throw * 0.6 * np.sin(41 * age + impact.x * 9)
            dy += throw * np.cos(57 * age)
    return float(np.clip(dx, -26, 26)), float(np.clip(dy, -20, 20))


def lightning(canvas: Canvas, time_seconds: float, target: tuple[float, float]) -> float:
    """A bolt with branches that flickers for a quarter of a second; returns how bright the sky is, 0…1."""
    for number, at in enumerate(LIGHTNING_SECONDS):
        age = time_seconds - at + 0.02
        if 0 < age < 0.45:
            bright = np.exp(-age / 0.12) * (1.0 if age < 0.06 or age > 0.12 else 0.45)
            if age < 0.25:
                _bolt(canvas, target, bright, np.random.default_rng(40 + number))
            return float(bright)
    return 0.0


def _bolt(canvas: Canvas, target: tuple[float, float], bright: float, rng: np.random.Generator) -> None:
    path = np.array([(target[0] + 120, -20.0), target])
    for level in range(6):
        middle = (path[1:] + path[:-1]) / 2
        middle[:, 0] += rng.normal(0, 75 / 1.9**level, len(middle))
        path = np.insert(path, range(1, len(path)), middle, axis=0)
    branches = []
    for start in rng.integers(8, 45, 5):
        steps = np.cumsum(rng.normal((rng.choice([-9, 9]), 12), (10, 5), (12, 2)), axis=0)
        branches.append(path[start] + steps)
    for line, wide in ((path, 5.0), *((branch, 2.5) for branch in branches)):
        for spread, light in ((7, 0.12), (3, 0.25), (1, 1.0)):
            stroke(canvas, line, wide * spread, (0.9, 1.0, 1.35), light * bright, end=wide * spread * 0.5)


def rain(canvas: Canvas, time_seconds: float, *, slant: float, speed: float, count: int = 240) -> None:
    """Streaks in three depths, blown sideways."""
    rng = np.random.default_rng(50)
    layer = np.zeros(canvas.shape[:2], np.uint8)
    for x0, y0, depth in rng.random((count, 3)):
        near = 0.4 + 0.6 * depth
        y = (y0 * 900 + speed * near * time_seconds) % 900 - 90
        x = (x0 * 1700 - slant * speed * near * time_seconds) % 1700 - 200
        ends = np.round(np.array([(x, y), (x - slant * 46 * near, y + 46 * near)]) * 2**SHIFT).astype(int).tolist()
        cv2.line(layer, ends[0], ends[1], int(60 + 110 * depth), 1 + (depth > 0.8), cv2.LINE_AA, SHIFT)
    canvas += (layer.astype(np.float32) / 255 * 0.36)[..., None] * np.array([0.75, 0.85, 1.0], np.float32)
