"""What a user's wishes mean together: a style beside a loudness, a new soundtrack beside the old one or in its place.

The command line and batches tell them in the same words, as the flags of `limelight highlight`.
"""

from __future__ import annotations

import re
from dataclasses import replace

from limelight.errors import UsageError
from limelight.media.formats import NewTrack
from limelight.mixing.controls import KEEP
from limelight.models.directors.style import Style, load_style

ORIGINAL, MIX = "original", "mix"  # one of two soundtracks


def style_wished(name: str | None, loudness: str | None) -> Style | None:
    """The style by its name or file, which a loudness of "keep" asks not to set the loudness. Raises StyleError."""
    if name is None:
        return None
    style = load_style(name)
    return replace(style, loudness=KEEP) if loudness is not None and loudness.lower() == KEEP else style


def new_track_wished(
    *,
    add_track: bool = False,
    default_track: str = ORIGINAL,
    keep_tracks: bool = False,
    tracks_known: bool = False,
    codec: str | None = None,
    bit_rate: str | None = None,
    style: str | None = None,
) -> NewTrack:
    """How the new soundtrack joins the film. Raises UsageError for what has no use together.

    tracks_known: whether the mix is of tracks that are told. bit_rate: as 256k. style: its name, for the title.
    """
    if keep_tracks and not tracks_known:
        raise UsageError(
            "--keep-tracks has a use with --tracks alone; to keep the original soundtrack give --add-track"
        )
    if add_track and tracks_known:
        raise UsageError("--add-track keeps one original soundtrack; with --tracks give --keep-tracks")
    if default_track not in (ORIGINAL, MIX):
        raise UsageError(f"the default track is {ORIGINAL} or {MIX}, got {default_track!r}")
    if default_track == MIX and not add_track:
        raise UsageError("--default-track has a use with --add-track alone: else there is one new soundtrack")
    name = f"Rebalanced ({style})" if style else "Rebalanced"
    return NewTrack(
        place="behind" if add_track else "before" if keep_tracks else "instead",
        is_default=default_track == MIX if add_track else None,
        title=name if add_track else None,
        codec=codec.lower() if codec else None,
        bit_rate=_bits(bit_rate),
    )


def _bits(told: str | None) -> int | None:
    """256k, 0.5M or 256000 as bit/s."""
    if told is None:
        return None
    rate = re.fullmatch(r"(\d+(?:\.\d+)?)([kKmM]?)", told.strip())
    if rate is None:
        raise UsageError(f"a bit rate is told as 256k, got {told!r}")
    return round(float(rate[1]) * {"": 1, "k": 1000, "m": 1_000_000}[rate[2].lower()])
