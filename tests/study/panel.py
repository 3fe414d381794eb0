"""A panel that is made up: people whose preferences are known answer a study."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from limelight.study.read import ANSWERS, NO_DIFFERENCE


def answered(key: dict[str, Any], strengths: dict[str, float], person: str, rng: np.random.Generator) -> dict[str, Any]:
    """Answers of one who follows Bradley and Terry (in rankings Plackett and Luce) exactly."""
    version_of = {sound: version for sounds in key["sounds"].values() for sound, version in sounds.items()}
    given: dict[str, dict[str, Any]] = {}
    for trial in key["trials"]:
        if trial["trap"] == "repeat":
            given[trial["id"]] = given[trial["id"].removesuffix("-again")] | {"trial": trial["id"]}
        elif trial["trap"] == "same":
            given[trial["id"]] = {"trial": trial["id"], "preferred": NO_DIFFERENCE}
        elif trial["kind"] == "ranking":
            noise = {s: np.log(strengths[version_of[s]]) + rng.gumbel() for s in trial["sounds"]}
            given[trial["id"]] = {"trial": trial["id"], "ranking": sorted(noise, key=lambda s: -noise[s])}
        else:
            a, b = trial["sounds"]
            odds = strengths[version_of[a]] / (strengths[version_of[a]] + strengths[version_of[b]])
            given[trial["id"]] = {"trial": trial["id"], "preferred": a if rng.random() < odds else b}
    return {"format": ANSWERS, "version": 1, "study": key["study"], "person": person,
            "headphones": {"right": 6, "of": 6, "passed": True}, "trials": list(given.values())}  # fmt: skip


def written(folder: Path, people: list[dict[str, Any]]) -> list[Path]:
    """A file a person."""
    folder.mkdir(exist_ok=True)
    paths = [folder / f"{one['person']}.json" for one in people]
    for path, one in zip(paths, people, strict=True):
        path.write_text(json.dumps(one))
    return paths
