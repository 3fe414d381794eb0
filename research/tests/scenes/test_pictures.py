"""Scenes are shown as their kind: painted in time with the sounds, or cut from a film of that kind."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from dataset.shelves import library

from limelight.errors import InputError
from limelight.vision.cues import CUE_NAMES
from research.scenes.film_windows import FilmWindow, FilmWindows
from research.scenes.pictures import FilmPictures, PaintedPictures
from research.scenes.rules import KINDS, SOUNDS, Scene, draw_scene
from research.scenes.sounds import UnmixedStems, draw_unmixed


def scene_of(kind: str) -> Scene:
    return next(scene for n in range(99) if (scene := draw_scene(0, "train", n)).kind == kind)


def unmixed_of(scene: Scene, seconds: float) -> UnmixedStems:
    return draw_unmixed(scene.generator(SOUNDS), scene.sources, library(), seconds=seconds)


def test_a_painted_scene_is_the_same_each_time() -> None:
    scene = scene_of("action")
    unmixed = unmixed_of(scene, 1.0)
    one, other = (PaintedPictures().see(scene, unmixed, 1.0, frames=True) for _ in range(2))
    np.testing.assert_array_equal(one.cues, other.cues)
    np.testing.assert_array_equal(one.pictures[0].image, other.pictures[0].image)
    assert one.cues.shape == (1, len(CUE_NAMES))
    assert PaintedPictures().kinds("train") == KINDS


def window(kind: str, split: str) -> FilmWindow:
    return FilmWindow(Path(f"{kind}.mkv"), kind, split, kind, "CC0 1.0", 0.0, kind, True, ())  # type: ignore[arg-type]


def filmed(*of: tuple[str, str]) -> FilmPictures:
    values = np.zeros((len(of), 2, len(CUE_NAMES)), np.float32)
    values[:, 0, 0] = np.arange(len(of))
    return FilmPictures(FilmWindows(tuple(window(*one) for one in of), values))


def test_only_what_was_filmed_can_be_shown() -> None:
    pictures = filmed(("scenery", "train"), ("action", "test"), ("talk", "validation"))
    assert pictures.kinds("train") == ("scenery", "narration")
    assert pictures.kinds("test") == ("action", "narration")
    assert pictures.kinds("validation") == ("talk",)  # whoever is seen to speak does not narrate
    with pytest.raises(InputError, match="pictures for the test split, found none"):
        filmed(("scenery", "train")).kinds("test")


def test_a_scene_gets_a_window_of_its_kind_and_split() -> None:
    pictures = filmed(("scenery", "test"), ("action", "train"), ("talk", "train"), ("scenery", "train"))
    scene = replace(scene_of("scenery"), kind="scenery")
    seen = pictures.see(scene, unmixed_of(scene, 1.0), 1.0, frames=False)
    assert seen.cues[0, 0] == 3
    assert (seen.source.name, seen.source.role, seen.shown) == ("scenery.mkv", "picture", "scenery")
    told = scene_of("narration")
    assert pictures.see(told, unmixed_of(told, 1.0), 1.0, frames=False).shown in ("action", "scenery")
