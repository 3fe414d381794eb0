"""What the user decides: how far to go, what to favour, how loud the result is; and what such wishes mean together."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from limelight.errors import StyleError, UsageError
from limelight.media.formats import NewTrack
from limelight.models.directors.style import Style, load_style

CEILING_DBTP = -1.0
LEAST_DIALOGUE = (
    0.15  # share of the time with speech under which a dialogue-gated target is measured on the whole instead
)


@dataclass(frozen=True)
class LoudnessTarget:
    """How loud a platform or standard wants a film, and where that is said."""

    lufs: float
    source: str
    as_of: str  # when the source was last compared, or its own date
    tolerance_lu: float = 1.0
    true_peak_dbtp: float = CEILING_DBTP
    dialogue_gated: bool = False  # measured where somebody speaks
    programme_lufs: float | None = None  # of the whole, where hardly anybody speaks

    def lufs_at(self, speech_share: float) -> float:
        """What is wished where somebody speaks for such a share of the time."""
        return self.lufs if self.gated_at(speech_share) or self.programme_lufs is None else self.programme_lufs

    def gated_at(self, speech_share: float) -> bool:
        """Whether it is measured where somebody speaks."""
        return self.dialogue_gated and speech_share >= LEAST_DIALOGUE


_STREAMING = "Netflix Sound Mix Specifications 1.4; others ask for the same"
LOUDNESS_TARGETS = {
    "youtube": LoudnessTarget(-14.0, "what players turn down to, by measurement; YouTube states none", "2026-11"),
    "tiktok": LoudnessTarget(-14.0, "what players turn down to, by measurement; TikTok states none", "2026-11"),
    "spotify": LoudnessTarget(-14.0, "Spotify for Artists, Loudness normalization", "2026-11"),
    "podcast": LoudnessTarget(-16.0, "Apple Podcasts, Audio requirements", "2026-11"),
    "ebu": LoudnessTarget(-23.0, "EBU R 128, version 5.0", "2023-11", tolerance_lu=0.5),
    "atsc": LoudnessTarget(-24.0, "ATSC A/85:2013", "2013-03", tolerance_lu=2.0, true_peak_dbtp=-2.0),
    "netflix": LoudnessTarget(
        -27.0, _STREAMING, "2026-11", tolerance_lu=2.0, true_peak_dbtp=-2.0, dialogue_gated=True, programme_lufs=-24.0
    ),
}
KEEP = "keep"
ORIGINAL, MIX = "original", "mix"  # one of two soundtracks


@dataclass(frozen=True)
class Controls:
    """How a film is to be rebalanced.

    strength: 0 (the original) to 1 (what the model proposes); offsets are added to the model's gains afterwards.
    loudness: "keep" (the original's), a name of LOUDNESS_TARGETS, or a number in LUFS.
    """

    strength: float = 1.0
    speech_db: float = 0.0
    music_db: float = 0.0
    effects_db: float = 0.0
    loudness: str | float = KEEP
    true_peak_dbtp: float | None = None  # a ceiling for the whole film; None: −1 dBTP where anything is changed

    def __post_init__(self) -> None:
        if not 0 <= self.strength <= 1:
            raise UsageError(f"strength goes from 0 (the original) to 1, got {self.strength}")
        for name, value in (("speech", self.speech_db), ("music", self.music_db), ("effects", self.effects_db)):
            if not -40 <= value <= 20:
                raise UsageError(f"{name} can be moved by −40 to +20 dB, got {value}")
        if not -20 <= self.ceiling_dbtp <= 0:
            raise UsageError(f"the true-peak ceiling lies between −20 and 0 dBTP, got {self.true_peak_dbtp}")
        target = self.target_lufs
        if target is not None and not -60 <= target <= 0:
            raise UsageError(f"loudness lies between −60 and 0 LUFS, got {target}")

    @property
    def ceiling_dbtp(self) -> float:
        """Under which the true peak of a changed mix is kept."""
        return ceiling_of(self.loudness, self.true_peak_dbtp)

    @property
    def target(self) -> LoudnessTarget | None:
        """The wished loudness as a record; None keeps the original's."""
        return target_of(self.loudness)

    @property
    def offsets_db(self) -> NDArray[np.float64]:
        """Per stem, [K]."""
        return np.array([self.speech_db, self.music_db, self.effects_db])

    @property
    def target_lufs(self) -> float | None:
        """The wished loudness; None keeps the original's. Raises UsageError for an unknown name."""
        target = self.target
        return None if target is None else target.lufs


def target_of(loudness: str | float) -> LoudnessTarget | None:
    """What a name or a number asks for; None keeps the original's. Raises UsageError for an unknown name."""
    name = str(loudness).lower()
    if name == KEEP:
        return None
    if name in LOUDNESS_TARGETS:
        return LOUDNESS_TARGETS[name]
    try:
        number = float(loudness)
    except (ValueError, OverflowError):
        names = ", ".join((KEEP, *LOUDNESS_TARGETS))
        raise UsageError(f"loudness is one of {names} or a number in LUFS, got {loudness!r}") from None
    if not math.isfinite(number):
        raise UsageError(f"loudness is a finite number of LUFS, got {loudness!r}")
    return LoudnessTarget(number, "yours", "")


def ceiling_of(loudness: str | float, true_peak_dbtp: float | None) -> float:
    """The ceiling that is asked for, else the one of a named target, else the usual one."""
    named = LOUDNESS_TARGETS.get(str(loudness).lower())
    usual = named.true_peak_dbtp if named else CEILING_DBTP
    return usual if true_peak_dbtp is None else true_peak_dbtp


def style_wished(name: str | None, loudness: str | None) -> Style | None:
    """The style by its name or file, which a loudness of "keep" asks not to set the loudness. Raises StyleError."""
    if name is None:
        return None
    style = load_style(name)
    try:
        target_of(style.loudness)
    except UsageError as error:
        raise StyleError(f"Wanted a loudness as --loudness takes it in the style {name}: {error}.") from error
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
