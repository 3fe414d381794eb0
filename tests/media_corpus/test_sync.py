"""Clicks stay with their flashes, to the sample."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fakes import FakeDirector
from films import Film
from media_corpus import compare, sync
from media_corpus.command_server import CommandServer

from limelight.mixing.controls import Controls
from limelight.mixing.job import Job, analyse
from limelight.mixing.mixers import StemMixer
from limelight.models.registry import load_separator
from limelight.vision.encoder import NoPicture

FEW = ("mkv aac 44100 0+0.257", "ts ac3 48000 0.6+0")


@pytest.mark.parametrize(
    "film",
    [
        pytest.param(film, id=sync.title(film), marks=() if sync.title(film) in FEW else pytest.mark.slow)
        for film in sync.films()
    ],
)
def test_click_and_flash_stay_together(film: Film, server: CommandServer, tmp_path: Path) -> None:
    assert sync.faults(film, server, tmp_path) == []


def test_a_shift_is_seen(tmp_path: Path) -> None:
    """Films whose sound starts elsewhere are told apart by both measurements."""
    one, other = (film for film in sync.films()[:2])
    sound, late = compare.heard(sync.film_path(one)), compare.heard(sync.film_path(other))
    assert compare.lag(sound, late) == pytest.approx(12_345, abs=48)
    assert not np.allclose(sync._apart(sync.film_path(one)), sync._apart(sync.film_path(other)), atol=sync.TICK)
    assert set(FEW) <= {sync.title(film) for film in sync.films()}


@pytest.mark.parametrize("container", ["mp4", "webm", "ts"])
def test_strength_zero_gives_the_encoder_the_original_sound(container: str) -> None:
    """Where the codec itself loses something, the samples that it is given are compared: not one bit may differ."""
    film = next(film for film in sync.films() if film.container == container)
    job = Job.of(sync.film_path(film))
    mixer = StemMixer(load_separator("lite", threads=1), FakeDirector())
    plan = mixer.plan(job, analyse(job, NoPicture()), Controls(strength=0))
    given = np.concatenate(list(mixer.blocks(job, plan)), axis=1)
    assert np.array_equal(given, compare.heard(job.info.path))
