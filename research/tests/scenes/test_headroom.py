"""What looking is worth, on scenes whose answer is known by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from limelight.errors import InputError
from research.scenes.headroom import BOTH, BY_EAR, WITH, WITHOUT, Observed, guess_errors_db, mean_error_db, observe

LEVELS = {"talk": [-20.0, -40.0, np.nan], "scenery": [-40.0, -20.0, np.nan]}


def scenes(*, told: bool) -> list[Observed]:
    """Twenty of each of two kinds that are exact opposites; their bad mixes are alike, or give the kind away."""
    found = []
    for kind, levels in LEVELS.items():
        target = np.array(levels)
        to_even = np.array([-10.0, 10.0, 0.0]) if kind == "talk" else np.array([10.0, -10.0, 0.0])
        changes = to_even * (0.5 if told else 1.0)
        found += [Observed(f"{kind}{n}", kind, kind, target, changes) for n in range(20)]
    return found


def test_who_looks_knows_and_who_does_not_is_ten_db_off() -> None:
    assert mean_error_db(guess_errors_db(scenes(told=False), WITH)) == pytest.approx(0, abs=1e-9)
    assert mean_error_db(guess_errors_db(scenes(told=False), WITHOUT)) == pytest.approx(10, abs=0.5)
    assert mean_error_db(guess_errors_db(scenes(told=False), BY_EAR)) == pytest.approx(10, abs=0.5)


def test_a_bad_mix_that_gives_the_kind_away_needs_no_eye() -> None:
    assert mean_error_db(guess_errors_db(scenes(told=True), BY_EAR)) < 0.1
    assert mean_error_db(guess_errors_db(scenes(told=True), BOTH)) == pytest.approx(0, abs=1e-9)


def test_one_gain_for_all_is_no_error_and_silence_is_not_counted() -> None:
    louder = [
        Observed(scene.name, scene.kind, scene.shown, scene.target_lufs + n, scene.changes_db)
        for n, scene in enumerate(scenes(told=False))
    ]
    errors = guess_errors_db(louder, WITH)
    assert np.isnan(errors[:, 2]).all()
    np.testing.assert_allclose(errors[:, :2], 0, atol=1e-9)


def test_a_data_set_without_scenes_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="found none"):
        observe(tmp_path, [])
