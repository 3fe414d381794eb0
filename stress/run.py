"""Everything that can go wrong, many times over: `make stress`, or

    python stress/run.py [--only PART]… [--count N] [--seed N] [--output FILE]

The long films run beside all else; whoever is done first helps with the fuzzing. A whole run writes
docs/reliability.md; --only and --count write nothing unless --output says where. It leaves with 1 where anything failed.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.extend([str(ROOT / "bench"), str(ROOT / "tests")])  # where films are measured, and where the corpus lives
os.environ["SVT_LOG"] = "0"  # the encoder of AV1 would tell its life

import length  # noqa: E402
import many_films  # noqa: E402
import parts  # noqa: E402
from figures import say  # noqa: E402
from tally import Tally, page, together  # noqa: E402

Part = Callable[[int | None, int], Iterator[Tally]]
TABLE = ROOT / "docs" / "reliability.md"
PARTS: dict[str, Part] = {
    "corpus": parts.corpus,
    "other_commands": parts.other_commands_tried,
    "sync": parts.synced,
    "faults": parts.killed,
    "command_faults": parts.sent,
    "documents": parts.malformed_documents,
    "batch": many_films.batches,
    "batch_kills": many_films.kills,
    "batch_memory": many_films.memory,
    "4k": length.large,
    "long": length.long,
    "fuzz": parts.Fuzz(),
}
BESIDE, SHARED = "long", "fuzz"


def main() -> None:
    options = _options()
    wanted = options.only or list(PARTS)
    lanes = [[name for name in wanted if name != BESIDE], [name for name in wanted if name in (BESIDE, SHARED)]]
    with ThreadPoolExecutor(len(lanes)) as pool:
        running = [pool.submit(_lane, lane, options) for lane in lanes]
        tallies = together(tally for one in running for tally in one.result())
    target = options.output or (None if options.only or options.count is not None else TABLE)
    if target:
        target.write_text(page(tallies, command=_as_typed()), encoding="utf-8")
        say(f"written: {target}")
    if any(tally.failures for tally in tallies):
        raise SystemExit(1)


def _lane(names: Sequence[str], options: argparse.Namespace) -> list[Tally]:
    """Parts one after the other."""
    done = []
    for name in names:
        for tally in PARTS[name](options.count, options.seed):
            say(tally)
            done.append(tally)
    return done


def _as_typed() -> str:
    return " ".join(["python stress/run.py", *sys.argv[1:]]) if sys.argv[1:] else "make stress"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", choices=PARTS, help="this part alone; may be repeated")
    parser.add_argument("--count", type=int, help="so many trials of each kind, in place of all")
    parser.add_argument("--seed", type=int, default=1, help="of kills and mutations")
    parser.add_argument("--output", type=Path, help="where to write the page")
    return parser.parse_args()


if __name__ == "__main__":
    main()
