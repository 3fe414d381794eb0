"""The metrics by name: what each is called in a table, its unit, and which way is better."""

from __future__ import annotations

from dataclasses import dataclass

HUNDREDTHS = "× 100"


@dataclass(frozen=True)
class Metric:
    """One column of a table."""

    name: str  # as in JSON
    title: str
    unit: str = HUNDREDTHS
    higher_is_better: bool = False

    def shown(self, value: float) -> float:
        """A raw value as it is printed."""
        return 100 * value if self.unit == HUNDREDTHS else value


PAPERS = (Metric("mag", "MAG"), Metric("env", "ENV"), Metric("env_pooled", "ENV, pooled"), Metric("w_dis", "W-dis"))
BY_NETWORKS = (Metric("kld", "KLD"), Metric("delta_ib", "ΔIB"))
LEVEL_MATCHED = (
    Metric("mag_level_matched", "level-matched MAG"),
    Metric("env_level_matched", "level-matched ENV"),
)
BY_STEMS = (
    Metric("gain_error_db", "gain error", "dB"),
    Metric("balance_error_lu", "balance error", "LU"),
    Metric("artefacts_db", "artefacts", "dB", higher_is_better=True),
)
SI_SDR = Metric("si_sdr_db", "SI-SDR", "dB", higher_is_better=True)
HARM = Metric("harm", "harm")

METRICS = (*PAPERS, *BY_NETWORKS, *LEVEL_MATCHED, SI_SDR, *BY_STEMS, HARM)
BY_NAME = {metric.name: metric for metric in METRICS}
