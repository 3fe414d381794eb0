"""Writing the film with a new soundtrack, or with the one it has: in a temporary file, checked, then named.

Where nothing is to change in the sound, encoding it again would cost quality for nothing: then its packets are copied as
well, and the result must decode to the very same samples.
"""

from __future__ import annotations

import io
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import av
import av.container
import av.error

from limelight.errors import OutputError, Unsupported
from limelight.media.clock import Clock, read_clock
from limelight.media.container import (
    METADATA_ERRORS,
    file_url,
    has_apple_tags,
    has_broadcast_tags,
    main_picture,
    open_input,
)
from limelight.media.copy_streams import SoundNotCopied, StreamMap, check_unchanged
from limelight.media.formats import AS_BEFORE, MUXERS, NewTrack, SoundFormat, container_of, is_lossless, muxer_options
from limelight.media.matroska_elements import set_display
from limelight.media.mp4_boxes import end_edit, keep_boxes
from limelight.media.mux import Muxer
from limelight.media.packets import PacketSpool
from limelight.media.read_audio import read_audio
from limelight.media.target import check_place, naming_write_errors, scratch_beside, whole_or_absent
from limelight.media.verify import ExpectedSound, Verification, verify
from limelight.types import Samples, SoundtrackInfo, SourceInfo


class Listener(Protocol):
    """Hears the soundtrack that was written when it is read back, and may want it otherwise."""

    def hear(self, block: Samples, sample_rate: int, layout: str) -> None:
        """The next block [C, n], decoded from the file."""
        ...

    def again(self) -> Iterable[Samples] | None:
        """All has been heard. Blocks to write in place of these, or None where this is what was wanted."""
        ...


ONE_SOUNDTRACK = frozenset({"wav", "flac", "mp3", "ogg", "opus"})


@dataclass(frozen=True)
class Written:
    """What came out."""

    path: Path
    container: str
    codec: str  # of the soundtrack that was worked on
    bit_rate: int | None  # bit/s; None where lossless
    seconds: float  # of that soundtrack
    copied: tuple[str, ...]  # in words
    left_out: tuple[str, ...]  # in words, with the reason
    verified: Verification
    sound_copied: bool = False  # packet by packet, not encoded again
    notes: tuple[str, ...] = ()  # what the container or the encoder made necessary
    stream_index: int | None = None  # of that soundtrack, in the file


def write_with_soundtrack(
    info: SourceInfo,
    soundtrack: SoundtrackInfo,
    blocks: Iterable[Samples],
    dest: Path,
    *,
    overwrite: bool = False,
    new: NewTrack = AS_BEFORE,
    listener: Listener | None = None,
) -> Written:
    """Write the source with `blocks` in place of one of its soundtracks.

    `blocks`: [C, n] each, at the soundtrack's rate and layout, sample 0 at T0 of the one clock; they are taken one at
    a time, all of them before the rest is copied. The container is the one that the suffix of `dest` asks for. The file
    appears only when it is whole and has been read back. What the encoder made necessary is told in the result's `notes`.
    `new`: whether it is put beside the old one, and what it is coded in; `listener`: hears what was written, and may ask for
    it to be written once more.
    Raises `OutputError`, `TargetExists`, `Damaged` where the timestamps of the source run backwards, `Unsupported` where
    its edit list cannot be kept, or `InputError` where the source was changed meanwhile.
    """
    return _write(info, soundtrack, blocks, dest, overwrite=overwrite, new=new, listener=listener)


def write_with_same_soundtrack(
    info: SourceInfo, soundtrack: SoundtrackInfo, dest: Path, *, overwrite: bool = False, new: NewTrack = AS_BEFORE
) -> Written:
    """Write the source with its soundtrack as it is: the packets are copied, and decode to the same samples.

    Where the container of `dest` cannot hold them, or would have them heard differently, the soundtrack is encoded again
    as by `write_with_soundtrack`; `sound_copied` is then false, and the reason is the first of the `notes`. Between two
    kinds of containers up to one frame of the codec's padding may follow the last sample. Raises as
    `write_with_soundtrack` and `read_audio` do.
    """
    try:
        return _write(info, soundtrack, None, dest, overwrite=overwrite)
    except SoundNotCopied as reason:
        again = _write(info, soundtrack, read_audio(info, soundtrack), dest, overwrite=overwrite, new=new)
        return replace(again, notes=(f"the soundtrack was encoded again: {reason}", *again.notes))


def check_container(info: SourceInfo, soundtrack: SoundtrackInfo, dest: Path, *, new: NewTrack = AS_BEFORE) -> None:
    """Whether the container that the suffix of `dest` asks for takes the film, told before the long work.

    The head of the file is laid out in memory, just as it will be written. Raises `OutputError`, `Unsupported` and `InputError`
    as `write_with_soundtrack` does.
    """
    container, clock = container_of(dest), read_clock(info.path)
    _check_edits(info, dest, clock)
    if new.place != "instead" and container in ONE_SOUNDTRACK:
        raise OutputError(f"cannot write {dest}: {container} holds one soundtrack; choose .mkv, .mp4 or .mov")
    with naming_write_errors(dest):
        output = av.open(io.BytesIO(), "w", format=MUXERS.get(container, container))
    try:
        muxer = Muxer(info, soundtrack, dest, clock, output, PacketSpool(io.BytesIO()), new=new)
        muxer.start(container, sound_copied=False)
    finally:
        with suppress(OSError, av.error.FFmpegError):  # a film without a packet, which some muxers refuse
            output.close()


def _write(
    info: SourceInfo,
    soundtrack: SoundtrackInfo,
    blocks: Iterable[Samples] | None,
    dest: Path,
    *,
    overwrite: bool,
    new: NewTrack = AS_BEFORE,
    listener: Listener | None = None,
) -> Written:
    """`blocks`: None to copy the soundtrack."""
    dest = Path(os.path.abspath(dest))
    container = container_of(dest)
    check_place(info.path, dest, overwrite=overwrite)
    clock = read_clock(info.path)
    _check_edits(info, dest, clock)
    with whole_or_absent(dest, overwrite=overwrite) as temporary:
        while True:
            with open_output(temporary, dest, container, info.path) as output, scratch_beside(dest) as scratch:
                muxer = Muxer(info, soundtrack, dest, clock, output, PacketSpool(scratch), new=new)
                stream_map = muxer.start(container, sound_copied=blocks is None)
                if blocks is not None:
                    muxer.encode(blocks, stream_map)
                expected = muxer.copy(stream_map)
            check_unchanged(info)
            with naming_write_errors(dest):
                complete(temporary, stream_map, clock, container)
                verified = verify(temporary, stream_map, expected, clock, ear=listener.hear if listener else None)
            blocks = listener.again() if listener else None
            if blocks is None:
                break
    return _written(dest, container, soundtrack, stream_map, muxer.sound_format, expected, verified)


def _check_edits(info: SourceInfo, dest: Path, clock: Clock) -> None:
    if clock.hidden_pictures and clock.first_picture != clock.start:
        raise Unsupported(
            f"cannot write {dest}: {info.path} begins with sound alone, then an edit list hides pictures; export the film from "
            "the editor, or convert it"
        )


def _written(
    dest: Path,
    container: str,
    soundtrack: SoundtrackInfo,
    stream_map: StreamMap,
    sound_format: SoundFormat | None,
    expected: ExpectedSound,
    verified: Verification,
) -> Written:
    lossless = is_lossless(soundtrack.codec)
    vanished = container in ("mp4", "mov", "m4a")
    empty = [copy.words for copy in stream_map.copies if vanished and not (copy.is_cover or copy.fingerprint.packets)]
    lost = [f"{words}: there is nothing in it" for words in empty]
    lost += [f"{trait}: {container} cannot hold it" for trait in verified.lost_traits]
    lost += [f"tag ({name}): {container} cannot hold it" for name in verified.lost_tags]
    return Written(
        path=dest,
        container=container,
        codec=sound_format.codec.removeprefix("lib") if sound_format else soundtrack.codec,
        bit_rate=sound_format.bit_rate if sound_format else (None if lossless else soundtrack.bit_rate),
        seconds=float(expected.seconds),
        copied=tuple([copy.words for copy in stream_map.copies if copy.words not in empty] + stream_map.carried),
        left_out=_together(stream_map.left_out + lost),
        verified=verified,
        sound_copied=sound_format is None,
        notes=_notes(soundtrack, sound_format) if sound_format else (),
        stream_index=stream_map.sound_index,
    )


def _together(lines: list[str]) -> tuple[str, ...]:
    """Equal lines once, with their number."""
    return tuple(line if number == 1 else f"{number} × {line}" for line, number in Counter(lines).items())


def _notes(soundtrack: SoundtrackInfo, sound_format: SoundFormat) -> tuple[str, ...]:
    rate, layout = soundtrack.sample_rate, soundtrack.layout
    said = []
    if sound_format.sample_rate != rate:
        said.append(
            f"{sound_format.codec} takes no {rate} Hz: the sound was converted to {sound_format.sample_rate} Hz"
        )
    if sound_format.layout != layout:
        said.append(f"{sound_format.codec} takes no {layout}: the sound is written as {sound_format.layout}")
    return tuple(said)


def complete(path: Path, stream_map: StreamMap, clock: Clock, container: str) -> None:
    """Put into the file what FFmpeg does not write; call it once the output is closed."""
    picture = stream_map.picture
    if stream_map.display is not None:
        width, height, shape = stream_map.display
        set_display(path, width, height, shape, title=stream_map.title)
    if container not in ("mp4", "mov", "m4a"):
        return
    for copy in stream_map.copies:
        if copy.hidden.end_seconds is not None:
            end_edit(path, copy.target_index, copy.hidden.end_seconds - clock.start)
    if picture is not None:
        same = stream_map.source_container == container
        keep_boxes(path, picture.target_index, stream_map.kept, title=stream_map.title, same_container=same)


@contextmanager
def open_output(temporary: Path, dest: Path, container: str, source: Path) -> Iterator[av.container.OutputContainer]:
    """An output that is closed without a second error when something has already gone wrong."""
    options = _muxer_options(container, source)
    with naming_write_errors(dest):
        output = av.open(
            file_url(temporary),
            "w",
            format=MUXERS.get(container, container),
            metadata_errors=METADATA_ERRORS,
            container_options=options,
        )
    try:
        yield output
    except BaseException:
        with suppress(OSError, av.error.FFmpegError):
            output.close()
        raise
    with naming_write_errors(dest):
        output.close()


def _muxer_options(container: str, path: Path) -> dict[str, str]:
    with open_input(path) as source:
        picture = main_picture(source)
        options = muxer_options(container, picture.time_base if picture else None)
        if container in ("mp4", "mov") and has_apple_tags(source):
            options["movflags"] += "+use_metadata_tags"
        if container == "wav" and has_broadcast_tags(source):
            options["write_bext"] = "1"
    return options
