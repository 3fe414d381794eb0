from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fakes import FakeRemixer, remix_card
from metrics.evaluator.sets import install, model, write_set

from limelight.metrics.clips import read_eval_clip
from limelight.metrics.models import ModelMethod, names_of, with_cues_of
from limelight.types import Cues, StemFeatures
from limelight.vision.cues import CUES, KINDS


def follows_a_cue(heard: StemFeatures, seen: Cues) -> np.ndarray:
    """Speech up by a hundred times the second cue, in dB."""
    up = 100 * float(seen.values[:, 1].mean())
    return np.tile(np.array([[up], [0.0], [0.0]]), (1, len(heard.times_seconds)))


def test_each_is_shown_its_own_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = write_set(tmp_path)
    install(monkeypatch, seeing=model(follows_a_cue, looks=True))
    clip = read_eval_clip(tmp_path, entries[0], entries[2])  # the second cue is 0 here, 0.02 there
    own, another, none = (ModelMethod("seeing", "seeing", picture) for picture in ("own", "another", "none"))
    assert np.array_equal(own.remix(clip).samples, clip.input)
    assert np.array_equal(none.remix(clip).samples, clip.input)
    assert not np.allclose(another.remix(clip).samples, clip.input)
    assert [method.name for method in (own, another, none)] == [
        "seeing",
        "seeing, another picture",
        "seeing, no picture",
    ]
    assert len({method.mark for method in (own, another, none)}) == 3
    assert [method.needs_another for method in (own, another, none)] == [False, True, False]
    assert pickle.loads(pickle.dumps(another)) == another  # noqa: S301


def test_one_kind_of_cue_may_be_another_clip_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = write_set(tmp_path)
    install(monkeypatch, seeing=model(follows_a_cue, looks=True))
    clip = read_eval_clip(tmp_path, entries[0], entries[2])
    by_kind = {kind: ModelMethod("seeing", "seeing", kind) for kind in KINDS}
    followed = CUES[1].kind
    for kind, method in by_kind.items():
        assert method.needs_another
        assert method.kind == "picture"
        assert np.array_equal(method.remix(clip).samples, clip.input) == (kind != followed)
    assert by_kind[followed].name == f"seeing, another {followed}"
    whole = ModelMethod("seeing", "seeing", "another").remix(clip).samples
    assert np.allclose(by_kind[followed].remix(clip).samples, whole)


def test_a_shorter_picture_begins_again(tmp_path: Path) -> None:
    entries = write_set(tmp_path)
    clip = read_eval_clip(tmp_path, entries[0], entries[2])
    values = np.arange(6 * len(CUES), dtype=np.float32).reshape(6, -1)
    long, short = (replace(clip.own, cues=replace(clip.own.cues, values=v)) for v in (values, -values[:4]))
    column = 1
    mixed = with_cues_of(long, short, CUES[column].kind).cues.values
    assert np.array_equal(mixed[:, column], -values[[0, 1, 2, 3, 0, 1], column])
    others = [n for n, cue in enumerate(CUES) if cue.kind != CUES[column].kind]
    assert np.array_equal(mixed[:, others], values[:, others])


def test_who_never_learnt_to_look_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, blind=model(), seeing=model(looks=True))
    assert not ModelMethod("blind", "blind").looks
    assert ModelMethod("seeing", "seeing").looks
    install(monkeypatch, told=FakeRemixer(card=remix_card(context="cues", context_width=32)), deaf=FakeRemixer())
    assert ModelMethod("told", "told").looks
    assert not ModelMethod("deaf", "deaf").looks


def test_a_model_that_decides_gains_tells_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = write_set(tmp_path, clips=1, train=0)[0]
    install(monkeypatch, stems=model((3.0, 0.0, 0.0)), once=FakeRemixer())
    clip = read_eval_clip(tmp_path, entry, entry)
    gains_db = ModelMethod("stems", "stems").remix(clip).gains_db
    assert gains_db is not None
    relative = gains_db.mean(axis=1) - gains_db.mean(axis=1)[1]
    assert relative == pytest.approx([3.0, 0.0, 0.0], abs=0.2)
    assert ModelMethod("once", "once").remix(clip).gains_db is None


def test_a_model_is_called_by_what_it_is_not_by_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    told = FakeRemixer(card=remix_card(preset="visah", context="cues", context_width=32, parameters=6_130_000))
    deaf = FakeRemixer(card=remix_card(preset="learn2remix", parameters=370_000))
    lite = model(name="lite")
    models = {"new": model(), "x/y": lite, "a/checkpoint.safetensors": told, "b/new.onnx": told, "c.onnx": deaf}
    install(monkeypatch, **models)
    assert names_of(["new", "x/y", "a/checkpoint.safetensors", "c.onnx"]) == [
        "new",
        "lite",
        "visah (6.1 M, cues)",
        "learn2remix (0.4 M, sound only)",
    ]
    assert names_of(["a/checkpoint.safetensors", "b/new.onnx"]) == [
        "visah (6.1 M, cues) [a]",
        "visah (6.1 M, cues) [new]",
    ]


def test_what_it_was_trained_on_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, told=FakeRemixer(card=remix_card(training_data="800 clips, 7 steps")))
    assert ModelMethod("told", "visah").said == "visah was trained on 800 clips, 7 steps."
    assert ModelMethod("told", "visah", "none").said == ""
