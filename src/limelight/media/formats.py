"""Which container, codec, rate, layout and bit rate the new soundtrack gets.

The container of the source where we can write it; its sound lossless where it was lossless, else AAC in MP4 and MOV,
Opus in WebM and Matroska (old readers start AAC in Matroska up to 16 samples off), at the source's bit rate or more.

No encoder takes every layout, and some take one and write it wrongly: libopus permutes 5.0 and 6.1, AAC forgets the
names of 5.1(side) and 6.1. So each codec has a list of layouts that it is known to carry, and a soundtrack travels in
the smallest of them that has a place for each of its speakers; places without a speaker stay silent.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import sqrt
from pathlib import Path
from typing import Literal

import av
import numpy as np
from numpy.typing import NDArray

from limelight.errors import OutputError, UsageError
from limelight.types import SoundtrackInfo, SourceInfo

# What we write: suffix → container.
_CONTAINER_OF_SUFFIX = {
    ".mp4": "mp4",
    ".m4v": "mp4",
    ".mov": "mov",
    ".mkv": "mkv",
    ".mka": "mkv",
    ".webm": "webm",
    ".m4a": "m4a",
    ".wav": "wav",
    ".flac": "flac",
    ".mp3": "mp3",
    ".ogg": "ogg",
    ".oga": "ogg",
    ".opus": "opus",
}
# By which films are known in a folder.
_FILMS = "mp4 m4v mov mkv webm ts m2ts mts flv avi mpg mpeg vob wmv asf ogv 3gp"
FILM_SUFFIXES = frozenset(f".{suffix}" for suffix in _FILMS.split())
SOUND_CONTAINERS = frozenset({"m4a", "wav", "flac", "mp3", "ogg", "opus"})
MUXERS = {"mkv": "matroska", "m4a": "mp4"}  # FFmpeg's name, where it is not ours; its "ipod" takes no covers

# What comes out of a container that we read but do not write. A film in MPEG-TS or FLV is usually H.264 and AAC.
_FILM_BECOMES = {"ts": "mp4", "flv": "mp4", "avi": "mkv", "mpg": "mkv", "asf": "mkv", "ogg": "mkv", "m4a": "mp4"}
_SOUND_BECOMES = {"aac": "m4a", "w64": "wav", "aiff": "wav", "mp4": "m4a", "mov": "m4a", "ts": "m4a", "flv": "m4a"}
_MOV_ONLY = frozenset(
    {"dvvideo", "qdraw", "rpza", "smc", "svq1", "svq3", "cinepak"}
)  # codecs that Matroska does not name
_MP4_PICTURES = frozenset({"h264", "hevc", "av1", "vp9", "mpeg4", "mpeg2video", "mpeg1video"})

_AAC_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000)
_MP3_RATES = (48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000)
_RATES = {"libopus": (48000, 24000, 16000, 12000, 8000), "aac": _AAC_RATES, "libmp3lame": _MP3_RATES}
_FALLBACK_RATE = 48000

_LAYOUTS = {
    "aac": ("mono", "stereo", "3.0", "4.0", "5.0", "5.1", "7.1"),
    "libopus": ("mono", "stereo", "3.0", "quad", "5.1", "7.1"),
    "alac": ("mono", "stereo", "3.0", "4.0", "5.0", "5.1"),
    "libmp3lame": ("mono", "stereo"),
}

_FLOOR = {1: 96_000, 2: 160_000, 3: 240_000, 4: 320_000, 5: 352_000, 6: 384_000, 7: 448_000, 8: 512_000}  # bit/s
_PLENTY = 128_000  # bit/s per channel, also for what was lossless
# Times the source's rate. At 128 kb/s what it adds then lies 28 dB (AAC) or 12 dB (Opus) under the mask in the mean, 16 or 7 dB
# in the worst file that was measured (docs/delivery.md).
SECOND_GENERATION = 2
_LOSSLESS = frozenset({"flac", "alac", "truehd", "mlp", "wavpack", "tta", "ape"})
_PCM_KEPT = frozenset({"pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_f32le", "pcm_f64le"})


# What a user may ask for → FFmpeg's encoder; PCM has one for each depth.
CODECS = {"aac": "aac", "opus": "libopus", "mp3": "libmp3lame", "flac": "flac", "alac": "alac", "pcm": "pcm"}
LOSSLESS_CODECS = ("flac", "alac", "pcm")
_TAKES = {
    "mp4": ("aac", "alac", "flac", "opus", "mp3"),
    "m4a": ("aac", "alac"),
    "mov": ("aac", "alac", "pcm"),
    "mkv": ("aac", "opus", "flac", "alac", "mp3", "pcm"),
    "webm": ("opus",),
    "ogg": ("opus", "flac"),
    "opus": ("opus",),
    "wav": ("pcm",),
    "flac": ("flac",),
    "mp3": ("mp3",),
}
LEAST_BIT_RATE, MOST_BIT_RATE = 16_000, 4_096_000  # bit/s
Place = Literal["instead", "behind", "before"]


@dataclass(frozen=True)
class SoundFormat:
    """How a soundtrack is encoded."""

    codec: str  # FFmpeg's name of the encoder
    sample_rate: int  # Hz
    layout: str
    bit_rate: int | None  # bit/s; None where lossless
    sample_format: str | None  # FFmpeg's name, where the encoder offers a choice of depths


@dataclass(frozen=True)
class NewTrack:
    """How the new soundtrack joins the film, and what it is coded in where that is not left to us."""

    place: Place = "instead"  # of the soundtrack that it was made from, or behind or before it
    is_default: bool | None = None  # whether players choose it; None: as the one in whose place it is
    title: str | None = None  # None: as the one that it was made from
    language: str | None = None  # the same
    leave_out: frozenset[int] = frozenset()  # streams that went into it and do not come along
    codec: str | None = None  # one of CODECS
    bit_rate: int | None = None  # bit/s

    def __post_init__(self) -> None:
        if self.codec not in (None, *CODECS):
            raise UsageError(f"a soundtrack is coded in one of {', '.join(CODECS)}, got {self.codec!r}")
        if self.bit_rate is not None and self.codec in LOSSLESS_CODECS:
            raise UsageError(f"{self.codec} gives back every sample and takes no bit rate; leave --audio-bitrate out")
        if self.bit_rate is not None and not LEAST_BIT_RATE <= self.bit_rate <= MOST_BIT_RATE:
            raise UsageError(
                f"a bit rate lies between {LEAST_BIT_RATE / 1000:g} and {MOST_BIT_RATE / 1000:g} kb/s, "
                f"got {self.bit_rate / 1000:g}"
            )


AS_BEFORE = NewTrack()


def container_of(dest: Path) -> str:
    """The container that a target's suffix asks for. Raises `OutputError` where we cannot write it."""
    suffix = dest.suffix.lower()
    if not suffix:
        known = " ".join(_CONTAINER_OF_SUFFIX)
        raise OutputError(
            f"cannot write {dest}: the name has no suffix that tells the kind of file; use one of {known}"
        )
    if suffix not in _CONTAINER_OF_SUFFIX:
        raise OutputError(
            f"cannot write {dest}: unknown suffix {suffix!r}; use one of {' '.join(_CONTAINER_OF_SUFFIX)}"
        )
    return _CONTAINER_OF_SUFFIX[suffix]


def default_suffix(info: SourceInfo) -> str:
    """The suffix of the result: the source's own where we write such files, else the nearest container's."""
    own = info.path.suffix.lower()
    container = default_container(info)
    kept = _CONTAINER_OF_SUFFIX.get(own) == container or (own == ".opus" and container == "ogg")
    return own if kept else "." + container


def default_container(info: SourceInfo) -> str:
    """The container of the result: the source's, or the nearest one that we write."""
    if info.picture is None:
        return _SOUND_BECOMES.get(info.container, info.container if info.container in SOUND_CONTAINERS else "mkv")
    container = _FILM_BECOMES.get(info.container, info.container)
    if container == "mkv" and info.container != "mkv" and info.picture.codec in _MOV_ONLY:
        return "mov"
    return "mkv" if container == "mp4" and info.picture.codec not in _MP4_PICTURES else container


def other_container(codec: str, container: str) -> str:
    """Advice where a container cannot hold a picture."""
    if container != "mov" and codec in _MOV_ONLY:
        return "choose .mov"
    return "choose .mkv" if container != "mkv" else "convert the film first"


def muxer_options(container: str, tick: Fraction | None = None) -> dict[str, str]:
    """MP4 with its index in front, and edit lists as fine as the picture's `tick`; big WAV files as RF64.

    FFmpeg calls the boxes of Dolby Vision, of 360° and of stereo pictures unofficial, and writes them when that is allowed.
    It gives Matroska and Ogg random numbers for names, unless told to write the same bytes every time.
    """
    if container == "wav":
        return {"rf64": "auto"}
    if container in ("mkv", "webm", "ogg", "opus"):
        return {"fflags": "+bitexact"}
    if container not in ("mp4", "mov", "m4a"):
        return {}
    options = {"movflags": "+faststart", "strict": "unofficial"}
    if container == "m4a":
        options["brand"] = "M4A "
    return options if tick is None else options | {"movie_timescale": str(tick.denominator)}


def is_lossless(codec: str) -> bool:
    """Does this codec give back every sample?"""
    return codec.startswith("pcm_") or codec in _LOSSLESS


# Codecs that players expect in a container; what was in the same container before goes into it again in any case.
_EXPECTED_IN = {
    "mp4": frozenset({"aac", "alac", "ac3", "eac3", "mp3", "opus", "flac"}),
    "m4a": frozenset({"aac", "alac"}),
    "mov": frozenset({"aac", "alac", "ac3", "eac3", "mp3"}),
    "webm": frozenset({"opus", "vorbis"}),
    "ogg": frozenset({"opus", "vorbis", "flac"}),
    "opus": frozenset({"opus"}),
    "wav": frozenset({"pcm_u8", "pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_f32le", "pcm_f64le"}),
    "flac": frozenset({"flac"}),
    "mp3": frozenset({"mp3"}),
}


def is_expected_in(codec: str, container: str, *, source_container: str) -> bool:
    """Whether a soundtrack coded so may be copied into a container."""
    if container == "mkv" or container == source_container:
        return True
    return codec in _EXPECTED_IN[container] or (container == "mov" and codec.startswith("pcm_"))


def choose_sound_format(
    soundtrack: SoundtrackInfo, container: str, *, sample_format: str, wished: NewTrack = AS_BEFORE
) -> SoundFormat:
    """How to encode a soundtrack for a container; `sample_format` is the decoder's ("s16", "fltp", …).

    Raises `OutputError` where the container cannot hold so many channels, or not what is wished.
    """
    codec = _wished_codec(soundtrack, container, sample_format, wished)
    layout = carrier(soundtrack.layout, codec)
    if layout is None and codec == "alac" and wished.codec is None:
        codec = "aac"
        layout = carrier(soundtrack.layout, codec)
    if layout is None:
        raise OutputError(f"cannot write {soundtrack.layout} sound as {container}: choose mkv, mov, wav or flac")
    rates = _RATES.get(codec)
    rate = soundtrack.sample_rate if rates is None or soundtrack.sample_rate in rates else _FALLBACK_RATE
    channels = av.AudioLayout(layout).nb_channels
    return SoundFormat(
        codec=codec,
        sample_rate=rate,
        layout=layout,
        bit_rate=None if is_lossless(codec) else _bit_rate(soundtrack, codec, rate, channels, wished.bit_rate),
        sample_format=_depth(codec, sample_format),
    )


def _wished_codec(soundtrack: SoundtrackInfo, container: str, sample_format: str, wished: NewTrack) -> str:
    if wished.codec is None:
        codec = _codec(soundtrack, container, sample_format)
        if wished.bit_rate is not None and is_lossless(codec):
            raise OutputError(
                f"cannot write {codec} at a bit rate: it gives back every sample; name a codec beside it, as --audio-codec aac"
            )
        return codec
    if wished.codec not in _TAKES[container]:
        takes = ", ".join(_TAKES[container])
        raise OutputError(f"cannot write {wished.codec} sound as {container}: it takes {takes}; choose one of these")
    return _pcm(soundtrack.codec, sample_format) if wished.codec == "pcm" else CODECS[wished.codec]


def _codec(soundtrack: SoundtrackInfo, container: str, sample_format: str) -> str:
    lossless = is_lossless(soundtrack.codec)
    if container == "wav" or (container == "mov" and lossless):
        return _pcm(soundtrack.codec, sample_format)
    if container == "mkv" and soundtrack.codec in ("pcm_f32le", "pcm_f64le"):
        return soundtrack.codec
    if container == "flac" or (lossless and container in ("mkv", "ogg")):
        return "flac"
    if container in ("mp4", "mov", "m4a"):
        return "alac" if lossless else "aac"
    if container == "mp3":
        return "libmp3lame"
    if container == "mkv" and soundtrack.sample_rate not in _RATES["libopus"]:
        return "aac"  # the rate is kept
    return "libopus"


def _pcm(codec: str, sample_format: str) -> str:
    if codec in _PCM_KEPT:
        return codec
    if is_lossless(codec) and sample_format.startswith(("flt", "dbl")):
        return "pcm_f32le"
    return "pcm_s16le" if sample_format.startswith(("s16", "u8")) else "pcm_s24le"


def _depth(codec: str, sample_format: str) -> str | None:
    if codec not in ("flac", "alac"):
        return None
    depth = "s16" if sample_format.startswith(("s16", "u8")) else "s32"  # of which 24 bits are written
    return depth + "p" if codec == "alac" else depth


def _bit_rate(soundtrack: SoundtrackInfo, codec: str, rate: int, channels: int, wished: int | None) -> int:
    source, plenty = soundtrack.bit_rate or 0, _PLENTY * channels
    wanted = plenty if is_lossless(soundtrack.codec) else max(source, min(SECOND_GENERATION * source, plenty))
    most = {"libopus": 256_000 * channels, "libmp3lame": 320_000}.get(codec, 6 * rate * channels)
    if wished is not None:
        if wished > most:
            raise OutputError(
                f"cannot write {codec.removeprefix('lib')} of {channels} channels at {wished / 1000:g} kb/s: "
                f"it takes {most / 1000:g} at most; choose less"
            )
        return wished
    return min(max(wanted, _FLOOR[channels]), most)


# Where the sound of a speaker goes when the layout that carries it has no such place.
_NEAREST = {
    "SL": ("BL",),
    "SR": ("BR",),
    "BL": ("SL",),
    "BR": ("SR",),
    "BC": ("BL", "BR"),
    "FLC": ("FL",),
    "FRC": ("FR",),
    "DL": ("FL",),
    "DR": ("FR",),
}


def carrier(layout: str, codec: str) -> str | None:
    """The layout in which `codec` carries `layout`: itself, else the smallest with a place for each speaker."""
    carried = _LAYOUTS.get(codec)
    if carried is None or layout in carried:
        return layout
    fitting = (wide for wide in carried if _fits(layout, wide))
    return next(fitting, None)


def _fits(layout: str, wide: str) -> bool:
    places = _speakers(wide)
    names = _speakers(layout)
    if len(names) > len(places):
        return False
    return all(name in places or all(near in places for near in _NEAREST.get(name, ("?",))) for name in names)


def _speakers(layout: str) -> list[str]:
    return [channel.name for channel in av.AudioLayout(layout).channels]


def carrying_matrix(layout: str, wide: str) -> NDArray[np.float32] | None:
    """[C_wide, C] that puts each speaker of `layout` in its place in `wide`; None where nothing moves.

    One place takes the samples as they are; two share them at equal power.
    """
    names, places = _speakers(layout), _speakers(wide)
    matrix = np.zeros((len(places), len(names)), np.float32)
    for column, name in enumerate(names):
        targets = (name,) if name in places else _NEAREST[name]
        for target in targets:
            matrix[places.index(target), column] = 1 / sqrt(len(targets))
    same = matrix.shape[0] == matrix.shape[1] and np.array_equal(matrix, np.eye(len(names)))
    return None if same else matrix
