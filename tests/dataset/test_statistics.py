from pathlib import Path

import pytest
from dataset.entries import entry

from limelight.dataset.statistics import Spread, as_text, level_statistics, statistics
from limelight.errors import InputError


def levels(speech: float | None, music: float | None, effects: float | None) -> dict[str, float | None]:
    heard = [lufs for lufs in (speech, music, effects) if lufs is not None]
    target = max(heard) if heard else None
    return {"speech": speech, "music": music, "effects": effects, "target": target, "input": target}


ENTRIES = [
    entry("0", loudness_lufs=levels(-20, -30, -35)),
    entry("1", loudness_lufs=levels(-25, -21, None), split="test"),
    entry("2", loudness_lufs=levels(None, None, -30), changes_db={"speech": 6, "music": 0, "effects": -6}),
    entry("3", loudness_lufs=levels(-60, -22, -24), recipe="timevarying", fault="even loudness", trivial="silent"),
]


def test_shares_count_clips() -> None:
    found = statistics(ENTRIES)
    assert (found.clips, found.hours) == (4, pytest.approx(40 / 3600, abs=1e-3))
    assert {stem: one.loudest for stem, one in found.stems.items()} == {"speech": 0.25, "music": 0.5, "effects": 0.25}
    # −60 LUFS under a mix of −22 is not heard.
    assert {stem: one.silent for stem, one in found.stems.items()} == {"speech": 0.5, "music": 0.25, "effects": 0.25}
    assert found.alone == 0.25
    assert found.boosted_silent == 0.25
    assert found.splits == {"test": 1, "train": 3}
    assert found.recipes == {"paper": 3, "timevarying": 1}
    assert found.trivial == {"silent": 1}


def test_gaps_are_between_the_loudest_and_the_second() -> None:
    assert statistics(ENTRIES).gap_db == Spread.of([10, 4, 2])


def test_changes_are_what_recipes_did() -> None:
    speech = statistics(ENTRIES).stems["speech"]
    assert speech.change_db == Spread.of([-6, -6, 6, -6])
    assert speech.raised == 0.25


def test_noise_levels_do_not_make_a_kind_of_fault_each() -> None:
    faults = [f"paper: static gains, pink noise {n} LU behind" for n in (8, 9)]
    assert statistics([entry(str(n), fault=fault) for n, fault in enumerate(faults)]).faults == {
        "paper: static gains": 2
    }


def test_nothing_has_statistics_too() -> None:
    found = statistics([])
    assert (found.clips, found.gap_db, found.stems["music"].loudest) == (0, None, 0.0)


def test_a_spread_is_median_and_quartiles() -> None:
    assert Spread.of([1, 2, 3, 4, 5]) == Spread(2, 3, 4)
    assert Spread.of([]) is None


def test_difficulties_and_limits_are_counted() -> None:
    entries = [entry(str(n), step_db=step, scale_db=-n, limit_db=-0.5) for n, step in enumerate((6.0, 9.0, 12.0, 0.0))]
    found = statistics(entries)
    assert found.difficulties == {"high": 1, "low": 1, "medium": 1, "none": 1}
    assert found.limited == 1
    assert found.limited_db == Spread(1.25, 2.0, 2.75)


def test_another_table_of_levels_can_stand_beside(tmp_path: Path) -> None:
    table = tmp_path / "mine.csv"
    table.write_text("film,speech_lufs,music_lufs,effects_lufs\na,-20,-30,-inf\nb,-inf,-25,-60\nc,-inf,-inf,-inf\n")
    found = level_statistics(table)
    assert found.name == "mine"
    assert found.loudest == {"speech": 0.5, "music": 0.5, "effects": 0}
    assert found.silent == {"speech": 0.6667, "music": 0.3333, "effects": 1.0}  # −60 is 35 LU behind
    assert found.gap_db == Spread(10, 10, 10)
    assert found.alone == 0.3333
    assert "mine: 50 %" in as_text(statistics([entry()]), found)
    table.write_text("speech\n1\n")
    with pytest.raises(InputError, match="speech_lufs, music_lufs, effects_lufs"):
        level_statistics(table)
    with pytest.raises(InputError, match="has none"):
        level_statistics(tmp_path / "nowhere.csv")
