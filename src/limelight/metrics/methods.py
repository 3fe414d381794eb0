"""What can be evaluated: anything that makes a mix of a clip, by the words that the command line has for it.

method        a separator, SEPARATOR+DIRECTOR, the file of a remixer, or a program's own rule: `separate-and-level`
control       needs no model: do nothing, a fixed loudness
oracle        knows the truth: a bound, not a method
picture       a model with the picture of another clip, with none, or with one kind of cue from another clip: what looking,
              and what that kind, is worth

`separate-and-level` is the papers' DnRv3 + CDX with our separator, `separate-and-level:SEPARATOR` with any other: taken apart,
each stem set to its usual loudness, put together. What is usual is measured on the training targets (the median of where a
stem is heard), or that of films: speech −27, music −32, effects in front −32 LUFS, the priors of DnR v3 (Watcharasupat,
Wu & Orife 2024). A stem that is not heard stays as it is: its traces are not raised to a voice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from limelight.audio.convert import db_to_gain
from limelight.audio.loudness import integrated_loudness
from limelight.dataset.levels import StemLevels, is_heard
from limelight.dataset.manifest import Entry
from limelight.dataset.mixtures import PRIORS_LUFS
from limelight.dataset.sounds import SAMPLE_RATE
from limelight.errors import InputError
from limelight.metrics.balance import best_gain, best_remix
from limelight.metrics.clips import EvalClip, Mix, mono
from limelight.metrics.models import ANOTHER, NONE, ModelMethod, cached_separator, has_stems, names_of, separated
from limelight.models.registry import DEFAULT_SEPARATOR
from limelight.report.words import number
from limelight.types import STEMS
from limelight.vision.cues import KINDS

NAME, FILM_NAME = "separate-and-level", "separate-and-level-film"


@dataclass(frozen=True)
class LoudnessBaseline:
    """A separator and the usual loudness of each stem."""

    model: str
    name: str
    usual_lufs: tuple[float, float, float]  # in the order of STEMS
    kind: Literal["method"] = "method"
    needs_another: bool = False

    @property
    def mark(self) -> str:
        return f"1, {cached_separator(self.model).card.fingerprint}, {self.usual_lufs}"

    @property
    def said(self) -> str:
        """What is usual, in words."""
        levels = ", ".join(f"{stem} {number(lufs)}" for stem, lufs in zip(STEMS, self.usual_lufs, strict=True))
        return f"{self.name} sets {levels} LUFS."

    def remix(self, clip: EvalClip) -> Mix:
        stems = separated(clip.input, cached_separator(self.model), layout=clip.layout)
        levels = StemLevels.of(stems, layout=clip.layout)
        gains_db = np.array(
            [
                wish - levels.loudness_lufs[stem] if stem in levels.audible else 0.0
                for stem, wish in zip(STEMS, self.usual_lufs, strict=True)
            ]
        )
        mix = np.einsum("k,kcn->cn", db_to_gain(gains_db).astype(np.float32), stems)
        before, after = (integrated_loudness(sound, SAMPLE_RATE, layout=clip.layout) for sound in (clip.input, mix))
        louder = after - before if np.isfinite(after - before) else 0.0
        return Mix(mix, gains_db[:, None] - louder)


def by_films(model: str) -> LoudnessBaseline:
    """Stems as loud as in films."""
    return LoudnessBaseline(model, FILM_NAME, _three([PRIORS_LUFS[stem][0] for stem in STEMS]))


def by_training(model: str, entries: Sequence[Entry]) -> LoudnessBaseline:
    """Stems as loud as in the data set's training targets. Raises InputError where there are none."""
    return LoudnessBaseline(model, NAME, usual_levels(entries))


def usual_levels(entries: Sequence[Entry]) -> tuple[float, float, float]:
    """The median loudness of each stem where it is heard in training targets, in LUFS. Raises InputError."""
    levels: dict[str, list[float]] = {stem: [] for stem in STEMS}
    for entry in entries:
        if entry.split == "train":
            for stem in is_heard(entry.loudness_lufs, entry.loudness_lufs["target"]):
                levels[stem].append(float(entry.loudness_lufs[stem] or 0.0))
    missing = [stem for stem, found in levels.items() if not found]
    if missing:
        raise InputError(
            f"Wanted the usual loudness of {', '.join(missing)}, no training clip of the data set has any; "
            f"build some, or ask for {FILM_NAME}."
        )
    return _three([round(float(np.median(levels[stem])), 2) for stem in STEMS])


def _three(values: Sequence[float]) -> tuple[float, float, float]:
    return values[0], values[1], values[2]


FIXED_LUFS = -27.0


@dataclass(frozen=True)
class Control:
    """A rule by name; the rule is a function of a module, so that it can be sent to another process."""

    name: str
    kind: Literal["control", "oracle"]
    rule: Callable[[EvalClip], Mix]
    mark: str = "1"
    needs_another: bool = False

    def remix(self, clip: EvalClip) -> Mix:
        return self.rule(clip)


def _untouched(clip: EvalClip) -> Mix:
    return Mix(clip.input, np.zeros((len(STEMS), 1)))


def _at_loudness(lufs: float, clip: EvalClip) -> Mix:
    found = integrated_loudness(clip.input, SAMPLE_RATE, layout=clip.layout)
    return Mix(clip.input * np.float32(db_to_gain(lufs - found)) if np.isfinite(found) else clip.input)


def _nearest_by_one_gain(clip: EvalClip) -> Mix:
    return Mix(clip.input * np.float32(best_gain(mono(clip.input), mono(clip.target))))


def _nearest_by_gains_on(stems: NDArray[np.float32], clip: EvalClip) -> Mix:
    return Mix(np.asarray(best_remix(clip.input, clip.target, stems, sample_rate=SAMPLE_RATE), np.float32))


def _on_true_stems(clip: EvalClip) -> Mix:
    return _nearest_by_gains_on(clip.degraded, clip)


def _on_stems_of(model: str, clip: EvalClip) -> Mix:
    return _nearest_by_gains_on(separated(clip.input, cached_separator(model), layout=clip.layout), clip)


def fixed_loudness(lufs: float = FIXED_LUFS) -> Control:
    """The bad mix at one loudness, whatever it is."""
    name = f"fixed {lufs:g} LUFS".replace("-", "−")
    return Control(name, "control", partial(_at_loudness, lufs), f"1, {lufs:g}")


def gains_on_stems_of(model: str, called: str) -> Control:
    """The stems that a model finds, under the best gains: what is left is the separator's."""
    mark = f"1, {cached_separator(model).card.fingerprint}"
    return Control(best_gains_on(called), "oracle", partial(_on_stems_of, model), mark)


def best_gains_on(called: str) -> str:
    """What that row is called."""
    return f"best gains, stems of {called}"


DO_NOTHING = Control("do nothing", "control", _untouched)
BEST_GAIN = Control("best single gain", "oracle", _nearest_by_one_gain)
GAINS_ON_TRUE = Control("best gains, true stems", "oracle", _on_true_stems)


Kind = Literal["method", "control", "oracle", "picture"]
BASELINES = (NAME, FILM_NAME)


class Method(Protocol):
    """A plain record that can be sent to another process."""

    @property
    def name(self) -> str:
        """As it stands in the table."""
        ...

    @property
    def kind(self) -> Kind: ...

    @property
    def mark(self) -> str:
        """What it is made of; results under another mark are not its own."""
        ...

    @property
    def needs_another(self) -> bool:
        """Whether the picture of another clip takes part."""
        ...

    def remix(self, clip: EvalClip) -> Mix:
        """The mix, and the gains where it decides any. Raises the errors of `limelight.errors`."""
        ...


def methods_of(names: Sequence[str], entries: Iterable[Entry], *, by_cue: bool = False) -> tuple[Method, ...]:
    """The controls, then what is named, each model with its pictures; `entries` are all clips of the data set.

    `by_cue`: also each model that is told cues with each kind of them from another clip.

    Raises InputError, ModelError.
    """
    entries, models = list(entries), [name for name in names if name.partition(":")[0] not in BASELINES]
    called = dict(zip(models, names_of(models), strict=True))
    separators = {DEFAULT_SEPARATOR: DEFAULT_SEPARATOR} | {
        name: said for name, said in called.items() if has_stems(name)
    }
    found: list[Method] = [DO_NOTHING, fixed_loudness(), BEST_GAIN, GAINS_ON_TRUE]
    found += [gains_on_stems_of(name, said) for name, said in separators.items()]
    for name in names:
        own = ModelMethod(name, called[name]) if name in called else None
        found += _by_model(own, by_cue=by_cue) if own else [_baseline(name, entries)]
    seen: set[str] = set()
    for method in found:
        if method.name in seen:
            raise InputError(f"Wanted two methods called {method.name!r}; leave one out.")
        seen.add(method.name)
    return tuple(found)


def _baseline(name: str, entries: Sequence[Entry]) -> Method:
    """Either rule, alone or with a separator: `separate-and-level:bandit`. Raises InputError, ModelError."""
    rule, _, separator = name.partition(":")
    wished = separator or DEFAULT_SEPARATOR
    found = by_films(wished) if rule == FILM_NAME else by_training(wished, entries)
    return replace(found, name=f"{rule} ({separator})") if separator else found


def _by_model(own: ModelMethod, *, by_cue: bool) -> Iterator[Method]:
    yield own
    if own.looks:
        yield from (replace(own, picture=picture) for picture in (ANOTHER, NONE))
    if by_cue and own.told_cues:
        yield from (replace(own, picture=kind) for kind in KINDS)
