"""What a tricky file is: how it is made, why it is tricky, and what is to come of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from films import Film, film_path

OK = ("OK",)
SOUND = Film(picture=None, seconds=1.0)


@dataclass(frozen=True)
class CorpusItem:
    """One file of the corpus."""

    name: str  # of the file, with its suffix
    why: str  # it is tricky
    make: Callable[[Path], object]  # writes it
    codes: tuple[str, ...] = OK  # what may come of it: "OK", or the code of an error
    becomes: str = ""  # suffix of the result; the same where none is given
    said: str = ""  # in the notes or in the error, a regular expression
    lag: int = 0  # samples that the sound may be off, where the source's container rounds its times
    copies: str = "packets"  # how the picture is compared: its packets, its decoded "pictures", or "nothing" at all
    exact: bool = False  # lossless in and out: strength 0 must give back every sample
    heard: bool = True  # whether the sound can be compared with the original by correlation

    @property
    def fails(self) -> bool:
        return "OK" not in self.codes

    @property
    def suffix(self) -> str:
        return self.becomes or Path(self.name).suffix


def short(container: str = "mp4", picture: str = "libx264", sound: str | None = "aac", **more: object) -> Film:
    """A film of one second."""
    return Film(container, picture, sound, **{"seconds": 1.0} | more)


def of_film(name: str, why: str, film: Film, **more: object) -> CorpusItem:
    """An item that is a film as `films.py` makes it."""
    return CorpusItem(name, why, lambda path: path.write_bytes(film_path(film).read_bytes()), **more)


def of_sound(name: str, why: str, codec: str, film: Film = SOUND, **more: object) -> CorpusItem:
    """An item that is sound alone, in the container of its suffix: there is no picture to be compared."""
    made = replace(film, container=Path(name).suffix[1:], sound=codec)
    return of_film(name, why, made, **{"copies": "nothing"} | more)


def of_bytes(
    name: str, why: str, content: bytes | Callable[[], bytes], codes: tuple[str, ...], **more: object
) -> CorpusItem:
    """An item that is these bytes."""

    def make(path: Path) -> None:
        path.write_bytes(content if isinstance(content, bytes) else content())

    return CorpusItem(name, why, make, codes, **more)
