"""What is delivered is measured on the file: targets hold after encoding, and no peak is over the ceiling."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest
from film_sound import noise
from recordings import Track, level, recording
from voices import RATE, chords, voice

from limelight.api import highlight_video
from limelight.audio.loudness import dialogue_lufs, integrated_loudness
from limelight.audio.peaks import true_peak_db
from limelight.media.formats import NewTrack
from limelight.media.probe import probe
from limelight.media.read_audio import read_audio
from limelight.mixing.controls import LOUDNESS_TARGETS, Controls
from limelight.mixing.render import MOST_TIMES, Delivery, LevelMeter, Levels
from limelight.mixing.track_roles import find_tracks
from limelight.models.directors.style import Style


def heard(path):
    info = probe(path)
    return np.concatenate(list(read_audio(info, info.soundtracks[0])), axis=1)


def test_dialogue_is_measured_where_somebody_speaks():
    powers = np.repeat(10 ** (np.array([-20.0, -40.0, -90.0, -10.0]) / 10), 10)
    spoken = np.repeat([True, True, True, False], 10)
    wished = -0.691 + 10 * np.log10((0.01 + 0.0001) / 2)  # the third is under the gate, over the fourth nobody speaks
    assert dialogue_lufs(powers, spoken) == pytest.approx(wished)
    assert dialogue_lufs(powers, np.zeros_like(spoken)) == -math.inf


def test_a_meter_tells_the_levels_of_the_whole_and_of_its_dialogue():
    sound = np.concatenate([level(noise(4, RATE, 1)[0], -20), level(noise(4, RATE, 1)[0], -30)], axis=1)
    meter = LevelMeter([1.0] * 40 + [0.0] * 41, 0.1)
    for block in np.array_split(sound, 7, axis=1):
        meter.hear(block, RATE, "mono")
    levels = meter.finish()
    assert levels.loudness_lufs == pytest.approx(integrated_loudness(sound, RATE, layout="mono"))
    assert levels.true_peak_dbtp == pytest.approx(true_peak_db(sound), abs=0.01)
    assert levels.dialogue_lufs == pytest.approx(-20, abs=0.1)
    assert levels.speech_share == pytest.approx(0.5, abs=0.02)
    assert LevelMeter(None, 0.1).finish() == Levels(-math.inf, 0.0, -math.inf, None, None)


def test_netflix_asks_for_the_whole_where_hardly_anybody_speaks():
    netflix = LOUDNESS_TARGETS["netflix"]
    assert (netflix.lufs_at(0.5), netflix.lufs_at(0.1)) == (-27, -24)
    assert Levels(-25, 0, 0, -28, 0.5).measured(netflix) == -28
    assert Levels(-25, 0, 0, -28, 0.1).measured(netflix) == -25
    assert Controls(loudness="netflix").ceiling_dbtp == -2
    assert Controls(loudness="netflix", true_peak_dbtp=-3).ceiling_dbtp == -3


class Encoder:
    """Adds what encoders add: so much to the loudness and the peaks of what it is given."""

    def __init__(self, plan, louder: float, over: float) -> None:
        self.sound = level(noise(3, RATE, 1)[0], -20)
        self.louder, self.over, self.asked = louder, over, []
        self.plan = plan

    def blocks(self, plan, limit_dbtp: float):
        self.asked.append((plan.makeup_db, limit_dbtp))
        return [plan.makeup_db]


class Plan(SimpleNamespace):
    def model_copy(self, update):
        return Plan(**(self.__dict__ | update))


def delivered(louder: float, over: float) -> Delivery:
    """A delivery at −20 LUFS under −1 dBTP through an encoder that adds these."""
    plan = Plan(
        makeup_db=0.0,
        ceiling_dbtp=-1.0,
        speech_presence=None,
        step_seconds=0.1,
        controls=SimpleNamespace(loudness=-20.0, true_peak_dbtp=None),
    )
    encoder = Encoder(plan, louder, over)
    delivery = Delivery.of(plan, encoder.blocks, true_peak_dbtp=None, lossy=True, untouched=False)
    for _ in range(10):
        sound = encoder.sound * 10 ** ((delivery.plan.makeup_db + louder) / 20)
        peak = 10 ** ((delivery.limit_dbtp + over) / 20)
        sound = np.append(sound, np.full((1, 200), peak, np.float32) * np.sin(np.arange(200) / 9), axis=1)
        delivery.hear(sound.astype(np.float32), RATE, "mono")
        if delivery.again() is None:
            return delivery
    raise AssertionError("it does not end")


@pytest.mark.parametrize("louder", [-0.8, 0.0, 0.1, 0.6])
@pytest.mark.parametrize("over", [0.0, 0.4, 1.3])
def test_what_the_encoder_adds_is_taken_off(louder, over):
    done = delivered(louder, over)
    assert done.levels.loudness_lufs == pytest.approx(-20, abs=0.3)
    assert done.levels.true_peak_dbtp <= -1
    assert not done.notes


def test_it_ends_and_says_what_is_missed():
    done = delivered(-9.0, 0.0)
    assert done._times <= MOST_TIMES
    assert "missed by −8.0 LU" in done.notes[0]


def film(folder, number: int, suffix: str):
    """Voice over music and noise at drawn levels, peaks and lengths."""
    rng = np.random.default_rng(number)
    seconds = float(rng.uniform(8, 14))
    speech = level(voice(seconds, seed=(2, 7)[number % 2]), rng.uniform(-30, -18))
    music = level(chords(seconds), rng.uniform(-40, -20), stereo=True)
    swell = np.interp(np.linspace(0, 1, music.shape[1]), np.linspace(0, 1, 5), rng.uniform(0.2, 1, 5))
    sounds = [Track(speech, "Mic"), Track((music * swell).astype(np.float32), "Music")]
    if number % 3 == 0:
        sounds.append(Track(level(noise(seconds, RATE, 1, seed=number)[0], rng.uniform(-45, -25), stereo=True), "Game"))
    return recording(folder / f"film{number}.{suffix}", sounds)


def delivery_of(folder, number, suffix, target):
    source = film(folder, number, suffix)
    result = highlight_video(
        source,
        folder / f"out{number}.{suffix}",
        tracks=find_tracks(probe(source), tracks="auto"),
        controls=Controls(loudness=target),
        style=Style(left_alone_from_lu=8, too_deep_below_lu=-40, least_speech_share=0.05),
        new_track=NewTrack(bit_rate=(96_000, None)[number % 2]),
    )
    wished = LOUDNESS_TARGETS[target]
    sound = heard(result.dest)
    assert result.levels.true_peak_dbtp <= wished.true_peak_dbtp
    assert true_peak_db(sound) == pytest.approx(result.levels.true_peak_dbtp, abs=0.05)
    assert integrated_loudness(sound, RATE) == pytest.approx(result.levels.loudness_lufs, abs=0.05)
    return result.levels.measured(wished) - wished.lufs_at(result.levels.speech_share), result


@pytest.mark.slow
def test_a_film_is_delivered_to_netflix_by_its_dialogue(tmp_path):
    off, result = delivery_of(tmp_path, 1, "mp4", "netflix")
    assert result.levels.speech_share > 0.15
    assert result.levels.dialogue_lufs == pytest.approx(-27, abs=0.3)
    assert abs(off) <= 0.3


@pytest.mark.slow
@pytest.mark.parametrize("number", range(10))
def test_ten_films_after_encoding(tmp_path, number):
    suffix = ("mp4", "mkv", "mov")[number % 3]
    target = ("youtube", "netflix", "ebu", "podcast", "atsc")[number % 5]
    off, result = delivery_of(tmp_path, number, suffix, target)
    assert abs(off) <= 0.3
    assert not result.notes
    print(number, suffix, target, f"{off:+.2f} LU", f"{result.levels.true_peak_dbtp:.2f} dBTP")  # noqa: T201
