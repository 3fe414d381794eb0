"""Words and templates of every page that is written.

Numbers, times and foreign text as people read them.

What comes from a file is hostile: a name may hold broken bytes, escape sequences for a terminal, marks that reverse
the direction of writing, or markup. `plain` makes it one harmless line, `escaped` makes that line safe inside HTML.

Pages and Markdown by Jinja2 templates, which lie in a room's folder `templates`.

What comes from a file is hostile: every text that a template prints is first made one harmless line (`words.plain`), then
escaped for HTML, or for the cell of a Markdown table. Only what code marks as `Markup` is left as it is.
"""

from __future__ import annotations

import html
import math
import unicodedata
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from limelight.media.target import naming_write_errors, whole_or_absent

LONGEST = 500  # characters of any one text of a file
_REPLACED = "\N{REPLACEMENT CHARACTER}"
# Control characters, marks that turn the writing round (category Cf), lone halves of surrogate pairs, private use.
_HARMFUL = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"  # Cf too, but Persian and emoji need them


def plain(text: object, *, limit: int = LONGEST) -> str:
    """Any text as one line without control characters and lone surrogates, cut to `limit` characters."""
    line = str(text)[: limit + 1]
    clean = "".join(" " if c in "\t\n\r" else _REPLACED if _is_harmful(c) else c for c in line)
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"


def _is_harmful(character: str) -> bool:
    return unicodedata.category(character) in _HARMFUL and character not in _JOINERS


def escaped(text: object, *, limit: int = LONGEST) -> str:
    """`plain`, for HTML: in text and in quoted attributes."""
    return html.escape(plain(text, limit=limit), quote=True)


def clock_time(seconds: float) -> str:
    """h:mm:ss, the second that has begun."""
    whole = max(0, int(seconds + 1e-6))
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def number(value: float | None, digits: int = 1, *, sign: bool = False) -> str:
    """A number with a true minus; "–" for none, "−∞" for silence."""
    if value is None or math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    rounded = round(value, digits) + 0.0  # no −0.0
    return f"{rounded:{'+' if sign and rounded else ''}.{digits}f}".replace("-", "−")


def decibels(value: float | None) -> str:
    """A change of level: "+3.2 dB"."""
    return f"{number(value, sign=True)} dB"


def change(before: float | None, after: float | None, unit: str) -> str:
    """ "−24.1 → −23.0 LUFS"; a level that is none is silence."""
    old, new = ("silence" if value is None or math.isinf(value) else number(value) for value in (before, after))
    return f"{old} → {new}" + ("" if new == "silence" else f" {unit}")


def kilohertz(hertz: int) -> str:
    """A sample rate: "44.1 kHz"."""
    return f"{hertz / 1000:g} kHz"


def duration(seconds: float) -> str:
    """A length of time for reading: "4.2 s", "2 min 5 s", "1 h 3 min"."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole // 60 % 60} min"


LONGEST_IN_PAGE = 5000  # characters of any one text


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
    return plain(value, limit=LONGEST_IN_PAGE) if isinstance(value, str) and not isinstance(value, Markup) else value


def _in_a_cell(value: Any) -> Any:
    """No markup, and no other cell."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return plain(value, limit=LONGEST_IN_PAGE).replace("<", "&lt;").replace("|", "\\|")
