"""Make, or check, the demo film: a talk, a chase and a sunset, badly mixed on purpose, with the truth beside it.

python examples/make_demo.py [--into DIR] [--stems DIR] [--workers N] [--sound-only]
python examples/make_demo.py --check
"""

import argparse
import sys
from pathlib import Path

from research.demo.check import check
from research.demo.commands import ToolMissingError
from research.demo.make import make


def main() -> int:
    """Run one of the two and say how it went; 0 where all is well."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--into", type=Path, default=Path(__file__).parent, help="where the film lies (default: examples)"
    )
    parser.add_argument("--stems", type=Path, help="also write the true and the spoiled stems here, as WAV")
    parser.add_argument("--workers", type=int, default=1, help="processes that draw (default: 1; about 7 minutes)")
    parser.add_argument("--sound-only", action="store_true", help="keep the pictures of the film that is there")
    parser.add_argument("--check", action="store_true", help="measure the film that is there, make nothing")
    wish = parser.parse_args()
    try:
        if not wish.check:
            make(wish.into, stems_folder=wish.stems, workers=wish.workers, sound_only=wish.sound_only)
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
