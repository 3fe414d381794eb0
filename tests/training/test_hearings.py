"""What is kept of a hearing is what the director would have been told, and comes back whatever was stopped."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from networks.tiny import BAND
from training.tiny import batch as lines_batch

from limelight.networks.lite_remixer import LiteRemixer, LiteRemixerConfig
from limelight.training.hearings import Batch, hearing, hearings_from, keep_hearings, load_hearings, stretch_of
from limelight.training.lite_passages import LitePassages


@pytest.fixture
def task() -> LitePassages:
    torch.manual_seed(0)
    return LitePassages(LiteRemixer(LiteRemixerConfig(band=BAND, context_width=3)).eval())


def numbered(step: int) -> Iterator[Batch]:
    while True:
        yield lines_batch(2, seed=step)
        step += 1


def test_a_hearing_is_what_the_director_is_told(task: LitePassages) -> None:
    drawn = lines_batch(3) | {"context": torch.rand(3, 4, 3)}
    kept, model = hearing(task, drawn), task.network.lite
    whole = model.rebalance(drawn["mixture"], drawn["context"])
    told = {name: value.float() for name, value in kept.items()}
    again = model.decide(told["latent"], told["levels_db"], told["context"])
    torch.testing.assert_close(again, whole.gains_db, atol=0.02, rtol=0)
    torch.testing.assert_close(told["masks"], whole.masks[:, :, ::8], atol=1e-3, rtol=0)
    torch.testing.assert_close(told["mixture"].square(), drawn["mixture"][:, ::8], atol=1e-4, rtol=2e-3)
    assert told["context"].shape == (3, 10, 3)
    assert not told["context"][:, 4:].any()


def test_without_a_picture_the_context_is_empty(task: LitePassages) -> None:
    assert not hearing(task, lines_batch())["context"].any()


def test_parts_are_heard_once_and_again_where_one_is_lost(task: LitePassages, tmp_path: Path) -> None:
    paths = keep_hearings(tmp_path / "kept", "some", task, numbered, parts=3, steps=2)
    first = load_hearings(paths)
    assert len(first["good"]) == 12
    paths[1].unlink()
    stamps = [path.stat().st_mtime_ns for path in (paths[0], paths[2])]
    again = load_hearings(keep_hearings(tmp_path / "kept", "some", task, numbered, parts=3, steps=2))
    assert stamps == [path.stat().st_mtime_ns for path in (paths[0], paths[2])]
    assert all(torch.equal(first[name], again[name]) for name in first)


def test_batches_are_named_by_their_step(task: LitePassages) -> None:
    kept = hearing(task, lines_batch(6))
    run = hearings_from(kept, 0, batch=4)
    steps = [next(run) for _ in range(3)]
    resumed = next(hearings_from(kept, 2, batch=4))
    assert all(torch.equal(steps[2][name], resumed[name]) for name in resumed)
    assert not torch.equal(steps[0]["latent"], steps[1]["latent"])
    assert all(value.dtype == torch.float32 for value in resumed.values())


def test_hearings_of_different_lengths_are_cut_to_the_shortest(task: LitePassages, tmp_path: Path) -> None:
    drawn = lines_batch(2)
    shorter = drawn | {name: drawn[name][..., :80, :] for name in ("mixture", "stems", "target")}
    paths = []
    for name, one in (("long", drawn), ("short", shorter)):
        paths += keep_hearings(tmp_path, name, task, lambda _step, one=one: iter([one]), parts=1, steps=1)
    joined = load_hearings(paths)
    assert joined["latent"].shape[:2] == (4, 20)
    assert joined["masks"].shape[2] == joined["mixture"].shape[1] == 10


def test_a_stretch_is_what_is_heard_and_seen_in_its_seconds() -> None:
    token = 4 * 1024 / 48_000
    tokens, kept = 117, 59  # of ten seconds; every second token is kept
    seconds = torch.arange(tokens)[None, :, None] * token
    whole = {
        "latent": seconds,
        "levels_db": seconds,
        "context": torch.arange(10.0)[None, :, None],
        "masks": seconds[:, ::2][:, None],
        "mixture": seconds[:, ::2],
        "target": seconds[:, ::2],
        "gains_db": torch.zeros(1, 3),
    }
    assert whole["mixture"].shape[1] == kept
    for start, length in ((0, 10), (2, 5), (6, 4), (0, 4)):
        part = stretch_of(whole, start, length, token)
        assert part["context"].flatten().tolist() == list(range(start, start + length))
        for name in ("latent", "masks", "mixture"):
            times = part[name].flatten()
            assert float(times[0]) == pytest.approx(start, abs=1.01 * token)
            assert float(times[-1]) == pytest.approx(start + length, abs=3.01 * token)
        assert -(-part["latent"].shape[1] // 2) == part["mixture"].shape[1] == part["masks"].shape[2]
        assert part["gains_db"] is whole["gains_db"]
