"""The demo's picture tells its story: takes lie end to end, every impact is seen in its frame, the mouth follows the voice."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from research.demo import picture, story
from research.painted.canvas import Size
from research.painted.film import SCENES
from research.painted.timing import Timing

SIZE = Size(90, 160)


@pytest.fixture
def timing(monkeypatch: pytest.MonkeyPatch) -> Timing:
    """The story's, with a voice that says one long vowel from 2 s to 4 s."""
    monkeypatch.setattr(picture, "mouth", lambda time: (float(2 <= time < 4), 0.0))
    return picture.timing()


def test_the_takes_fill_the_film_and_cut_where_the_story_does() -> None:
    takes = picture.storyboard().takes
    assert (takes[0].start_seconds, takes[-1].end_seconds) == (0.0, story.DURATION_SECONDS)
    assert all(before.end_seconds == after.start_seconds for before, after in itertools.pairwise(takes))
    assert {take.start_seconds for take in takes} == {0.0, *story.SHOTS}


@pytest.mark.parametrize("impact", story.IMPACTS, ids=lambda impact: f"{impact.kind}-{impact.time_seconds}")
def test_an_impact_is_the_greatest_jump_of_light_around_it(impact: story.Impact, timing: Timing) -> None:
    take = next(take for take in picture.storyboard().takes if impact.time_seconds < take.end_seconds)
    scene = SCENES[take.subject](take, timing, SIZE)
    frames = np.arange(-4, 5)
    light = [float(scene.paint(impact.time_seconds + n / story.FRAMES_PER_SECOND).mean()) for n in frames]
    assert frames[1:][np.argmax(np.diff(light))] == 0


def test_it_bursts_where_it_is_heard(timing: Timing) -> None:
    """The brightest column of an explosion's frame lies at the place by which its sound is panned."""
    impact = next(i for i in story.IMPACTS if i.kind == "explosion")
    take = next(take for take in picture.storyboard().takes if impact.time_seconds < take.end_seconds)
    scene = SCENES[take.subject](take, timing, SIZE)
    gained = scene.paint(impact.time_seconds + 0.08) - scene.paint(impact.time_seconds - 0.04)
    column = int(np.argmax(gained.sum(axis=(0, 2))))
    assert column / SIZE.width == pytest.approx(impact.x, abs=0.1)


def test_the_mouth_moves_while_the_voice_sounds(timing: Timing) -> None:
    take = picture.storyboard().takes[0]
    scene = SCENES[take.subject](take, timing, SIZE)
    moved = [np.abs(scene.paint(at) - scene.paint(at - 0.04)).max() for at in (2.0, 3.0)]
    assert moved[0] > 2 * moved[1]
