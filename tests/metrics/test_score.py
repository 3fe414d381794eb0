"""Two files compared: the same figures as on arrays, with stems and without."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pytest
from dataset.stems import make_stems

from limelight.errors import InputError
from limelight.media.audio_files import write_sound
from limelight.metrics.registry import BY_NAME, measure
from limelight.metrics.score import for_json, in_words, mono, score_files, score_table
from limelight.types import STEMS

RATE = 44_100


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """target.wav, input.wav (speech 6 dB down, music 6 dB up) and the stems, as stereo at the metrics' own rate."""
    folder = tmp_path_factory.mktemp("sounds")
    stems = make_stems(1.5, channels=2)
    gains = np.array([0.5, 2, 1], np.float32)[:, None, None]
    sounds = {"target": stems.sum(axis=0), "input": (gains * stems).sum(axis=0), **dict(zip(STEMS, stems, strict=True))}
    for name, sound in sounds.items():
        write_sound(folder / f"{name}.wav", [sound], sample_rate=RATE, layout="stereo")
    return folder


def test_a_file_against_itself(folder: Path) -> None:
    scores = score_files(folder / "target.wav", folder / "target.wav", stems=folder)
    assert scores["si_sdr_db"] == 100
    assert scores["artefacts_db"] > 60
    assert {name for name, value in scores.items() if value > 1e-4} == {"si_sdr_db", "artefacts_db"}


def test_files_score_what_their_samples_score_times_a_hundred(folder: Path) -> None:
    output, target = (mono(folder / f"{name}.wav") for name in ("input", "target"))
    stems = np.stack([mono(folder / f"{stem}.wav") for stem in STEMS])
    raw = measure(output, target, stems=stems)
    scores = score_files(folder / "input.wav", folder / "target.wav", stems=folder)
    assert scores == {name: BY_NAME[name].shown(value) for name, value in raw.items()}
    assert scores["mag"] == 100 * raw["mag"]
    assert scores["env_pooled"] == scores["env"]
    assert scores["gain_error_db"] == pytest.approx(4.01, abs=0.05)  # −6, 6, 0 about their mean
    assert set(score_files(folder / "input.wav", folder / "target.wav")) == set(scores) - {
        "gain_error_db",
        "balance_error_lu",
        "artefacts_db",
    }


def test_two_hundred_clips_take_minutes_and_not_hours() -> None:
    """Three minutes on two cores are 1.8 s of one for each of 200 clips of ten seconds; about a quarter is needed."""
    sounds = 0.1 * np.random.default_rng(0).standard_normal((4, 10 * RATE)).astype(np.float32)
    started = time.process_time()
    measure(sounds[0], sounds[1:].sum(axis=0), stems=sounds[1:])
    assert time.process_time() - started < 1.8


def test_a_table_says_what_is_gone(folder: Path) -> None:
    before = {"mag": 20.0, "si_sdr_db": 3.0, "gain_error_db": float("nan")}
    after = {"mag": 15.0, "si_sdr_db": 4.5, "gain_error_db": float("nan")}
    mag, si_sdr, gains = score_table(after, before).splitlines()
    assert mag.endswith("−25 %")
    assert si_sdr.endswith("+1.5 dB")
    assert "–" in gains
    assert json.dumps(for_json(after), allow_nan=False).endswith('"gain_error_db": null}')


def test_what_does_not_belong_together_is_refused(folder: Path, tmp_path: Path) -> None:
    write_sound(tmp_path / "long.wav", [np.zeros((1, 3 * RATE), np.float32)], sample_rate=RATE, layout="mono")
    with pytest.raises(InputError, match=r"long\.wav lasts 3\.00 s"):
        score_files(tmp_path / "long.wav", folder / "target.wav")
    with pytest.raises(InputError, match=r"there is no speech"):
        score_files(folder / "input.wav", folder / "target.wav", stems=tmp_path)


def test_what_is_better_and_what_is_worse_is_said_in_words() -> None:
    before = {"mag": 20.0, "env": 4.0, "w_dis": 0.2, "si_sdr_db": 3.0, "gain_error_db": float("nan")}
    after = {"mag": 15.0, "env": 4.01, "w_dis": 0.374, "si_sdr_db": 4.5, "gain_error_db": float("nan")}
    better, worse = in_words(after, before).split(". Worse: ")
    assert "MAG (−25 %)" in better
    assert "SI-SDR (+1.5 dB)" in better  # which is better the higher it is
    assert worse == "W-dis (+87 %)."
    assert "ENV" not in better + worse  # a quarter of a percent is as before
    assert in_words(before, before) == "Better than the input: nothing. Worse: nothing."
