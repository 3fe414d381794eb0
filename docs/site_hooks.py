"""For the site alone: pages that lie outside docs/, and links that leave docs/.

On GitHub a page links to `../CONTRIBUTING.md` or `../research/…`. The site has the former as a page; the latter become links to
the repository. A link to what is not there is a warning, and so an error.
"""

from __future__ import annotations

import logging
import os
import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File

ROOT = Path(__file__).resolve().parent.parent
# Page of the site → file of the repository.
FROM_ROOT = {
    "changelog.md": "CHANGELOG.md",
    "contributing.md": "CONTRIBUTING.md",
    "experiments.md": "research/EXPERIMENTS.md",
    "notice.md": "NOTICE.md",
    "security.md": "SECURITY.md",
}
LINK = re.compile(r"(?<=\]\()([^)\s#:]+)(#[^)\s]*)?(?=\))")
log = logging.getLogger("mkdocs.hooks.links")


def on_files(files: Any, config: Any) -> Any:
    """Adds the pages that lie outside docs/."""
    for page, source in FROM_ROOT.items():
        files.append(File.generated(config, page, content=(ROOT / source).read_text(encoding="utf-8")))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:
    """Links as the site has them."""
    here = page.file.src_uri
    repository = FROM_ROOT.get(here, f"docs/{here}")  # where the page lies in the repository

    def rewritten(match: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(repository), match[1]))
        return _link(target, here, config) + (match[2] or "")

    return LINK.sub(rewritten, markdown)


def _link(target: str, here: str, config: Any) -> str:
    """The link from a page of the site to a file of the repository."""
    pages = {source: page for page, source in FROM_ROOT.items()}
    page = pages.get(target) or (target.removeprefix("docs/") if target.startswith("docs/") else None)
    if not (ROOT / target).exists():
        log.warning("%s links to %s, which is not there", here, target)
    if page and not target.endswith(".py"):
        return os.path.relpath(page, posixpath.dirname(here) or ".").replace(os.sep, "/")
    return f"{config['repo_url']}/blob/main/{target}"
