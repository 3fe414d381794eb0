from itertools import pairwise

import numpy as np

from research.painted.canvas import Size
from research.painted.people import People
from research.painted.timing import Timing
from research.tests.painted.staging import take, timing

SIZE = Size(90, 160)


def restlessness(sound: Timing, **how: object) -> float:
    """How much the picture changes from one eighth of a second to the next."""
    scene = People(take("person", 4, **how), sound, SIZE)
    pictures = [scene.paint(t / 8) for t in range(16)]
    return float(np.mean([np.abs(b - a).mean() for a, b in pairwise(pictures)]))


def test_a_speaker_moves_more_while_there_is_speech() -> None:
    assert restlessness(timing()) > 1.1 * restlessness(timing(talks=False))


def test_who_listens_does_not_move_with_the_speech() -> None:
    assert restlessness(timing(), speaking=None) == restlessness(timing(talks=False), speaking=None)


def test_two_people_fit_side_by_side() -> None:
    alone, both = (People(take("person", 4, people=people), timing(), SIZE).paint(0.0) for people in ((4,), (4, 5)))
    assert both.shape == (90, 160, 3)
    assert np.isfinite(both).all()
    assert np.abs(both - alone).mean() > 0.01
