import json
from collections.abc import Iterator

import pytest
from accelerate.state import AcceleratorState

from research.speed import PAPER_STEPS, measure


@pytest.fixture(autouse=True)
def _fresh_state() -> Iterator[None]:
    yield
    AcceleratorState._reset_state(True)


@pytest.mark.slow
def test_steps_per_second_and_the_hours_that_follow(capsys: pytest.CaptureFixture[str]) -> None:
    found = measure("visah", channels=4, batch=1, seconds=0.2, loss="log", steps=2, cpu=True)
    assert found.hours_for_the_papers_steps == pytest.approx(PAPER_STEPS / found.steps_per_second / 3600, rel=0.01)
    assert (found.device, found.processes, found.batch) == ("CPU", 1, 1)
    assert json.loads(capsys.readouterr().out)["steps_per_second"] == found.steps_per_second
