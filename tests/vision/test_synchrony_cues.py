"""Who speaks is told by name, ten times a second, with a confidence; what is not known is ½ and 0."""

import numpy as np
import pytest
from vision.test_synchrony import OTHER, OWN, mouth, voice

from limelight.vision.face_tracks import FaceTrack
from limelight.vision.follow import CUE_RATE, NAMES, HeardCurves, SynchronyCues, synchrony_cues
from limelight.vision.synchrony import LIP_RATE, LipCurve, MotionCurve


def face(curve: LipCurve) -> FaceTrack:
    ones = np.ones(len(curve.opening))
    return FaceTrack(curve.times_seconds, ones, ones, 0.3 * ones, curve.opening, curve.confidence)


STILL = face(LipCurve(0.0, np.full(300, 0.05), np.ones(300)))
SPEAKER = face(mouth(OWN, early_seconds=0.02))
SOUND = HeardCurves(voice(OWN).level_db)


def cues(*faces: FaceTrack, sound: HeardCurves = SOUND, duration_seconds: float = 12.0) -> SynchronyCues:
    return synchrony_cues(faces, sound, duration_seconds=duration_seconds)


def test_every_cue_has_a_probability_and_a_confidence_ten_times_a_second() -> None:
    found = cues(SPEAKER, STILL)
    assert found.names == NAMES
    assert found.values.shape == found.confidence.shape == (120, len(NAMES))
    for values in (found.values, found.confidence):
        assert ((values >= 0) & (values <= 1)).all()


def test_the_speaker_is_seen_though_another_is_silent() -> None:
    found = cues(STILL, SPEAKER)
    middle = slice(20, 100)
    assert found.column("speaker_seen")[middle].min() > 0.9
    assert found.column("lips_follow_speech")[middle].min() > 0.9
    assert found.column("speech_unseen")[middle].max() < 0.1


def test_speech_over_a_silent_face_comes_from_elsewhere() -> None:
    found = cues(STILL)
    heard = found.sureness("speaker_seen") > 0
    assert heard.mean() > 0.8
    assert found.column("speech_unseen")[heard].min() > 0.8
    assert found.column("lips_move").max() < 0.1


def test_speech_over_another_talking_face_comes_from_elsewhere_in_time() -> None:
    found = cues(face(mouth(OTHER)))
    assert found.column("lips_move")[20:100].mean() > 0.85
    assert found.column("lips_follow_speech")[40:80].max() < 0.3


def test_with_nobody_in_the_picture_nothing_is_sure() -> None:
    found = cues()
    assert found.column("face_seen").max() == 0
    assert found.sureness("lips_move").max() == found.sureness("lips_follow_speech").max() == 0
    assert found.sureness("speech_unseen").max() <= 0.5
    assert found.lag_seconds == pytest.approx(0.02)


def test_without_speech_nobody_speaks() -> None:
    found = cues(SPEAKER, sound=HeardCurves(SOUND.speech_db, np.zeros(len(OWN))))
    assert found.sureness("speaker_seen").max() == 0
    assert found.column("speech_unseen").max() == 0


def test_two_who_take_turns_are_told_by_their_lips() -> None:
    silent = 0.05 + 0 * mouth(OWN).opening
    first, second = mouth(OWN).opening.copy(), mouth(OWN).opening.copy()
    first[150:], second[:150] = silent[150:], silent[:150]
    ones = np.ones(300)
    left, right = (face(LipCurve(0.0, opening, ones)) for opening in (first, second))
    assert cues(left, right).column("speaker_seen")[10:110].min() > 0.7
    alone = cues(left)
    assert alone.column("speaker_seen")[20:50].min() > 0.9
    assert alone.column("speaker_seen")[75:110].max() < 0.4


def test_motion_that_comes_with_onsets_is_told_from_motion_that_does_not() -> None:
    random = np.random.default_rng(3)
    hits = np.sort(random.uniform(0, 30, 40))
    times = np.arange(0, 30, 1 / 25)
    change = 0.005 + sum(0.1 * np.exp(-0.5 * ((times - hit) / 0.05) ** 2) for hit in hits)
    at = np.arange(3000) / 100
    own = sum(np.exp(-0.5 * ((at - hit - 0.02) / 0.02) ** 2) for hit in hits)
    other = sum(np.exp(-0.5 * ((at - hit) / 0.02) ** 2) for hit in np.sort(random.uniform(0, 30, 40)))
    found = {}
    for name, onset in (("own", own), ("other", other)):
        sound = HeardCurves(np.full(3000, -60.0), np.zeros(3000), onset)
        film = synchrony_cues([], sound, duration_seconds=30, motion=MotionCurve(times, change))
        found[name] = film.column("motion_with_effects")[50:250]
    assert found["own"].min() > 0.9
    assert found["other"].max() < 0.5


def test_cuts_on_onsets_are_cut_to_music() -> None:
    beats = np.arange(0.5, 60, 0.5)
    at = np.arange(6000) / 100
    onset = sum(np.exp(-0.5 * ((at - beat) / 0.02) ** 2) for beat in beats[::2]) + 0.2 * np.random.default_rng(
        0
    ).random(6000)
    sound = HeardCurves(np.full(6000, -60.0), np.zeros(6000), None, onset)
    on, off = (
        synchrony_cues([], sound, duration_seconds=60, cuts_seconds=(beats[4::8] + shift).tolist()).column(
            "cuts_with_music"
        )
        for shift in (0.0, 0.45)
    )
    assert on.min() > 0.9
    assert off.max() < 0.5
    few = synchrony_cues([], sound, duration_seconds=60, cuts_seconds=[1.0, 2.0])
    assert few.sureness("cuts_with_music").max() == 0


def test_a_film_of_no_length_has_no_rows() -> None:
    assert cues(duration_seconds=0.0).values.shape == (0, len(NAMES))
    assert LIP_RATE % CUE_RATE == 5
