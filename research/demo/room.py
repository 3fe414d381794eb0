"""The room behind the presenter: a warm wall, a window in the rain, books and a lamp, all out of focus."""

from functools import cache

import numpy as np

from research.demo.canvas import (
    Canvas,
    glow,
    gradient,
    grid,
    mixed,
    noise,
    polygon,
    puff,
    rgb,
    smoothstep,
    soft,
    stroke,
)
from research.demo.story import HEIGHT, WIDTH


@cache
def room_behind() -> Canvas:
    """A warm wall, a rainy blue window, shelves of books and a lamp, all out of focus."""
    x, y = grid()
    room = gradient(
        ((0, "3b2a24"), (0.55, "6e4a35"), (1, "94683f")), smoothstep(-100, 1350, x) * 0.9 + 0.1 * (1 - y / HEIGHT)
    )
    window = ((90, 60), (370, 60), (370, 500), (90, 500))
    polygon(room, np.add(window, ((-18, -18), (18, -18), (18, 18), (-18, 18))), rgb("1f1714"))
    polygon(room, window, rgb("2c4a66"))
    room += (
        0.22
        * (noise(HEIGHT, WIDTH, cell=(120, 90), octaves=3, seed=2) * (np.abs(x - 230) < 140) * (np.abs(y - 280) < 220))[
            ..., None
        ]
        * np.array([0.6, 0.9, 1.3], np.float32)
    )
    for side in (-1, 1):  # curtains
        folds = 0.75 + 0.25 * np.sin((x - 230) / 9.0 + 0.8 * np.sin(y / 90))
        cloth = np.array(rgb("8a4f33"), np.float32) * folds[..., None]
        hem = 108 - 34 * smoothstep(560, 60, y) * 1.0
        room = mixed(
            room, cloth, smoothstep(0, 8, side * (x - 230) - hem) * (np.abs(x - 230) < 205) * smoothstep(575, 570, y)
        )
    rng = np.random.default_rng(9)
    for shelf in (215, 420, 625):
        left = 850.0
        while left < 1270:
            wide, tall = rng.uniform(16, 42), rng.uniform(105, 160)
            hue = np.array(rgb(rng.choice(["7d3b2a", "2f4a4d", "a0713a", "4b2d3a", "5d6a4a", "b58a58"]))) * rng.uniform(
                0.6, 1.0
            )
            polygon(room, ((left, shelf - tall), (left + wide, shelf - tall), (left + wide, shelf), (left, shelf)), hue)
            left += wide + 3
        polygon(room, ((830, shelf), (1290, shelf), (1290, shelf + 16), (830, shelf + 16)), rgb("3a2417"))
    polygon(room, ((935, 235), (1085, 235), (1130, 380), (890, 380)), rgb("f6cd86"))
    stroke(room, ((1010, 380), (1010, 640)), 14, rgb("2a1a10"))
    glow(room, 1010, 330, 330, (1.0, 0.62, 0.28), 0.42)
    glow(room, 1010, 320, 110, (1.0, 0.80, 0.50), 0.22)
    for _ in range(26):  # lights of the town behind the wet window
        puff(
            room,
            rng.uniform(140, 270),
            rng.uniform(300, 480),
            rng.uniform(4, 10),
            rgb(rng.choice(["ffc27a", "ffe0a8", "9fd0ff"])),
            0.55,
        )
    return soft(room, 11)
