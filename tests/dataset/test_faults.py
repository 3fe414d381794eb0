import numpy as np
import pytest
from dataset.stems import levels_of, make_stems

from limelight.dataset.faults import EFFECTS, FAULTS, MUSIC, SPEECH, applicable
from limelight.dataset.levels import StemLevels

LEVELS = levels_of(make_stems(8.0))
SILENCE = -np.inf


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.parametrize("step", [6.0, 9.0, 12.0])
def test_no_curve_goes_beyond_its_step(name: str, step: float) -> None:
    for seed in range(5):
        curves = FAULTS[name](rng(seed), LEVELS, step)
        assert curves.shape == LEVELS.powers.shape
        assert np.isfinite(curves).all()
        assert np.abs(curves).max() <= step + 1e-9
        assert np.abs(curves).max() > 0.3 * step  # and it is to be heard


@pytest.mark.parametrize("name", FAULTS)
def test_a_seed_names_a_fault(name: str) -> None:
    assert np.array_equal(FAULTS[name](rng(3), LEVELS, 9.0), FAULTS[name](rng(3), LEVELS, 9.0))


@pytest.mark.parametrize(
    ("name", "moved"),
    [
        ("music never ducks", MUSIC),
        ("music ducks too late", MUSIC),
        ("effects jump out", EFFECTS),
        ("speech drifts off", SPEECH),
    ],
)
def test_one_stem_is_wrong_and_the_others_are_not(name: str, moved: int) -> None:
    curves = FAULTS[name](rng(), LEVELS, 9.0)
    assert not np.delete(curves, moved, axis=0).any()
    assert curves[moved].any()


def test_music_that_never_ducks_is_louder_while_somebody_talks() -> None:
    curve = FAULTS["music never ducks"](rng(), LEVELS, 12.0)[MUSIC]
    talking = LEVELS.active("speech")
    assert curve[talking].mean() > curve[~talking].mean() + 6


def test_ducking_too_late_is_loud_at_the_first_word_and_low_after_the_last() -> None:
    curve = FAULTS["music ducks too late"](rng(), LEVELS, 12.0)[MUSIC]
    starts, ends = 20, 40  # talking from 2 to 4 s
    assert curve[starts + 1 : starts + 4].min() > 6
    assert curve[starts + 17 : ends - 3] == pytest.approx(0, abs=1e-9)
    assert curve[ends + 2 : ends + 5].max() < -6


def test_effects_jump_at_their_own_peaks() -> None:
    powers = np.full((3, 80), 1e-4)
    powers[EFFECTS, 30] = 1.0
    curve = FAULTS["effects jump out"](rng(), StemLevels(powers), 9.0)[EFFECTS]
    assert curve[28:33].max() == pytest.approx(9.0, abs=0.5)


def test_a_compressor_turns_loud_down_and_soft_up_for_all_alike() -> None:
    powers = np.full((3, 80), 1e-5)
    powers[:, 40:] = 1e-3
    curves = FAULTS["everything squashed"](rng(), StemLevels(powers), 12.0)
    assert np.ptp(curves, axis=0).max() == 0
    assert curves[0, 10] > 5
    assert curves[0, 70] < -5


def test_even_loudness_brings_stems_together() -> None:
    levels = levels_of(make_stems(8.0, db=(-18, -24, -26)))
    curves = FAULTS["even loudness"](rng(), levels, 12.0)
    before, after = levels.powers.mean(axis=1), (levels.powers * 10 ** (curves / 10)).mean(axis=1)
    assert np.ptp(np.log(after)) < 0.6 * np.ptp(np.log(before))


def test_only_faults_that_are_possible_are_offered() -> None:
    assert set(applicable(LEVELS)) == set(FAULTS)
    no_speech = applicable(levels_of(make_stems(db=(SILENCE, -20, -20))))
    assert set(no_speech) == {"effects jump out", "everything squashed", "even loudness"}
    assert applicable(levels_of(make_stems(db=(SILENCE, -20, SILENCE)))) == ("everything squashed",)


def test_nothing_is_late_where_nobody_begins_or_ends() -> None:
    powers = np.full((3, 40), 1e-3)
    assert "music ducks too late" not in applicable(StemLevels(powers))
    assert "music never ducks" in applicable(StemLevels(powers))
