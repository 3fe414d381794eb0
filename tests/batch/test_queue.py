"""What the queue asks of any engine, seen by one that only writes down."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from batch.small_jobs import twice

from limelight.batch.engine import Died, Event, JobOutcome, Progressed, Resources
from limelight.batch.queue import Queue


@dataclass
class Scripted:
    """Answers with what it is told to, in turn; `asked` is what it was given."""

    script: list[list[Event]]
    room: int = 1
    asked: list[tuple[int, Resources]] = field(default_factory=list)
    closed: bool = False

    def slots(self, resources: Resources) -> int:
        return self.room

    def submit(self, number: int, work: Any, job: Any, resources: Resources) -> None:
        self.asked.append((number, resources))

    def wait(self, timeout_seconds: float) -> list[Event]:
        return self.script.pop(0) if self.script else []

    def cancel(self, number: int) -> None:
        self.script.insert(0, [Died(number, "stopped")])

    def close(self) -> None:
        self.closed = True


def test_after_a_death_for_memory_twice_as_much_is_asked_for() -> None:
    deaths: list[list[Event]] = [[Progressed(0, 0.0)], [Died(0, "memory", for_memory=True)], [Died(0, "its node")]]
    engine = Scripted([*deaths, [JobOutcome(0, 2)]])
    queue: Queue[int, int] = Queue(engine, twice, resources=Resources(memory_bytes=10))
    number = queue.submit(1)
    while queue.unfinished:
        queue.step()
    assert [resources.memory_bytes for _, resources in engine.asked] == [10, 20, 20]
    assert (queue.status(number).state, queue.status(number).attempts) == ("done", 3)


def test_what_dies_every_time_is_given_up() -> None:
    engine = Scripted([[Died(0, "its node died")]] * 3)
    queue: Queue[int, int] = Queue(engine, twice)
    number = queue.submit(1)
    while queue.unfinished:
        queue.step()
    status = queue.status(number)
    assert status.state == "failed"
    assert status.outcome is not None
    assert status.outcome.message == "its node died; tried 3 times"


def test_an_answer_is_not_tried_again() -> None:
    engine = Scripted([[JobOutcome(0, None, "E_INPUT", "no film")]])
    queue: Queue[int, int] = Queue(engine, twice)
    number = queue.submit(1)
    (status,) = queue.step()
    assert (status.number, status.state, len(engine.asked)) == (number, "failed", 1)


def test_an_engine_is_given_twice_what_it_can_run() -> None:
    engine = Scripted([])
    queue: Queue[int, int] = Queue(engine, twice)
    for number in range(10):
        queue.submit(number)
    queue.step()
    assert [number for number, _ in engine.asked] == [0, 1]
    engine.room = 3  # a node has come
    queue.step()
    assert [number for number, _ in engine.asked] == [0, 1, 2, 3, 4, 5]
    engine.script = [[JobOutcome(3, 6)]]
    queue.step()
    queue.step()
    assert engine.asked[-1][0] == 6


def test_a_death_of_what_was_cancelled_is_its_end() -> None:
    engine = Scripted([[Progressed(0, 0.0)]])
    with Queue(engine, twice) as queue:
        number = queue.submit(1)
        queue.step()
        queue.cancel(number)
        queue.step()
        assert queue.status(number).state == "cancelled"
    assert engine.closed


def test_reports_never_go_back_and_late_ones_harm_nobody() -> None:
    engine = Scripted([[Progressed(0, 0.4)], [Progressed(0, 0.2)], [JobOutcome(0, 2)], [Progressed(0, 0.5)]])
    queue: Queue[int, int] = Queue(engine, twice, keep_finished=False)
    queue.submit(1)
    seen = [status.done for _ in range(3) for status in queue.step()]
    assert seen == [0.4, 0.4, 0.4]
    assert queue.statuses() == []
    assert list(queue._take(Progressed(0, 0.9))) == []
