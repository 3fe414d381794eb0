"""How a good mix is degraded: gains for its stems, sampled as a plain record, applied, undone by their inverse, kept as JSON.

    levels of stems ─► Degradation ─► stems · 10^(gains/20) ─► sum ─► (reverberation, noise)
                           └─ inverse: minus the gains. Reverberation and noise have none, and the record says so

`paper` is the rule of VisAH's text (CVPR 2025): the loudest stem comes down by 6, 9 or 12 dB, the others go up by as much.
`released` is what its published script does: the loudest and one other come down, the third goes up, each by a step of its
own. `timevarying` is `faults`, `degraded` any of these and then `reverberation`, `none` leaves the mix alone; each at low,
medium, high (6, 9, 12 dB), or mixed: a step sampled for each clip. A static gain is a curve of one point; curves are
rounded to 0.01 dB when they are sampled, so that the JSON says exactly what was applied.

A pair is written on the grid of 24 bits, so that the files' stems sum to the target's file to the last bit, and to the source
(times s) to half a step, −138 dB: target and two stems are rounded, effects = target − speech − music in integers. What passes
−0.5 dBFS is brought down, never up, by one of two rules:

    both     one scalar for everything, of the largest of all peaks: the pair differs by the recipe alone
    input    the released script's: the input's own peak brings down the input alone, a gain more for all its stems; stems and
             target come down only where they pass full scale. Three in four bad mixes are then softer than the
             recipe says, by 1.0, 1.9 and 3.4 dB on average at 6, 9 and 12 dB (targets at −20 LUFS)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from limelight.audio.convert import db_to_gain, gain_to_db, interpolate_gain
from limelight.audio.loudness import BLOCKS_PER_SECOND
from limelight.dataset.augmentation import RoomAndNoise, sample_room_and_noise
from limelight.dataset.faults import FAULTS, applicable
from limelight.dataset.levels import StemLevels
from limelight.dataset.sounds import SAMPLE_RATE
from limelight.errors import InputError
from limelight.types import STEMS, Samples, Vector

STEPS_DB = (6.0, 9.0, 12.0)
LEVELS_DB = {"low": STEPS_DB[:1], "medium": STEPS_DB[1:2], "high": STEPS_DB[2:], "mixed": STEPS_DB}


@dataclass(frozen=True)
class GainChange:
    """Gains that were put on the stems, in the order of STEMS."""

    recipe: str
    gains_db: tuple[float, float, float]

    @property
    def inverse_db(self) -> tuple[float, float, float]:
        """The gains that undo it."""
        return (-self.gains_db[0], -self.gains_db[1], -self.gains_db[2])


NONE = GainChange("none", (0.0, 0.0, 0.0))


def sample_paper(
    rng: np.random.Generator, loudness_lufs: dict[str, float], *, steps_db: Sequence[float] = STEPS_DB
) -> GainChange:
    """The loudest stem down, the other two up, one step for all; `loudness_lufs` is integrated, −inf is silence."""
    step = float(rng.choice(steps_db))
    loudest = loudest_stem(loudness_lufs)
    down_up = [-step if stem == loudest else step for stem in STEMS]
    return GainChange("paper", (down_up[0], down_up[1], down_up[2]))


def sample_released(
    rng: np.random.Generator, loudness_lufs: dict[str, float], *, steps_db: Sequence[float] = STEPS_DB
) -> GainChange:
    """The loudest and one other down, the third up; who the third is, and every step, is sampled by itself."""
    loudest = loudest_stem(loudness_lufs)
    raised = str(rng.choice([stem for stem in STEMS if stem != loudest]))
    steps = rng.choice(steps_db, len(STEMS))
    gains = [float(step if stem == raised else -step) for stem, step in zip(STEMS, steps, strict=True)]
    return GainChange("released", (gains[0], gains[1], gains[2]))


def loudest_stem(loudness_lufs: dict[str, float]) -> str:
    """The first of the loudest."""
    return max(STEMS, key=lambda stem: loudness_lufs[stem])


Stems = NDArray[np.float32]  # [K, C, N]
Limit = Literal["both", "input"]  # what comes down where a peak passes −0.5 dBFS

RECIPES = ("paper", "released", "timevarying", "degraded", "none")


@dataclass(frozen=True)
class DegradationChoice:
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
    def of(cls, text: str) -> DegradationChoice:
        """Reads "paper" or "paper:high". Raises InputError."""
        recipe, _, level = text.partition(":")
        return cls(recipe, level or "mixed")

    def __str__(self) -> str:
        return f"{self.recipe}:{self.level}"


@dataclass(frozen=True)
class Degradation:
    """What is done to the stems of a clip, in the order of STEMS."""

    recipe: str
    fault: str  # in words, what is wrong with it now
    step_db: float
    curves_db: tuple[tuple[float, ...], ...]  # [K, T], 10 a second at the middle of each 100 ms; T = 1: all the time
    room_and_noise: RoomAndNoise | None = None
    limit_db: float = 0.0  # what the limit "input" takes off every stem besides, ≤ 0

    @classmethod
    def static(cls, degradation: GainChange) -> Degradation:
        """One gain a stem."""
        step = max(map(abs, degradation.gains_db))
        return cls(degradation.recipe, "static gains", step, tuple((gain,) for gain in degradation.gains_db))

    @property
    def is_invertible(self) -> bool:
        return self.room_and_noise is None

    @property
    def inverse(self) -> Degradation:
        """What undoes it, gain by gain. Raises ValueError for reverberation or noise: gains cannot take them out."""
        if self.room_and_noise is not None:
            raise ValueError(
                "reverberation and noise cannot be undone by gains; only the curves of a dry recipe are invertible"
            )
        undone = tuple(tuple(0.0 - db for db in curve) for curve in self.curves_db)
        return Degradation(self.recipe, "the inverse", self.step_db, undone, None, 0.0 - self.limit_db)

    @property
    def gains_db(self) -> Vector:
        """All that was done to each stem, [K, T] in dB; minus these is the truth."""
        return np.asarray(np.array(self.curves_db) + self.limit_db)

    def gains(self, length: int) -> NDArray[np.float32]:
        """Amplitude ratios of each stem at each of so many samples, [K, N] (N = 1 for static gains)."""
        points = len(self.curves_db[0])
        times = (np.arange(points) + 0.5) / BLOCKS_PER_SECOND
        at = np.arange(length if points > 1 else 1) / SAMPLE_RATE
        return np.stack([interpolate_gain(times, curve, at) for curve in self.gains_db]).astype(np.float32)

    def applied(self, stems: Stems) -> Stems:
        """The stems [K, C, N] with the wrong gains."""
        return stems * self.gains(stems.shape[2])[:, None]

    def mixed(self, degraded: Stems, *, layout: str) -> Samples:
        """The bad mix [C, N] of stems that were `applied`."""
        mix = np.asarray(degraded.sum(axis=0))
        return self.room_and_noise(mix, layout=layout) if self.room_and_noise else mix

    def as_json(self) -> dict[str, Any]:
        """Everything, as JSON has it."""
        return asdict(self) | {"invertible": self.is_invertible, "curves_per_second": BLOCKS_PER_SECOND}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Degradation:
        """What `as_json` wrote. Raises InputError."""
        try:
            around = data["room_and_noise"] if "room_and_noise" in data else data["surroundings"]  # as 0.1.0 called it
            curves = tuple(tuple(map(float, curve)) for curve in data["curves_db"])
            if [len(curve) for curve in curves] != [len(curves[0]) or 1] * len(STEMS) or not np.isfinite(curves).all():
                raise ValueError("a curve of finite gains for each stem")
            room = RoomAndNoise(**around) if around else None
            limit_db = float(data.get("limit_db", 0.0))  # older records have none
            return cls(data["recipe"], data["fault"], data["step_db"], curves, room, limit_db)
        except (LookupError, TypeError, ValueError) as error:
            raise InputError(f"Wanted a recipe, found JSON without {error}; build the clip again.") from error


def sample_degradation(rng: np.random.Generator, wish: DegradationChoice, levels: StemLevels) -> Degradation:
    """One degraded balance for these stems."""
    steps = LEVELS_DB[wish.level]
    if wish.recipe == "degraded":
        return _degraded(rng, steps, levels)
    return _dry(rng, wish.recipe, steps, levels)


def _dry(rng: np.random.Generator, recipe: str, steps: Sequence[float], levels: StemLevels) -> Degradation:
    if recipe == "none":
        return Degradation.static(NONE)
    if recipe == "timevarying":
        return _timevarying(rng, float(rng.choice(steps)), levels)
    sample = sample_paper if recipe == "paper" else sample_released
    return Degradation.static(sample(rng, levels.loudness_lufs, steps_db=steps))


def _timevarying(rng: np.random.Generator, step_db: float, levels: StemLevels) -> Degradation:
    fault = str(rng.choice(applicable(levels)))
    curves = FAULTS[fault](rng, levels, step_db) if levels.audible else np.zeros((len(STEMS), 1))
    return Degradation("timevarying", fault, step_db, _recorded(curves))


def _degraded(rng: np.random.Generator, steps: Sequence[float], levels: StemLevels) -> Degradation:
    step = float(rng.choice(steps))
    dry = _dry(rng, str(rng.choice(["paper", "released", "timevarying"])), [step], levels)
    around = sample_room_and_noise(rng, step)
    return Degradation("degraded", f"{dry.recipe}: {dry.fault}, {around}", step, dry.curves_db, around)


def _recorded(curves_db: Vector) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple((np.round(curve, 2) + 0.0).tolist()) for curve in curves_db)


STEPS = 2.0**23  # of full scale
CEILING, FULL_SCALE = float(db_to_gain(-0.5)), 1 - 1 / STEPS
LIMITS: tuple[Limit, ...] = ("both", "input")
UNHEARD_DB = -30.0  # what one gain for all leaves unexplained, against the whole


@dataclass(frozen=True, repr=False)
class Pair:
    """Input and target of one clip, and what lies between; both on the grid."""

    stems: Stems  # [K, C, N], of the target
    input: Samples  # [C, N]
    degradation: Degradation
    scale_db: float  # what the source was brought down by, ≤ 0
    levels: StemLevels  # of the source's stems, before the scalar
    layout: str

    @property
    def target(self) -> Samples:
        """The good mix, [C, N]; exact, as a sum of integers under 2²⁴ is."""
        return np.asarray(self.stems.sum(axis=0, dtype=np.float64).astype(np.float32))


def degrade(stems: Stems, degradation: Degradation, *, layout: str, levels: StemLevels, limit: Limit = "both") -> Pair:
    """The pair that a recipe makes of stems [K, C, N] at 48 kHz, within −0.5 dBFS by the rule that `limit` names."""
    bad = degradation.applied(stems)
    mixes, ceiling = ((bad, degradation.mixed(bad, layout=layout)), CEILING) if limit == "both" else ((), FULL_SCALE)
    scale = min(1.0, ceiling / max(_peak(stems), _peak(stems.sum(axis=0)), *map(_peak, mixes), 1e-9))
    exact = on_grid(stems, scale)
    if limit == "input" and degradation.recipe != "none":
        over_db = float(gain_to_db(_peak(degradation.mixed(degradation.applied(exact), layout=layout)) / CEILING))
        degradation = replace(degradation, limit_db=-max(0.0, float(np.ceil(100 * over_db)) / 100) + 0.0)
    given = rounded(degradation.mixed(degradation.applied(exact), layout=layout))
    return Pair(exact, given, degradation, float(gain_to_db(scale)), levels, layout)


def _peak(samples: NDArray[np.float32]) -> float:
    return float(np.abs(samples).max(initial=0))


def on_grid(stems: Stems, scale: float = 1.0) -> Stems:
    """Stems [K, C, N] of 24 bits whose sum is the sum of the scaled ones, rounded once."""
    scaled = stems.astype(np.float64) * (scale * STEPS)  # three stems' sum does not fit float32's 24 bits
    steps = np.rint(scaled)
    steps[-1] = np.rint(scaled.sum(axis=0)) - steps[:-1].sum(axis=0)
    return (steps / STEPS).astype(np.float32)


def rounded(samples: Samples) -> Samples:
    """Samples of 24 bits."""
    return (np.rint(samples.astype(np.float64) * STEPS) / STEPS).astype(np.float32)


def why_trivial(degradation: Degradation, levels: StemLevels) -> str | None:
    """Why a pair teaches nothing that needs a picture, or None.

    Silent: there is no sound. The boosted stem is silent: the bad mix is the good one made quieter. Nothing audible
    changed: one gain for all explains it to −30 dB. Pairs that are left as they are on purpose are not trivial.
    """
    if not levels.audible:
        return "silent"
    if degradation.recipe == "none" or degradation.room_and_noise is not None:
        return None
    boosted = {stem for stem, curve in zip(STEMS, degradation.curves_db, strict=True) if max(curve) > 0}
    if boosted and not boosted & set(levels.audible):
        return "the boosted stem is silent"
    return "nothing audible changed" if _unexplained_db(degradation, levels.powers) < UNHEARD_DB else None


def _unexplained_db(degradation: Degradation, powers: Vector) -> float:
    """Power of Σ_k (g_k − g) s_k against Σ_k g_k s_k with the best g, for stems that do not resemble each other."""
    gains = np.broadcast_to(db_to_gain(degradation.curves_db), powers.shape)
    best = (gains * powers).sum() / powers.sum()
    return float(10 * np.log10(max((np.square(gains - best) * powers).sum() / (gains**2 * powers).sum(), 1e-20)))
