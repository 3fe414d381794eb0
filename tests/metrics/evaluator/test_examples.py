from __future__ import annotations

from pathlib import Path

import numpy as np
from dataset.entries import entry
from metrics.evaluator.sets import write_set

from limelight.metrics.methods import DO_NOTHING, GAINS_ON_TRUE
from limelight.metrics.page import examples_of, spread


def test_what_was_done_is_seen_whatever_did_it(tmp_path: Path) -> None:
    entries = write_set(tmp_path, clips=1, train=0)
    (nothing,) = examples_of(tmp_path, entries, DO_NOTHING, 1)
    (right,) = examples_of(tmp_path, entries, GAINS_ON_TRUE, 1)
    np.testing.assert_allclose(nothing.gains_db, 0, atol=1e-3)
    assert right.heard == (True, True, True)
    changes = -np.array([entries[0].changes_db[stem] for stem in ("speech", "music", "effects")])
    np.testing.assert_allclose(right.true_db[1:].mean(axis=1), changes[1:], atol=0.2)  # speech has pauses
    np.testing.assert_allclose(right.gains_db[1:], right.true_db[1:], atol=0.1)


def test_each_kind_is_shown_before_any_is_shown_twice() -> None:
    entries = [entry(str(n), kind="talk" if n < 3 else "action") for n in range(5)]
    assert [one.name for one in spread(entries, 3)] == ["0", "3", "1"]
    assert spread([], 3) == []
