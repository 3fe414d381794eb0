"""One clip on the disk: a folder of plain files, whole or absent, that any program can read.

    input.flac  target.flac              24 bit, 48 kHz
    speech.flac  music.flac  effects.flac   of the target; their sum is target.flac, to the last bit
    cues.npy                             [T, D] float32, a row a second (names: `limelight.vision.cues`)
    recipe.json                          what was done; see `degrade`
    scene.json                           of scenes: what it was made by
    frames/00.jpg …                      one picture a second, where they were asked for

Bytes are made first and hashed, then written beside and renamed. The size of a JPEG is read before anything is decoded: a
few hundred kilobytes can announce 2³⁰ points.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import shutil
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tokenize import TokenError
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limelight.audio.loudness import integrated_loudness
from limelight.dataset.degrade import Degradation, Pair, why_trivial
from limelight.dataset.manifest import Entry, Source
from limelight.dataset.sounds import SAMPLE_RATE
from limelight.errors import InputError, TooLarge
from limelight.media.audio_files import read_flac, sound_bytes
from limelight.media.container import MAX_PIXELS
from limelight.media.sample_frames import decode_picture, encode_jpeg
from limelight.media.target import naming_write_errors
from limelight.types import STEMS, Picture, Samples

CLIPS = "clips"
SOUNDS = ("input", "target", *STEMS)
SCENE = "scene.json"
QUANTISER = 5  # of JPEG


@dataclass(frozen=True, repr=False)
class Clip:
    """A pair with its picture and its history, ready to be written."""

    name: str  # a folder's name
    split: str
    kind: str
    sources: tuple[Source, ...]
    separator: str
    pair: Pair
    cues: NDArray[np.float32]  # [T, D]
    starts_on_cut: bool = True
    cuts_seconds: tuple[float, ...] = ()
    pictures: Sequence[Picture] = ()
    scene: Mapping[str, Any] | None = None  # how it came about, where that is known


def write_clip(dataset: Path, clip: Clip) -> Entry:
    """Writes a clip's folder, replacing what was there; gives its line for the manifest. Raises OutputError."""
    files = dict(_files(clip))
    place = dataset / CLIPS / clip.name
    draft = place.with_name(f"{clip.name}.part")
    with naming_write_errors(place):
        for old in (draft, place):
            if old.exists():
                shutil.rmtree(old)
        try:
            for name, data in files.items():
                (draft / name).parent.mkdir(parents=True, exist_ok=True)
                (draft / name).write_bytes(data)
            draft.replace(place)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise
    return _entry(clip, {name: hashlib.sha256(data).hexdigest() for name, data in files.items()})


def _files(clip: Clip) -> Iterator[tuple[str, bytes]]:
    pair = clip.pair
    for name, samples in (("input", pair.input), ("target", pair.target), *zip(STEMS, pair.stems, strict=True)):
        yield f"{name}.flac", sound_bytes(samples, SAMPLE_RATE, pair.layout, kind="flac")
    memory = io.BytesIO()
    np.save(memory, clip.cues.astype(np.float32))
    yield "cues.npy", memory.getvalue()
    recipe = pair.degradation.as_json() | {"scale_db": pair.scale_db}
    yield "recipe.json", json.dumps(recipe, ensure_ascii=False, sort_keys=True).encode()
    if clip.scene is not None:
        yield SCENE, json.dumps(clip.scene, ensure_ascii=False, sort_keys=True).encode()
    for number, picture in enumerate(clip.pictures):
        yield f"frames/{number:02d}.jpg", _jpeg(picture)


def _jpeg(picture: Picture) -> bytes:
    return encode_jpeg(picture.image, quantiser=QUANTISER)


def _entry(clip: Clip, files: Mapping[str, str]) -> Entry:
    pair, degradation = clip.pair, clip.pair.degradation
    loudness = {stem: _shifted(lufs, pair.scale_db) for stem, lufs in pair.levels.loudness_lufs.items()}
    for name, samples in (("target", pair.target), ("input", pair.input)):
        loudness[name] = _shifted(integrated_loudness(samples, SAMPLE_RATE, layout=pair.layout), 0.0)
    return Entry(
        name=clip.name,
        split=clip.split,
        kind=clip.kind,
        seconds=round(pair.input.shape[1] / SAMPLE_RATE, 6),
        sample_rate=SAMPLE_RATE,
        layout=pair.layout,
        sources=clip.sources,
        separator=clip.separator,
        recipe=degradation.recipe,
        fault=degradation.fault,
        step_db=degradation.step_db,
        invertible=degradation.is_invertible,
        trivial=why_trivial(degradation, pair.levels),
        changes_db={
            stem: round(float(np.mean(curve)), 2) for stem, curve in zip(STEMS, degradation.curves_db, strict=True)
        },
        loudness_lufs=loudness,
        scale_db=round(pair.scale_db, 6),
        limit_db=degradation.limit_db,
        starts_on_cut=clip.starts_on_cut,
        cuts_seconds=clip.cuts_seconds,
        files=files,
    )


def _shifted(lufs: float, by_db: float) -> float | None:
    """Rounded for the manifest; silence is None, which JSON can say."""
    return round(lufs + by_db, 2) if math.isfinite(lufs) else None


def read_clip_sound(dataset: Path, name: str, sound: str) -> Samples:
    """One of `SOUNDS` of a clip, [C, N]. Raises NotMedia."""
    return read_flac(dataset / CLIPS / name / f"{sound}.flac")


def read_stems(dataset: Path, name: str) -> NDArray[np.float32]:
    """The target's stems, [K, C, N]. Raises NotMedia, InputError."""
    stems = [read_clip_sound(dataset, name, stem) for stem in STEMS]
    if len({stem.shape for stem in stems}) > 1:
        raise InputError(f"Wanted stems of one length in {dataset / CLIPS / name}, found others; build it again.")
    return np.stack(stems)


def read_recipe(dataset: Path, name: str) -> Degradation:
    """What was done to a clip. Raises InputError."""
    path = dataset / CLIPS / name / "recipe.json"
    try:
        data = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"Wanted {path} of the data set, which cannot be read ({error}); build it again.") from error
    return Degradation.from_json(data)


def read_cues(dataset: Path, name: str) -> NDArray[np.float32]:
    """What the picture of a clip says, [T, D]. Raises InputError."""
    path = dataset / CLIPS / name / "cues.npy"
    try:
        return read_numbers(path)
    except (OSError, ValueError, EOFError) as error:
        raise InputError(f"Wanted {path} of the data set, which cannot be read ({error}); build it again.") from error


def read_numbers(path: Path) -> NDArray[np.float32]:
    """The array of a `.npy` file. Mapped first: its head cannot announce more than it holds. Raises OSError, ValueError."""
    try:
        found = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OverflowError, TypeError, SyntaxError, TokenError) as error:  # its head is written in Python
        raise ValueError(f"its shape is none: {error}") from error
    if not isinstance(found, np.ndarray):
        found.close()
        raise ValueError("it is an archive of several arrays")
    if found.dtype.kind not in "fiu":
        raise ValueError(f"it holds {found.dtype}, no numbers")
    return np.array(found, np.float32)


_START = b"\xff\xd8"
_SIZES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # markers of the segments that tell the size


def read_frame(path: Path) -> NDArray[np.uint8]:
    """[H, W, 3], RGB. Raises InputError, TooLarge."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"Wanted a picture in {path}, could not read it ({error.strerror}); check it.") from error
    points = _points(data)
    if points > MAX_PIXELS:
        raise TooLarge(f"The picture {path} has {points} points, the limit is {MAX_PIXELS}; build the set again.")
    read = decode_picture(data) if points else None
    if read is None:
        raise InputError(f"Wanted a picture in {path}, which is damaged; build the set again.")
    return read


def _points(data: bytes) -> int:
    """Width × height as the JPEG's head says; 0 where it has none."""
    at = len(_START) if data.startswith(_START) else len(data)
    while at + 9 <= len(data) and data[at] == 0xFF:
        if data[at + 1] in _SIZES:
            height, width = struct.unpack_from(">HH", data, at + 5)
            return int(height * width)
        at += 2 + struct.unpack_from(">H", data, at + 2)[0]
    return 0
