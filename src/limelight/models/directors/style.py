"""Styles: what kind of film it is, and so how far speech is to stand out. Any director can be given one.

A style is a small TOML file of the keys of `Style`, with a comment for each that is not obvious; those of the package lie
in `styles/`. What a file does not say is as usual.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import Any

from limelight.errors import StyleError

SUFFIX = ".toml"
LARGEST_BYTES = 100_000
# Key → the least and the most that it may be; texts are not here.
RANGES = {
    "speech_over_rest_lu": (0.0, 30.0),
    "left_alone_from_lu": (-30.0, 30.0),
    "too_deep_below_lu": (-60.0, 30.0),
    "least_speech_share": (0.0, 1.0),
    "least_speech_seconds": (0.0, 30.0),
    "lifted_share": (0.0, 1.0),
    "most_lift_db": (0.0, 15.0),
    "most_music_cut_db": (0.0, 15.0),
    "most_effects_cut_db": (0.0, 15.0),
    "range_lu": (2.0, 40.0),
    "true_peak_dbtp": (-20.0, 0.0),
}
NAMES = ("name", "about")
KNOWN_LOWEST_LU = -40.0  # under the rest; speech of a track of its own can be lifted from there


@dataclass(frozen=True)
class Style:
    """What a director aims at. Levels are K-weighted, of stems while somebody speaks. Usual: the gentle rule for any film."""

    name: str = "usual"
    about: str = "any film: speech that is hard to hear is brought forward, everything else is left alone"
    speech_over_rest_lu: float = 7.0  # where speech is brought to
    left_alone_from_lu: float = 3.0  # speech that stands so far over the rest is left as it is
    too_deep_below_lu: float = -16.0  # speech that lies deeper cannot be separated well enough to be lifted
    least_speech_share: float = 0.2  # of a scene, under which nothing is done for speech
    least_speech_seconds: float = 1.0  # of a scene, likewise; who names a style says that there is talk
    lifted_share: float = 0.5  # of the shift lifts speech, the others lower the rest
    most_lift_db: float = 15.0
    most_music_cut_db: float = 15.0
    most_effects_cut_db: float = 15.0
    range_lu: float | None = (
        None  # passages louder than speech by over half of this are lowered, softer speech is raised
    )
    loudness: str | float = "keep"  # as --loudness
    true_peak_dbtp: float | None = None

    def __post_init__(self) -> None:
        for key, (least, most) in RANGES.items():
            value = getattr(self, key)
            if value is None and key in ("range_lu", "true_peak_dbtp"):
                continue
            if not isinstance(value, int | float) or isinstance(value, bool) or not least <= value <= most:
                raise StyleError(
                    f"Wanted {key} between {least:g} and {most:g} in the style {self.name}, found {value!r}."
                )
        if not isinstance(self.loudness, str | int | float) or isinstance(self.loudness, bool):
            raise StyleError(
                f"Wanted a loudness as --loudness takes it in the style {self.name}, found {self.loudness!r}."
            )

    @property
    def of_tracks(self) -> Style:
        """The same where the parts are known: nothing is separated, so hardly anything is too deep."""
        return replace(self, too_deep_below_lu=min(self.too_deep_below_lu, KNOWN_LOWEST_LU))

    @property
    def record(self) -> dict[str, str | float | None]:
        """All of it, for a plan."""
        return asdict(self)


def style_names() -> tuple[str, ...]:
    """Those of the package."""
    return tuple(sorted(file.name.removesuffix(SUFFIX) for file in _shelf().iterdir() if file.name.endswith(SUFFIX)))


def style_text(name: str) -> str:
    """The file of one of the package's styles, to be copied and changed. Raises StyleError."""
    if name not in style_names():
        raise _unknown(name)
    return str((_shelf() / f"{name}{SUFFIX}").read_text(encoding="utf-8"))


def load_style(name: str) -> Style:
    """A style by its name, or from a file of your own. Raises StyleError, naming the key that is wrong."""
    if not name.endswith(SUFFIX):
        return _read(style_text(name), name)
    path = Path(name).expanduser()
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise StyleError(f"Wanted a style in {path}, found a file of over {LARGEST_BYTES // 1000} kB.")
        return _read(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError, ValueError) as error:
        if isinstance(error, StyleError):
            raise
        raise StyleError(f"Wanted a style in {path}, could not read it ({error}); see `limelight styles`.") from error


def _read(text: str, place: str) -> Style:
    try:
        values: Mapping[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise StyleError(f"Wanted a style in {place}, found no TOML ({error}); mend it there.") from error
    keys = [field.name for field in fields(Style)]
    for key in values:
        if key not in keys:
            near = get_close_matches(key, keys, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(keys)}."
            raise StyleError(f"Wanted a style in {place}, found the key {key!r}, which no style has; {hint}")
    for key in NAMES:
        if not isinstance(values.get(key, ""), str):
            raise StyleError(f"Wanted {key} as text in the style {place}, found {values[key]!r}.")
    return Style(**({"name": Path(place).stem} | dict(values)))


def _shelf() -> Any:
    return files("limelight.models.directors") / "styles"


def _unknown(name: str) -> StyleError:
    return StyleError(
        f"Wanted the style {name!r}; there are {', '.join(style_names())}, or a file of your own (NAME{SUFFIX}). "
        "See `limelight styles`."
    )
