"""Speed, memory and size of Limelight beside their targets: `make bench`, or

    python bench/run.py [--quick] [--only NAME]… [--threads N] [--output FILE]

A whole run writes docs/benchmark.md; --quick and --only write nothing unless --output says where.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import command
import install
from figures import Figure, page, say

TABLE = Path(__file__).resolve().parent.parent / "docs" / "benchmark.md"
NAMES = ("sound", "command", "memory", "help", "install")


@dataclass(frozen=True)
class Lengths:
    """How much is measured on."""

    sound_seconds: float = 120
    film_seconds: float = 60
    repeated_seconds: float = 60.16  # a multiple of 0.32 s: whole in pictures at 25/s and in AAC packets at 48 kHz
    times: int = 60


QUICK = Lengths(sound_seconds=24, film_seconds=4, repeated_seconds=12.8, times=3)


def measurements(lengths: Lengths, folder: Path, threads: int) -> dict[str, Callable[[], Iterator[Figure]]]:
    """What can be measured, by name, in order."""

    def sound() -> Iterator[Figure]:
        import sound_alone  # torch, only where it is needed

        return sound_alone.speed(seconds=lengths.sound_seconds, threads=threads)

    return {
        "sound": sound,
        "command": lambda: command.speed(folder, seconds=lengths.film_seconds),
        "memory": lambda: command.memory(folder, seconds=lengths.repeated_seconds, times=lengths.times),
        "help": command.help_time,
        "install": lambda: install.size(folder),
    }


def main() -> None:
    options = _options()
    wanted = options.only or [name for name in NAMES if not (options.quick and name == "install")]
    figures = []
    with tempfile.TemporaryDirectory(prefix="limelight-bench-") as folder:
        offered = measurements(QUICK if options.quick else Lengths(), Path(folder), options.threads)
        for name in wanted:
            for figure in offered[name]():
                say(figure)
                figures.append(figure)
    target = options.output or (None if options.quick or options.only else TABLE)
    if target:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(page(figures, command=_as_typed()), encoding="utf-8")
        say(f"written: {target}")


def _as_typed() -> str:
    return " ".join(["python bench/run.py", *sys.argv[1:]]) if sys.argv[1:] else "make bench"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="tiny lengths, to see that it works; no install")
    parser.add_argument("--only", action="append", choices=NAMES, help="this measurement alone; may be repeated")
    parser.add_argument("--threads", type=int, default=2, help="of both networks")
    parser.add_argument("--output", type=Path, help="where to write the table")
    return parser.parse_args()


if __name__ == "__main__":
    main()
