"""What judges the corpus can itself be wrong: it must see a shift, a changed packet, and a lost tag."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from film_damage import with_flipped_bytes
from film_sound import noise
from films import Film, film_path
from media_corpus import compare

FILM = Film(container="mkv", sound="flac", seconds=1.0, chapters=2, tags=(("title", "one"),))


def test_a_shift_of_one_sample_is_seen_in_any_channel() -> None:
    sound = noise(0.5, 48_000, 2)
    moved = sound.copy()
    moved[1] = np.roll(moved[1], 1)
    assert compare.lag(sound, sound) == 0
    assert compare.lag(sound, moved) == 1


def test_a_difference_is_told_in_decibels() -> None:
    sound = noise(0.1, 48_000, 1)
    assert compare.difference_db(sound, sound) == -200
    assert compare.difference_db(sound, sound + 1e-4) == pytest.approx(-80, abs=0.01)
    assert compare.difference_db(sound, sound + 1e-4) > compare.QUIET_DB


def test_a_changed_packet_is_seen(tmp_path: Path) -> None:
    broken = with_flipped_bytes(film_path(FILM), tmp_path / "broken.mkv", count=20, start=0.3)
    assert compare.packet_hashes(film_path(FILM), but_soundtrack=1) != compare.packet_hashes(broken, but_soundtrack=1)
    assert compare.picture_hash(film_path(FILM)) == compare.picture_hash(film_path(FILM))


def test_lost_tags_and_moved_chapters_are_seen() -> None:
    other = replace(FILM, chapters=3, tags=())
    one, two = compare.extras(film_path(FILM)), compare.extras(film_path(other))
    assert {what for what in one if one[what] != two[what]} == {"tags", "chapters"}
    assert compare.chapter_starts(film_path(FILM)) != compare.chapter_starts(film_path(other))
