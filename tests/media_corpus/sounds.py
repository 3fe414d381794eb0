"""Sound of every kind: rates, depths, layouts, and samples that are hardly sound."""

from __future__ import annotations

import struct
from dataclasses import replace
from fractions import Fraction

from film_sound import noise
from films import Film, film_path
from media_corpus.corpus_item import SOUND, CorpusItem, of_bytes, of_film, of_sound, short

SHORT = short()
MOV = short("mov", sound="pcm_f32le")
MKV = short("mkv", sound="flac")


def changing(**change: object) -> bytes:
    """A broadcast whose sound changes on the way."""
    first = Film(container="ts", sound="ac3", b_frames=False)
    later = replace(first, picture_start=Fraction(2), sound_start=Fraction(2), **change)
    return film_path(first).read_bytes() + film_path(later).read_bytes()


def speakers(mask: int, channels: int) -> bytes:
    """A WAV of noise whose header gives these speakers, bit by bit; 0 gives none of them a name."""
    samples = (noise(0.5, 48_000, channels).T * 32_767).astype("<i2").tobytes()
    pcm = b"\x01\0\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71"
    form = struct.pack("<HHIIHHHHI", 0xFFFE, channels, 48_000, 96_000 * channels, 2 * channels, 16, 22, 16, mask) + pcm
    body = (
        b"WAVE" + struct.pack("<4sI", b"fmt ", len(form)) + form + struct.pack("<4sI", b"data", len(samples)) + samples
    )
    return struct.pack("<4sI", b"RIFF", len(body)) + body


RATES = tuple(
    of_film(f"{rate}-hz.{film.container}", why, replace(film, sample_rate=rate), exact=film.container != "mp4")
    for rate, film, why in (
        (8000, SHORT, "a telephone"),
        (16_000, SHORT, "a dictaphone"),
        (22_050, SHORT, "half a CD"),
        (32_000, MKV, "a broadcast of old"),
        (44_100, MKV, "a CD"),
        (88_200, MKV, "twice a CD"),
        (96_000, replace(MOV, sound="pcm_s24le"), "a studio"),
        (192_000, replace(MKV, seconds=0.5), "more than anybody hears"),
    )
)
LAYOUTS = tuple(
    of_film(f"{name}.{film.container}", why, replace(film, layout=layout), exact=film.container != "mp4")
    for name, layout, film, why in (
        ("mono", "mono", SHORT, "one channel stays one"),
        ("2.1", "2.1", MKV, "a layout that few codecs take"),
        ("quad", "quad", MKV, "four corners"),
        ("5.0", "5.0", MKV, "Opus would swap its channels"),
        ("5.1", "5.1", SHORT, "six channels, their order kept"),
        ("5.1-side", "5.1(side)", MKV, "AAC would lose the names"),
        ("6.1", "6.1", MKV, "Opus would swap its channels"),
        ("7.1", "7.1", SHORT, "eight planes crash PyAV 18"),
        ("7.1-lossless", "7.1", MOV, "the same without loss"),
    )
)
SAMPLES: tuple[CorpusItem, ...] = (
    of_film("silence.mp4", "nothing to measure", short(waveform="silence"), heard=False),
    of_sound("silence.wav", "nothing to measure", "pcm_s16le", replace(SOUND, waveform="silence"), heard=False),
    of_bytes(
        "above-and-behind.wav",
        "speakers that no codec has a place for",
        lambda: speakers(0b1010001100000000, 4),
        ("OK",),
        copies="nothing",
        exact=True,
    ),
    of_bytes(
        "unnamed.wav", "six channels without names", lambda: speakers(0, 6), ("OK",), copies="nothing", exact=True
    ),
    of_sound(
        "denormal.wav",
        "800 dB below full scale: neither silence nor sound",
        "pcm_f32le",
        replace(SOUND, amplitude=1e-40),
        heard=False,
    ),
    of_film(
        "full-scale-square.mp4",
        "AAC gives back 1.8 times full scale",
        short(waveform="square", amplitude=1.0),
        heard=False,
    ),
    of_film(
        "not-numbers.mov", "NaN and infinity", replace(MOV, waveform="not numbers"), said="not numbers", exact=True
    ),
    of_film("four-times-full-scale.mov", "floating point may", replace(MOV, amplitude=4.0), heard=False),
    of_bytes(
        "rate-changes.ts",
        "48 to 44.1 kHz",
        lambda: changing(sample_rate=44_100),
        ("OK",),
        said="changes to",
        becomes=".mp4",
        copies="pictures",
        lag=48,
    ),
    of_bytes(
        "layout-changes.ts",
        "stereo to 5.1",
        lambda: changing(layout="5.1"),
        ("OK",),
        said="changes to",
        becomes=".mp4",
        copies="pictures",
        lag=48,
    ),
)
ITEMS = RATES + LAYOUTS + SAMPLES
