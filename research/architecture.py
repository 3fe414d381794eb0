"""Counts what docs/ARCHITECTURE.md says of the code: files by package, a film's way, import cycles, types defined twice.

python -m research.architecture            print
python -m research.architecture --write    put the figures into docs/ARCHITECTURE.md, between its two marks
"""

from __future__ import annotations

import ast
import inspect
import sys
import tempfile
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "limelight"
PAGE = ROOT / "docs" / "ARCHITECTURE.md"
DEMO = ROOT / "examples" / "demo.mp4"
FIRST, LAST = "<!-- counted: begin -->", "<!-- counted: end -->"


def modules() -> dict[str, Path]:
    """Module name → file, without the files that only say what a folder is."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        name = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
        found[name.removesuffix(".__init__")] = path
    return found


def package_of(path: Path) -> str:
    """The folder of a file within the package; "." for its root."""
    parts = path.relative_to(PACKAGE).parts
    return parts[0] if len(parts) > 1 else "."


def files_and_lines() -> dict[str, tuple[int, int]]:
    """Package → files and lines."""
    files, lines = Counter[str](), Counter[str]()
    for path in modules().values():
        if path.name == "__init__.py" and path.parent != PACKAGE:
            continue
        files[package_of(path)] += 1
        lines[package_of(path)] += len(path.read_text(encoding="utf-8").splitlines())
    return {name: (files[name], lines[name]) for name in sorted(files)}


def imports() -> dict[str, set[str]]:
    """Module → modules that it imports when it is imported itself."""
    known, graph = modules(), defaultdict[str, set[str]](set)
    for name, path in known.items():
        for node in _at_import(ast.parse(path.read_text(encoding="utf-8")).body):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("limelight"):
                for alias in node.names:
                    target = f"{node.module}.{alias.name}"
                    graph[name].add(target if target in known else node.module)
    return {name: {other for other in graph[name] if other in known and other != name} for name in known}


def cycles() -> list[list[str]]:
    """Groups of modules that import each other in a ring."""
    graph = imports()
    reach = {name: _reached(name, graph) for name in graph}
    rings = {frozenset(other for other in reach[name] if name in reach[other]) for name in graph}
    return sorted(sorted(ring) for ring in rings if len(ring) > 1)


def types_defined_twice() -> dict[str, list[str]]:
    """Public class name → modules, for those that have several."""
    places = defaultdict[str, list[str]](list)
    for name, path in modules().items():
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(name)
    return {name: found for name, found in sorted(places.items()) if len(found) > 1}


def files_of_one_film() -> list[str]:
    """The files of the package of which a function is called while the demo film is highlighted by the command line."""
    seen: set[str] = set()

    def watch(frame: FrameType, event: str, _argument: Any) -> None:
        if (
            event == "call" and frame.f_code.co_flags & inspect.CO_OPTIMIZED
        ):  # a function, not the body of a module or class
            seen.add(frame.f_code.co_filename)

    from limelight.cli.main import app

    with tempfile.TemporaryDirectory() as folder:
        words = ["highlight", str(DEMO), "-o", f"{folder}/out.mp4", "--quiet"]
        threading.setprofile(watch)
        sys.setprofile(watch)
        try:
            app(words, standalone_mode=False)
        finally:
            sys.setprofile(None)
            threading.setprofile(None)  # type: ignore[arg-type]
    inside = [Path(name) for name in seen if name.startswith(str(PACKAGE))]
    return sorted(str(path.relative_to(PACKAGE)) for path in inside)


def report() -> str:
    """The figures as Markdown."""
    packages = files_and_lines()
    rows = [f"| `{name}` | {files} | {lines:,} |" for name, (files, lines) in packages.items()]
    files, lines = (sum(values) for values in zip(*packages.values(), strict=True))
    film = files_of_one_film()
    return "\n".join(
        [
            "| package | files | lines |",
            "|---|---:|---:|",
            *rows,
            f"| all | {files} | {lines:,} |",
            "",
            f"One film passes through {len(film)} files. Import cycles: {len(cycles())}. "
            f"Public types defined twice: {len(types_defined_twice())}.",
        ]
    )


def _at_import(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for node in body:
        if isinstance(node, ast.If) and "TYPE_CHECKING" not in ast.unparse(node.test):
            yield from _at_import(node.body)
        yield node


def _reached(start: str, graph: dict[str, set[str]]) -> set[str]:
    seen, waiting = set[str](), [start]
    while waiting:
        for other in graph[waiting.pop()] - seen:
            seen.add(other)
            waiting.append(other)
    return seen


def main() -> None:
    """Prints, or writes into the page."""
    said = report()
    print(said)  # noqa: T201
    if "--write" in sys.argv:
        text = PAGE.read_text(encoding="utf-8")
        head, rest = text.split(FIRST)
        PAGE.write_text(f"{head}{FIRST}\n\n{said}\n\n{LAST}{rest.split(LAST)[1]}", encoding="utf-8")


if __name__ == "__main__":
    main()
