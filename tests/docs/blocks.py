"""The fenced blocks of README and docs, as they are printed.

    ```sh, ```bash           commands, run in order within a page, in one folder
    ```python                run, in one namespace a page; with title="NAME.py" it is that file instead
    ```json, ```csv          with a title: that file; JSON without one must be JSON
    ```diff                  with a title: a change to that file of the repository, tried on a copy of it
    ```text and others       drawings and sketches, not run

A comment on the line before a block says what cannot be run everywhere:

    <!-- slow -->                       run by `make test-all` only
    <!-- only parsed: hours of work --> never run; programs and options must exist, Python must compile
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^(\s*)```(\S*)\s*(.*)$")
TITLE = re.compile(r'title="([^"]+)"')
MARK = re.compile(r"^\s*<!-- (slow|only parsed: .+) -->\s*$")
OPERATORS = ("&&", "||", ";", "|", ">", "<", "for ", "$(", "*")


@dataclass(frozen=True)
class Block:
    """One fenced block."""

    page: Path
    line: int  # of its first line
    language: str
    title: str
    mark: str  # "", "slow" or "only parsed: …"
    text: str

    @property
    def where(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    @property
    def commands(self) -> list[str]:
        """Lines of a shell block, continued ones joined, without comments and empty ones."""
        joined = re.sub(r"\\\n\s*", " ", self.text)
        return [line.strip() for line in joined.splitlines() if line.strip() and not line.lstrip().startswith("#")]


def pages() -> list[Path]:
    """Everything that a stranger reads and copies from."""
    named = ("README.md", "CONTRIBUTING.md", "examples/README.md")
    return (
        [ROOT / name for name in named if (ROOT / name).exists()]
        + sorted((ROOT / "docs").rglob("*.md"))
        + sorted(ROOT.glob("skills/*/*.md"))
    )


def blocks_of(page: Path) -> list[Block]:
    """The blocks of a page, in order."""
    found, lines, at = [], page.read_text(encoding="utf-8").splitlines(), 0
    while at < len(lines):
        if opening := FENCE.match(lines[at]):
            indent, language, rest = opening.groups()
            end = next(k for k in range(at + 1, len(lines)) if lines[k].strip() == "```")
            mark = MARK.match(lines[at - 1]) if at else None
            title = TITLE.search(rest)
            text = "\n".join(line.removeprefix(indent) for line in lines[at + 1 : end]) + "\n"
            found.append(
                Block(
                    page,
                    at + 2,
                    "sh" if language == "bash" else language,
                    title[1] if title else "",
                    mark[1] if mark else "",
                    text,
                )
            )
            at = end
        at += 1
    return found


def words_of(command: str) -> list[str]:
    """A command's words, its trailing comment left out."""
    return shlex.split(command, comments=True)


def is_plain(command: str) -> bool:
    """Whether it is one program and its words, nothing for a shell."""
    bare = re.sub(r"'[^']*'|\"[^\"]*\"", "", command.partition(" #")[0])
    return not any(sign in bare for sign in OPERATORS)
