"""Any model of the package `audio-separator` (UVR's, RoFormers, Demucs): `--separator audio-separator:MODEL`.

    chunk ─► two channels as a WAV file at 44.1 kHz, a quarter of full scale ─► the package ─► files, "…_(Vocals)_…" ─► stems

The package takes and gives files and holds them whole; it is given a chunk at a time, so memory stays flat however long the
film is. What its stems become is told in `named_stems.py`. Its models come from many makers: most state no licence, and no
hashes are published. So the SHA-256 of each file is written down when it is first fetched and asked for from then on. The
package unpickles weights itself: take only what you trust.
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import re
import shutil
import tempfile
import urllib.request
import warnings
import weakref
from collections.abc import Sequence
from hashlib import sha256
from http.client import HTTPException
from pathlib import Path
from typing import Any

import numpy as np

from limelight.audio.convert import resample
from limelight.errors import ModelError
from limelight.media.audio_files import write_sound
from limelight.media.probe import choose_soundtrack, probe
from limelight.media.read_audio import read_audio
from limelight.models.card import Card, file_sha256
from limelight.models.protocols import Separator
from limelight.models.published_weights import WAIT_SECONDS, check_sha256, log, weights_folder
from limelight.models.separators.named_stems import ThreeStems, through_pairs
from limelight.types import Chunk, Samples, Separation

NAME = "audio-separator"
RATE = 44_100
PEAK = 0.25  # of what the package is given: stems may be larger than their sum, and it turns down what passes 1
LIST, HASHES = "download_checks.json", "limelight-sha256.json"
PLACES = (
    "https://github.com/TRvlvr/model_repo/releases/download/all_public_uvr_models",
    "https://github.com/nomadkaraoke/python-audio-separator/releases/download/model-configs",
)


class AudioSeparatorModel:
    """One of its models behind the protocol."""

    def __init__(self, model: str, rest: Separator, *, offline: bool = False) -> None:
        """model: a file's name, as `audio-separator --list_models` tells it. Raises ModelError."""
        os.environ.setdefault("TQDM_DISABLE", "1")  # read when the package is imported: we show our own progress
        folder = Path(os.environ.get("AUDIO_SEPARATOR_MODEL_DIR") or weights_folder() / NAME)
        self._scratch = Path(tempfile.mkdtemp(prefix="limelight-"))
        weakref.finalize(self, shutil.rmtree, self._scratch, ignore_errors=True)
        self._three = ThreeStems(rest)
        with warnings.catch_warnings():  # the package silences all warnings, for everybody
            self._package, files = _loaded(model, folder, self._scratch, offline=offline)
        marks = _checked_files(files, folder / HASHES)
        name = f"{NAME}:{model}"
        self._card: Card = rest.card.model_copy(
            update={
                "name": name,
                "preset": NAME,
                "band_edges": (),
                "config": {},
                "parameters": 0,
                "sha256": sha256(" ".join(marks).encode()).hexdigest(),
                "source": f"the package {NAME}",
                "licence": "its maker's; most models of this package state none",
                "training_data": "its maker's",
            }
        )

    @property
    def card(self) -> Card:
        return self._card

    def separate(self, chunk: Chunk) -> Separation:
        return self._three.of(through_pairs(chunk, self._stems), chunk, hop=self._card.hop)

    def _stems(self, both: Samples) -> dict[str, Samples]:
        """Of two channels [2, N] at our rate, by the names that the package gives them."""
        scale = np.float32(PEAK / max(float(np.abs(both).max()), 1e-6))
        given = self._scratch / "chunk.wav"
        heard = resample(both * scale, self._card.sample_rate, RATE)
        write_sound(given, [heard], sample_rate=RATE, layout="stereo", overwrite=True)
        try:
            written = [self._scratch / Path(path).name for path in self._package.separate(str(given))]
        except Exception as error:  # of the package and of what it is made of: dozens of kinds without a base
            raise ModelError(
                f"{self._card.name} failed on a chunk ({type(error).__name__}: {str(error)[:200]}); use another model."
            ) from error
        stems = {_stem_name(path): self._read(path, both.shape[1]) / scale for path in written}
        for path in written:
            path.unlink(missing_ok=True)
        return stems

    def _read(self, path: Path, samples: int) -> Samples:
        """A stem at our rate, [2, samples]."""
        info = probe(path)
        track = choose_soundtrack(info)
        sound = resample(
            np.concatenate(list(read_audio(info, track)), axis=1), track.sample_rate, self._card.sample_rate
        )
        sound = np.broadcast_to(sound, (2, sound.shape[1]))[:, :samples]
        return np.pad(sound, ((0, 0), (0, samples - sound.shape[1])))


def _loaded(model: str, folder: Path, scratch: Path, *, offline: bool) -> tuple[Any, list[Path]]:
    """The package with a model loaded, and the files it is made of. Raises ModelError."""
    try:
        package = importlib.import_module("audio_separator.separator")
    except ImportError as error:
        raise ModelError(
            f"Wanted a model of {NAME}, found no {error.name}; pip install 'audio-separator[cpu]' (or [gpu])."
        ) from error
    if offline and not (folder / LIST).is_file():
        raise _not_there(model, folder)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        opened = package.Separator(
            log_level=logging.ERROR,
            model_file_dir=str(folder),
            output_dir=str(scratch),
            output_format="WAV",
            normalization_threshold=1.0,
            sample_rate=RATE,
            use_soundfile=True,
        )
        files = _files_of(model, opened.list_supported_model_files(), folder)
        missing = [path for path in files if not path.is_file()]
        if missing and offline:
            raise _not_there(model, folder)
        if missing:
            log.warning("fetching %s", _notice(model, missing))
        opened.load_model(model)
    except ModelError:
        raise
    except (Exception, SystemExit) as error:  # as in separate(); and it leaves the program where weights do not fit
        advice = (
            "install the program ffmpeg, which it needs" if "'ffmpeg'" in str(error) else "try its own command with it"
        )
        raise ModelError(
            f"Wanted {NAME}'s model {model}, could not load it ({type(error).__name__}: {str(error)[:200]}); {advice}."
        ) from error
    return opened, files


def _files_of(model: str, groups: Any, folder: Path) -> list[Path]:
    """What a model is made of, by the package's own list. Raises ModelError for a name that is not in it."""
    for models in groups.values():
        for about in models.values():
            names = [str(name).rpartition("/")[2] for name in about["download_files"]]
            if about["filename"] == model or model in names:
                return [folder / name for name in names]
    raise ModelError(f"Wanted {NAME}'s model {model!r}, which it does not know; see `audio-separator --list_models`.")


def _checked_files(files: Sequence[Path], book: Path) -> list[str]:
    """SHA-256 of each file, as when it was first seen. Raises ModelError where one has changed."""
    known: dict[str, str] = json.loads(book.read_text(encoding="utf-8")) if book.is_file() else {}
    for path in files:
        if path.name in known:
            check_sha256(path, known[path.name])
        else:
            known[path.name] = file_sha256(path)
    book.write_text(json.dumps(known, indent=1), encoding="utf-8")
    return [known[path.name] for path in files]


def _notice(model: str, missing: Sequence[Path]) -> str:
    """What is to be known before it is fetched."""
    sizes = [_size_bytes(path.name) for path in missing]
    told = f"{sum(size or 0 for size in sizes) / 1e6:.0f} MB" if all(sizes) else "of a size that nobody tells"
    return (
        f"{NAME}:{model}: {told}, {', '.join(path.name for path in missing)}; licence: its maker's, most state none; "
        f"kept in {missing[0].parent}"
    )


def _size_bytes(name: str) -> int | None:
    """What the servers say, where they say it."""
    for place in PLACES:
        asked = urllib.request.Request(f"{place}/{name}", method="HEAD", headers={"User-Agent": "limelight"})
        try:
            with urllib.request.urlopen(asked, timeout=WAIT_SECONDS) as told:
                return int(told.headers["Content-Length"])
        except (OSError, HTTPException, TypeError, ValueError):
            continue
    return None


def _not_there(model: str, folder: Path) -> ModelError:
    return ModelError(
        f"Wanted {NAME}'s model {model} without the network, it is not in {folder}; fetch it once without."
    )


def _stem_name(path: Path) -> str:
    """ "chunk_(Vocals)_model.wav" is "vocals"."""
    found = re.findall(r"_\(([^)]+)\)", path.name)
    return found[-1].lower() if found else path.stem.lower()
