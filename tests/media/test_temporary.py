"""A temporary is nobody else's while it is worked on, and nobody's when its process is gone."""

import subprocess
import sys
import textwrap

import pytest
from films import Film, film_path

from limelight.media.target import SUFFIX, part_beside, prepare_target, sweep


def test_what_somebody_works_on_stays_and_what_nobody_holds_goes(tmp_path):
    left, foreign = tmp_path / f".a.1{SUFFIX}", tmp_path / ".c.part"
    left.write_bytes(b"half a film")
    foreign.write_bytes(b"of another program")
    with part_beside(tmp_path / "out.mp4") as held:
        sweep(tmp_path)
        assert sorted(tmp_path.iterdir()) == sorted([held, foreign])
    sweep(tmp_path)
    assert list(tmp_path.iterdir()) == [foreign]


def test_the_lock_ends_with_a_process_that_is_killed(tmp_path):
    script = f"""
        import os, signal, sys
        sys.path[:0] = {sys.path!r}
        from pathlib import Path
        from limelight.media.target import part_beside
        with part_beside(Path({str(tmp_path / "out.mp4")!r})) as part:
            part.write_bytes(b"half a film")
            os.kill(os.getpid(), signal.SIGKILL)
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=False, timeout=60)
    assert len(list(tmp_path.iterdir())) == 1
    prepare_target(film_path(Film()), tmp_path / "out.mp4")
    assert list(tmp_path.iterdir()) == []


def test_a_sweep_between_making_and_holding_costs_a_second_try(tmp_path, monkeypatch):
    from limelight.media import target as part

    hold, tries = part._hold, []

    def swept(handle):
        tries.append(handle)
        if len(tries) == 1:
            sweep(tmp_path)
        return hold(handle)

    monkeypatch.setattr(part, "_hold", swept)
    with part_beside(tmp_path / "out.mp4") as held:
        assert held.exists()
    assert len(tries) == 2


def test_where_no_second_one_can_be_made_the_cause_is_told(tmp_path, monkeypatch):
    from limelight.media import target as part

    made = part._new_part

    def full(dest):
        monkeypatch.setattr(part, "_new_part", lambda _: (_ for _ in ()).throw(OSError("no space left")))
        return made(dest)

    monkeypatch.setattr(part, "_new_part", full)
    monkeypatch.setattr(part, "_hold", lambda handle: False)
    with pytest.raises(OSError, match="no space left"), part_beside(tmp_path / "out.mp4"):
        pass


@pytest.mark.parametrize("stem", ["x", "x" * 250, "%s {} *"])
def test_names_are_hidden_short_and_only_names(stem, tmp_path):
    with part_beside(tmp_path / f"{stem}.mp4") as held:
        assert held.name.startswith(".")
        assert held.name.endswith(SUFFIX)
        assert len(held.name) < 80


def test_a_block_that_is_interrupted_leaves_nothing(tmp_path):
    def interrupted() -> None:
        with part_beside(tmp_path / "out.mp4") as part:
            assert part.is_file()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(tmp_path.iterdir()) == []
