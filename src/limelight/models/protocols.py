"""The three seams: what a separator, a director and a remixer must do. Anything that does it can be given to a film.

    sound ──► Separator ──► stems ──► StemFeatures ┐
    picture ──────────────► cues ──────────────────┴─► Director ──► Decision (gain curves, reasons)
    sound, context ──► Remixer ──► what is to be added to the sound, in one step and without stems

A separator knows nothing of pictures or decisions, a director nothing of a network's inside.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from limelight.models.card import Card
from limelight.types import Chunk, Cues, Decision, Samples, Separation, SoundtrackInfo, SourceInfo, StemFeatures

Array = NDArray[np.float32]


@runtime_checkable
class Separator(Protocol):
    """Takes a soundtrack apart, chunk by chunk, in the order of time. One instance hears one film at a time."""

    @property
    def card(self) -> Card: ...

    def separate(self, chunk: Chunk) -> Separation:
        """Speech, music and effects of a chunk at the card's programme level."""
        ...


@runtime_checkable
class FilmSeparator(Protocol):
    """A separator that wants to see the film's file first: known stems, programs that take whole files."""

    @property
    def card(self) -> Card: ...

    def open_film(self, film: SourceInfo, track: SoundtrackInfo, scratch: Path) -> Separator:
        """The separator of this soundtrack. Raises InputError where its stems do not fit."""
        ...


@runtime_checkable
class Director(Protocol):
    """Decides on the gains of a film's stems."""

    @property
    def card(self) -> Card: ...

    def decide(self, heard: StemFeatures, seen: Cues) -> Decision:
        """Gain curves [K, T] in dB at the times of the features, and why. Cues are asked for by name."""
        ...


@runtime_checkable
class Remixer(Protocol):
    """Remixes in one step: the papers' networks and baselines."""

    @property
    def card(self) -> Card: ...

    def remix(self, chunk: Chunk, context: Array | None) -> Samples:
        """What is to be added to a chunk of the card's length, [C, N].

        context: what the picture says, [M, D], a row a second; None just where the card's context width is 0.
        """
        ...
