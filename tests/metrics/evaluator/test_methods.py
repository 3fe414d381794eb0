from __future__ import annotations

from pathlib import Path

import pytest
from dataset.entries import entry
from fakes import FakeRemixer, remix_card
from metrics.evaluator.sets import install, model

from limelight.errors import InputError, ModelError
from limelight.metrics.methods import methods_of
from limelight.models.registry import DEFAULT_SEPARATOR
from limelight.vision.cues import KINDS

TRAIN = [entry(loudness_lufs={"speech": -25.0, "music": -30.0, "effects": -28.0, "target": -22.0, "input": -20.0})]
CONTROLS = [
    "do nothing",
    "fixed −27 LUFS",
    "best single gain",
    "best gains, true stems",
    f"best gains, stems of {DEFAULT_SEPARATOR}",
]


def test_controls_are_always_there_and_a_model_that_looks_brings_its_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, ours=model(), seeing=model(looks=True))
    assert [method.name for method in methods_of([DEFAULT_SEPARATOR], [])] == [*CONTROLS, DEFAULT_SEPARATOR]
    every = methods_of(["seeing", "separate-and-level", "separate-and-level-film"], TRAIN)
    assert every[len(CONTROLS)].name == "best gains, stems of seeing"
    found = every[len(CONTROLS) + 1 :]
    assert [(method.name, method.kind) for method in found[:3]] == [
        ("seeing", "method"),
        ("seeing, another picture", "picture"),
        ("seeing, no picture", "picture"),
    ]
    assert [method.name for method in found[3:]] == ["separate-and-level", "separate-and-level-film"]


def test_kinds_of_cues_are_tried_of_models_that_are_told_cues(monkeypatch: pytest.MonkeyPatch) -> None:
    install(
        monkeypatch,
        ours=model(),
        seeing=model(looks=True),
        told=FakeRemixer(card=remix_card(preset="visah", context="cues", context_width=32)),
        read=FakeRemixer(card=remix_card(preset="semmix", context="words", context_width=32)),
    )
    kinds = [method.name for method in methods_of([DEFAULT_SEPARATOR, "seeing", "told", "read"], [], by_cue=True)]
    wished = [name for name in kinds if any(name.endswith(f", another {kind}") for kind in KINDS)]
    assert len(wished) == 2 * len(KINDS)
    assert all(name.startswith(("seeing", "visah")) for name in wished)


def test_the_loudness_baseline_takes_any_separator_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, **{"bandit": model(name="bandit"), DEFAULT_SEPARATOR: model()})
    found = methods_of(
        ["separate-and-level-film", "separate-and-level-film:bandit", "separate-and-level:bandit"], TRAIN
    )
    by_default, by_films, by_training = found[-3:]
    assert [one.name for one in (by_films, by_training)] == [
        "separate-and-level-film (bandit)",
        "separate-and-level (bandit)",
    ]
    assert (by_films.model, by_training.model) == ("bandit", "bandit")  # type: ignore[attr-defined]
    assert by_default.model == DEFAULT_SEPARATOR  # type: ignore[attr-defined]
    assert by_films.usual_lufs == by_default.usual_lufs  # type: ignore[attr-defined]


def test_two_of_one_name_are_told_apart_and_the_same_twice_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, twin = model(), model(name="twin")
    install(monkeypatch, **{"ours": ours, "twin": twin, "old/twin": twin})
    found = methods_of(["twin", "old/twin"], [])
    assert [method.name for method in found[len(CONTROLS) :]] == [
        "best gains, stems of twin",
        "best gains, stems of twin [old/twin]",
        "twin",
        "twin [old/twin]",
    ]
    with pytest.raises(InputError, match="two methods called 'separate-and-level-film'"):
        methods_of(["separate-and-level-film"] * 2, [])


def test_a_model_that_is_not_there_is_told_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="nowhere"):
        methods_of([str(tmp_path / "nowhere")], [])
