"""Weights of others that are fetched when they are first asked for: what they are, how large, under which licence.

Kept under $XDG_CACHE_HOME/limelight/weights (by default ~/.cache). A file appears there only when it is whole and its SHA-256
is the one below. Before the first byte a line with name, size, licence and place is logged as a warning, so it is seen on
stderr whoever asks. Offline, what is not there is told and nothing is tried.
"""

from __future__ import annotations

import logging
import os
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, replace
from http.client import HTTPException
from pathlib import Path

from limelight.errors import ModelError
from limelight.media.target import whole_or_absent
from limelight.models.card import file_sha256

PIECE = 1 << 20
WAIT_SECONDS = 60
log = logging.getLogger("limelight")


@dataclass(frozen=True)
class PublishedWeights:
    """One file that somebody else has published."""

    name: str
    url: str
    size_bytes: int
    sha256: str
    licence: str
    trained_on: str
    parameters: int
    sample_rate: int  # Hz
    what: str
    gives: str
    speed: str  # of the network with random weights: they cost the same

    @property
    def path(self) -> Path:
        """Where it is kept."""
        return weights_folder() / self.name / self.url.rpartition("/")[2]

    @property
    def notice(self) -> str:
        """What is to be known before it is fetched."""
        return (
            f"{self.name}: {self.size_bytes / 1e6:.0f} MB from {self.url}, licence {self.licence}; kept as {self.path}"
        )


_HUB = "https://huggingface.co/adefossez"
BANDIT = PublishedWeights(
    "bandit",
    "https://zenodo.org/records/12701995/files/checkpoint-multi.ckpt",
    446_680_129,
    "abcfccf65446752a057f4a302c941479a54b7560ebf8d7bca039d2ea98e64cfc",
    "CC BY-SA 4.0",
    "Divide and Remaster v3, in many languages",
    37_022_688,
    48_000,
    "Bandit v2: 64 bands, recurrent over time and over bands",
    "complex masks for speech, music and effects, each channel by itself",
    "about 6 s for a second of a channel on one core, 1.3 GB of memory",
)
DEMUCS = PublishedWeights(
    "demucs",
    f"{_HUB}/HTDemucs/resolve/bf35a81b663819a8255c8fefee17f9d812b786b5/955717e8.safetensors",
    84_000_000,
    "d9fa14133cfcc034a6758923bb3a8ca9f8dfd0b582134643bbf83f72c17576dd",
    "MIT by its page on the hub; its makers have not said what the training songs allow",
    "MUSDB18-HQ (for education and research) and 800 songs",
    41_984_456,
    44_100,
    "Hybrid Transformer Demucs, made for songs",
    "vocals, speech where somebody speaks and music else; music and effects of the rest by lite",
    "not measured here",
)
DEMUCS_VOCALS = replace(
    DEMUCS,
    name="demucs-ft",
    url=f"{_HUB}/HTDemucs-ft/resolve/478be8a68f85418addd6f7baefd4be76522a4034/04573f0d.safetensors",
    sha256="68854b0d7c2b3274723b5761f6fd9f5aec5f1bcd3f0de7c1669546fdb7871b7c",
)


def weights_folder() -> Path:
    """$XDG_CACHE_HOME/limelight/weights, by default under ~/.cache."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "limelight" / "weights"


def fetched(weights: PublishedWeights, *, offline: bool = False) -> Path:
    """The file, fetched where it is not there yet. Raises ModelError where it cannot be had, or is another."""
    if not weights.path.is_file():
        if offline:
            raise ModelError(
                f"Wanted {weights.name} without the network, found nothing at {weights.path}; fetch it once without "
                f"--offline, or put {weights.url} there."
            )
        log.warning("fetching %s", weights.notice)
        _download(weights)
    check_sha256(weights.path, weights.sha256)
    return weights.path


def check_sha256(path: Path, wished: str) -> None:
    """Raises ModelError where a file is not the one that was meant."""
    found = file_sha256(path)
    if found != wished:
        raise ModelError(f"Wanted {path} with SHA-256 {wished}, found {found}; delete it and fetch it again.")


def _download(weights: PublishedWeights) -> None:
    weights.path.parent.mkdir(parents=True, exist_ok=True)
    with whole_or_absent(weights.path) as part:
        with part.open("wb") as file:
            for piece in _pieces(weights):
                file.write(piece)
        check_sha256(part, weights.sha256)


def _pieces(weights: PublishedWeights) -> Iterator[bytes]:
    """What the network gives. Raises ModelError where it does not."""
    request = urllib.request.Request(weights.url, headers={"User-Agent": "limelight"})
    try:
        with urllib.request.urlopen(request, timeout=WAIT_SECONDS) as coming:
            while piece := coming.read(PIECE):
                yield piece
    except (OSError, HTTPException) as error:
        raise ModelError(
            f"Wanted {weights.url}, could not fetch it ({error}); try again, or put the file at {weights.path}."
        ) from error
