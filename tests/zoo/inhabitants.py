"""All animals of the zoo, and the few that every run of the tests sees."""

from __future__ import annotations

from zoo import belongings, clocks, codings, damaged, hostile, sounds
from zoo.animal import Animal

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
        "h264-aac.ts",
        "vp8-opus.webm",
        "mpeg4-u8.avi",
        "trimmed.mp4",
        "sound-late.mkv",
        "wraps.ts",
        "variable-rate.mp4",
        "one-picture-one-sample.mov",
        "one-frame.mp3",
        "joined.ts",
        "7.1.mp4",
        "not-numbers.mov",
        "rate-changes.ts",
        "everything.mkv",
        "latin-1-title.mp4",
        "letter.mp4",
        "head.mkv",
        "half.mkv",
        "900-bytes.mp4",
        "60-bytes.flv",
        "stts.mp4",
        "sound-codec.mp4",
        "no-packets.mkv",
        "eternal.mkv",
        "two-days.mkv",
        "announced.ts",
        "from-the-middle.ts",
        "absurd-numbers.wav",
        "concat.mp4",
        "reference-alias.mov",
        "broken\udcff.mp4",
    }
)
