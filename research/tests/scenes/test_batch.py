"""What stands at a place of the data set, and what a recipe must not be."""

from __future__ import annotations

import pytest
from dataset.shelves import library

from limelight.dataset.degrade import why_trivial
from limelight.errors import InputError
from research.scenes.batch import SceneSettings, mix, scene_of
from research.scenes.draw import draw_scene
from research.scenes.rules import KINDS


def test_every_second_scene_is_a_twin_where_twins_are_asked_for() -> None:
    settings = SceneSettings(twins=True)
    for number in range(0, 10, 2):
        one, other = (scene_of(settings, "train", n, KINDS) for n in (number, number + 1))
        assert one == draw_scene(0, "train", number)
        assert (other.number, other.cast) == (one.number, one.cast)
        assert other.kind != one.kind
    assert scene_of(SceneSettings(), "train", 3, KINDS) == draw_scene(0, "train", 3)


@pytest.mark.parametrize("recipe", ["released", "blind", "timevarying"])
def test_pairs_teach_something(recipe: str) -> None:
    settings = SceneSettings(clip_seconds=1.0, recipes=(recipe,))
    for number in range(6):
        pair = mix(draw_scene(0, "train", number), library(), settings, KINDS).pair
        assert why_trivial(pair.spoiling, pair.levels) is None
        assert pair.spoiling.recipe == recipe


def test_settings_are_checked() -> None:
    with pytest.raises(InputError, match="there are paper"):
        SceneSettings(recipes=("loud",))
    with pytest.raises(ValueError, match="last 1 to 60 s"):
        SceneSettings(clip_seconds=0.5)
