"""All items of the corpus, and the few that every run of the tests sees."""

from __future__ import annotations

from media_corpus import clocks, codec_samples, damaged, extras, hostile, sounds
from media_corpus.corpus_item import CorpusItem

GROUPS: dict[str, tuple[CorpusItem, ...]] = {
    "codecs and containers": codec_samples.ITEMS,
    "clocks": clocks.ITEMS,
    "sound": sounds.ITEMS,
    "extras": extras.ITEMS,
    "damage": damaged.ITEMS,
    "hostility": hostile.ITEMS,
}
ALL: tuple[CorpusItem, ...] = tuple(item for group in GROUPS.values() for item in group)
QUICK = frozenset(
    {
        "h264-aac.mkv",
        "vp8-opus.webm",
        "mpeg4-u8.avi",
        "sound-late.mkv",
        "wraps.ts",
        "one-picture-one-sample.mov",
        "7.1.mp4",
        "everything.mkv",
        "head.mkv",
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
