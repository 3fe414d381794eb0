"""Pages and Markdown by Jinja2 templates, which lie in a room's folder `templates`.

What comes from a file is hostile: every text that a template prints is first made one harmless line (`words.plain`), then
escaped for HTML, or for the cell of a Markdown table. Only what code marks as `Markup` is left as it is.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from limelight.media.target import naming_write_errors, whole_or_absent
from limelight.report.words import plain

LONGEST = 5000  # characters of any one text


def render(room: str, template: str, **values: object) -> str:
    """A template of a room ("metrics", "dataset", …) with its values, as text that ends with a line end."""
    return _environment(room, markdown=template.endswith(".md.j2")).get_template(template).render(**values)


def write_text(text: str, path: Path) -> Path:
    """Writes a page, whole or not at all. Raises OutputError."""
    with whole_or_absent(path) as temporary, naming_write_errors(path):
        temporary.write_text(text, encoding="utf-8")
    return path


@cache
def _environment(room: str, *, markdown: bool) -> Environment:
    rooms = dict.fromkeys((room, "report"))
    made = Environment(
        loader=ChoiceLoader([PackageLoader(f"limelight.{name}") for name in rooms]),
        autoescape=not markdown,
        finalize=_in_a_cell if markdown else _harmless,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters["markup"] = Markup  # what a macro has printed is harmless already
    return made


def _harmless(value: Any) -> Any:
    return plain(value, limit=LONGEST) if isinstance(value, str) and not isinstance(value, Markup) else value


def _in_a_cell(value: Any) -> Any:
    """No markup, and no other cell."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return plain(value, limit=LONGEST).replace("<", "&lt;").replace("|", "\\|")
