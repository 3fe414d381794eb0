# ruff: noqa: T201 - a script talks
"""Who made the sounds that the separator was trained on: ATTRIBUTION.md from the lists that scenes were drawn from.

python attribution.py DATA/library-*.csv > ../../src/limelight/models/weights/lite.ATTRIBUTION.md
"""

from __future__ import annotations

import argparse
import csv
from collections import Counter
from pathlib import Path

SPLITS = ("train", "validation")  # what weights or calibration have seen
NAMES = {"speech": "Speech", "music": "Music", "effects": "Effects"}
HEAD = """# Attribution of the sounds that the separator was trained on

The weights are under [CC BY-SA 4.0](https://creativecommons.org/licenses/by-sa/4.0/). They were trained on the works below
(none of which is in this repository), mixed, filtered and levelled at random. Each keeps its own licence."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("libraries", type=Path, nargs="+")
    rows: dict[str, dict[str, str]] = {}
    for path in parser.parse_args().libraries:
        with path.open(encoding="utf-8", newline="") as lines:
            rows |= {row["path"]: row for row in csv.DictReader(lines) if row["split"] in SPLITS}
    print(text_of(list(rows.values())))


def text_of(rows: list[dict[str, str]]) -> str:
    """Markdown: kind by kind, authors in order, with the licence and the number of files."""
    parts = [HEAD]
    for kind, name in NAMES.items():
        mine = [row for row in rows if row["kind"] == kind]
        hours = sum(float(row["seconds"]) for row in mine) / 3600
        files = Counter((row["attribution"].strip(), row["licence"].strip()) for row in mine)
        parts.append(f"## {name}: {len(mine)} files, {hours:.1f} h")
        parts.append("\n".join(_line(*who, count) for who, count in sorted(files.items(), key=_alphabetically)))
    return "\n\n".join(parts)


def _alphabetically(item: tuple[tuple[str, str], int]) -> tuple[str, str]:
    (author, licence), _ = item
    return author.casefold(), licence


def _line(author: str, licence: str, count: int) -> str:
    return f"- {author} — {licence}" + (f" — {count} files" if count > 1 else "")


if __name__ == "__main__":
    main()
