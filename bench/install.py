"""How large a fresh core install is, with all it depends on."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from figures import Figure, say

INSTALL_MB = 500.0
ROOT = Path(__file__).resolve().parent.parent
NOT_BUILT = (".*", "build", "dist", "runs", "tests", "examples", "*.egg-info", "__pycache__")
LARGEST = 4  # packages named


def size(folder: Path) -> Iterator[Figure]:
    """Installs the core into a folder and sums its files."""
    say("… installing the core afresh")
    target = folder / "site"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    pins = ["-c", str(ROOT / "constraints.txt")]
    # From a copy: a build in the tree itself would take along what an earlier one left there.
    tree = shutil.copytree(ROOT, folder / "tree", ignore=shutil.ignore_patterns(*NOT_BUILT))
    subprocess.run([*pip, *pins, "--target", str(target), str(tree)], check=True)
    parts = {part.name: _megabytes(part) for part in target.iterdir()}
    total = sum(parts.values())
    largest = sorted(parts, key=lambda name: -parts[name])[:LARGEST]
    meaning = (
        "Sum of all files of `pip install .` into an empty folder, compiled Python included; the largest: "
        + ", ".join(f"{name} {parts[name]:.0f} MB" for name in largest)
        + "."
    )
    yield Figure("fresh core install", f"{total:.0f} MB", meaning, "", f"< {INSTALL_MB:.0f} MB", total < INSTALL_MB)


def _megabytes(path: Path) -> float:
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return sum(file.stat().st_size for file in files) / 1e6
