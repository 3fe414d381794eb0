# ruff: noqa: T201 - a script talks
"""What a separator hears in each case, kept on the disk: masks, presence, features. One command for any separator.

    python -m research.director.heard CASES KIND… [--separator NAME]

Kept beside the cases in `heard/SEPARATOR/`, by the separator's name and the sum over its files, so that another version of
it is heard anew.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from limelight.audio.stft import Bands, IstftStream, StftConfig, StftStream
from limelight.mixing.features import Measurements, features_of, measure_audio
from limelight.mixing.separation import MaskedChunk, SeparatedChunk, numbers_of, separate
from limelight.models.card import Card
from limelight.models.protocols import Separator
from limelight.models.registry import load_separator
from limelight.types import StemFeatures
from research.director.cases import SAMPLE_RATE, Case, read_one

BLOCK = SAMPLE_RATE
Array = NDArray[np.float32]
MONO = np.ones(1, np.float32)


@dataclass(frozen=True, repr=False)
class Heard:
    """One case through a separator."""

    case: Case
    card: Card
    numbers: NDArray[np.uint16]  # masks [K, T, L]
    presence: Array  # [T]
    measured: Measurements

    @cached_property
    def spectra(self) -> NDArray[np.complex64]:
        """Of the given mix, [1, F, T]."""
        config = StftConfig(self.card.n_fft, self.card.hop)
        return spectra_of(self.case.given, config)[:, :, : self.numbers.shape[1]]

    @cached_property
    def chunk(self) -> SeparatedChunk:
        """All of it."""
        bands = Bands.of(self.card.band_edges, self.card.n_fft)
        return MaskedChunk(0, self.spectra, self.presence, self.numbers, bands)

    @cached_property
    def features(self) -> StemFeatures:
        return features_of([self.chunk], self.card, layout="mono")

    def mixed(self, gains: Array) -> Array:
        """Under gains of the stems [K, T], amplitude ratios by step, [N]; the original where all are 1."""
        config = StftConfig(self.card.n_fft, self.card.hop)
        back = IstftStream(1, config)
        changed = self.chunk.weighted((gains - 1).astype(np.float32), slice(0, self.chunk.steps))
        parts = [back.push(changed), back.finish(len(self.case.given))]
        return np.asarray(self.case.given + np.concatenate(parts, axis=1)[0, : len(self.case.given)])


def spectra_of(x: Array, config: StftConfig) -> NDArray[np.complex64]:
    """On the grid on which separators answer, [1, F, T]."""
    stream = StftStream(1, config)
    return np.concatenate([stream.push(x[None]), stream.finish()], axis=2)


def hear(case: Case, separator: Separator) -> Heard:
    """Separates one case, as the product would."""
    blocks = [case.given[None, at : at + BLOCK] for at in range(0, len(case.given), BLOCK)]
    measured = measure_audio(iter(blocks), sample_rate=SAMPLE_RATE, layout="mono")
    mono_lufs = round(measured.downmix_lufs, 2)
    chunks = list(separate(iter(blocks), separator, sample_rate=SAMPLE_RATE, downmix=MONO, mono_lufs=mono_lufs))
    numbers = np.concatenate([numbers_of(chunk.masks) for chunk in chunks if isinstance(chunk, MaskedChunk)], axis=1)
    return Heard(case, separator.card, numbers, np.concatenate([chunk.presence for chunk in chunks]), measured)


def folder_of(cases: Path, card: Card) -> Path:
    return cases / "heard" / f"{card.name}-{card.sha256[:8]}"


def keep(folder: Path, heard: Heard) -> None:
    path = folder / f"{heard.case.name}.npz"
    path.parent.mkdir(parents=True, exist_ok=True)
    m = heard.measured
    measured = [m.samples, m.loudness_lufs, m.range_lu, m.true_peak_dbtp, m.downmix_lufs, m.inverted]
    draft = path.with_name("." + path.name)
    # Half the numbers' precision is far finer than what masks know, and a quarter of the room after packing.
    np.savez_compressed(
        draft,
        masks=(heard.numbers >> 8).astype(np.uint8),
        presence=heard.presence,
        measured=np.array(measured, np.float64),
        peaks=m.peaks,
    )
    draft.rename(path)


def recall(cases: Path, folder: Path, kind: str, card: Card) -> Iterator[Heard]:
    """The heard cases of a kind, in order."""
    for path in sorted(folder.glob(f"{kind}-[0-9]*.npz")):
        yield recall_one(cases, folder, path, card)


def recall_one(cases: Path, folder: Path, path: Path, card: Card) -> Heard:
    case = read_one(cases, cases / path.relative_to(folder))
    with np.load(path, allow_pickle=False) as file:
        m = file["measured"]
        measured = Measurements(int(m[0]), *map(float, m[1:5]), bool(m[5]), file["peaks"])
        return Heard(case, card, numbers_of(_summing_to_one(file["masks"])), file["presence"], measured)


def _summing_to_one(kept: NDArray[np.uint8]) -> Array:
    masks = kept.astype(np.float32)
    return masks / np.maximum(masks.sum(axis=0), 1e-6)


def _number(path: Path) -> str:
    return path.stem.rsplit("-", 1)[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cases", type=Path)
    parser.add_argument("kinds", nargs="+", help="SET/KIND, for example test/paper; * stands for any.")
    parser.add_argument("--separator", default="lite")
    parser.add_argument("--count", type=int, default=100_000, help="Only numbers below.")
    options = parser.parse_args()
    separator = load_separator(options.separator, threads=1)
    assert isinstance(separator, Separator)
    folder = folder_of(options.cases, separator.card)
    for kind in options.kinds:
        paths = sorted(options.cases.glob(f"{kind}-[0-9]*.npz"), key=_number)
        paths = [path for path in paths if int(_number(path)) < options.count]
        for path in paths:
            if not (folder / path.relative_to(options.cases)).is_file():
                keep(folder, hear(read_one(options.cases, path), separator))
        print(kind, len(paths), flush=True)


if __name__ == "__main__":
    main()
