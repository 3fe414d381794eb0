"""Links between the pages of the repository lead somewhere, headings included; those to the web are not followed."""

from __future__ import annotations

import re
from pathlib import Path

from docs.blocks import ROOT, pages

from docs import generate

LINK = re.compile(r"\]\(([^)\s#]*)(?:#([^)\s]+))?\)")
HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)
NAMED = re.compile(r"`((?:src|tests|docs|research|bench|stress|examples|skills)/[\w./-]*\w/?)`")
FENCED = re.compile(r"```.*?```", re.DOTALL)


def test_every_link_leads_to_a_file_and_a_heading() -> None:
    assert [fault for page in [*pages(), *_others()] for fault in _faults(page)] == []


def test_files_that_are_named_are_there() -> None:
    """The diary is an archive: it may name what is gone."""
    texts = [page for page in [*pages(), *_others()] if page.name != "EXPERIMENTS.md"]
    named = {(page.name, name) for page in texts for name in NAMED.findall(page.read_text(encoding="utf-8"))}
    assert sorted(pair for pair in named if not (ROOT / pair[1]).exists()) == []


def test_generated_pages_are_those_of_the_code() -> None:
    old = [
        name for name, text in generate.pages().items() if (ROOT / "docs" / name).read_text(encoding="utf-8") != text
    ]
    assert old == [], "run python docs/generate.py"


def test_every_page_is_in_the_navigation() -> None:
    navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    there = [str(page.relative_to(ROOT / "docs")) for page in (ROOT / "docs").rglob("*.md")]
    assert [page for page in there if f": {page}\n" not in navigation] == []


def _others() -> list[Path]:
    return [ROOT / name for name in ("CHANGELOG.md", "NOTICE.md", "SECURITY.md", "research/EXPERIMENTS.md")]


def _faults(page: Path) -> list[str]:
    text = FENCED.sub("", page.read_text(encoding="utf-8"))
    return [
        f"{page.relative_to(ROOT)}: {name}#{anchor}"
        for name, anchor in LINK.findall(text)
        if not _leads(page, name, anchor)
    ]


def _leads(page: Path, name: str, anchor: str) -> bool:
    if "://" in name or name.startswith("mailto:"):
        return True
    target = (page.parent / name) if name else page
    if not target.exists():
        return False
    return not anchor or anchor in {_slug(heading) for heading in HEADING.findall(target.read_text(encoding="utf-8"))}


def _slug(heading: str) -> str:
    """As the forges and MkDocs make it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")
