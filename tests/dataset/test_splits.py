from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limelight.dataset.manifest import SPLITS
from limelight.dataset.splits import SplitAssignment, SplitEntry, check_split_entries, read_table
from limelight.errors import InputError, Leakage


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(st.text(min_size=1, max_size=20))
def test_the_same_film_always_falls_into_the_same_split(sha256: str) -> None:
    one, other = SplitAssignment().place(Path("a.mp4"), sha256), SplitAssignment().place(Path("copy/b.mkv"), sha256)
    assert one == other
    assert one.split in SPLITS


def test_shares_are_kept() -> None:
    splits = SplitAssignment((0.5, 0.3, 0.2))
    drawn = [splits.sample(f"film {n}") for n in range(3000)]
    for split, share in zip(SPLITS, splits.shares, strict=True):
        assert drawn.count(split) / 3000 == pytest.approx(share, abs=0.03)


def test_everything_can_go_into_one_split() -> None:
    splits = SplitAssignment((0.0, 0.0, 1.0))
    assert {splits.sample(str(n)) for n in range(50)} == {"test"}


@pytest.mark.parametrize("shares", [(0.5, 0.5, 0.5), (1.2, -0.2, 0.0)])
def test_shares_must_sum_to_one(shares: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="must sum to 1"):
        SplitAssignment(shares)


def test_a_table_decides_and_tells_licences(tmp_path: Path) -> None:
    table = tmp_path / "films.csv"
    table.write_text("file,split,group,licence\nvideo/a.mp4,test,series,CC BY 3.0\nb.mp4,,series,\n", encoding="utf-8")
    splits = SplitAssignment.read(table, licence="my own")
    assert splits.place(Path("anywhere/a.mp4"), "x") == SplitEntry("test", "series", "CC BY 3.0")
    placed = splits.place(Path("b.mp4"), "y")
    assert (placed.split, placed.group, placed.licence) == (splits.sample("series"), "series", "my own")
    assert splits.place(Path("c.mp4"), "z" * 64).group == "z" * 16


@pytest.mark.parametrize(
    ("text", "said"),
    [("name,split\na,train\n", "no column file"), ("file,split\na.mp4,dev\n", "puts a.mp4 into 'dev'")],
)
def test_a_table_that_is_none_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "films.csv").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=said):
        read_table(tmp_path / "films.csv")


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"films\.csv"):
        read_table(tmp_path / "films.csv")


def test_a_group_in_two_splits_is_refused_before_any_work() -> None:
    check_split_entries([SplitEntry("train", "a", ""), SplitEntry("test", "b", ""), SplitEntry("train", "a", "")])
    with pytest.raises(Leakage, match="group 'a' are in two splits"):
        check_split_entries([SplitEntry("train", "a", ""), SplitEntry("test", "a", "")])
