"""The metrics by name: what each is called in a table, its unit, and which way is better.

Every metric that needs the true stems, at one explanation of the output for all of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from limelight.metrics import artefacts, balance
from limelight.metrics.explanation import moved, moving_gains, validate_stems
from limelight.metrics.papers import SAMPLE_RATE, Signal, validate

HUNDREDTHS = "× 100"


@dataclass(frozen=True)
class Metric:
    """One column of a table."""

    name: str  # as in JSON
    title: str
    unit: str = HUNDREDTHS
    higher_is_better: bool = False
    perfect_untouched: bool = False  # whoever does nothing has the best figure there is

    def shown(self, value: float) -> float:
        """A raw value as it is printed."""
        return 100 * value if self.unit == HUNDREDTHS else value

    @property
    def digits(self) -> int:
        """After the point, as it is printed."""
        return 1 if self.unit == "LU" or self.higher_is_better else 2


PAPERS = (Metric("mag", "MAG"), Metric("env", "ENV"), Metric("env_pooled", "ENV, pooled"), Metric("w_dis", "W-dis"))
BY_NETWORKS = (Metric("kld", "KLD"), Metric("delta_ib", "ΔIB"))
LEVEL_MATCHED = (
    Metric("mag_level_matched", "level-matched MAG"),
    Metric("env_level_matched", "level-matched ENV"),
)
BY_STEMS = (
    Metric("gain_error_db", "gain error", "dB"),
    Metric("balance_error_lu", "balance error", "LU"),
    Metric("artefacts_db", "artefacts", "dB", higher_is_better=True, perfect_untouched=True),
)
SI_SDR = Metric("si_sdr_db", "SI-SDR", "dB", higher_is_better=True)
HARM = (
    Metric("harm", "harm", perfect_untouched=True),
    Metric("harm_gain_db", "harm, gains", "dB", perfect_untouched=True),
)
DECIDED = (
    Metric("decided_error_db", "error of the decided gains", "dB"),
    Metric("decided_harm_db", "decided change of a good mix", "dB", perfect_untouched=True),
)
OF_GOOD_MIXES = ("harm", "harm_gain_db", "decided_harm_db")  # what was made of a mix that was right

METRICS = (*PAPERS, *BY_NETWORKS, *LEVEL_MATCHED, *BY_STEMS, SI_SDR, *HARM, *DECIDED)
BY_NAME = {metric.name: metric for metric in METRICS}


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
