"""Every metric that needs the true stems, at one explanation of the output for all of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from limelight.evaluation import artefacts, balance
from limelight.evaluation.explanation import moved, moving_gains, validate_stems
from limelight.evaluation.metrics import SAMPLE_RATE, Signal, validate


def with_stems(output: Signal, target: Signal, stems: NDArray[np.floating]) -> dict[str, float]:
    """`balance` and `artefacts` by name, of mono signals [N] and the target's stems [K, N]. Raises ValueError."""
    validate(output, target)
    validate_stems(output, stems)
    parts = moved(stems, moving_gains(output, stems, sample_rate=SAMPLE_RATE), sample_rate=SAMPLE_RATE)  # [K, N]
    return {
        "gain_error_db": balance.gain_error_db(output, target, stems),
        "balance_error_lu": balance.balance_error_of_parts_lu(parts[0], output - parts[0], stems[0], target - stems[0]),
        "artefacts_db": artefacts.artefacts_of_parts_db(parts, output, stems),
    }
