"""One spoilt balance as a plain record: drawn from a generator, applied to stems, undone by its inverse, kept as JSON.

    drawn from levels ─► Spoiling ─► stems · 10^(curve/20) ─► sum ─► (room, noise)
                            └─ inverse: minus the curves. Room and noise have none, and the record says so.

A static gain is a curve of one point. Curves are rounded to 0.01 dB when they are drawn, so that the JSON says exactly
what was applied. Recipes: `paper`, `released` (see `recipes`), `timevarying` (`faults`), `degraded` (any of these, then
`surroundings`); each at low, medium, high (6, 9, 12 dB), or mixed: a step drawn for each clip.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limelight.dsp.gains import interpolate_gain
from limelight.dsp.loudness import BLOCKS_PER_SECOND
from limelight.errors import InputError
from limelight.muddy.faults import FAULTS, applicable
from limelight.muddy.levels import StemLevels
from limelight.muddy.recipes import LEVELS_DB, NONE, Degradation, draw_paper, draw_released
from limelight.muddy.sounds import SAMPLE_RATE
from limelight.muddy.surroundings import Surroundings, draw_surroundings
from limelight.signals import STEMS, Samples, Vector

Stems = NDArray[np.float32]  # [K, C, N]

RECIPES = ("paper", "released", "timevarying", "degraded", "none")


@dataclass(frozen=True)
class Wish:
    """A recipe and how hard it hits, as users name it: "paper", "timevarying:low"."""

    recipe: str
    level: str = "mixed"

    def __post_init__(self) -> None:
        if self.recipe not in RECIPES or self.level not in LEVELS_DB:
            raise InputError(
                f"Wanted the recipe {self.recipe}:{self.level}; there are {', '.join(RECIPES)}, each at "
                f"{', '.join(LEVELS_DB)}: write for example paper:high."
            )

    @classmethod
    def of(cls, text: str) -> Wish:
        """Reads "paper" or "paper:high". Raises InputError."""
        recipe, _, level = text.partition(":")
        return cls(recipe, level or "mixed")

    def __str__(self) -> str:
        return f"{self.recipe}:{self.level}"


@dataclass(frozen=True)
class Spoiling:
    """What is done to the stems of a clip, in the order of STEMS."""

    recipe: str
    fault: str  # in words, what is wrong with it now
    step_db: float
    curves_db: tuple[tuple[float, ...], ...]  # [K, T], 10 a second at the middle of each 100 ms; T = 1: all the time
    surroundings: Surroundings | None = None

    @classmethod
    def static(cls, degradation: Degradation) -> Spoiling:
        """One gain a stem."""
        step = max(map(abs, degradation.gains_db))
        return cls(degradation.recipe, "static gains", step, tuple((gain,) for gain in degradation.gains_db))

    @property
    def is_invertible(self) -> bool:
        return self.surroundings is None

    @property
    def inverse(self) -> Spoiling:
        """What undoes it, gain by gain. Raises ValueError where a room or noise was added: gains cannot take them out."""
        if self.surroundings is not None:
            raise ValueError(
                "a room and noise cannot be undone by gains; only the curves of a dry recipe are invertible"
            )
        undone = tuple(tuple(0.0 - db for db in curve) for curve in self.curves_db)
        return Spoiling(self.recipe, "the inverse", self.step_db, undone)

    def gains(self, length: int) -> NDArray[np.float32]:
        """Amplitude ratios of each stem at each of so many samples, [K, N] (N = 1 for static gains)."""
        points = len(self.curves_db[0])
        times = (np.arange(points) + 0.5) / BLOCKS_PER_SECOND
        at = np.arange(length if points > 1 else 1) / SAMPLE_RATE
        return np.stack([interpolate_gain(times, curve, at) for curve in self.curves_db]).astype(np.float32)

    def applied(self, stems: Stems) -> Stems:
        """The stems [K, C, N] with the wrong gains."""
        return stems * self.gains(stems.shape[2])[:, None]

    def mixed(self, spoilt: Stems, *, layout: str) -> Samples:
        """The bad mix [C, N] of stems that were `applied`."""
        mix = np.asarray(spoilt.sum(axis=0))
        return self.surroundings(mix, layout=layout) if self.surroundings else mix

    def as_json(self) -> dict[str, Any]:
        """Everything, as JSON has it."""
        return asdict(self) | {"invertible": self.is_invertible, "curves_per_second": BLOCKS_PER_SECOND}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Spoiling:
        """What `as_json` wrote. Raises InputError."""
        try:
            around = data["surroundings"]
            curves = tuple(tuple(map(float, curve)) for curve in data["curves_db"])
            if [len(curve) for curve in curves] != [len(curves[0]) or 1] * len(STEMS) or not np.isfinite(curves).all():
                raise ValueError("a curve of finite gains for each stem")
            return cls(
                data["recipe"], data["fault"], data["step_db"], curves, Surroundings(**around) if around else None
            )
        except (LookupError, TypeError, ValueError) as error:
            raise InputError(f"Wanted a recipe, found JSON without {error}; build the clip again.") from error


def draw_spoiling(rng: np.random.Generator, wish: Wish, levels: StemLevels) -> Spoiling:
    """One spoilt balance for these stems."""
    steps = LEVELS_DB[wish.level]
    if wish.recipe == "degraded":
        return _degraded(rng, steps, levels)
    return _dry(rng, wish.recipe, steps, levels)


def _dry(rng: np.random.Generator, recipe: str, steps: Sequence[float], levels: StemLevels) -> Spoiling:
    if recipe == "none":
        return Spoiling.static(NONE)
    if recipe == "timevarying":
        return _timevarying(rng, float(rng.choice(steps)), levels)
    draw = draw_paper if recipe == "paper" else draw_released
    return Spoiling.static(draw(rng, levels.loudness_lufs, steps_db=steps))


def _timevarying(rng: np.random.Generator, step_db: float, levels: StemLevels) -> Spoiling:
    fault = str(rng.choice(applicable(levels)))
    curves = FAULTS[fault](rng, levels, step_db) if levels.audible else np.zeros((len(STEMS), 1))
    return Spoiling("timevarying", fault, step_db, _recorded(curves))


def _degraded(rng: np.random.Generator, steps: Sequence[float], levels: StemLevels) -> Spoiling:
    step = float(rng.choice(steps))
    dry = _dry(rng, str(rng.choice(["paper", "released", "timevarying"])), [step], levels)
    around = draw_surroundings(rng, step)
    return Spoiling("degraded", f"{dry.recipe}: {dry.fault}, {around}", step, dry.curves_db, around)


def _recorded(curves_db: Vector) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple((np.round(curve, 2) + 0.0).tolist()) for curve in curves_db)
