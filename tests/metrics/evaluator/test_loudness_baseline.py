from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from dataset.entries import entry
from fakes import by_region
from metrics.evaluator.sets import install, model, write_set

from limelight.audio.loudness import integrated_loudness
from limelight.errors import InputError
from limelight.metrics.clips import read_eval_clip
from limelight.metrics.methods import LoudnessBaseline, by_films, by_training, usual_levels


def test_each_stem_comes_to_its_usual_loudness(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stems that the model separates perfectly: a low tone, a middle one, a high one."""
    install(monkeypatch, lite=model(masks=by_region()))
    entries = write_set(tmp_path)
    clip = read_eval_clip(tmp_path, entries[0], entries[0])
    time = np.arange(clip.input.shape[1]) / 48_000
    tones = np.stack([0.1 * np.sin(2 * np.pi * hertz * time)[None] for hertz in (300, 2000, 9000)]).astype(np.float32)
    given = replace(clip, input=tones.sum(axis=0))
    output = LoudnessBaseline("lite", "usual", (-30.0, -25.0, -40.0)).remix(given).samples
    wished = sum(
        tone * 10 ** ((lufs - integrated_loudness(tone, 48_000, layout="mono")) / 20)
        for tone, lufs in zip(tones, (-30.0, -25.0, -40.0), strict=True)
    )
    middle = slice(4800, -4800)  # a tone that begins out of nothing is in all bands
    assert np.abs(output - wished)[:, middle].max() < 0.01 * np.abs(wished).max()


def test_traces_are_not_raised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, lite=model(masks=by_region()))
    entries = write_set(tmp_path)
    clip = read_eval_clip(tmp_path, entries[0], entries[0])
    tone = 0.1 * np.sin(2 * np.pi * 300 * np.arange(clip.input.shape[1]) / 48_000)
    given = replace(clip, input=(tone * np.hanning(tone.size))[None].astype(np.float32))  # no music, no effects
    output = LoudnessBaseline("lite", "usual", (-30.0, -30.0, -30.0)).remix(given).samples
    assert integrated_loudness(output, 48_000, layout="mono") == pytest.approx(-30, abs=0.1)


def test_what_is_usual_is_measured_on_training_targets_where_a_stem_is_heard() -> None:
    def clip(name: str, split: str, speech: float | None, music: float) -> object:
        levels = {"speech": speech, "music": music, "effects": -30.0, "target": -22.0, "input": -20.0}
        return entry(name, split=split, loudness_lufs=levels)

    entries = [
        clip("a", "train", -24.0, -28.0),
        clip("b", "train", -26.0, -70.0),
        clip("c", "train", None, -30.0),
        clip("d", "test", -5.0, -5.0),
    ]
    assert usual_levels(entries) == (-25.0, -29.0, -30.0)
    assert by_training("lite", entries).usual_lufs == (-25.0, -29.0, -30.0)
    with pytest.raises(InputError, match="no training clip"):
        usual_levels(entries[-1:])


def test_films_have_a_table_of_their_own() -> None:
    assert by_films("lite").usual_lufs == (-27.0, -32.0, -32.0)
    assert by_films("lite").said == "separate-and-level-film sets speech −27.0, music −32.0, effects −32.0 LUFS."
    assert by_films("lite").mark != LoudnessBaseline("lite", "x", (0.0, 0.0, 0.0)).mark
