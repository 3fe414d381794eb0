"""Sound on its own: stems, and short clips for a page that opens offline."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path

import av
import av.container
import av.error
import numpy as np

from limelight.errors import NotMedia, OutputError
from limelight.media.container import file_url
from limelight.media.encode import SoundEncoder
from limelight.media.formats import (
    MUXERS,
    SOUND_CONTAINERS,
    SoundFormat,
    choose_sound_format,
    container_of,
    muxer_options,
)
from limelight.media.target import naming_write_errors, prepare_target, whole_or_absent
from limelight.signals import Samples, SoundtrackInfo

_DEPTH = "s32"  # of which FLAC writes 24 bits
_FULL_SCALE = 2**31


def write_sound(
    dest: Path, blocks: Iterable[Samples], *, sample_rate: int, layout: str, overwrite: bool = False
) -> None:
    """Write blocks [C, n] as a sound file: .wav (32-bit float, nothing is lost), .flac (24 bit), and .mp3, .m4a,
    .ogg, .opus.

    The file appears only when it is whole. Raises `OutputError` or `TargetExists`.
    """
    dest = prepare_target(None, dest, overwrite=overwrite)
    container = container_of(dest)
    if container not in SOUND_CONTAINERS:
        raise OutputError(f"cannot write sound alone as {dest.suffix}: use one of {' '.join(sorted(SOUND_CONTAINERS))}")
    form = _form(container, sample_rate, layout)
    with whole_or_absent(dest) as temporary, naming_write_errors(dest):
        _encode(file_url(temporary), container, form, blocks, sample_rate, layout)


def sound_bytes(block: Samples, sample_rate: int, layout: str, *, kind: str = "m4a") -> bytes:
    """A clip [C, N] as the bytes of a small sound file, for a `data:` address; `kind` is a suffix of `write_sound`."""
    if kind not in SOUND_CONTAINERS:
        raise OutputError(f"cannot encode a clip as {kind!r}: use one of {' '.join(sorted(SOUND_CONTAINERS))}")
    memory = io.BytesIO()
    _encode(memory, kind, _form(kind, sample_rate, layout), [block], sample_rate, layout)
    return memory.getvalue()


def read_flac(path: Path) -> Samples:
    """A FLAC file that `write_sound` or `sound_bytes` made, whole, [C, N]; exact. `listen` trusts nobody and takes longer.

    Raises `NotMedia`.
    """
    try:
        with av.open(file_url(path), format="flac") as container:
            frames = [frame.to_ndarray() for frame in container.decode(audio=0)]  # [1, n · C], 24 bits at the top of 32
            steps = np.concatenate(frames, axis=1).astype(np.float64).reshape(-1, container.streams.audio[0].channels).T
    except (OSError, IndexError, ValueError, av.error.FFmpegError) as error:
        raise NotMedia(f"cannot read {path}: it is missing, empty or no FLAC file; make it again") from error
    return np.asarray(steps / _FULL_SCALE, np.float32)


def _form(container: str, sample_rate: int, layout: str) -> SoundFormat:
    codec = "pcm_f32le" if container == "wav" else "flac" if container == "flac" else "aac"
    source = SoundtrackInfo(
        stream_index=0,
        codec=codec,
        sample_rate=sample_rate,
        layout=layout,
        channels=av.AudioLayout(layout).nb_channels,
        bit_rate=None,
        language=None,
        is_default=True,
    )
    return choose_sound_format(source, container, sample_format=_DEPTH)


def _encode(
    place: str | io.BytesIO, container: str, form: SoundFormat, blocks: Iterable[Samples], rate: int, layout: str
) -> None:
    muxer = MUXERS.get(container, container)
    # an index in front means writing the file twice, by its name: memory has none
    options = muxer_options(container) if isinstance(place, str) else {}
    with av.open(place, "w", format=muxer, container_options=options) as output:
        encoder = SoundEncoder(output, form, sample_rate=rate, layout=layout)
        for block in blocks:
            output.mux(encoder.encode(block))
        output.mux(encoder.finish())
