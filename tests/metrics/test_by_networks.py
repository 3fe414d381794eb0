import math

import numpy as np
import pytest

from limelight.metrics.papers import delta_ib, kld, relevance


def slow_kld(output: list[float], target: list[float]) -> float:
    """Class by class, in Python's own floats."""
    p = [math.exp(x) / sum(map(math.exp, target)) for x in target]
    q = [math.exp(x) / sum(map(math.exp, output)) for x in output]
    return sum(a * math.log((a + 1e-6) / (b + 1e-6)) for a, b in zip(p, q, strict=True))


def test_kld_is_the_slow_one() -> None:
    rng = np.random.default_rng(0)
    output, target = 3 * rng.standard_normal((2, 527))
    assert kld(output, target) == pytest.approx(slow_kld(output.tolist(), target.tolist()))
    assert kld(output + 7, target - 2) == pytest.approx(kld(output, target))  # softmax does not mind


def test_kld_by_hand() -> None:
    """Two classes, ¾ and ¼ against ½ and ½: ¾ ln 1.5 + ¼ ln 0.5."""
    target, output = np.log(np.array([0.75, 0.25])), np.zeros(2)
    assert kld(output, target) == pytest.approx(0.75 * math.log(1.5) + 0.25 * math.log(0.5), rel=1e-4)
    assert kld(target, target) == 0
    assert kld(output, target) != pytest.approx(kld(target, output))  # it is no distance


def test_a_class_that_is_missed_wholly_costs_a_lot_but_not_infinity() -> None:
    assert kld(np.array([0.0, 1000.0]), np.array([1000.0, 0.0])) == pytest.approx(math.log(1e6), rel=1e-6)


def test_delta_ib_by_hand() -> None:
    """Target along both pictures' mean: cosines 1 and 0 → ½; output turned by 90°: 0 and 1 → ½ as well; between: 1/√2."""
    pictures = np.array([[2.0, 0.0], [0.0, 1.0]])
    east, north, between = np.array([3.0, 0]), np.array([0, 1.0]), np.array([1.0, 1.0])
    assert relevance(east, pictures) == pytest.approx(0.5)
    assert delta_ib(north, east, pictures) == pytest.approx(0)
    assert delta_ib(between, east, pictures) == pytest.approx(1 / math.sqrt(2) - 0.5)
    assert delta_ib(east, east, pictures) == 0
    assert delta_ib(-between, between, pictures) == pytest.approx(math.sqrt(2))


def test_what_has_no_meaning_is_refused() -> None:
    with pytest.raises(ValueError, match="one width"):
        kld(np.zeros(3), np.zeros(4))
    with pytest.raises(ValueError, match="finite"):
        kld(np.array([np.nan, 0]), np.zeros(2))
    with pytest.raises(ValueError, match="compared with pictures"):
        relevance(np.zeros(3), np.zeros(3))
    with pytest.raises(ValueError, match="length 0"):
        relevance(np.zeros(3), np.ones((1, 3)))
    with pytest.raises(ValueError, match="finite"):
        relevance(np.array([np.inf, 0.0]), np.ones((1, 2)))
