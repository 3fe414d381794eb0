"""The command line: `python -m research.demo` makes, or checks, the demo film in `examples/`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from research.demo.acoustics import ToolMissingError
from research.demo.check import check
from research.demo.make import make

EXAMPLES = Path(__file__).parents[2] / "examples"


def main() -> int:
    """Make or check the film and say how it went; 0 where all is well."""
    parser = argparse.ArgumentParser(
        prog="python -m research.demo",
        description="Makes, or checks, the demo film: a talk, a chase and a sunset, badly mixed on purpose, and its truth.",
    )
    parser.add_argument("--into", type=Path, default=EXAMPLES, help="where the film lies (default: examples)")
    parser.add_argument("--stems", type=Path, help="also write the true and the degraded stems here, as WAV")
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--sound-only", action="store_true", help="keep the pictures of the film that is there")
    only.add_argument("--pictures-only", action="store_true", help="keep the sound of the film that is there")
    only.add_argument("--check", action="store_true", help="measure the film that is there, make nothing")
    wish = parser.parse_args()
    try:
        if not wish.check:
            make(wish.into, stems_folder=wish.stems, sound_only=wish.sound_only, pictures_only=wish.pictures_only)
            return 0
        findings = check(wish.into)
    except ToolMissingError as missing:
        sys.stderr.write(f"{missing}\n")
        return 1
    except FileNotFoundError as missing:
        sys.stderr.write(f"to check or to reuse the film it must be there, {missing.filename} is not: make it first\n")
        return 1
    sys.stdout.writelines(f"{'ok ' if finding.passed else 'NOT'} {finding.words}\n" for finding in findings)
    return 0 if all(finding.passed for finding in findings) else 1


if __name__ == "__main__":
    sys.exit(main())
