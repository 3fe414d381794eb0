"""Scenes are named by numbers; twins share what is heard and differ in what is right."""

from __future__ import annotations

import json

import numpy as np
import pytest

from research.scenes.draw import BALANCE, RECIPE, SOUNDS, Scene, draw_scene, draw_twin, twin
from research.scenes.rules import KINDS, RULES, kinds_for


def test_a_number_names_a_scene() -> None:
    assert draw_scene(1, "train", 7) == draw_scene(1, "train", 7)
    balances = {draw_scene(1, split, n).balance for split in ("train", "test") for n in range(10)}
    assert len(balances) == 20


def test_a_scene_survives_json() -> None:
    scene = draw_scene(1, "test", 3)
    assert Scene.from_json(json.loads(json.dumps(scene.as_json()))) == scene


@pytest.mark.parametrize("number", range(12))
def test_twins_share_sounds_and_differ_in_truth(number: int) -> None:
    scene = draw_scene(0, "train", number)
    other = draw_twin(scene)
    assert other.kind != scene.kind
    assert other.kind in kinds_for(scene.cast)
    assert other.cast == scene.cast
    for what in (SOUNDS, RECIPE):
        assert scene.generator(what).random() == other.generator(what).random()
    assert scene.generator(BALANCE).random() != other.generator(BALANCE).random()
    leads = {one.kind: RULES[one.kind].leads for one in (scene, other)}
    if len(set(leads.values())) == 2:
        apart = np.subtract(scene.balance.levels_lufs, other.balance.levels_lufs)
        assert np.abs(apart - apart.mean()).max() > 2


def test_a_twin_of_a_twin_is_the_scene_again() -> None:
    scene = draw_scene(0, "train", 5)
    assert twin(draw_twin(scene), scene.kind) == scene


def test_nothing_leads_that_is_not_heard() -> None:
    silent = next(s for n in range(200) if "speech" not in (s := draw_scene(0, "train", n)).cast)
    with pytest.raises(ValueError, match="talk is led by speech"):
        twin(silent, "talk")


def test_only_kinds_that_can_be_shown_are_drawn() -> None:
    drawn = {draw_scene(0, "train", n, kinds=("action", "scenery")).kind for n in range(40)}
    assert drawn == {"action", "scenery"}


def test_who_narrates_is_not_seen() -> None:
    scenes = [draw_scene(0, "train", n) for n in range(120)]
    assert all(scene.off_screen == (scene.kind == "narration") for scene in scenes)
    assert all(scene.shown == scene.kind for scene in scenes if scene.kind != "narration")
    assert {scene.shown for scene in scenes if scene.kind == "narration"} == set(KINDS) - {"narration"}
