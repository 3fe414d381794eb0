"""Numbers, times and foreign text as people read them.

What comes from a file is hostile: a name may hold broken bytes, escape sequences for a terminal, marks that reverse
the direction of writing, or markup. `plain` makes it one harmless line, `escaped` makes that line safe inside HTML.
"""

from __future__ import annotations

import html
import math
import unicodedata

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
