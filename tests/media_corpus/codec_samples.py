"""The corpus's ordinary inhabitants: each codec in each container that people have."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from film_damage import remuxed
from films import Film, film_path
from media_corpus.corpus_item import SOUND, CorpusItem, of_film, of_sound, short

TO_MP4 = {"becomes": ".mp4", "copies": "pictures"}  # broadcast wrapping changes, the pictures do not
COVERED = replace(SOUND, cover=True)
TO_MKV = {"becomes": ".mkv", "lag": 24}  # their containers tell times coarsely


def remade(name: str, why: str, source: Film, **more: object) -> CorpusItem:
    """A film whose packets are muxed again with other options."""
    options = more.pop("options", None)
    shift = more.pop("shift", Fraction(0))

    def make(path: Path) -> Path:
        return remuxed(film_path(source), path, options=options, shift=shift)

    return CorpusItem(name, why, make, **more)


FILMS = (
    of_film("h264-aac.mp4", "B-frames; priming in an edit list", short("mp4")),
    of_film("h264-aac.mov", "QuickTime's brand", short("mov")),
    of_film("h264-aac.mkv", "packets without decoding times", short("mkv")),
    of_film("h264-aac.ts", "starts at 1.4 s; priming is not told", short("ts"), **TO_MP4),
    of_film("h264-aac.flv", "one codec each, 44.1 kHz", short("flv", sample_rate=44_100), **TO_MP4),
    of_film("h264-aac.3gp", "a phone's brand", short("3gp"), becomes=".mp4"),
    of_film("h264-aac.m4v", "a suffix of MP4", short("mp4")),
    of_film("h264-alac.mp4", "lossless", short("mp4", sound="alac"), exact=True),
    of_film("h264-alac.mov", "lossless, becomes PCM", short("mov", sound="alac"), exact=True),
    of_film("h264-pcm.mov", "no priming at all", short("mov", sound="pcm_s16le"), exact=True),
    of_film("h264-pcm24.mkv", "24 bits, becomes FLAC", short("mkv", sound="pcm_s24le"), exact=True),
    of_film("h264-flac.mkv", "lossless", short("mkv", sound="flac"), exact=True),
    of_film("h264-opus.mkv", "pre-skip in CodecDelay", short("mkv", sound="libopus")),
    of_film("h264-opus.mp4", "Opus becomes AAC", short("mp4", sound="libopus")),
    of_film("h264-mp3.mkv", "an encoder's delay of 1105", short("mkv", sound="libmp3lame")),
    of_film("h264-mp3.mp4", "MP3 becomes AAC", short("mp4", sound="libmp3lame")),
    of_film("h264-ac3.mkv", "AC-3 becomes Opus", short("mkv", sound="ac3")),
    of_film("h264-ac3.mp4", "AC-3 becomes AAC", short("mp4", sound="ac3")),
    of_film("h264-eac3.mkv", "E-AC-3", short("mkv", sound="eac3")),
    of_film("h264-mp2.ts", "broadcast sound", short("ts", sound="mp2", b_frames=False), **TO_MP4),
    of_film("h264-ac3.ts", "broadcast sound", short("ts", sound="ac3", b_frames=False), **TO_MP4),
    of_film("hevc-aac.mp4", "the tag must stay hvc1", short("mp4", "libx265")),
    of_film("hevc-aac.mov", "the tag must stay hvc1", short("mov", "libx265")),
    of_film("hevc-aac.mkv", "parameter sets in the header", short("mkv", "libx265")),
    of_film("hevc-aac.ts", "parameter sets move to the header", short("ts", "libx265"), **TO_MP4),
    of_film("hevc-10-bit.mkv", "more than 8 bits", short("mkv", "libx265", pixels="yuv420p10le")),
    of_film("vp9-opus.webm", "stays WebM", short("webm", "libvpx-vp9", "libopus")),
    of_film("vp9-opus.mkv", "VP9 elsewhere", short("mkv", "libvpx-vp9", "libopus")),
    of_film("vp9-aac.mp4", "VP9 elsewhere", short("mp4", "libvpx-vp9")),
    of_film("vp8-opus.webm", "no B-frames, hidden frames", short("webm", "libvpx", "libopus")),
    of_film(
        "av1-opus.webm", "a template needs the stream as it is", short("webm", "libsvtav1", "libopus", size=(64, 64))
    ),
    of_film("av1-opus.mkv", "the same", short("mkv", "libsvtav1", "libopus", size=(64, 64))),
    of_film("av1-aac.mp4", "the same", short("mp4", "libsvtav1", size=(64, 64))),
    of_film("mpeg4-mp3.avi", "no times of its own", short("avi", "mpeg4", "libmp3lame"), **TO_MKV),
    of_film("mpeg4-u8.avi", "unsigned bytes at 11 kHz", short("avi", "mpeg4", "pcm_u8", sample_rate=11_025), **TO_MKV),
    of_film("mjpeg-pcm.avi", "every picture is a key", short("avi", "mjpeg", "pcm_s16le", pixels="yuvj420p"), **TO_MKV),
    of_film("mpeg2-mp2.mpg", "a program stream", short("mpg", "mpeg2video", "mp2"), **TO_MKV),
    of_film("mpeg2-ac3.ts", "a broadcast", short("ts", "mpeg2video", "ac3"), **TO_MP4),
    of_film("wmv2-wmav2.asf", "Windows Media", short("asf", "wmv2", "wmav2"), codes=("OK", "E_OUTPUT"), **TO_MKV),
    of_film(
        "prores-pcm24.mov",
        "an editor's master",
        short("mov", "prores_ks", "pcm_s24le", pixels="yuv422p10le"),
        exact=True,
    ),
    of_film("dv-like-ffv1.mkv", "a lossless picture", short("mkv", "ffv1", "flac"), exact=True),
    remade("fragments.mp4", "no index, but fragments", short(), options={"movflags": "frag_keyframe+empty_moov"}),
    remade("index-first.mp4", "the index in front", short(), options={"movflags": "+faststart"}),
    remade("trimmed.mp4", "an edit list hides the first pictures", short(seconds=2.0), shift=Fraction(-12, 25)),
)

SOUND_ALONE = (
    of_sound("voice.wav", "sound alone", "pcm_s16le", exact=True),
    of_sound("float.wav", "floating point", "pcm_f32le", exact=True),
    of_sound("double.wav", "64 bits", "pcm_f64le", exact=True),
    of_sound("song.flac", "lossless, with a cover", "flac", COVERED, exact=True),
    of_sound("song.mp3", "with a cover", "libmp3lame", COVERED),
    of_sound("song.m4a", "an MP4 without a picture", "aac"),
    of_sound("song.ogg", "Opus", "libopus"),
    of_sound("song.mka", "Matroska without a picture", "flac", exact=True),
    of_sound("song.aac", "frames without a container", "aac", becomes=".m4a"),
    of_sound("voice.aiff", "the other byte order", "pcm_s16be", becomes=".wav", exact=True),
    of_sound("voice.w64", "a WAV for large files", "pcm_s24le", becomes=".wav", exact=True),
)
ITEMS = FILMS + SOUND_ALONE
