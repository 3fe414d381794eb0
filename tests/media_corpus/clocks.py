"""Films whose clock is odd: they start late, jump, wrap, waver, or stop."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from films import Film, film_path
from media_corpus.corpus_item import SOUND, CorpusItem, of_bytes, of_film, of_sound, short

DAY = Fraction(86_400)
WRAP = Fraction(95_443)  # half a second before the 33 bits of a broadcast clock are used up
ODD = Fraction(12_345, 48_000)


def starting(container: str, start: Fraction, **more: object) -> Film:
    sound = {"mkv": "flac"}.get(container, "aac")
    return short(container, sound=sound, picture_start=start, sound_start=start, **more)


def joined() -> bytes:
    part = film_path(short("ts", b_frames=False, seconds=1.2)).read_bytes()
    return part + part


ITEMS: tuple[CorpusItem, ...] = (
    of_film("sound-late.mp4", "an empty edit", short(sound_start=Fraction(1, 2))),
    of_film("sound-late.mov", "an empty edit", short("mov", sound_start=Fraction(1, 2))),
    of_film("sound-late.mkv", "12,345 samples, rounded to 1 ms", short("mkv", sound_start=ODD)),
    of_film(
        "sound-late.ts",
        "nobody says so",
        short("ts", sound_start=ODD),
        becomes=".mp4",
        copies="pictures",
    ),
    of_film("picture-late.mp4", "sound before the first picture stays", short(picture_start=Fraction(3, 5))),
    of_film("picture-late.mkv", "the same", short("mkv", picture_start=Fraction(3, 5))),
    of_film("at-10-s.mkv", "starts at 10 s", starting("mkv", Fraction(10)), exact=True),
    of_film("at-10-s.mp4", "starts at 10 s", starting("mp4", Fraction(10))),
    of_film("at-10-s.ts", "starts at 10 s", starting("ts", Fraction(10)), becomes=".mp4", copies="pictures"),
    of_film("at-24-h.mkv", "claims to last a day", starting("mkv", DAY), exact=True),
    of_film("at-24-h.ts", "starts at 24 h", starting("ts", DAY), becomes=".mp4", copies="pictures"),
    of_film("wraps.ts", "33 bits run over inside the film", starting("ts", WRAP), becomes=".mp4", copies="pictures"),
    of_film("variable-rate.mp4", "every fifth picture is missing", short(dropped=tuple(range(3, 25, 5)))),
    of_film(
        "picture-hole.mkv",
        "half a second without pictures",
        short("mkv", dropped=tuple(range(8, 20))),
    ),
    of_film(
        "sound-hole.mp4",
        "half a second without sound",
        short(hole=(0.512, 0.5)),
        said="holes? in the sound filled",
    ),
    of_film(
        "sound-hole.mkv",
        "the same, rounded to 1 ms",
        short("mkv", sound="flac", hole=(0.512, 0.5)),
        said="holes? in the sound filled",
        exact=True,
    ),
    of_film(
        "23.976.mkv",
        "a rate that 1 ms does not divide",
        short("mkv", frames_per_second=Fraction(24_000, 1001)),
    ),
    of_film("29.97.mp4", "drop-frame's rate", short(frames_per_second=Fraction(30_000, 1001))),
    of_film("59.94.mp4", "a camera's rate", short(frames_per_second=Fraction(60_000, 1001))),
    of_film("one-a-second.mp4", "a slide show", short(seconds=3.0, frames_per_second=Fraction(1))),
    of_film(
        "one-picture-one-sample.mov",
        "nothing can be shorter",
        short("mov", sound="pcm_s16le", seconds=1 / 25, sample_rate=8000),
        exact=True,
        heard=False,
    ),
    of_sound(
        "one-frame.mp3", "shorter than its codec's delay", "libmp3lame", replace(SOUND, seconds=0.02), heard=False
    ),
    of_sound("ten-ms.wav", "shorter than a window", "pcm_s16le", replace(SOUND, seconds=0.01), exact=True, heard=False),
    of_bytes("joined.ts", "two recordings in one file", joined, ("E_DAMAGED",), said="backwards at 00:00:0"),
)
