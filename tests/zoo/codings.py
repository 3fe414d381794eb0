"""The zoo's ordinary inhabitants: each codec in each container that people have."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from films import Film, film_path, remuxed, sound_film
from zoo.animal import Animal, of_film

SHORT = Film(seconds=1.0)
TO_MP4 = {"becomes": ".mp4", "copies": "pictures"}  # broadcast wrapping changes, the pictures do not
TO_MKV = {"becomes": ".mkv", "lag": 24}  # their containers tell times coarsely


def film(container: str, picture: str = "libx264", sound: str = "aac", **more: object) -> Film:
    return replace(SHORT, container=container, picture=picture, sound=sound, **more)


def remade(name: str, why: str, source: Film, **more: object) -> Animal:
    """A film whose packets are muxed again with other options."""
    options = more.pop("options", None)
    shift = more.pop("shift", Fraction(0))

    def make(path: Path) -> Path:
        return remuxed(film_path(source), path, options=options, shift=shift)

    return Animal(name, why, make, **more)


FILMS = (
    of_film("h264-aac.mp4", "B-frames; priming in an edit list", film("mp4")),
    of_film("h264-aac.mov", "QuickTime's brand", film("mov")),
    of_film("h264-aac.mkv", "packets without decoding times", film("mkv")),
    of_film("h264-aac.ts", "starts at 1.4 s; priming is not told", film("ts"), **TO_MP4),
    of_film("h264-aac.flv", "one codec each, 44.1 kHz", film("flv", sample_rate=44_100), **TO_MP4),
    of_film("h264-aac.3gp", "a phone's brand", film("3gp"), becomes=".mp4"),
    of_film("h264-aac.m4v", "a suffix of MP4", film("mp4")),
    of_film("h264-alac.mp4", "lossless", film("mp4", sound="alac"), exact=True),
    of_film("h264-alac.mov", "lossless, becomes PCM", film("mov", sound="alac"), exact=True),
    of_film("h264-pcm.mov", "no priming at all", film("mov", sound="pcm_s16le"), exact=True),
    of_film("h264-pcm24.mkv", "24 bits, becomes FLAC", film("mkv", sound="pcm_s24le"), exact=True),
    of_film("h264-flac.mkv", "lossless", film("mkv", sound="flac"), exact=True),
    of_film("h264-opus.mkv", "pre-skip in CodecDelay", film("mkv", sound="libopus")),
    of_film("h264-opus.mp4", "Opus becomes AAC", film("mp4", sound="libopus")),
    of_film("h264-mp3.mkv", "an encoder's delay of 1105", film("mkv", sound="libmp3lame")),
    of_film("h264-mp3.mp4", "MP3 becomes AAC", film("mp4", sound="libmp3lame")),
    of_film("h264-ac3.mkv", "AC-3 becomes Opus", film("mkv", sound="ac3")),
    of_film("h264-ac3.mp4", "AC-3 becomes AAC", film("mp4", sound="ac3")),
    of_film("h264-eac3.mkv", "E-AC-3", film("mkv", sound="eac3")),
    of_film("h264-mp2.ts", "broadcast sound", film("ts", sound="mp2", b_frames=False), **TO_MP4),
    of_film("h264-ac3.ts", "broadcast sound", film("ts", sound="ac3", b_frames=False), **TO_MP4),
    of_film("hevc-aac.mp4", "the tag must stay hvc1", film("mp4", "libx265")),
    of_film("hevc-aac.mov", "the tag must stay hvc1", film("mov", "libx265")),
    of_film("hevc-aac.mkv", "parameter sets in the header", film("mkv", "libx265")),
    of_film("hevc-aac.ts", "parameter sets move to the header", film("ts", "libx265"), **TO_MP4),
    of_film("hevc-10-bit.mkv", "more than 8 bits", film("mkv", "libx265", pixels="yuv420p10le")),
    of_film("vp9-opus.webm", "stays WebM", film("webm", "libvpx-vp9", "libopus")),
    of_film("vp9-opus.mkv", "VP9 elsewhere", film("mkv", "libvpx-vp9", "libopus")),
    of_film("vp9-aac.mp4", "VP9 elsewhere", film("mp4", "libvpx-vp9")),
    of_film("vp8-opus.webm", "no B-frames, hidden frames", film("webm", "libvpx", "libopus")),
    of_film(
        "av1-opus.webm", "a template needs the stream as it is", film("webm", "libsvtav1", "libopus", size=(64, 64))
    ),
    of_film("av1-opus.mkv", "the same", film("mkv", "libsvtav1", "libopus", size=(64, 64))),
    of_film("av1-aac.mp4", "the same", film("mp4", "libsvtav1", size=(64, 64))),
    of_film("mpeg4-mp3.avi", "no times of its own", film("avi", "mpeg4", "libmp3lame"), **TO_MKV),
    of_film("mpeg4-u8.avi", "unsigned bytes at 11 kHz", film("avi", "mpeg4", "pcm_u8", sample_rate=11_025), **TO_MKV),
    of_film("mjpeg-pcm.avi", "every picture is a key", film("avi", "mjpeg", "pcm_s16le", pixels="yuvj420p"), **TO_MKV),
    of_film("mpeg2-mp2.mpg", "a program stream", film("mpg", "mpeg2video", "mp2"), **TO_MKV),
    of_film("mpeg2-ac3.ts", "a broadcast", film("ts", "mpeg2video", "ac3"), **TO_MP4),
    of_film("wmv2-wmav2.asf", "Windows Media", film("asf", "wmv2", "wmav2"), codes=("OK", "E_OUTPUT"), **TO_MKV),
    of_film(
        "prores-pcm24.mov",
        "an editor's master",
        film("mov", "prores_ks", "pcm_s24le", pixels="yuv422p10le"),
        exact=True,
    ),
    of_film("dv-like-ffv1.mkv", "a lossless picture", film("mkv", "ffv1", "flac"), exact=True),
    remade("fragments.mp4", "no index, but fragments", SHORT, options={"movflags": "frag_keyframe+empty_moov"}),
    remade("index-first.mp4", "the index in front", SHORT, options={"movflags": "+faststart"}),
    remade(
        "trimmed.mp4", "an edit list hides the first pictures", replace(SHORT, seconds=2.0), shift=Fraction(-12, 25)
    ),
)

SOUND_ALONE = (
    of_film("voice.wav", "sound alone", sound_film("wav", "pcm_s16le", seconds=1.0), exact=True, copies="nothing"),
    of_film("float.wav", "floating point", sound_film("wav", "pcm_f32le", seconds=1.0), exact=True, copies="nothing"),
    of_film("double.wav", "64 bits", sound_film("wav", "pcm_f64le", seconds=1.0), exact=True, copies="nothing"),
    of_film(
        "song.flac",
        "lossless, with a cover",
        sound_film("flac", "flac", seconds=1.0, cover=True),
        exact=True,
        copies="nothing",
    ),
    of_film("song.mp3", "with a cover", sound_film("mp3", "libmp3lame", seconds=1.0, cover=True), copies="nothing"),
    of_film("song.m4a", "an MP4 without a picture", sound_film("m4a", "aac", seconds=1.0), copies="nothing"),
    of_film("song.ogg", "Opus", sound_film("ogg", "libopus", seconds=1.0), copies="nothing"),
    of_film(
        "song.mka", "Matroska without a picture", sound_film("mka", "flac", seconds=1.0), exact=True, copies="nothing"
    ),
    of_film(
        "song.aac",
        "frames without a container",
        sound_film("aac", "aac", seconds=1.0),
        becomes=".m4a",
        copies="nothing",
    ),
    of_film(
        "voice.aiff",
        "the other byte order",
        sound_film("aiff", "pcm_s16be", seconds=1.0),
        becomes=".wav",
        exact=True,
        copies="nothing",
    ),
    of_film(
        "voice.w64",
        "a WAV for large files",
        sound_film("w64", "pcm_s24le", seconds=1.0),
        becomes=".wav",
        exact=True,
        copies="nothing",
    ),
)
ANIMALS = FILMS + SOUND_ALONE
