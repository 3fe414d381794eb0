"""What is to be done with a film of a batch: the options of `limelight highlight`, as a plain record.

The same for all films, or otherwise for one: a line of a list changes the settings of the batch. Stems and captions are
files of one film alone, so they are told in a list only, and count as part of the film: other bytes, another film.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from pathlib import Path, PurePath
from typing import Any

from limelight.batch import storage
from limelight.errors import InputError, UsageError
from limelight.media.formats import NewTrack
from limelight.mixing.controls import KEEP, ORIGINAL, Controls, new_track_wished, style_wished
from limelight.mixing.track_roles import split_stem
from limelight.models.directors.style import Style
from limelight.vision.encoder import ContextRequest

NAMED = ("separator", "director", "model", "style")  # a name, or a file of one's own
NUMBERS_AS_TEXT = ("loudness", "audio_bitrate")  # where a list may also have a number
NOT_OF_THE_RESULT = ("offline", "plan", "report")


@dataclass(frozen=True)
class FilmSettings:
    """What is to be done with a film, as the flags of `limelight highlight` say it."""

    strength: float = 1.0
    speech_db: float = 0.0
    music_db: float = 0.0
    effects_db: float = 0.0
    loudness: str | None = None
    true_peak_dbtp: float | None = None
    style: str | None = None
    audio_stream: int | None = None
    tracks: str | None = None
    stem: tuple[str, ...] = ()  # of one film
    keep_tracks: bool = False
    add_track: bool = False
    default_track: str = ORIGINAL
    audio_codec: str | None = None
    audio_bitrate: str | None = None
    separator: str | None = None
    director: str | None = None
    model: str | None = None
    context: str | None = None
    context_model: str | None = None
    text_model: str | None = None
    captions: str | None = None  # of one film
    device: str | None = None
    offline: bool = False
    plan: bool = False  # also NAME.plan.json
    report: bool = False  # also NAME.html

    def __post_init__(self) -> None:
        if self.model and (self.separator or self.director or self.style):
            raise UsageError(
                "a model remixes in one step, in place of a separator, a director and a style; give it alone"
            )
        if self.has_tracks and (self.separator or self.model or self.audio_stream is not None):
            raise UsageError("with tracks or stems nothing is separated; leave separator, model and audio_stream out")
        for wish in self.stem:
            split_stem(wish)
        self.controls()
        self.request()
        self.new_track()

    @property
    def has_tracks(self) -> bool:
        """Whether the parts of the mix are known."""
        return self.tracks is not None or bool(self.stem)

    def controls(self) -> Controls:
        """Raises UsageError for what is out of range."""
        loudness = KEEP if self.loudness is None else self.loudness
        return Controls(self.strength, self.speech_db, self.music_db, self.effects_db, loudness, self.true_peak_dbtp)

    def styling(self) -> Style | None:
        """Raises StyleError."""
        return style_wished(self.style, self.loudness)

    def new_track(self) -> NewTrack:
        """Raises UsageError, StyleError."""
        styling = self.styling()
        return new_track_wished(
            add_track=self.add_track,
            default_track=self.default_track,
            keep_tracks=self.keep_tracks,
            tracks_known=self.has_tracks,
            codec=self.audio_codec,
            bit_rate=self.audio_bitrate,
            style=styling.name if styling else None,
        )

    def request(self) -> ContextRequest:
        """Raises UsageError for flags that have no use together."""
        captions = Path(self.captions) if self.captions else None
        return ContextRequest(
            self.context,
            self.context_model,
            self.text_model,
            captions,
            device=self.device,
            offline=self.offline,
            keep=True,
        )

    def changed(self, wishes: Mapping[str, Any], base: str = "") -> FilmSettings:
        """The same with other values, as a line of a list gives them; base: the list's folder. Raises LimelightError."""
        known = {one.name: str(one.type) for one in fields(self)}
        told = {}
        for name, value in wishes.items():
            if name not in known:
                raise UsageError(f"no option is called {name!r}; there are film, name, {', '.join(known)}")
            told[name] = _told(name, value, known[name], base)
        return replace(self, **told)

    # ---- files ----

    @property
    def files(self) -> tuple[str, ...]:
        """Those that are the film's alone."""
        return (*(split_stem(wish)[1] for wish in self.stem), *([self.captions] if self.captions else []))

    def with_files(self, places: Mapping[str, Path]) -> FilmSettings:
        """The same where these files lie elsewhere: on this machine."""
        stems = []
        for wish in self.stem:
            stem, place, offset_seconds = split_stem(wish)
            at = "" if offset_seconds is None else f"@{offset_seconds:.6f}"
            stems.append(f"{stem}={places[place]}{at}")
        captions = str(places[self.captions]) if self.captions else None
        return replace(self, stem=tuple(stems), captions=captions)

    @property
    def key(self) -> str:
        """A digest of what makes the result: options that are not as usual; of files their bytes, not where they lie."""
        told: dict[str, Any] = {}
        for one in fields(self):
            value = getattr(self, one.name)
            if value != one.default and one.name not in NOT_OF_THE_RESULT:
                told[one.name] = (_digest_of_named(value) or value) if one.name in NAMED else value
        if self.stem:  # the files themselves are part of the film
            told["stem"] = [[stem, offset] for stem, _, offset in map(split_stem, self.stem)]
        if self.captions:
            told["captions"] = True
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]


USUAL = FilmSettings()


def digest(path: Path) -> str:
    """SHA-256 of a file. Raises InputError."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}; check its rights") from error


def _digest_of_named(name: str) -> str:
    """Of a file; "" for a name."""
    path = Path(name).expanduser()
    try:
        status = path.stat()
    except (OSError, ValueError):
        return ""
    return _digest_as_of(str(path.absolute()), status.st_size, status.st_mtime_ns) if path.is_file() else ""


@lru_cache(maxsize=64)
def _digest_as_of(path: str, size_bytes: int, changed_ns: int) -> str:
    return digest(Path(path))


def _told(name: str, value: Any, kind: str, base: str) -> Any:
    """A value of a list, as its field wants it. Raises UsageError."""
    if name == "stem" and isinstance(value, str):
        value = [value]
    if name in NUMBERS_AS_TEXT and isinstance(value, int | float) and not isinstance(value, bool):
        value = f"{value:g}" if name == "loudness" else str(value)
    if not _fits(value, kind):
        words = kind.replace("tuple[str, ...]", "a list of texts").replace(" | ", " or ")
        raise UsageError(f"the option {name} wants {words}, got {value!r}")
    if name == "stem":
        return tuple(_stem_beside(wish, base) for wish in value)
    if name == "captions" and value is not None:
        return _beside(value, base)
    if name in NAMED and value is not None and base and not storage.is_url(base):
        place = _beside(value, base)
        return place if PurePath(value).suffix and os.path.isfile(place) else value
    return value


def _stem_beside(wish: str, base: str) -> str:
    stem, equals, place = wish.partition("=")
    return f"{stem}={_beside(place, base)}" if equals and place else wish


def _beside(place: str, base: str) -> str:
    """A path as it is told in a list in the folder `base`."""
    place = os.path.expanduser(place)
    return place if not base or storage.is_url(place) or os.path.isabs(place) else storage.join(base, place)


_KINDS: dict[str, tuple[type, ...]] = {
    "float": (int, float),
    "int": (int,),
    "str": (str,),
    "bool": (bool,),
    "None": (type(None),),
}


def _fits(value: Any, kind: str) -> bool:
    """Whether a value from JSON is of a field's type; true and false are no numbers."""
    if kind.startswith("tuple"):
        return isinstance(value, list) and all(isinstance(one, str) for one in value)
    kinds = kind.split(" | ")
    return any(isinstance(value, _KINDS[one]) and (one == "bool" or not isinstance(value, bool)) for one in kinds)
