"""Files that are broken, cut off, or something else altogether: repaired and told, or refused in one line."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from media_corpus.breaking import (
    LONG,
    SHORT,
    announced_soundtrack,
    box_field,
    data_of,
    empty_soundtrack,
    first_part,
    flipped,
    from_the_middle,
    hole,
    in_index,
    in_packets,
    index_first,
    lying_length,
    matroska,
    random_bytes,
    unknown_codec,
    unknown_sound,
)
from media_corpus.corpus_item import SOUND, CorpusItem, of_bytes, of_sound

NOT_MEDIA = ("E_NOT_MEDIA",)
ANY = ("OK", "E_NOT_MEDIA", "E_DAMAGED", "E_UNSUPPORTED", "E_NO_AUDIO", "E_LIMIT", "E_OUTPUT")
LOST = {"copies": "nothing", "heard": False}
HUGE = 0x7FFFFFFF

OTHER_THINGS = tuple(
    of_bytes(name, why, content, NOT_MEDIA, **LOST)
    for name, why, content in (
        ("empty.mp4", "nothing in it", b""),
        ("letter.mp4", "a text renamed", b"this is not a film\n" * 40),
        ("page.mp4", "a web page saved as a film", b"<!DOCTYPE html><title>404</title>" * 9),
        ("noise.mp4", "random bytes", partial(random_bytes, 20_000)),
        ("nulls.mp4", "zeros", bytes(20_000)),
        ("archive.mp4", "a zip renamed", b"PK\x03\x04" + bytes(range(256)) * 12),
        ("download.mp4", "cut off before its index", lambda: first_part(partial(data_of, SHORT), 0.5)),
        ("head.mp4", "an index cut off", lambda: index_first()[:500]),
        ("head.mkv", "a header alone", lambda: matroska()[:300]),
    )
)
BROKEN: tuple[CorpusItem, ...] = (
    of_bytes(
        "half.mp4",
        "an index, and half of the packets",
        lambda: first_part(index_first, 0.5),
        ("OK",),
        said="ends early",
        **LOST,
    ),
    of_bytes(
        "half.mkv",
        "half of it, without any error",
        lambda: first_part(matroska, 0.5),
        ("OK",),
        said="ends early",
        **LOST,
    ),
    of_bytes(
        "half.ts",
        "nobody can know",
        lambda: first_part(partial(data_of, replace(LONG, container="ts")), 0.5),
        ("OK",),
        becomes=".mp4",
        **LOST,
    ),
    of_bytes("20-bytes.mp4", "a few packets are broken", partial(in_packets, 20), ("OK", "E_DAMAGED"), **LOST),
    of_bytes("900-bytes.mp4", "most packets are broken", partial(in_packets, 900), ("E_DAMAGED",), **LOST),
    of_bytes("hole.mp4", "6 kB of zeros", hole, ("OK", "E_DAMAGED"), **LOST),
    of_bytes("60-bytes.mkv", "a damaged Matroska", lambda: flipped(matroska(), 60, start=3000), ANY, **LOST),
    of_bytes(
        "150-bytes.ts",
        "phantom streams appear",
        lambda: flipped(data_of(replace(LONG, container="ts")), 150, start=3000),
        ANY,
        becomes=".mp4",
        **LOST,
    ),
    of_bytes(
        "60-bytes.flv",
        "streams that appear late",
        lambda: flipped(data_of(replace(LONG, container="flv", sample_rate=44_100)), 60, start=3000),
        ANY,
        becomes=".mp4",
        **LOST,
    ),
    of_bytes(
        "60-bytes.webm",
        "damaged pictures",
        lambda: flipped(data_of(replace(SHORT, container="webm", picture="libvpx", sound="libopus")), 60, start=1000),
        ANY,
        **LOST,
    ),
    of_bytes("index.mp4", "a damaged index", partial(in_index, 12), ANY, **LOST),
    of_bytes(
        "stts.mp4",
        "two thousand million durations",
        partial(box_field, b"stts", 8, HUGE),
        ("E_NOT_MEDIA", "E_DAMAGED"),
        **LOST,
    ),
    of_bytes(
        "stsz.mp4",
        "two thousand million packets",
        partial(box_field, b"stsz", 12, HUGE),
        ("E_NOT_MEDIA", "E_DAMAGED"),
        **LOST,
    ),
    of_bytes(
        "picture-codec.mp4",
        "a picture nobody can decode",
        partial(unknown_codec, b"avc1"),
        ("E_UNSUPPORTED",),
        said="codec of its picture",
        **LOST,
    ),
    of_bytes("sound-codec.mp4", "sound nobody can decode", unknown_sound, ("E_NO_AUDIO",), **LOST),
    of_bytes("junk-behind.mp4", "bytes after the end", lambda: data_of(SHORT) + random_bytes(3000), ("OK",)),
    of_bytes(
        "mute.mp4",
        "no soundtrack",
        lambda: data_of(replace(SHORT, sound=None)),
        ("E_NO_AUDIO",),
        said="has no sound",
        **LOST,
    ),
    CorpusItem(
        "no-packets.mkv",
        "a soundtrack without packets",
        empty_soundtrack,
        ("E_NO_AUDIO",),
        said="soundtrack is empty",
        **LOST,
    ),
    CorpusItem("eternal.mkv", "a length of eleven thousand days, which nobody believes", lying_length, **LOST),
    CorpusItem(
        "announced.ts",
        "a second soundtrack that never comes",
        announced_soundtrack,
        said="there is no sound in it",
        becomes=".mp4",
        copies="pictures",
    ),
    of_bytes(
        "from-the-middle.ts", "no key picture", from_the_middle, ("E_DAMAGED",), said="size of its picture", **LOST
    ),
    of_sound(
        "absurd-numbers.wav",
        "broken bytes, read as floating point, are louder than anything",
        "pcm_f32le",
        replace(SOUND, amplitude=1e30),
        codes=("OK",),
        said="absurd ones",
        **LOST,
    ),
    of_bytes(
        "two-days.mkv",
        "packets two days apart: silence enough to fill a disk",
        lambda: data_of(replace(SHORT, container="mkv", hole=(0.5, 172_800.0))),
        ("E_LIMIT",),
        said="the limit is 24 h",
        **LOST,
    ),
)
ITEMS = OTHER_THINGS + BROKEN
