"""The range of a style: passages that stand out lowered, and those whose talk lies too low raised, each by one gain.

    half the range over talk  ─────────╲▁▁▁▁▁▁▁▁▁╱─── an explosion, lowered as a whole
    talk                      ▁▁▁▁▁▁▁▁▁
    half the range under it   ─────────────╱▔▔▔▔▔▔╲─ a whisper, raised

Nothing moves within a passage, so nothing is squashed.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from limelight.audio.convert import db_to_gain
from limelight.audio.loudness import dialogue_lufs, sliding_powers
from limelight.mixing.features import AUDIBLE_LUFS, NOTICEABLE_DB, SPEAKS, mix_powers
from limelight.types import Decision, StemFeatures, Vector

MOST_RAISED_DB, MOST_LOWERED_DB = 12.0, 15.0  # of a passage as a whole
ROW_SECONDS = 0.0853
PASSAGE_SECONDS = 4.0  # the shortest passage
PASSAGE_ROWS = round(PASSAGE_SECONDS / ROW_SECONDS)
TALK_ROWS = round(1.0 / ROW_SECONDS)  # a second of talk tells how loud it is
SHORT_TERM_ROWS = round(3.0 / ROW_SECONDS)  # in so long it is heard how loud a bang is
SILENCE = 1e-10


def within_range(decision: Decision, heard: StemFeatures, range_lu: float) -> Decision:
    """Passages brought into a range around talk.

    A passage is a scene, or a part of one where whispers and explosions follow each other; it lasts PASSAGE_SECONDS and more.
    Where nobody speaks it is as loud as its loudest three seconds, and never raised: there is nothing to understand, and a
    soft room or the beginning of a score is meant so. In a film without talk the range lies around the film's loudness.
    """
    powers = mix_powers(heard, decision.gains_db)
    # Of the speech alone, where it stands over the rest: a bang beside a word would say that talk is loud, a buried word that
    # it is soft.
    speech = heard.powers[0, 0] * np.square(db_to_gain(decision.gains_db[0]))
    spoken = (heard.presence > SPEAKS) & (speech >= powers / 2)
    loud = powers >= powers.mean() / 10  # as integrated loudness is gated: soft stretches do not say how loud a film is
    anchor = dialogue_lufs(speech, spoken) if _talks(spoken) else dialogue_lufs(powers, loud)
    gains, scenes = decision.gains_db.copy(), []
    for scene in decision.scenes:
        first, last = np.searchsorted(heard.times_seconds, (scene.start_seconds, scene.end_seconds))
        moves = []
        for start, end in passages(powers, int(first), int(last), range_lu / 2):
            said = dialogue_lufs(speech[start:end], spoken[start:end]) if _talks(spoken[start:end]) else None
            level = _level_lufs(powers[start:end], by_loudest=said is None and _talks(spoken))
            moves.append(_into_range(level, said, anchor, range_lu / 2))
            gains[:, start:end] += moves[-1]
        scenes.append(replace(scene, reason=scene.reason + _moved_in_words(moves)))
    return Decision(gains, tuple(scenes))


def _talks(spoken: NDArray[np.bool_]) -> bool:
    """Whether there is enough talk to say how loud it is."""
    return int(spoken.sum()) >= TALK_ROWS


def _level_lufs(powers: Vector, *, by_loudest: bool) -> float:
    """Of a passage as a whole, or of its loudest three seconds."""
    if by_loudest and len(powers) > SHORT_TERM_ROWS:
        powers = sliding_powers(powers, SHORT_TERM_ROWS).max(keepdims=True)
    return dialogue_lufs(powers, np.ones(len(powers), bool))


def _into_range(level_lufs: float, talk_lufs: float | None, anchor_lufs: float, half_lu: float) -> float:
    """The gain in dB that brings a passage into the range, raised only as far as its loudness allows; talk: its level."""
    room = anchor_lufs + half_lu - level_lufs
    if not np.isfinite(room) or level_lufs <= AUDIBLE_LUFS:
        return 0.0
    wanted = 0.0 if talk_lufs is None else anchor_lufs - half_lu - talk_lufs
    move = min(max(wanted, 0.0), room)
    return float(np.clip(move, -MOST_LOWERED_DB, MOST_RAISED_DB)) if np.isfinite(move) else 0.0


def passages(powers: Vector, first: int, last: int, difference_lu: float) -> list[tuple[int, int]]:
    """Rows [first, last) cut where the PASSAGE_SECONDS before and after differ by more than so much, the clearest cut first."""
    width = PASSAGE_ROWS
    if last - first < 2 * width:
        return [(first, last)] if last > first else []
    sums = np.concatenate([[0.0], np.cumsum(powers[first:last])])
    means = np.maximum((sums[width:] - sums[:-width]) / width, SILENCE)
    apart = np.abs(10 * np.log10(means[width:] / means[:-width]))  # of the rows before and after each place
    place = int(np.argmax(apart))
    if apart[place] <= difference_lu:
        return [(first, last)]
    cut = first + width + place
    return passages(powers, first, cut, difference_lu) + passages(powers, cut, last, difference_lu)


def _moved_in_words(moves: list[float]) -> str:
    moved = [move for move in moves if abs(move) >= NOTICEABLE_DB]
    if not moved:
        return ""
    parts = [f"{'raised' if move > 0 else 'lowered'} by {abs(move):.0f} dB" for move in moved]
    what = "the scene" if len(moves) == 1 else "parts of the scene"
    return f"; {what} {', '.join(dict.fromkeys(parts))}"
