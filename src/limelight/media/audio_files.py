"""Sound on its own: stems, and short clips for a page that opens offline."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import av
import av.container
import av.error
import numpy as np
from numpy.typing import NDArray

from limelight.errors import NotMedia, OutputError, TooLarge
from limelight.media.container import file_url
from limelight.media.formats import (
    MUXERS,
    SOUND_CONTAINERS,
    SoundFormat,
    choose_sound_format,
    container_of,
    muxer_options,
)
from limelight.media.mux import SoundEncoder
from limelight.media.target import naming_write_errors, prepare_target, whole_or_absent
from limelight.types import Samples, SoundtrackInfo

Sink = Callable[[Samples], None]
LONGEST_SECONDS = 900  # of a clip that is read whole
_DEPTH = "s32"  # of which FLAC writes 24 bits
_FULL_SCALE = 2**31


def write_sound(
    dest: Path, blocks: Iterable[Samples], *, sample_rate: int, layout: str, overwrite: bool = False
) -> None:
    """Write blocks [C, n] as a sound file: .wav (32-bit float, nothing is lost), .flac (24 bit), and .mp3, .m4a,
    .ogg, .opus.

    The file appears only when it is whole. Raises `OutputError` or `TargetExists`.
    """
    together = (block[None] for block in blocks)
    write_sounds([dest], together, sample_rate=sample_rate, layout=layout, overwrite=overwrite)


def write_sounds(
    dests: Sequence[Path],
    blocks: Iterable[NDArray[np.float32]],
    *,
    sample_rate: int,
    layout: str,
    overwrite: bool = False,
) -> None:
    """Write blocks [K, C, n] as K sound files side by side, like `write_sound`; none appears before all sound is taken."""
    with ExitStack() as files:
        sinks = [files.enter_context(_file(dest, sample_rate, layout, overwrite=overwrite)) for dest in dests]
        for block in blocks:
            for sink, sound in zip(sinks, block, strict=True):
                sink(sound)


def sound_bytes(block: Samples, sample_rate: int, layout: str, *, kind: str = "m4a") -> bytes:
    """A clip [C, N] as the bytes of a small sound file, for a `data:` address; `kind` is a suffix of `write_sound`."""
    if kind not in SOUND_CONTAINERS:
        raise OutputError(f"cannot encode a clip as {kind!r}: use one of {' '.join(sorted(SOUND_CONTAINERS))}")
    memory = io.BytesIO()
    with _encoding(memory, kind, sample_rate, layout) as sink:
        sink(block)
    return memory.getvalue()


def read_flac(path: Path) -> Samples:
    """A FLAC file that `write_sound` or `sound_bytes` made, whole, [C, N]; exact. `read_audio` trusts nobody and takes longer.

    Raises `NotMedia`, or `TooLarge` where it would not stop: silence takes next to nothing in a file.
    """
    try:
        with av.open(file_url(path), format="flac") as container:
            longest = LONGEST_SECONDS * container.streams.audio[0].rate
            frames, samples = [], 0
            for frame in container.decode(audio=0):
                samples += frame.samples
                if samples > longest:
                    raise TooLarge(f"cannot read {path}: a clip lasts at most {LONGEST_SECONDS} s; make it again")
                frames.append(frame.to_ndarray())  # [1, n · C], 24 bits at the top of 32
            steps = np.concatenate(frames, axis=1).astype(np.float64).reshape(-1, container.streams.audio[0].channels).T
    except TooLarge:
        raise
    except (OSError, IndexError, ValueError, av.error.FFmpegError) as error:
        raise NotMedia(f"cannot read {path}: it is missing, empty or no FLAC file; make it again") from error
    return np.asarray(steps / _FULL_SCALE, np.float32)


@contextmanager
def _file(dest: Path, sample_rate: int, layout: str, *, overwrite: bool) -> Iterator[Sink]:
    """A sink whose file is whole or absent."""
    dest = prepare_target(None, dest, overwrite=overwrite)
    container = container_of(dest)
    if container not in SOUND_CONTAINERS:
        raise OutputError(f"cannot write sound alone as {dest.suffix}: use one of {' '.join(sorted(SOUND_CONTAINERS))}")
    with (
        whole_or_absent(dest, overwrite=overwrite) as temporary,
        naming_write_errors(dest),
        _encoding(file_url(temporary), container, sample_rate, layout) as encode,
    ):

        def sink(block: Samples) -> None:
            with naming_write_errors(dest):  # this file's error, not that of one opened after it
                encode(block)

        yield sink


def _sound_format(container: str, sample_rate: int, layout: str) -> SoundFormat:
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


@contextmanager
def _encoding(place: str | io.BytesIO, container: str, rate: int, layout: str) -> Iterator[Sink]:
    """A sink that encodes what it is given [C, n] into a container."""
    muxer = MUXERS.get(container, container)
    # an index in front means writing the file twice, by its name: memory has none
    options = muxer_options(container) if isinstance(place, str) else {}
    with av.open(place, "w", format=muxer, container_options=options) as output:
        encoder = SoundEncoder(output, _sound_format(container, rate, layout), sample_rate=rate, layout=layout)

        def sink(block: Samples) -> None:
            output.mux(encoder.encode(block))

        yield sink
        output.mux(encoder.finish())
