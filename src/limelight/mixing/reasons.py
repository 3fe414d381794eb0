"""Why the gains of a shot are what they are, in a sentence: what was heard, what was seen, what was done."""

from __future__ import annotations

from collections.abc import Mapping

from limelight.types import STEMS, Shot

AUDIBLE_LUFS = -60.0
NOTICEABLE_DB = 0.5
ALONE = "left alone"


def reason(
    shot: Shot,
    levels_lufs: Mapping[str, float],
    gains_db: Mapping[str, float],
    by_ear_db: Mapping[str, float] | None = None,
) -> str:
    """For example: "close-up, …; speech 8 dB under music: speech +4.1 dB, music −6.0 dB; by ear alone speech +1.2 dB".

    `by_ear_db`: the gains that the same model would have chosen without the picture; None where it does not look.
    """
    seen = shot.words.get("camera focus", "").split(";")[0].strip()
    parts = [part for part in (seen, balance(levels_lufs)) if part]
    return f"{'; '.join(parts)}: {moves(levels_lufs, gains_db)}{unseen(levels_lufs, gains_db, by_ear_db)}"


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


def unseen(
    levels_lufs: Mapping[str, float], gains_db: Mapping[str, float], by_ear_db: Mapping[str, float] | None
) -> str:
    """What would have been done without the picture; nothing where nothing was done either way."""
    if by_ear_db is None:
        return ""
    heard = [stem for stem in STEMS if levels_lufs[stem] > AUDIBLE_LUFS]
    if any(abs(gains_db[stem] - by_ear_db[stem]) >= NOTICEABLE_DB for stem in heard):
        return f"; by ear alone {said if (said := moves(levels_lufs, by_ear_db)) != ALONE else 'nothing'}"
    return "" if moves(levels_lufs, gains_db) == ALONE else "; the same by ear alone"
