"""A mouth that moves with a voice is told from one that moves with another; the lag is found; shuffling kills it."""

import numpy as np
import pytest
from numpy.typing import NDArray

from limelight.vision.face_tracks import FaceTrack
from limelight.vision.synchrony import (
    EDGE,
    LIP_RATE,
    LipCurve,
    LipMatch,
    SpeechCurve,
    changes,
    film_lag,
    follows,
    lip_curves,
    match,
    moves,
)

Vector = NDArray[np.float64]


def syllables(seconds: float, seed: int) -> Vector:
    """Loudness of speech, 100 values a second, 0…1: bumps about five times a second, and pauses."""
    random = np.random.default_rng(seed)
    loud = np.zeros(round(seconds * 100))
    at = 0.2
    while at < seconds - 0.3:
        width, height = random.uniform(0.04, 0.1), random.uniform(0.3, 1)
        loud = np.maximum(loud, height * np.exp(-(((np.arange(len(loud)) / 100 - at) / width) ** 2)))
        at += random.uniform(0.12, 0.3) if random.random() > 0.1 else random.uniform(0.4, 0.8)
    return loud


def voice(loud: Vector) -> SpeechCurve:
    return SpeechCurve(20 * np.log10(loud + 0.01))


def mouth(loud: Vector, *, early_seconds: float = 0.0, noise: float = 0.02, seed: int = 0) -> LipCurve:
    """Lips that open as the voice is loud, some time before it is heard."""
    at = np.arange(len(loud) // 4) / LIP_RATE
    opening = 0.1 * np.interp(at + early_seconds, np.arange(len(loud)) / 100, loud)
    opening += noise * 0.1 * np.random.default_rng(seed).normal(size=len(at))
    return LipCurve(0.0, opening, np.ones(len(at)))


OWN, OTHER = syllables(12, 1), syllables(12, 2)


def test_own_voice_correlates_and_another_does_not() -> None:
    own, other = (match(mouth(OWN), voice(loud), 0.0) for loud in (OWN, OTHER))
    assert own.correlation.min() > 0.5
    assert np.abs(other.correlation).max() < 0.3


def test_own_voice_is_believed_and_another_is_not() -> None:
    own, other = (follows(match(mouth(OWN), voice(loud), 0.0)) for loud in (OWN, OTHER))
    assert own[100:200].min() > 3
    assert other[100:200].max() < 0


def test_shuffled_in_time_nothing_is_left() -> None:
    found = []
    for seed in range(8):
        order = np.random.default_rng(seed).permutation(12)
        shuffled = np.concatenate([OWN[100 * k : 100 * k + 100] for k in order])
        found.append(match(mouth(OWN), voice(shuffled), 0.0))
    assert abs(np.mean([one.correlation.mean() for one in found])) < 0.1
    assert np.mean([follows(one).mean() for one in found]) < 0
    own = match(mouth(OWN), voice(OWN), 0.0).correlation.min()
    assert max(one.correlation.max() for one in found) < 0.6 * own


@pytest.mark.parametrize("lag", [-0.06, 0.0, 0.04, 0.1, 0.14])
def test_the_lag_of_a_film_is_found(lag: float) -> None:
    film = [mouth(OWN, early_seconds=lag)]
    assert film_lag(film, voice(OWN)) == pytest.approx(lag, abs=0.021)


def test_without_mouths_or_with_a_strangers_voice_the_usual_lag_holds() -> None:
    assert film_lag([], voice(OWN)) == pytest.approx(0.02)
    assert film_lag([mouth(OWN[:150])], voice(OTHER)) == pytest.approx(0.02, abs=0.041)


def test_louder_and_wider_is_the_same() -> None:
    found = match(mouth(OWN), voice(OWN), 0.0)
    louder = match(mouth(OWN), SpeechCurve(voice(OWN).level_db + 20), 0.0)
    curve = mouth(OWN)
    wider = match(LipCurve(0.0, 3 * curve.opening + 0.2, curve.confidence), voice(OWN), 0.0)
    np.testing.assert_allclose(found.correlation, louder.correlation, atol=1e-9)
    np.testing.assert_allclose(found.correlation, wider.correlation, atol=1e-9)


def test_more_time_is_more_evidence() -> None:
    counts = [match(mouth(OWN[: 100 * seconds]), voice(OWN), 0.0).count.max() for seconds in (1, 3, 10)]
    assert counts[0] < counts[1] < counts[2]
    assert counts[1] == pytest.approx(3 * 15, rel=0.3)


def test_what_was_not_seen_or_not_heard_is_unknown() -> None:
    curve = mouth(OWN)
    unseen = LipCurve(0.0, curve.opening, np.zeros(len(curve.opening)))
    assert np.abs(follows(match(unseen, voice(OWN), 0.0))).max() == 0
    nobody = SpeechCurve(voice(OWN).level_db, np.zeros(len(OWN)))
    assert np.abs(follows(match(curve, nobody, 0.0))).max() == 0
    assert np.abs(follows(match(curve, SpeechCurve(np.zeros(0)), 0.0))).max() == 0


def test_a_still_mouth_does_not_talk() -> None:
    still = LipCurve(0.0, np.full(300, 0.05), np.ones(300))
    assert moves(match(still, voice(OWN), 0.0)).max() < -2
    assert moves(match(mouth(OWN), voice(OWN), 0.0)).min() > 2


def test_a_slow_change_is_no_motion() -> None:
    drift = LipCurve(0.0, 0.05 + 0.05 * np.sin(2 * np.pi * 0.1 * np.arange(300) / LIP_RATE), np.ones(300))
    assert moves(match(drift, voice(OWN), 0.0))[50:250].max() < 0


@pytest.mark.parametrize(("hertz", "passes"), [(0.1, False), (1.5, True), (4.0, True), (6.0, True), (11.5, False)])
def test_changes_of_talk_pass_and_others_do_not(hertz: float, passes: bool) -> None:
    at = np.arange(-EDGE, 200 + EDGE) / LIP_RATE
    wave, slope = np.sin(2 * np.pi * hertz * at), 2 * np.pi * hertz / LIP_RATE
    kept = changes(wave)[20:180].std() / (np.gradient(wave)[EDGE + 20 : EDGE + 180].std() + 1e-12)
    assert (kept > 0.85) if passes else (kept < 0.3 or slope < 0.03)


def test_the_middle_of_evidence_knows_both_sides_and_its_probability_grows_with_r() -> None:
    n = np.full(3, 45.0)
    rising = follows(LipMatch(np.array([0.0, 0.15, 0.4]), n, n, n))
    assert rising[0] < 0 < rising[2]
    assert rising[0] < rising[1] < rising[2]
    few = follows(LipMatch(np.array([0.4]), np.array([0.5]), n[:1], n[:1]))
    assert few[0] == 0


def track(times: Vector, opening: Vector) -> FaceTrack:
    ones = np.ones(len(times))
    return FaceTrack(times, ones, ones, ones, opening, ones)


def test_uneven_pictures_become_even_and_gaps_are_not_guessed() -> None:
    times = np.concatenate([np.arange(0, 1, 1 / 30), np.arange(2, 3, 1 / 30)])
    (curve,) = lip_curves([track(times, times)])
    seen = curve.confidence > 0
    np.testing.assert_allclose(curve.opening[seen], curve.times_seconds[seen], atol=1e-9)
    assert not seen[(curve.times_seconds > 1.0) & (curve.times_seconds < 1.98)].any()


def test_a_cut_parts_a_track() -> None:
    times = np.arange(0, 3, 1 / 25)
    first, second = lip_curves([track(times, times)], [1.5])
    assert first.times_seconds[-1] < 1.5 <= second.times_seconds[0]
    assert lip_curves([track(times[:8], times[:8])]) == ()
