import numpy as np
import pytest

from research.painted.timing import CURVE_RATE, Onset, curve_at, timing_of
from research.tests.painted.staging import SAMPLE_RATE, envelope, stems, timing


def test_the_mouth_follows_the_envelope_of_speech() -> None:
    mouth = timing().mouth
    wanted = envelope(4.0)[:: SAMPLE_RATE // CURVE_RATE]
    assert np.corrcoef(mouth, wanted)[0, 1] > 0.9
    assert mouth.max() > 0.8
    assert mouth.min() < 0.1


def test_the_mouth_is_shut_while_nobody_speaks() -> None:
    assert timing(until=2.0).mouth[210:].max() < 1e-3


def test_hits_are_found_where_the_effects_begin() -> None:
    told = (0.5, 1.27, 2.9)
    found = [hit.time_seconds for hit in timing(talks=False, hits=told).hits]
    np.testing.assert_allclose(found, told, atol=0.03)


def test_beats_come_from_the_music_and_hits_from_the_effects() -> None:
    both = timing(hits=(1.0,), beats=(0.5, 1.5, 2.5))
    assert [round(hit.time_seconds, 1) for hit in both.hits] == [1.0]
    assert [round(beat.time_seconds, 1) for beat in both.beats] == [0.5, 1.5, 2.5]


def test_a_quiet_hit_is_weaker_than_a_loud_one() -> None:
    sound = stems(4.0, talks=False, hits=(1.0, 3.0))
    sound[2, : 2 * SAMPLE_RATE] *= 0.2
    quiet, loud = timing_of(sound).hits
    assert quiet.strength < 0.7 * loud.strength


def test_level_does_not_matter() -> None:
    sound = stems(hits=(1.0, 2.0), beats=(0.5,))
    loud, soft = timing_of(sound), timing_of(0.1 * sound)
    np.testing.assert_allclose(loud.mouth, soft.mouth, atol=0.02)
    assert [hit.time_seconds for hit in loud.hits] == [hit.time_seconds for hit in soft.hits]


def test_silence_moves_nothing() -> None:
    still = timing_of(np.zeros((3, SAMPLE_RATE), np.float32))
    assert not any(curve.any() for curve in (still.mouth, still.effects_level, still.music_level))
    assert still.hits == still.beats == ()
    assert still.seconds == pytest.approx(1.0)


def test_a_curve_is_straight_between_its_points_and_held_beyond() -> None:
    curve = np.array([0.0, 1.0])
    assert curve_at(curve, 0.5 / CURVE_RATE) == pytest.approx(0.5)
    assert curve_at(curve, -1.0) == 0.0
    assert curve_at(curve, 9.0) == 1.0


@pytest.mark.parametrize("shape", [(2, 48_000), (48_000,), (3, 100)])
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="wanted stems"):
        timing_of(np.zeros(shape, np.float32))


def test_onsets_say_when_and_how_strong() -> None:
    assert Onset(1.0, 0.5) == Onset(time_seconds=1.0, strength=0.5)
