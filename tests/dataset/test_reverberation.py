import numpy as np
import pytest

from limelight.audio.loudness import integrated_loudness
from limelight.dataset.augmentation import NOISES, RoomAndNoise, sample_room_and_noise
from limelight.dataset.sounds import SAMPLE_RATE


def mix(channels: int = 1) -> np.ndarray:
    return (0.1 * np.random.default_rng(0).standard_normal((channels, 2 * SAMPLE_RATE))).astype(np.float32)


def lufs(samples: np.ndarray) -> float:
    return integrated_loudness(samples, SAMPLE_RATE, layout="mono" if len(samples) == 1 else "stereo")


@pytest.mark.parametrize("noise", NOISES)
def test_noise_lies_as_far_behind_as_the_record_says(noise: str) -> None:
    dry = mix(2)
    wet = RoomAndNoise(None, noise, noise_seed=4, noise_below_mix_lu=12.5)(dry, layout="stereo")
    assert lufs(wet - dry) - lufs(dry) == pytest.approx(-12.5, abs=0.05)


@pytest.mark.parametrize(("noise", "per_octave"), [("white", 0.0), ("pink", -3.0), ("brown", -6.0)])
def test_noises_fall_as_they_are_called(noise: str, per_octave: float) -> None:
    dry = mix()
    added = RoomAndNoise(None, noise, 1, 0.0)(dry, layout="mono") - dry
    power = np.abs(np.fft.rfft(added[0])) ** 2
    hertz = np.fft.rfftfreq(added.shape[1], 1 / SAMPLE_RATE)
    octaves = [10 * np.log10(power[(hertz > f) & (hertz < 2 * f)].mean()) for f in (500, 1000, 2000, 4000)]
    assert np.diff(octaves) == pytest.approx([per_octave] * 3, abs=0.6)


def test_a_record_gives_the_same_samples_again_and_another_seed_others() -> None:
    around = RoomAndNoise(7, "pink", 8, 10.0)
    first = around(mix(), layout="mono")
    assert first.tobytes() == around(mix(), layout="mono").tobytes()
    assert first.tobytes() != RoomAndNoise(7, "pink", 9, 10.0)(mix(), layout="mono").tobytes()


def test_silence_stays_silent() -> None:
    silence = np.zeros((2, SAMPLE_RATE), np.float32)
    for noise in (*NOISES, None):
        assert not RoomAndNoise(3, noise, 1, 6.0)(silence, layout="stereo").any()


def test_a_room_alone_keeps_the_direct_sound() -> None:
    click = np.zeros((1, SAMPLE_RATE), np.float32)
    click[0, 100] = 0.5
    wet = RoomAndNoise(5, None, 0, 0.0)(click, layout="mono")
    assert np.abs(wet[0, :100]).max() < 1e-6
    assert wet[0, 100] == pytest.approx(0.5, abs=1e-6)
    assert np.abs(wet[0, 200:]).max() > 1e-5


def test_rooms_noises_and_both_are_drawn_and_larger_steps_bring_the_noise_nearer() -> None:
    rng = np.random.default_rng(0)
    drawn = [sample_room_and_noise(rng, 9.0) for _ in range(60)]
    kinds = {(one.room_seed is not None, one.noise is not None) for one in drawn}
    assert kinds == {(True, False), (False, True), (True, True)}
    assert {one.noise for one in drawn} == {*NOISES, None}
    near, far = (
        np.mean([sample_room_and_noise(rng, step).noise_below_mix_lu for _ in range(20)]) for step in (12.0, 6.0)
    )
    assert near < far - 8


@pytest.mark.parametrize(
    ("around", "words"),
    [
        (RoomAndNoise(1, None, 0, 9.0), "in a room"),
        (RoomAndNoise(None, "hum", 0, 9.0), "hum noise 9 LU behind"),
        (RoomAndNoise(1, "pink", 0, 9.0), "in a room and pink noise 9 LU behind"),
    ],
)
def test_says_what_it_is(around: RoomAndNoise, words: str) -> None:
    assert str(around) == words
