"""The demo film, by the style of `make demo`, sounds as when the rule first stood: the same gains, the same sound to −100 dB.

The sound is kept as a sketch: each sample, with a random sign, is added to one of 256 sums. The sketch of a difference has the
difference's power, give or take a tenth (Charikar et al. 2002), so that two sketches tell how far two sounds are apart.

python tests/test_same_sound.py    writes what is kept: only where the rule itself is to change
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from limelight.api import analyse, mixer_of, usual_encoder
from limelight.mixing.controls import Controls
from limelight.mixing.job import Job, Scratch
from limelight.mixing.plan import MixPlan
from limelight.models.directors.style import load_style
from limelight.types import Samples

DEMO = Path(__file__).parent.parent / "examples" / "demo.mp4"
KEPT = Path(__file__).with_name("demo_sound.json")
SUMS = 256


def sketch(sound: Samples) -> np.ndarray:
    """Sound [C, N] to sums [256]."""
    rng = np.random.default_rng(0)
    signed = sound.ravel() * (2.0 * rng.integers(0, 2, sound.size) - 1)
    return np.bincount(rng.integers(0, SUMS, sound.size), signed, SUMS)


def apart_db(now: np.ndarray, then: np.ndarray) -> float:
    return float(10 * np.log10(np.square(now - then).sum() / np.square(then).sum() + 1e-30))


def plan_and_sound() -> tuple[MixPlan, Samples]:
    """What the packaged models make of the demo film, before it is encoded."""
    job, mixer = Job.of(DEMO), mixer_of(None, None, None, style=load_style("generated"))
    with Scratch() as job.scratch:
        plan = mixer.plan(job, analyse(job, usual_encoder(mixer)), Controls())
        return plan, np.concatenate(list(mixer.blocks(job, plan)), axis=1)


def test_a_sketch_tells_how_far_sounds_are_apart() -> None:
    rng = np.random.default_rng(1)
    sound, other = rng.normal(size=(2, 2, 50_000))
    for level_db in (-110, -60, -10):
        near = sound + 10 ** (level_db / 20) * other
        assert apart_db(sketch(near), sketch(sound)) == pytest.approx(level_db, abs=1.5)


@pytest.mark.slow
def test_the_demo_film_sounds_as_when_the_rule_first_stood() -> None:
    kept = json.loads(KEPT.read_text(encoding="utf-8"))
    plan, sound = plan_and_sound()
    assert max(plan.gains_db["speech"]) > 3  # talk that lies under the rest comes up
    for stem, curve in kept["gains_db"].items():
        np.testing.assert_allclose(plan.gains_db[stem], curve, atol=0.011)
    assert apart_db(sketch(sound), np.array(kept["sketch"])) < -100


if __name__ == "__main__":
    plan, sound = plan_and_sound()
    said = {"gains_db": plan.gains_db, "sketch": sketch(sound).round(7).tolist()}
    KEPT.write_text(json.dumps(said) + "\n", encoding="utf-8")
