"""A panel whose preferences are known is found again; who cannot be counted is left out and named."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from study.panel import answered, written

from limelight.errors import InputError
from limelight.study.make import KEY
from limelight.study.read import NO_DIFFERENCE, as_markdown, as_page, bradley_terry, read_study

STRENGTHS = {"original": 1.0, "limelight": 3.0, "film": 5.0, "anchor": 0.3}


def key_of(folder: Path, kind: str, clips: int = 8) -> tuple[Path, dict]:
    sounds = {f"c{n:02d}": {f"c{n:02d}{v[0]}": v for v in STRENGTHS} for n in range(clips)}
    asked = [(clip, tuple(names)) for clip, names in sounds.items()]
    if kind == "pairs":
        asked = [(clip, pair) for clip, names in asked for pair in combinations(names, 2)]
    trials = [
        {"id": f"t{n}", "clip": c, "kind": "pair" if kind == "pairs" else "ranking", "sounds": s, "trap": ""}
        for n, (c, s) in enumerate(asked)
    ]
    trials += [trials[0] | {"id": "t0-again", "trap": "repeat"}]
    trials += [{"id": "same", "clip": "c00", "kind": "pair", "sounds": ("c00o", "c00o"), "trap": "same"}]
    key = {"format": KEY, "version": 1, "study": "s", "kind": kind, "sounds": sounds, "trials": trials}
    path = folder / "key.json"
    path.write_text(json.dumps(key))
    return path, json.loads(path.read_text())


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["ranking", "pairs"])
def test_known_preferences_are_found_again_within_their_intervals(tmp_path: Path, kind: str) -> None:
    path, key = key_of(tmp_path, kind)
    rng = np.random.default_rng(3)
    files = written(tmp_path / "a", [answered(key, STRENGTHS, f"p{n}", rng) for n in range(24)])
    found = read_study(path, files)
    assert (found.persons, found.clips, found.left_out) == (24, 8, ())
    for name, strength in STRENGTHS.items():
        one = found.strengths_db[name]
        assert one.low <= 10 * np.log10(strength) <= one.high
    for a, b in combinations(STRENGTHS, 2):
        one, truth = found.wins[a][b], STRENGTHS[a] / (STRENGTHS[a] + STRENGTHS[b])
        assert one.low - 0.02 <= truth <= one.high + 0.02
        assert one.value == pytest.approx(1 - found.wins[b][a].value)
        assert one.high - one.low < 0.25
    if kind == "ranking":
        assert sum(one.value for one in found.top_2.values()) == pytest.approx(2)
        assert max(found.top_2, key=lambda name: found.top_2[name].value) == "film"


def test_strengths_are_the_ones_that_wins_come_from() -> None:
    truth = np.array([0.5, 1.0, 4.0])
    wins = 1e5 * truth[:, None] / (truth[:, None] + truth) * (1 - np.eye(3))
    found = bradley_terry(wins)
    np.testing.assert_allclose(found / found[1], truth, rtol=1e-3)


def test_who_cannot_be_counted_is_left_out_and_told(tmp_path: Path) -> None:
    path, key = key_of(tmp_path, "ranking")
    rng = np.random.default_rng(1)
    people = [answered(key, STRENGTHS, f"p{n}", rng) for n in range(5)]
    people[0]["headphones"] = {"right": 2, "of": 6, "passed": False}
    next(one for one in people[1]["trials"] if one["trial"] == "same")["preferred"] = "c00o"
    repeat = next(one for one in people[2]["trials"] if one["trial"] == "t0-again")
    repeat["ranking"] = repeat["ranking"][::-1]
    people[3]["trials"].pop(0)
    found = read_study(path, written(tmp_path / "a", people))
    assert found.persons == 1
    said = {one.person: one.reason for one in found.left_out}
    assert [word in said[f"p{n}"] for n, word in enumerate(("headphones", "one", "other way", "not answered"))] == [
        True
    ] * 4
    for text in (as_markdown(found), as_page(found)):
        assert all(one.person in text for one in found.left_out)
        assert "77 %" in text


def test_nobody_prefers_anything_where_nobody_hears_a_difference(tmp_path: Path) -> None:
    path, key = key_of(tmp_path, "pairs")
    people = [answered(key, STRENGTHS, f"p{n}", np.random.default_rng(n)) for n in range(4)]
    for person in people:
        for one in person["trials"]:
            one["preferred"] = NO_DIFFERENCE
    found = read_study(path, written(tmp_path / "a", people))
    assert {one.value for wins in found.wins.values() for one in wins.values()} == {0.5}
    assert all(abs(one.value) < 1e-6 for one in found.strengths_db.values())


def test_answers_of_another_study_and_twice_the_same_are_refused(tmp_path: Path) -> None:
    path, key = key_of(tmp_path, "pairs")
    one = answered(key, STRENGTHS, "p", np.random.default_rng(0))
    (file,) = written(tmp_path / "a", [one])
    with pytest.raises(InputError, match="twice"):
        read_study(path, [file, file])
    with pytest.raises(InputError, match="another study"):
        read_study(path, written(tmp_path / "b", [one | {"study": "other"}]))
    with pytest.raises(InputError, match="another"):
        read_study(file, [file])
