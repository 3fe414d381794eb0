"""A stop between two steps loses nothing, and a second one does not wait."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from training.tiny import batch, tiny_task

from limelight.training.checkpoint import BetweenSteps, load_checkpoint
from limelight.training.loop import Batch, LoopConfig, train


@pytest.fixture(autouse=True)
def interruptible() -> Iterator[None]:
    """Whoever starts the tests in the background has shut their ears to Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def numbered(step: int) -> Iterator[Batch]:
    while True:
        yield batch(seed=step)
        step += 1


def stopped_at(steps: int):
    """Ctrl-C while a batch is drawn; the step that follows must be done and kept."""

    def batches(start: int) -> Iterator[Batch]:
        for n, one in enumerate(numbered(start)):
            if n == steps:
                signal.raise_signal(signal.SIGINT)
            yield one

    return batches


@pytest.mark.parametrize("accumulate", [1, 2])
def test_ctrl_c_loses_nothing_and_the_run_goes_on_as_if_it_had_never_been(tmp_path: Path, accumulate: int) -> None:
    """Nothing was saved on the way: all comes from the stop itself."""
    config = LoopConfig(steps=6, warm_up=2, rate=1e-2, log_every=2, save_seconds=1e9, accumulate=accumulate)

    def twice(step: int) -> Iterator[Batch]:
        return numbered(step * accumulate)

    straight, stopped = tmp_path / "straight" / "a.safetensors", tmp_path / "stopped" / "a.safetensors"
    train(tiny_task(), twice, config, straight, describe={})
    with pytest.raises(KeyboardInterrupt):
        train(tiny_task(), lambda step: stopped_at(3 * accumulate)(step * accumulate), config, stopped, describe={})
    assert load_checkpoint(stopped).step == 4
    train(tiny_task(seed=9), twice, config, stopped, describe={})
    once, twice_ = load_checkpoint(straight), load_checkpoint(stopped)
    assert once.tensors.keys() == twice_.tensors.keys()
    assert [name for name in once.tensors if not torch.equal(once.tensors[name], twice_.tensors[name])] == []


def test_an_error_of_the_data_saves_what_is_whole(tmp_path: Path) -> None:
    def breaking(start: int) -> Iterator[Batch]:
        yield from (batch(seed=n) for n in range(3))
        raise OSError("the disk is gone")

    path = tmp_path / "a.safetensors"
    with pytest.raises(OSError, match="the disk is gone"):
        train(tiny_task(), breaking, LoopConfig(steps=6, save_seconds=1e9), path, describe={})
    assert load_checkpoint(path).step == 3


def test_a_step_that_breaks_half_way_is_not_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.safetensors"
    config = LoopConfig(steps=6, save_seconds=0.0)
    train(tiny_task(), numbered, LoopConfig(steps=2, save_seconds=0.0), path, describe={})
    before = path.read_bytes()

    def breaks(*_words: object) -> None:
        raise MemoryError

    monkeypatch.setattr(torch.optim.AdamW, "step", breaks)
    with pytest.raises(MemoryError):
        train(tiny_task(), numbered, config, path, describe={})
    assert path.read_bytes() == before


def test_a_second_signal_acts_at_once() -> None:
    before = signal.getsignal(signal.SIGINT)
    with BetweenSteps() as stop:
        signal.raise_signal(signal.SIGINT)
        assert stop.asked
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_without_a_signal_and_in_other_threads_nothing_changes() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with BetweenSteps() as stop:
        stop.check()
        assert signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before
    seen: list[bool] = []

    def elsewhere() -> None:
        with BetweenSteps() as other:
            seen.append(other.asked)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert seen == [False]


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals between processes")
def test_sigterm_ends_a_process_after_its_step(tmp_path: Path) -> None:
    program = (
        "from pathlib import Path; import sys, time\n"
        "from training.test_interrupts import numbered; from training.tiny import tiny_task\n"
        "from limelight.training.loop import LoopConfig, train\n"
        "def slow(step):\n"
        "    for one in numbered(step):\n"
        "        print('drawn', flush=True); time.sleep(0.05); yield one\n"
        f"path = Path({str(tmp_path / 'a.safetensors')!r})\n"
        "train(tiny_task(), slow, LoopConfig(steps=10**6, save_seconds=1e9), path, describe={})\n"
    )
    where = os.environ | {"PYTHONPATH": ":".join(sys.path)}
    running = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, env=where)
    assert running.stdout is not None
    for _ in range(4):
        assert running.stdout.readline() == "drawn\n"
    running.send_signal(signal.SIGTERM)
    started = time.monotonic()
    assert running.wait(timeout=60) == -signal.SIGTERM
    running.stdout.close()
    assert load_checkpoint(tmp_path / "a.safetensors").step >= 3
    assert time.monotonic() - started < 60
