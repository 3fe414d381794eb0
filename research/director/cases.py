"""Cases: a mix as it is given, and as it should be. Each is made from a seed and kept, so that every director gets the same.

    mixtures    stems at the levels of real films together, good with and without ducking; each good, by the papers' rule, with
                a fault that moves
    talkers     people who speak in real pictures, laid over the sound of real films without talk, by the papers' rule
    scenes      several mixtures one after another as one film
    films       finished films in stretches of 30 s at most: given and wished are the same

All are mono at 48 kHz: separators hear a mono downmix, and metrics compare one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limelight.types import Cues, Shot
from limelight.vision.cues import CUE_NAMES

SAMPLE_RATE = 48_000
SCALE = 16_384  # int16 of ± 2
Mono = NDArray[np.float32]


@dataclass(frozen=True, repr=False)
class Case:
    """One mix [N] as given and as wished; `group` is what must not be counted twice."""

    name: str  # SET/KIND-NUMBER
    group: str
    talk: bool  # whether somebody speaks in the good mix, loud enough to be followed
    given: Mono
    wished: Mono
    cuts_seconds: tuple[float, ...] = ()  # where scenes begin, but the first
    cue_values: NDArray[np.float32] | None = None  # [seconds, D] of real pictures
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        return self.name.rsplit("-", 1)[0]

    @property
    def good(self) -> bool:
        return self.given is self.wished or bool(self.facts.get("good"))

    @property
    def seconds(self) -> float:
        return len(self.given) / SAMPLE_RATE

    @property
    def cues(self) -> Cues:
        """What is seen: shots between the cuts; values as measured, or unlike from scene to scene where nothing is."""
        edges = [0.0, *self.cuts_seconds, self.seconds]
        shots = tuple(Shot(a, b, {"camera focus": ""}) for a, b in pairwise(edges))
        if self.cue_values is not None:
            return Cues(CUE_NAMES, self.cue_values, shots)
        values = np.zeros((int(np.ceil(self.seconds)), len(CUE_NAMES)), np.float32)
        scene = np.searchsorted(self.cuts_seconds, np.arange(len(values)) + 0.5)
        values[scene % 2 == 1] = 1.0
        return Cues(CUE_NAMES, values, shots)


def write(folder: Path, case: Case) -> None:
    """Keeps a case; its sound in 16 bits."""
    path = path_of(folder, case.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    facts = case.facts | {"good": case.good, "group": case.group, "talk": case.talk, "cuts": case.cuts_seconds}
    arrays = {"given": _whole(case.given), "facts": np.array(json.dumps(facts))}
    if not case.good:
        arrays["wished"] = _whole(case.wished)
    if case.cue_values is not None:
        arrays["cue_values"] = case.cue_values
    draft = path.with_name("." + path.name)
    np.savez(draft, **arrays)  # type: ignore[arg-type]
    draft.rename(path)


def read(folder: Path, kind: str) -> Iterator[Case]:
    """The cases of a kind, in order."""
    for path in sorted(folder.glob(f"{kind}-*.npz")):
        yield read_one(folder, path)


def read_one(folder: Path, path: Path) -> Case:
    with np.load(path, allow_pickle=False) as file:
        facts = json.loads(str(file["facts"]))
        given = file["given"].astype(np.float32) / SCALE
        wished = file["wished"].astype(np.float32) / SCALE if "wished" in file else given
        cue_values = file.get("cue_values")
    name = path.relative_to(folder).with_suffix("").as_posix()
    group, talk, cuts = facts.pop("group"), facts.pop("talk"), tuple(facts.pop("cuts"))
    return Case(name, group, talk, given, wished, cuts, cue_values, facts)


def path_of(folder: Path, name: str) -> Path:
    return folder / f"{name}.npz"


def _whole(x: Mono) -> NDArray[np.int16]:
    return np.clip(np.rint(x * SCALE), -32768, 32767).astype(np.int16)
