"""The chase: a man with a red scarf runs along a quay while the storm drops the harbour on him; two cuts inside.

Three shots share one set (sky, harbour, sea, quay) seen from different distances; the camera tracks the runner in the
first two and stands still in the last, where lightning strikes the crane.
"""

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np

from research.demo.bursts import burst, falling, lightning, rain, shake
from research.demo.canvas import Canvas, glow, gradient, grid, mixed, noise, polygon, rgb, shifted, smoothstep, stroke
from research.demo.runner import LEAP_SECONDS, body_at, draw_figure
from research.demo.story import ACTION, HEIGHT, IMPACTS, SHOTS, STRIDES_PER_SECOND, WIDTH

DARK, RIM, SCARF = rgb("0d1119"), rgb("f0a15c"), rgb("d8342c")


@dataclass(frozen=True)
class Shot:
    """Where the camera stands: the lines of horizon and feet, the runner's place and height, the speed of the scene."""

    start_seconds: float
    end_seconds: float
    horizon: float  # of the picture's height
    feet: float
    edge: float  # where the quay begins
    runner_x: float
    runner_pixels: float
    pixels_per_second: float  # how fast the quay slides by
    walk: float  # how fast the runner crosses the picture, widths per second
    zoom: float  # of the harbour behind


TRACKING = Shot(SHOTS[0], SHOTS[1], 0.60, 0.83, 0.725, 0.47, 215, 430, 0.012, 1.0)
CLOSE = Shot(SHOTS[1], SHOTS[2], 0.50, 0.88, 0.735, 0.53, 440, 860, -0.010, 1.5)
WIDE = Shot(SHOTS[2], SHOTS[3], 0.64, 0.80, 0.735, 0.12, 165, 0, 0.265, 1.15)
CRANE_TIP = (0.66 * WIDTH, 0.20 * HEIGHT)


@cache
def _sky(shot: Shot) -> Canvas:
    """Storm clouds over a strip of late light, wider than the picture so that it can slide."""
    width = WIDTH + 240
    y = grid(HEIGHT, width)[1]
    height = y / HEIGHT / shot.horizon
    sky = gradient(((0, "141a2b"), (0.45, "2b3350"), (0.75, "6d4a5c"), (0.93, "d9794b"), (1.0, "ffc27a")), height)
    heavy = noise(HEIGHT, width, cell=(420, 150), octaves=5, seed=61)
    clouds = smoothstep(0.42, 0.75, heavy + 0.25 * (1 - height))
    below = np.clip(heavy - np.roll(heavy, -9, axis=0), -0.1, 0.1) * 5  # lit from the horizon
    tone = gradient(((0, "0e1320"), (0.6, "2a2740"), (1.0, "8a5148")), np.clip(height, 0, 1)) * (
        1 + 1.1 * below[..., None]
    )
    sky = mixed(sky, tone, 0.85 * clouds)
    glow(sky, 0.60 * width, shot.horizon * HEIGHT, 330, (1.0, 0.55, 0.22), 0.40)
    return sky


@cache
def _harbour(shot: Shot) -> Canvas:
    """Silhouettes on the far shore as a mask: sheds, masts and cranes, 2600 wide, repeated without a seam."""
    layer = np.zeros((HEIGHT, 2600, 3), np.float32)
    rng, base, one = np.random.default_rng(71), shot.horizon * HEIGHT, (1.0, 1.0, 1.0)
    z = shot.zoom
    for left in np.arange(0, 2600, 130):
        wide, high = rng.uniform(60, 150), rng.uniform(14, 52) * z
        polygon(
            layer,
            (
                (left, base + 4),
                (left, base - high),
                (left + wide / 2, base - high - rng.uniform(0, 18) * z),
                (left + wide, base - high),
                (left + wide, base + 4),
            ),
            one,
        )
    for left in (240, 980, 1700, 2240):
        top = base - rng.uniform(130, 210) * z
        for leg in (-18, 18):
            stroke(layer, ((left + leg * z, base), (left, top)), 5 * z, one)
        reach = rng.choice([-1, 1]) * 130 * z
        stroke(layer, ((left - 0.4 * reach, top + 10 * z), (left, top), (left + reach, top - 34 * z)), 5 * z, one)
        stroke(layer, ((left + 0.8 * reach, top - 26 * z), (left + 0.8 * reach, top + 50 * z)), 1.6, one)
    for left in rng.uniform(0, 2600, 14):
        stroke(layer, ((left, base), (left + 2, base - rng.uniform(50, 110) * z)), 2.4, one, end=1.0)
    return layer[..., 0]


@cache
def _grain() -> Canvas:
    return noise(HEIGHT, WIDTH, cell=(34, 200), octaves=3, seed=81)


def _quay(canvas: Canvas, shot: Shot, slid: float, flash: float) -> None:
    """Wet planks in perspective: their seams slide by, the sky lies on them."""
    top = int(shot.edge * HEIGHT)
    x, y = (axis[top:] for axis in grid())
    depth = (shot.feet - shot.horizon) * HEIGHT / (y - shot.horizon * HEIGHT)  # 1 at the runner's feet, less in front
    along = ((x - WIDTH / 2) * depth + slid) / 46
    plank = np.floor(along)
    seam = np.abs(along - plank - 0.5) * 2
    seam = smoothstep(1.0, 0.90, seam)
    tint = 0.75 + 0.5 * np.modf(np.abs(np.sin(plank * 12.9898)) * 437.58)[0]
    wet = cv2.remap(
        _grain(), np.mod(along * 30, WIDTH - 1).astype(np.float32), (depth * 300).astype(np.float32), cv2.INTER_LINEAR
    )
    shine = 0.7 * smoothstep(0.30, 1.0, wet) * (0.25 + 0.75 * smoothstep(1.6, 0.8, depth))
    wood = np.array(rgb("241c1c"), np.float32) * (tint * (0.4 + 0.6 * seam))[..., None]
    sky = np.array([0.62, 0.34, 0.20], np.float32) * np.exp(-(((x / WIDTH - 0.58) / 0.36) ** 2))[..., None] + np.array(
        [0.05, 0.07, 0.12], np.float32
    )
    canvas[top:] = wood + (shine * (0.55 + 0.45 * seam))[..., None] * (
        sky + flash * np.array([0.5, 0.6, 0.8], np.float32)
    )
    stroke(canvas, ((-10, top), (WIDTH + 10, top)), 9, rgb("0f0d10"))
    if shot.pixels_per_second:
        for post in np.arange(-1, 5):
            px = (post * 420 - slid * (shot.edge - shot.horizon) / (shot.feet - shot.horizon)) % 2100 - 300
            polygon(
                canvas,
                ((px, top + 14), (px + 4, top - 62 * shot.zoom), (px + 24, top - 62 * shot.zoom), (px + 28, top + 14)),
                rgb("120f12"),
            )


def _sea(canvas: Canvas, shot: Shot, time_seconds: float, flash: float) -> None:
    """Choppy water between the far shore and the quay."""
    top, bottom = int(shot.horizon * HEIGHT), int(shot.edge * HEIGHT) + 1
    x, y = (axis[top:bottom] for axis in grid())
    near = (y - top + 6) / 40
    wave = np.sin(x / (16 * near) + 5 * time_seconds + 3 * np.sin(y / 5)) * np.sin(
        x / (41 * near) - 3 * time_seconds + y
    )
    path = np.exp(-(((x / WIDTH - 0.58) / (0.12 + 0.1 * near / 4)) ** 2))
    water = gradient(((0, "7a4a44"), (1, "131a28")), (y - top) / (bottom - top)) * (0.75 + flash)
    canvas[top:bottom] = water + (smoothstep(0.35, 0.95, wave) * (0.10 + 0.75 * path))[..., None] * np.array(
        [1.0, 0.66, 0.38], np.float32
    )


def _runner_at(shot: Shot, time_seconds: float) -> tuple[float, float]:
    """The point of the ground below the runner, pixels; the leap lifts it."""
    since = time_seconds - shot.start_seconds
    x = (shot.runner_x + shot.walk * since) * WIDTH
    leap = max(time_seconds - LEAP_SECONDS, 0.0)
    return x, shot.feet * HEIGHT - max(560 * leap - 480 * leap**2, 0.0)


def _runner(canvas: Canvas, shot: Shot, time_seconds: float, flash: float) -> None:
    """A dark figure with a rim of light, and his scarf."""
    size, body = shot.runner_pixels, body_at(time_seconds)
    x, ground = _runner_at(shot, time_seconds)
    stride = STRIDES_PER_SECOND * (time_seconds - ACTION.start_seconds)
    bob = 0.05 * abs(np.sin(np.pi * stride))
    place = (x, ground - (body.lowest + bob) * size)
    polygon(
        canvas,
        [
            (x + 0.30 * size * np.cos(a), shot.feet * HEIGHT + 4 + 0.035 * size * np.sin(a))
            for a in np.linspace(0, 6.28, 24)
        ],
        (0.02, 0.02, 0.03),
        0.55,
    )
    rim = np.array(RIM) * (0.75 + 1.2 * flash)
    draw_figure(canvas, body, (place[0] + 0.011 * size, place[1] - 0.008 * size), size, tuple(rim))
    draw_figure(canvas, body, place, size, DARK)
    neck = np.array(body.neck)
    for strand, reach in ((0.0, 0.50), (0.035, 0.40)):
        s = np.linspace(0, 1, 14)
        wave = 0.05 * s * np.sin(9 * s - 15 * time_seconds + 8 * strand) + 0.03 * s
        path = np.stack([neck[0] - 0.02 - reach * s, neck[1] + 0.015 + strand + wave], 1)
        stroke(canvas, path * size + place, 0.052 * size, np.array(SCARF) * (0.8 + flash), end=0.030 * size)
    stroke(canvas, np.add(neck, ((-0.05, 0.01), (0.05, 0.015))) * size + place, 0.07 * size, SCARF)


def _crane(canvas: Canvas, time_seconds: float) -> None:
    """The crane of the last shot; struck, it glows, then leans and falls."""
    base, tip = np.array([0.66 * WIDTH, 0.74 * HEIGHT]), np.array(CRANE_TIP)
    since = max(time_seconds - 18.04, 0.0)
    angle = min(0.16 * since + 0.55 * since**2, 1.35)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])

    def at(*points: tuple[float, float]) -> np.ndarray:
        return (np.array(points) + tip - base) @ turn + base

    for side in (-30, 30):
        stroke(canvas, at((side, base[1] - tip[1]), (side * 0.35, 0)), 9, DARK)
    for rung in np.linspace(0.06, 0.94, 9):
        low, high = rung * (base[1] - tip[1]), (rung + 0.1) * (base[1] - tip[1])
        wide = 10 + 20 * rung
        stroke(canvas, at((-wide, low), (wide, min(high, base[1] - tip[1]))), 4, DARK)
    stroke(canvas, at((-90, 12), (0, 0), (250, -24)), 10, DARK, end=6)
    stroke(canvas, at((0, -48), (250, -24)), 3, DARK)
    stroke(canvas, at((0, -48), (-90, 12)), 3, DARK)
    stroke(canvas, at((0, 0), (0, -48)), 6, DARK)
    stroke(canvas, at((205, -20), (205, 90)), 2, DARK)
    hot = np.exp(-abs(time_seconds - 17.9) / 0.15)
    glow(canvas, *at((0, 0))[0], 70, (0.8, 0.9, 1.3), 1.2 * hot)


def draw(time_seconds: float) -> Canvas:
    """The chase at an instant, [HEIGHT, WIDTH, 3]."""
    shot = next(s for s in (TRACKING, CLOSE, WIDE) if time_seconds < s.end_seconds)
    since = time_seconds - shot.start_seconds
    slid = shot.pixels_per_second * since
    canvas = shifted(_sky(shot), -0.02 * slid - 12 * since - 40, 0, (HEIGHT, WIDTH)).copy()
    target = CRANE_TIP if shot is WIDE else (0.80 * WIDTH, shot.horizon * HEIGHT)
    flash = lightning(canvas, time_seconds, target)
    canvas[: int(shot.horizon * HEIGHT) + 2] *= 1 + 1.1 * flash
    columns = (np.arange(WIDTH) + int(0.13 * slid) + 500) % 2600
    haze = np.array(rgb("2c2436"), np.float32) * (1 + 1.5 * flash)
    canvas[:] = mixed(canvas, haze, 0.93 * _harbour(shot)[:, columns])
    _sea(canvas, shot, time_seconds, flash)
    _quay(canvas, shot, slid, flash)
    if shot is WIDE:
        _crane(canvas, time_seconds)
    mine = [impact for impact in IMPACTS if shot.start_seconds <= impact.time_seconds < shot.end_seconds]
    drift = {impact: (impact.time_seconds - time_seconds) * shot.pixels_per_second for impact in mine}
    for impact in mine:
        falling(canvas, impact, time_seconds, drift[impact])
    behind = [impact for impact in mine if impact.kind == "explosion"]
    for impact in behind:
        burst(canvas, impact, time_seconds, 0.0)
    hit = max(
        (np.exp(-(time_seconds - i.time_seconds + 0.02) / 0.15) for i in mine if time_seconds >= i.time_seconds - 0.02),
        default=0.0,
    )
    _runner(canvas, shot, time_seconds, max(flash, float(hit)))
    for impact in mine:
        if impact not in behind:
            burst(canvas, impact, time_seconds, drift[impact])
    rain(canvas, time_seconds, slant=0.35 + 0.25 * (shot is CLOSE), speed=1500 * shot.zoom)
    dx, dy = shake(time_seconds)
    return shifted(canvas, dx, dy, zoom=1.05)
