"""Why the gains of a shot are what they are, in a sentence: what was seen, what was heard, what was done."""

from __future__ import annotations

from collections.abc import Mapping

from limelight.types import STEMS, Shot

AUDIBLE_LUFS = -60.0
NOTICEABLE_DB = 0.5
ALONE = "left alone"


def reason(shot: Shot, levels_lufs: Mapping[str, float], gains_db: Mapping[str, float], said: str | None = None) -> str:
    """For example: "close-up; speech lies 8 LU under the rest while somebody speaks: speech +7.5 dB, music −7.5 dB".

    `said`: the director's reason for the scene; how the stems stood to each other where it gives none.
    """
    seen = shot.words.get("camera focus", "").split(";")[0].strip()
    parts = [part for part in (seen, said or balance(levels_lufs)) if part]
    return f"{'; '.join(parts)}: {moves(levels_lufs, gains_db)}"


def balance(levels_lufs: Mapping[str, float]) -> str:
    """How the stems stood to each other, the loudest first."""
    heard = sorted((stem for stem in STEMS if levels_lufs[stem] > AUDIBLE_LUFS), key=lambda stem: -levels_lufs[stem])
    if not heard:
        return "hardly a sound"
    if len(heard) == 1:
        return f"only {heard[0]} to be heard"
    loudest = heard[0]
    under = [f"{stem} {levels_lufs[loudest] - levels_lufs[stem]:.0f} dB under {loudest}" for stem in heard[1:]]
    return ", ".join(under)


def moves(levels_lufs: Mapping[str, float], gains_db: Mapping[str, float]) -> str:
    """What is done to the stems that are there; "left alone" where it cannot be noticed."""
    moved = [
        f"{stem} {gains_db[stem]:+.1f} dB".replace("-", "−")
        for stem in STEMS
        if abs(gains_db[stem]) >= NOTICEABLE_DB and levels_lufs[stem] > AUDIBLE_LUFS
    ]
    return ", ".join(moved) or ALONE
