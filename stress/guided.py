"""Fuzzing guided by coverage, of what reads our own formats; nothing but errors of ours may come of any bytes:

    pip install atheris
    python stress/guided.py READER [-max_total_time=60] [CORPUS]

Not a part of `make stress`: it wants a package that is neither ours nor our tests' (35 MB, for Linux), and it has no end.
What follows the reader's name goes to libFuzzer.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import atheris

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "tests"))
with atheris.instrument_imports(include=["limelight"]):
    from limelight.dataset.build_state import parts
    from limelight.dataset.clips import read_cues, read_frame, read_recipe
    from limelight.dataset.manifest import read_manifest
    from limelight.dataset.splits import read_table
    from limelight.errors import LimelightError
    from limelight.metrics.results import read_lines
    from limelight.mixing.plan import read_plan
    from limelight.models.card import read_card
    from limelight.vision.pretrained.captions import read_captions

FOLDER = Path(tempfile.mkdtemp(prefix="limelight-guided-"))
CLIP = "clips/a"


# What is read, and the file that it is read from.
READERS: dict[str, tuple[Callable[[Path], object], str]] = {
    "plan": (lambda folder: read_plan(folder / "plan.json"), "plan.json"),
    "card": (lambda folder: read_card((folder / "card").read_text("latin-1"), folder / "card"), "card"),
    "captions": (lambda folder: read_captions(folder / "captions.json"), "captions.json"),
    "manifest": (read_manifest, "manifest.jsonl"),
    "record": (lambda folder: list(parts(folder)), "sources/a.json"),
    "recipe": (lambda folder: read_recipe(folder, "a"), f"{CLIP}/recipe.json"),
    "cues": (lambda folder: read_cues(folder, "a"), f"{CLIP}/cues.npy"),
    "frame": (lambda folder: read_frame(folder / "00.jpg"), "00.jpg"),
    "table": (lambda folder: read_table(folder / "about.csv"), "about.csv"),
    "results": (lambda folder: read_lines(folder / "lite.jsonl"), "lite.jsonl"),
}


def main() -> None:
    if len(sys.argv) < 2 or sys.argv[1] not in READERS:
        raise SystemExit(f"{__doc__}\nReaders: {', '.join(READERS)}")
    read, file = READERS[sys.argv.pop(1)]
    (FOLDER / file).parent.mkdir(parents=True, exist_ok=True)

    def once(data: bytes) -> None:
        (FOLDER / file).write_bytes(data)
        try:
            read(FOLDER)
        except LimelightError as error:
            if "\n" in str(error):
                raise AssertionError(f"more than one line: {error}") from error

    atheris.Setup(sys.argv, once)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
