from __future__ import annotations

from pathlib import Path

import pytest
from dataset.sounds_on_disk import write_library

from limelight.dataset.manifest import Entry
from limelight.errors import InputError
from limelight.metrics.clips import chosen, is_library, open_eval_data


def test_clips_are_chosen_evenly(entries: list[Entry]) -> None:
    assert [entry.name for entry in chosen(entries, "test", 2)] == ["clip-0000", "clip-0002"]
    assert len(chosen(entries, "test", 99)) == 3
    with pytest.raises(InputError, match="Wanted the split 'dev'"):
        chosen(entries, "dev", None)
    with pytest.raises(InputError, match="found none"):
        chosen(entries, "validation", None)


def test_a_data_set_is_judged_where_it_is(folder: Path, entries: list[Entry], tmp_path: Path) -> None:
    data = open_eval_data(folder, "test", 2, into=tmp_path)
    assert data.folder == folder
    assert not is_library(folder)
    assert (len(data.everything), len(data.entries), len(data.others)) == (4, 2, 3)
    assert not list(tmp_path.iterdir())


def test_a_library_s_mixtures_are_drawn_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("limelight.dataset.from_sounds.SECONDS", 1.0)
    library, into = write_library(tmp_path / "library"), tmp_path / "out"
    seen: list[tuple[float, float]] = []
    data = open_eval_data(
        library, "test", 2, into=into, workers=1, sampling=lambda done, total: seen.append((done, total))
    )
    assert is_library(library)
    assert [entry.recipe for entry in data.entries] == ["paper", "paper", "none", "none"]
    assert data.folder.parent == into
    assert seen == [(1, 2), (2, 2)]
    assert open_eval_data(library, "test", 1, into=into, workers=1).entries == [data.entries[0], data.entries[2]]
    with pytest.raises(InputError, match="Wanted the split 'dev'"):
        open_eval_data(library, "dev", 1, into=into)
