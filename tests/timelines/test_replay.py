"""What a timeline says, played as its editor plays it, is the render to −60 dB: in every format, layout and frame rate."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from fakes import FakeSeparator
from films import Film, film_path, sound_film
from timelines.plans import apart_db, fade, plan_of, rendered
from timelines.players import PLAYERS, wav

from limelight.timelines.hand_over import EDITORS, export, flat

FILMS = {
    "stereo, 25": Film("mkv", sound="flac", seconds=4.0, amplitude=0.1),
    "5.1, 23.976": Film(
        "mkv", sound="flac", seconds=4.0, layout="5.1", frames_per_second=Fraction(24000, 1001), amplitude=0.05
    ),
    "mono, 59.94, 44.1 kHz": Film(
        "mkv",
        sound="flac",
        seconds=4.0,
        layout="mono",
        sample_rate=44_100,
        frames_per_second=Fraction(60000, 1001),
        amplitude=0.1,
    ),
    "late sound, 29.97": Film(
        "mov",
        sound="pcm_s16le",
        seconds=4.0,
        frames_per_second=Fraction(30000, 1001),
        sound_start=Fraction(1, 2),
        amplitude=0.1,
    ),
    "no picture": sound_film("flac", "flac", seconds=4.0, amplitude=0.1),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", FILMS)
def test_every_editor_plays_the_render(kind, tmp_path):
    film = film_path(FILMS[kind])
    plan = plan_of(film)
    done = export(plan, film, tmp_path, EDITORS, separator=FakeSeparator())
    wanted = rendered(film, plan)
    rate = plan.source.sample_rate
    for name, timeline in zip(EDITORS, done.timelines, strict=True):
        makeup = 10 ** (plan.makeup_db / 20) if name == "csv" else 1.0
        assert apart_db(wanted, makeup * PLAYERS[name](timeline).play(rate)) < -60, name
    assert done.keyframes < 3 * 30  # of 41 points a stem


def test_the_stems_are_those_of_the_separator_and_sum_to_the_film(tmp_path):
    film = film_path(FILMS["stereo, 25"])
    plan = plan_of(film)
    done = export(plan, film, tmp_path, ["csv"], separator=FakeSeparator())
    assert apart_db(rendered(film, flat(plan)), sum(wav(path) for path in done.stems)) < -120


def test_steep_and_loud_gains_are_followed_as_far_as_an_editor_goes(tmp_path):
    """+18 dB is more than any clip takes: the master is to be raised, and the balance stays right."""
    film = film_path(Film("mkv", sound="flac", seconds=4.0, amplitude=0.01))
    curves = np.array([fade(4.0, db=18.0, at=0.5, over=2.5), fade(4.0, db=-8.0, at=1.0, over=2.0), np.zeros(41)])
    plan = plan_of(film, curves, makeup_db=0.0)
    done = export(plan, film, tmp_path, EDITORS, separator=FakeSeparator())
    wanted = rendered(film, plan)
    raised = {"premiere": 6.0, "fcpxml": 6.0}
    for name, timeline in zip(EDITORS, done.timelines, strict=True):
        mix = 10 ** (raised.get(name, 0.0) / 20) * PLAYERS[name](timeline).play(48_000)
        assert apart_db(wanted, mix) < -55, name
    assert "premiere: clips cannot be raised that far; raise the master by 6.0 dB" in done.notes


def test_baked_stems_are_the_render_without_any_gain(tmp_path):
    film = film_path(FILMS["stereo, 25"])
    plan = plan_of(film)
    done = export(plan, film, tmp_path, ["otio"], separator=FakeSeparator(), baked=True)
    assert done.keyframes == 3
    assert apart_db(rendered(film, plan), sum(wav(path) for path in done.stems)) < -60
    assert apart_db(rendered(film, plan), PLAYERS["otio"](done.timelines[0]).play(48_000)) < -60


def test_stems_last_whole_frames(tmp_path):
    film = film_path(FILMS["5.1, 23.976"])
    done = export(plan_of(film), film, tmp_path, ["premiere"], separator=FakeSeparator())
    frames = Fraction(wav(done.stems[0]).shape[1], 48_000) * Fraction(24000, 1001)
    assert 0 <= frames - int(frames) < Fraction(1, 2002)  # a frame lasts 2002 samples


def test_nothing_changed_is_flat(tmp_path):
    film = film_path(FILMS["stereo, 25"])
    plan = plan_of(film, np.zeros((3, 41)), makeup_db=0.0)
    done = export(plan, film, tmp_path, EDITORS, separator=FakeSeparator())
    assert done.keyframes == 3
    assert not done.notes
    assert all(Path(path).exists() for path in done.timelines)
