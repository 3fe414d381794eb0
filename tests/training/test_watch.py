import logging
from dataclasses import replace

import pytest
from muddy.shelves import library
from networks.tiny import LITE
from training.tiny import tiny_task

from limelight.training.batches import DrawConfig, Mixer
from limelight.training.pool import PoolConfig, StemPool
from limelight.training.watch import Watch

CONFIG = DrawConfig(steps=40, batch=4, seed=5)


@pytest.fixture(scope="module")
def watch() -> Watch:
    return Watch(Mixer(StemPool(library(), PoolConfig(steps=240, size=4), LITE), CONFIG), batches=6)


def test_an_untrained_model_does_nothing_and_no_harm(watch: Watch) -> None:
    seen = watch.judge(tiny_task().eval())
    assert seen.remix == pytest.approx(0, abs=1e-4)
    assert seen.gain_error_db == pytest.approx(seen.zero_error_db)
    assert seen.zero_error_db > 3
    assert seen.harm_db == pytest.approx(0, abs=1e-4)


def test_a_judge_says_the_same_twice_and_tells_the_log(watch: Watch, caplog: pytest.LogCaptureFixture) -> None:
    task = tiny_task().eval()
    assert watch.judge(task) == watch.judge(task)
    with caplog.at_level(logging.INFO):
        watch(task, 7)
    assert "check at 7: stems" in caplog.text


def test_the_changes_are_told_in_percent(watch: Watch) -> None:
    seen = replace(watch.judge(tiny_task().eval()), remix=-0.25, harm_db=1.5)
    assert "remix -25.0 %" in str(seen)
    assert "harm 1.50 dB" in str(seen)
