import json
from collections import Counter
from pathlib import Path

import pytest
from dataset.entries import entry

from limelight.dataset.build_state import BuildPart, Skipped, finish, open_state, parts, record, recorded
from limelight.dataset.manifest import read_manifest
from limelight.errors import InputError, Leakage

FACTS = {"sha256": "a", "split": "train"}


def test_a_part_is_known_again_if_it_was_made_from_the_same(tmp_path: Path) -> None:
    open_state(tmp_path, {"seed": 1})
    part = BuildPart("a", FACTS, (entry("a-0"), entry("a-1")), {"silent": 2})
    assert recorded(tmp_path, "a", FACTS) is None
    record(tmp_path, part)
    assert recorded(tmp_path, "a", FACTS) == part
    assert recorded(tmp_path, "a", FACTS | {"split": "test"}) is None
    assert list(parts(tmp_path)) == [part]


def test_the_manifest_is_all_parts_together_however_they_came(tmp_path: Path) -> None:
    for folder, order in ((tmp_path / "one", "ab"), (tmp_path / "two", "ba")):
        open_state(folder, {})
        for name in order:
            record(folder, BuildPart(name, FACTS, (entry(f"{name}-0"),), {"silent": 1}))
        assert finish(folder, []) == Counter(silent=2)
        assert [one.name for one in read_manifest(folder)] == ["a-0", "b-0"]
    one, two = (sorted(path.read_bytes() for path in (tmp_path / name).rglob("*.json*")) for name in ("one", "two"))
    assert one == two


def test_the_same_settings_go_on_and_others_are_refused(tmp_path: Path) -> None:
    open_state(tmp_path, {"seed": 1, "recipes": ("paper:mixed",)})
    open_state(tmp_path, {"seed": 1, "recipes": ("paper:mixed",)})
    with pytest.raises(InputError, match="built with seed 1, wanted is 2"):
        open_state(tmp_path, {"seed": 2, "recipes": ("paper:mixed",)})
    with pytest.raises(InputError, match="built with frames None, wanted is True"):
        open_state(tmp_path, {"seed": 1, "recipes": ("paper:mixed",), "frames": True})


def test_what_was_skipped_is_listed_in_order(tmp_path: Path) -> None:
    open_state(tmp_path, {})
    finish(tmp_path, [Skipped("b.mp4", "E_NO_AUDIO", "silent film"), Skipped("a.mp4", "E_INPUT", "torn")])
    lines = [json.loads(line) for line in (tmp_path / "skipped.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["name"] for line in lines] == ["a.mp4", "b.mp4"]
    assert lines[0] == {"name": "a.mp4", "code": "E_INPUT", "message": "torn"}


def test_parts_that_leak_make_no_manifest(tmp_path: Path) -> None:
    open_state(tmp_path, {})
    record(tmp_path, BuildPart("a", FACTS, (entry("a-0"),)))
    record(tmp_path, BuildPart("b", FACTS, (entry("b-0", split="test"),)))
    with pytest.raises(Leakage, match="two splits"):
        finish(tmp_path, [])


@pytest.mark.parametrize("text", ["{", "{}"])
def test_a_torn_record_is_named(tmp_path: Path, text: str) -> None:
    open_state(tmp_path, {})
    (tmp_path / "sources" / "a.json").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"a\.json .*remove it and build again"):
        recorded(tmp_path, "a", FACTS)
