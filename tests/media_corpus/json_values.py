"""Any JSON in any place: what hypothesis puts into plans, cards, captions and manifests."""

from __future__ import annotations

import json
import string
from typing import Any

from hypothesis import strategies as st

ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(), max_size=5)
    | st.sampled_from([1e308, -1e308, 10**30, 1e-320, "../..", "/etc/passwd", "\x1b]0;", "\u2028", "a\0b"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(string.ascii_letters, max_size=3), inner),
    max_leaves=8,
)
ANY_BYTES = st.binary(max_size=60) | st.text(max_size=40).map(str.encode) | ANYTHING.map(json.dumps).map(str.encode)
Place = tuple[str | int, ...]


def places(value: Any, at: Place = ()) -> list[Place]:
    """Every place in a nest of dicts and lists."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at] * bool(at) + [place for key, item in inner for place in places(item, (*at, key))]


def with_value(whole: Any, place: Place, value: Any) -> Any:
    """A copy with another value in one place."""
    copy = json.loads(json.dumps(whole))
    inner = copy
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    return copy
