import pytest
from metrics.signals import noise, noises

from limelight.metrics.artefacts import artefacts_db
from limelight.metrics.balance import balance_error_lu, gain_error_db
from limelight.metrics.registry import with_stems


def test_together_they_say_what_each_says() -> None:
    stems = noises()
    target = stems.sum(axis=0)
    output = 0.5 * stems[0] + stems[1] + 2 * stems[2] + noise(9, stems.shape[1], 0.01)
    assert with_stems(output, target, stems) == pytest.approx(
        {
            "gain_error_db": gain_error_db(output, target, stems),
            "balance_error_lu": balance_error_lu(output, target, stems),
            "artefacts_db": artefacts_db(output, stems),
        }
    )


def test_stems_of_another_length_are_refused() -> None:
    stems = noises(0.2)
    with pytest.raises(ValueError, match="must fit"):
        with_stems(stems[0], stems[0], stems[:, 1:])
