"""Joins the manifests of several sound folders into one list with one set of columns.

    python -m research.sounds.library --out library.csv DIR [DIR …] [--survey survey.csv]

Every DIR holds a `manifest.csv`. Splits are taken as they stand; a group that stands in two splits is an error. What is
said about a sound in words becomes tags out of a small vocabulary (README.md). Where a survey is given, its measured
bandwidth and share of voice come along.
"""

from __future__ import annotations

import argparse
import csv
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from limelight.errors import Leakage

KINDS = {"speech": "speech", "music": "music", "sfx": "effects", "effects": "effects"}
COLUMNS = [
    *("path", "kind", "split", "group", "seconds", "sample_rate", "channels"),
    *("bandwidth", "measured_bandwidth", "voiced", "tags", "licence", "attribution"),
]
UNNUMBERED = "version"  # a licence that says of itself that none is stated
SPLITS = ("train", "validation", "test")

# What a manifest's own words mean, first for all kinds, then by kind; every match counts.
WORDS: dict[str, dict[str, str]] = {
    "": {
        r"ambience": "ambience",
        r"acted|game VA|visual novel": "acted",
    },
    "speech": {
        r"librispeech|english|crowd commands|game VA": "lang:en",
        r"german": "lang:de",
        r"spanish": "lang:es",
        r"mandarin": "lang:zh",
        r"librispeech|\bread\b": "read",
        r"commands|short phrases|one or two words": "phrases",
        r"syllables": "syllables",
        r"far and near|many microphones": "distant",
    },
    "music": {
        r"sung|song with|singing": "singing",
        r"singing alone|sung": "a-cappella",
        r"score|cinematic": "score",
        r"orchestra|classical": "orchestra",
        r"guitar": "guitar",
        r"piano": "piano",
        r"electro|arcade": "electronic",
        r"rock|band": "rock",
        r"^game": "sequenced",
    },
    "effects": {
        r"crowd|walla|applause": "crowd",
        r"baby cry|sneeze|breathing|snoring|cheering": "voice",
        r"animal|rooster|dog|birds|frogs": "animals",
        r"\brain\b|thunder|\bwind\b|weather": "weather",
        r"\bwind\b": "wind",
        r"\bsea\b|\bwater|beach|boat": "water",
        r"fire crackling|\bfire$": "fire",
        r"vehicle|helicopter|car engine|\btrain\b|traffic": "vehicles",
        r"traffic|city": "traffic",
        r"fire_gun|battle|melee|reload|explosion": "weapons",
        r"plmove|walk": "footsteps",
        r"foley|tool|typing|smash|\bdoor|clock|chainsaw": "foley",
        r"interface|click": "interface",
    },
}

# What the path of an effect in a package says; a set of effects has tags of many sorts.
NAMES = {
    r"scream|cry|laugh|cough|death|pain|hurt|(?<![a-z])die|voice|sneeze|argh|haha|civ(fem|male)|gasp|doubt|skin": "voice",
    r"amb|loop|noise": "ambience",
    r"partynoise|crowd": "crowd",
    r"step|walk|foot": "footsteps",
    r"fauna|animal|bark|growl|bird|horse|cow|wolf|dog|owl|rabbit|snarl|squeak|elephant|goat|sheep|hawk|monkey": "animals",
    r"monster|alien|giant|spider|zombie|mammut|npc": "monsters",
    r"weather|rain|thunder|storm|lightning": "weather",
    r"(?<![a-z])wind|gust": "wind",
    r"water|splash|creek|river|drip|swim|geyser|liquid": "water",
    r"fire|flame|burn": "fire",
    r"engine|vehicle|car_|plane|ship|diesel|hover|skid|locomotive|train": "vehicles",
    r"weapon|gun|bullet|laser|sword|arrow|bow|grenade|rocket|pistol|rifle|missile|cannon|plasma": "weapons",
    r"explo|bomb|blast|boom": "explosions",
    r"hit|impact|land|thud|break|crash|collide|fall": "impacts",
    r"door|gate|tool|chop|mine|build|resource|pick|drop|equip": "foley",
    r"interface|/ui|menu|click|alarm|beep|alert": "interface",
    r"machin|pump|generator|(?<![a-z])hum(?![a-z])": "machines",
}
STYLES = frozenset(["scifi", "cartoon", "magic", "household", "licence-unnumbered"])

Row = dict[str, str]


def read_folder(folder: Path, surveyed: dict[str, Row]) -> Iterator[Row]:
    """The sounds of one folder in the library's columns; rows of other kinds (video) are passed over."""
    with (folder / "manifest.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            if row["kind"] in KINDS:
                yield _uniform(folder, row, surveyed)


def _uniform(folder: Path, row: Row, surveyed: dict[str, Row]) -> Row:
    kind, path = KINDS[row["kind"]], str(folder.resolve() / row["file"])
    sample_rate = row.get("sample_rate") or row["sr"]
    seen = surveyed.get(path, {})
    tags = file_tags(kind, row) if "tags" in row else tags_of(kind, row["tag"])
    return {
        "path": path,
        "kind": kind,
        "split": row["split"],
        "group": row["group"],
        "seconds": row["seconds"],
        "sample_rate": sample_rate,
        "channels": row["channels"],
        "bandwidth": str(int(sample_rate) // 2),
        "measured_bandwidth": str(min(int(seen["bandwidth"]), int(sample_rate) // 2)) if seen else "",
        "voiced": seen.get("voiced", ""),
        "tags": " ".join(dict.fromkeys([*tags, *(["licence-unnumbered"] if UNNUMBERED in row["licence"] else [])])),
        "licence": row["licence"],
        "attribution": row["attribution"],
    }


def file_tags(kind: str, row: Row) -> list[str]:
    """Tags of a file of a set: an effect is what its own name says, and of its set's tags has those of style alone."""
    tags = row["tags"].split()
    if kind != "effects" or len(tags) == 1:
        return tags
    name = row["source"].rpartition("::")[2].partition("/share/")[2] or row["source"].rpartition("::")[2]
    own = [tag for pattern, tag in NAMES.items() if re.search(pattern, name, re.IGNORECASE)]
    return list(dict.fromkeys([*own, *(tag for tag in tags if tag in STYLES)]))


def tags_of(kind: str, words: str) -> list[str]:
    """Tags for what a manifest says in its own words."""
    meanings = WORDS[""] | WORDS[kind]
    return list(dict.fromkeys(tag for pattern, tag in meanings.items() if re.search(pattern, words, re.IGNORECASE)))


def join(folders: Iterable[Path], surveyed: dict[str, Row]) -> list[Row]:
    """All sounds of all folders. Raises Leakage where a group stands in two splits."""
    rows = [row for folder in folders for row in read_folder(folder, surveyed)]
    splits: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        splits[row["group"]].add(row["split"])
    torn = sorted(group for group, found in splits.items() if len(found) > 1)
    if torn:
        raise Leakage(f"A group belongs to one split; {', '.join(torn[:5])} stand in several. Mend their manifests.")
    return rows


def hours_table(rows: list[Row]) -> str:
    """Hours, files and groups by kind and split, as Markdown."""
    lines = ["| kind | split | hours | files | groups |", "|---|---|---:|---:|---:|"]
    for kind in ("speech", "music", "effects"):
        for split in SPLITS:
            here = [row for row in rows if (row["kind"], row["split"]) == (kind, split)]
            hours = sum(float(row["seconds"]) for row in here) / 3600
            lines.append(f"| {kind} | {split} | {hours:.2f} | {len(here)} | {len({row['group'] for row in here})} |")
    return "\n".join(lines)


def read_survey(path: Path | None) -> dict[str, Row]:
    if path is None:
        return {}
    with path.open(encoding="utf-8", newline="") as lines:
        return {row["path"]: row for row in csv.DictReader(lines)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folders", type=Path, nargs="+", metavar="DIR")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--survey", type=Path)
    options = parser.parse_args()
    rows = join(options.folders, read_survey(options.survey))
    with options.out.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
    sys.stdout.write(hours_table(rows) + "\n")


if __name__ == "__main__":
    main()
