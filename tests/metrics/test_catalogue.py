from metrics.signals import noises

from limelight.metrics.analysed import Analysed, papers_metrics
from limelight.metrics.registry import BY_NAME, METRICS, OF_GOOD_MIXES, with_stems


def test_every_metric_that_is_measured_has_its_column() -> None:
    stems = noises(0.5)
    mix = stems.sum(axis=0)
    measured = {*papers_metrics(Analysed(mix), Analysed(mix)), *with_stems(mix, mix, stems)}
    others = {
        "env_pooled",
        "kld",
        "delta_ib",
        "si_sdr_db",
        "harm",
        "harm_gain_db",
        "decided_error_db",
        "decided_harm_db",
    }
    assert measured | others == set(BY_NAME)
    assert len(METRICS) == len(BY_NAME)


def test_the_papers_are_printed_times_a_hundred_and_decibels_as_they_are() -> None:
    assert BY_NAME["mag"].shown(0.25) == 25.0
    assert BY_NAME["si_sdr_db"].shown(3.5) == 3.5
    assert all(metric.unit in ("dB", "LU") for metric in METRICS if metric.name.endswith(("_db", "_lu")))
    assert {metric.name for metric in METRICS if metric.higher_is_better} == {"si_sdr_db", "artefacts_db"}
    untouched = {metric.name for metric in METRICS if metric.perfect_untouched}
    assert untouched == {"artefacts_db", *OF_GOOD_MIXES}
