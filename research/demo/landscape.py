"""The landscape: a slow pan over a calm sea at sunset, with hills, clouds, gulls, a boat coming home, and the title.

Layers slide at their own speeds; nearer ones faster. x of the world is pixels of the picture at its first instant.
"""

from functools import cache

import numpy as np

from research.demo.canvas import (
    Canvas,
    Mask,
    glow,
    gradient,
    grid,
    mixed,
    noise,
    polygon,
    rgb,
    shifted,
    smoothstep,
    stroke,
)
from research.demo.lettering import write_title
from research.demo.story import HEIGHT, LANDSCAPE, TITLE_SECONDS, WIDTH

HORIZON = 0.585 * HEIGHT
SUN = (770.0, HORIZON - 62)
PAN_PIXELS_PER_SECOND = 16.0
WIDER = 420  # how much wider the slid layers are than the picture


def _pan(since: float) -> float:
    """How far the nearest layer has moved; the pan eases in and out."""
    length = LANDSCAPE.end_seconds - LANDSCAPE.start_seconds
    at = since / length
    return PAN_PIXELS_PER_SECOND * length * (0.6 * at + 0.4 * at * at * (3 - 2 * at))


@cache
def _dusk() -> Canvas:
    height = grid()[1] / HORIZON
    return gradient(((0, "2b3c6b"), (0.35, "6a5f95"), (0.62, "c9788a"), (0.82, "f29c6b"), (1.0, "ffcf8a")), height)


def _sky(sun_x: float) -> Canvas:
    x, y = grid()
    near = np.exp(-np.hypot((x - sun_x) / 560, (y - SUN[1]) / 230))
    return _dusk() + near[..., None] * np.array([0.42, 0.22, 0.02], np.float32)


@cache
def _clouds(number: int) -> tuple[Mask, Mask]:
    """Cover and light of a sheet of clouds; thin stripes low down, heaps above."""
    width, seed = WIDTH + WIDER, 90 + number
    cell = (520, 46) if number else (430, 105)
    field = noise(HEIGHT, width, cell=cell, octaves=5, seed=seed)
    y = grid(HEIGHT, width)[1] / HORIZON
    where = smoothstep(0.35, 0.7, y) * smoothstep(1.02, 0.9, y) if number else smoothstep(0.75, 0.35, y)
    cover = smoothstep(0.48, 0.82, field) * where
    lit = np.clip(
        0.5 + 9 * (np.pad(field, ((5, 0), (0, 0)), mode="edge")[:HEIGHT] - field), 0, 1
    )  # undersides face the low sun
    return cover, 1 - lit


def _draw_clouds(canvas: Canvas, since: float, pan: float, sun_x: float) -> None:
    above = slice(0, int(HORIZON) + 1)
    x, y = (axis[above] for axis in grid())
    near = np.exp(-(((x - sun_x) / 420) ** 2) - ((y - SUN[1]) / 240) ** 2)
    for number, (slide, drift) in enumerate(((0.10, 7.0), (0.06, 3.5))):
        cover, light = (
            shifted(layer, -slide * pan - drift * since, 0, (above.stop, WIDTH)) for layer in _clouds(number)
        )
        shade = gradient(((0, "574a78"), (0.5, "b06a84"), (1.0, "ffb98a")), np.clip(light * 0.9 + 0.45 * near, 0, 1))
        canvas[above] = mixed(canvas[above], shade * (1 + 0.35 * near[..., None]), 0.88 * cover)


def _sun(canvas: Canvas, x: float) -> None:
    across, down = grid()
    disc = smoothstep(47, 45, np.hypot(across - x, down - SUN[1])) * (down < HORIZON)
    canvas[:] = mixed(canvas, np.array([1.5, 1.28, 0.85]), disc)
    glow(canvas, x, SUN[1], 150, (1.0, 0.55, 0.20), 0.45)


def _sea(canvas: Canvas, since: float, pan: float, sun_x: float) -> None:
    """The sky upside down, broken by waves that shorten towards the horizon, and the sun's road."""
    top = int(HORIZON)
    x, y = (axis[top:] for axis in grid())
    near = (y - HORIZON + 3) / (HEIGHT - HORIZON)  # 0 far … 1 at our feet
    u, v = (x - WIDTH / 2 + 0.5 * pan) / (40 + 520 * near), 9.0 / (near + 0.06)
    t = since
    wave = (
        np.sin(5.1 * u + 1.7 * v - 1.3 * t)
        + np.sin(-7.3 * u + 2.9 * v - 1.7 * t + 1)
        + 0.8 * np.sin(13 * u + 5.3 * v + 2.4 * t)
    )
    wave += 0.7 * np.sin(23 * u - 9.1 * v + 2.9 * t) + 0.6 * np.sin(-31 * u + 14.7 * v - 3.6 * t)
    wave /= 4.1
    mirror = np.clip(HORIZON - (y - HORIZON) * 1.25 - 26 * wave * near**0.5, 0, HORIZON - 1).astype(int)
    water = canvas[mirror, np.clip(x, 0, WIDTH - 1).astype(int)] * np.array([0.62, 0.60, 0.70], np.float32)
    water *= (0.92 - 0.42 * near + 0.16 * wave)[..., None]
    road = np.exp(-(((x - sun_x) / (34 + 210 * near)) ** 2))
    spark = smoothstep(0.12, 0.62, wave + 0.30 * road) * road
    canvas[top:] = water + spark[..., None] * np.array([1.10, 0.72, 0.36], np.float32)
    canvas[top : top + 3] += np.array([0.16, 0.10, 0.05], np.float32)


@cache
def _ridge(seed: int, rough: float) -> np.ndarray:
    """Heights of a chain of hills in 0…1, one for each column of a wide layer."""
    return noise(4, WIDTH + WIDER, cell=(rough, 9), octaves=6, seed=seed)[1]


def _hills(canvas: Canvas, pan: float) -> None:
    """Far headlands in haze, each nearer one darker and greener, ending in the sea towards the middle."""
    part = slice(int(HORIZON) - 250, int(HORIZON) + 60)
    y = grid()[1][part]
    chains = (  # slide, seed, roughness, left or right, reach, base, height, colours of crest and foot
        (0.12, 201, 420, 1, 560, 0, 78, "a8718c", "d99a8c"),
        (0.20, 202, 330, -1, 520, 4, 108, "84597f", "b97d84"),
        (0.34, 203, 300, 1, 330, 18, 165, "51405f", "7d5a6c"),
        (0.48, 204, 260, -1, 250, 40, 200, "352f47", "54435a"),
    )
    for slide, seed, rough, side, reach, base, height, crest, foot in chains:
        at = np.clip(np.arange(WIDTH) + slide * pan, 0, WIDTH + WIDER - 1).astype(int)
        place = (np.arange(WIDTH) + slide * pan - (WIDTH if side > 0 else 0)) * side
        fall = smoothstep(-reach, 0.35 * reach, place.astype(np.float32))
        top = HORIZON + base - fall * height * (0.45 + 0.75 * _ridge(seed, rough)[at]) + base * (1 - fall) * 0.2
        bottom = HORIZON + base * 1.15
        inside = np.clip(y - top, 0, 1) * smoothstep(bottom + 1, bottom - 1, y) * (fall > 0.01)
        depth = np.clip((y - top) / 90, 0, 1)
        tone = gradient(((0, crest), (1, foot)), depth)
        rim = np.exp(-np.maximum(y - top, 0) / 3.0) * 0.25
        canvas[part] = mixed(canvas[part], tone + rim[..., None] * np.array([1.0, 0.55, 0.30], np.float32), inside)


def _cliff(canvas: Canvas, since: float, pan: float) -> None:
    """The near hill with grass in the wind and the lighthouse, its lamp lit."""
    part = slice(400, HEIGHT)
    x, y = (axis[part] for axis in grid())
    world = x + pan - 40
    ridge = (
        640
        - 215 * smoothstep(520, -60, world)
        + 16 * np.sin(world / 90)
        + 8 * np.sin(world / 37 + 1)
        + 0.02 * np.maximum(world - 500, 0)
    )
    grass = (
        5 * np.sin(world * 0.9 + 3 * np.sin(world * 0.13) + 0.8 * np.sin(2 * since + world / 60)) * np.sin(world * 0.37)
    )
    amount = np.clip((y - ridge - grass) / 1.5, 0, 1)
    tone = gradient(((0, "4d4638"), (0.25, "2a2a2e"), (1, "141722")), np.clip((y - ridge) / 160, 0, 1))
    light = np.exp(-np.maximum(y - ridge, 0) / 9) * smoothstep(-200, 700, world)
    foot = 230 - pan, 546.0
    _lighthouse(canvas, since, foot)
    canvas[part] = mixed(canvas[part], tone + (0.45 * light)[..., None] * np.array([1.0, 0.6, 0.3], np.float32), amount)


def _lighthouse(canvas: Canvas, since: float, foot: tuple[float, float]) -> None:
    x, y = foot
    for k in range(5):  # bands of the tower, lit from the right
        low, high = y - 46 * k, y - 46 * (k + 1)
        wide, narrow = 27 - 2.4 * k, 27 - 2.4 * (k + 1)
        band = np.array(rgb("e3cdbd" if k % 2 else "a8453f"))
        for part, shade in ((-1.0, 0.42), (-0.55, 0.55), (-0.1, 0.72), (0.35, 0.92), (0.72, 1.08)):
            polygon(
                canvas,
                ((x + part * wide, low), (x + wide, low), (x + narrow, high), (x + part * narrow, high)),
                band * shade,
            )
    top = y - 230
    polygon(canvas, ((x - 22, top), (x + 22, top), (x + 22, top - 7), (x - 22, top - 7)), rgb("2a2230"))
    polygon(canvas, ((x - 11, top - 7), (x + 11, top - 7), (x + 11, top - 31), (x - 11, top - 31)), rgb("ffe2a0"))
    for bar in (-11, 0, 11):
        stroke(canvas, ((x + bar, top - 7), (x + bar, top - 31)), 2, rgb("2a2230"))
    polygon(canvas, ((x - 15, top - 31), (x, top - 48), (x + 15, top - 31)), rgb("7d2f32"))
    turn = 0.5 + 0.5 * np.cos(1.5 * since)
    glow(canvas, x, top - 19, 26 + 22 * turn, (1.0, 0.85, 0.5), 0.5 + 0.6 * turn)


def _boat(canvas: Canvas, since: float, pan: float) -> None:
    """The small boat, a red scarf at its mast, rocking home along the sun's road."""
    x, y = 800 + 8 * since - 0.3 * pan, HORIZON + 66 + 2.5 * np.sin(1.4 * since)
    rock = 0.05 * np.sin(1.1 * since)
    turn = np.array([[np.cos(rock), np.sin(rock)], [-np.sin(rock), np.cos(rock)]]) * 1.25

    def at(*points: tuple[float, float]) -> np.ndarray:
        return np.array(points) @ turn + (x, y)

    dark = rgb("2a1d2c")
    polygon(canvas, [(x + 62 * np.cos(a), y + 17 + 6 * np.sin(a)) for a in np.linspace(0, 6.28, 24)], dark, 0.5)
    polygon(canvas, at((-44, 0), (42, -3), (32, 15), (-33, 15)), dark)
    stroke(canvas, at((-2, 2), (0, -88)), 3.4, dark)
    belly = 5 * np.sin(0.8 * since)
    polygon(canvas, at((3, -84), (20 + belly, -58), (38 + belly, -14), (3, -8)), rgb("f3cfa6"))
    polygon(canvas, at((-4, -78), (-16, -46), (-36, -10), (-4, -8)), rgb("b98a86"))
    stroke(canvas, at((-24, 0), (-23, -18)), 8, dark)
    stroke(canvas, at((-23, -23), (-23, -25)), 9, dark)
    s = np.linspace(0, 1, 9)
    stroke(
        canvas,
        at(*np.stack([-26 * s, -88 + 5 * s + 3 * s * np.sin(7 * s - 5 * since)], 1)),
        4.5,
        rgb("d8342c"),
        end=2.5,
    )


def _gulls(canvas: Canvas, since: float) -> None:
    """Birds that glide and beat their wings, in two loose flocks."""
    rng = np.random.default_rng(77)
    for k in range(11):
        flock = k < 6
        size, pace, beat = rng.uniform(10, 17) * (1.0 if flock else 0.6), rng.uniform(26, 34), rng.uniform(6, 8)
        x0, y0 = (
            (60 + rng.uniform(0, 260), 130 + rng.uniform(0, 110))
            if flock
            else (900 + rng.uniform(0, 200), 250 + rng.uniform(0, 70))
        )
        x, y = x0 + (pace if flock else -0.6 * pace) * since, y0 + 9 * np.sin(0.6 * since + k) - 2.5 * since
        glide = smoothstep(-0.2, 0.5, np.float64(np.sin(0.9 * since + 1.7 * k)))
        lift = (0.15 + 0.75 * np.sin(beat * since + 2 * k)) * glide + 0.28 * (1 - glide)
        for side in (-1, 1):
            wing = ((0, 0), (side * 0.55, -0.55 * lift - 0.08), (side * 1.25, -0.25 * lift))
            stroke(canvas, np.array(wing) * size + (x, y), 0.20 * size, rgb("2c2438"), end=0.05 * size)
        stroke(canvas, ((x - 0.22 * size, y + 0.03 * size), (x + 0.22 * size, y)), 0.24 * size, rgb("2c2438"))


def draw(time_seconds: float) -> Canvas:
    """The landscape at an instant, [HEIGHT, WIDTH, 3]."""
    since = time_seconds - LANDSCAPE.start_seconds
    pan = _pan(since)
    sun_x = SUN[0] - 0.04 * pan
    canvas = _sky(sun_x)
    _sun(canvas, sun_x)
    _draw_clouds(canvas, since, pan, sun_x)
    _sea(canvas, since, pan, sun_x)
    _hills(canvas, pan)
    _boat(canvas, since, pan)
    _cliff(canvas, since, pan)
    _gulls(canvas, since)
    amount = float(smoothstep(TITLE_SECONDS, TITLE_SECONDS + 1.8, np.float64(time_seconds)))
    if amount:
        write_title(canvas, amount, baseline=246.0)
    return (
        canvas * float(smoothstep(-0.05, 0.35, np.float64(since))) * float(smoothstep(10.05, 9.45, np.float64(since)))
    )
