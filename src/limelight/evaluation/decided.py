"""Gains that somebody decided for the stems, whatever became of them: the decision judged apart from the separation.

    error      each stem's gain, its mean over time, against the one that is right; less the mean over the stems, since
               one gain for all changes no balance. Mean of the absolute values, in dB.
    change     mean absolute gain over stems and time, in dB: of a mix that was right, all of it is harm.

Gains are [K, T] in dB at any rate, T = 1 for gains that do not move; only stems that are there count. Ours alone. NaN
where there is nothing to decide: fewer than two stems for the error, none for the change.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]

SILENT_PEAK = 1e-4  # −80 dBFS


def there(stems: Array) -> NDArray[np.bool_]:
    """Which stems [K, …, N] are there at all, however far behind."""
    return np.asarray(np.abs(stems).reshape(len(stems), -1).max(axis=1, initial=0) > SILENT_PEAK)


def decided_error_db(gains_db: Array, right_db: Array, present: NDArray[np.bool_]) -> float:
    """How far gains [K, T] are from the right ones [K, T′], for the stems that are present [K]."""
    if present.sum() < 2:
        return float("nan")
    error = (gains_db.mean(axis=1) - right_db.mean(axis=1))[present]
    return float(np.abs(error - error.mean()).mean())


def decided_change_db(gains_db: Array, present: NDArray[np.bool_]) -> float:
    """How much gains [K, T] change, for the stems that are present [K]."""
    return float(np.abs(gains_db[present]).mean()) if present.any() else float("nan")
