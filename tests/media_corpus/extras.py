"""Films that carry more than picture and sound: all of it must come along, or be named."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from films import film_path
from media_corpus.corpus_item import CorpusItem, of_bytes, of_film, short

SHORT = short()
MKV = short("mkv", sound="flac")
TAGS = (("title", "Corpus ☃"), ("artist", "nobody"), ("comment", "<b>&\"'"))
HOSTILE = "\x1b]0;owned\x07<script>alert(1)</script>"


def latin_title() -> bytes:
    data = film_path(short(tags=(("title", "Title-no1"),))).read_bytes()
    return data.replace(b"Title-no1", b"T\xeftle-n\xf61")


ITEMS: tuple[CorpusItem, ...] = (
    of_film("turned.mp4", "a phone held upright", short(rotation=90)),
    of_film("upside-down.mov", "a phone held wrongly", short("mov", rotation=180)),
    of_film(
        "wide-points.mkv", "picture points that are not square", replace(MKV, pixel_aspect=Fraction(4, 3)), exact=True
    ),
    of_film("two-soundtracks.mkv", "the second is copied", replace(MKV, soundtracks=2), exact=True),
    of_film("two-soundtracks.mp4", "the second is copied", short(soundtracks=2)),
    of_film("subtitles.mkv", "text with times", replace(MKV, subtitles="subrip"), exact=True),
    of_film("subtitles.mp4", "text with pauses", short(subtitles="mov_text")),
    of_film("chapters.mkv", "times of their own", replace(MKV, chapters=2), exact=True),
    of_film("chapters.mp4", "a track that cannot be copied", short(chapters=2)),
    of_film(
        "late-chapters.mkv",
        "they move with the film",
        replace(MKV, chapters=2, picture_start=Fraction(10), sound_start=Fraction(10)),
        exact=True,
    ),
    of_film("attachment.mkv", "a font", replace(MKV, attachment=bytes(range(256)) * 8), exact=True),
    of_film("cover.mp4", "a second picture that is none", short(cover=True)),
    of_film(
        "everything.mkv",
        "all of it at once",
        replace(MKV, soundtracks=2, subtitles="subrip", chapters=3, attachment=b"font", tags=TAGS, layout="5.1"),
        exact=True,
    ),
    of_film("tags.mp4", "signs from everywhere", short(tags=TAGS)),
    of_film("hostile-tags.mkv", "escape sequences and markup", replace(MKV, tags=(("title", HOSTILE),)), exact=True),
    of_bytes("latin-1-title.mp4", "a tag that is no Unicode", latin_title, ("OK",)),
)
