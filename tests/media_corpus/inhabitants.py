"""All animals of the zoo, and the few that every run of the tests sees."""

from __future__ import annotations

from media_corpus import belongings, clocks, codings, damaged, hostile, sounds
from media_corpus.animal import Animal

GROUPS: dict[str, tuple[Animal, ...]] = {
    "codecs and containers": codings.ANIMALS,
    "clocks": clocks.ANIMALS,
    "sound": sounds.ANIMALS,
    "belongings": belongings.ANIMALS,
    "damage": damaged.ANIMALS,
    "hostility": hostile.ANIMALS,
}
ALL: tuple[Animal, ...] = tuple(animal for group in GROUPS.values() for animal in group)
QUICK = frozenset(
    {
        "h264-aac.mkv",
        "vp8-opus.webm",
        "mpeg4-u8.avi",
        "sound-late.mkv",
        "wraps.ts",
        "one-picture-one-sample.mov",
        "joined.ts",
        "7.1.mp4",
        "rate-changes.ts",
        "everything.mkv",
        "head.mkv",
        "half.mkv",
        "sound-codec.mp4",
        "no-packets.mkv",
        "eternal.mkv",
        "two-days.mkv",
        "announced.ts",
        "from-the-middle.ts",
        "absurd-numbers.wav",
        "concat.mp4",
        "broken\udcff.mp4",
    }
)
