"""Two players, before and after, that run together: one is heard, the other is mute, a button swaps them."""

from __future__ import annotations

from limelight.app.report.clip import Excerpt, Match, clip_bytes
from limelight.app.report.lanes import data_url
from limelight.app.report.words import clock_time, number
from limelight.signals import Samples

_AUDIBLE_DB = 0.1


def players(before: Samples, after: Samples, match: Match, excerpt: Excerpt) -> str:
    """The players and their buttons; without JavaScript two plain players remain."""
    if before.shape[1] == 0 or after.shape[1] == 0:
        return '<p class="quiet">There is no sound to be heard.</p>'
    sounds = _sound("before", before, match.before_db) + _sound("after", after, match.after_db)
    return (
        f'<div class="players" data-start="{excerpt.start_seconds:.3f}">'
        '<div class="transport" hidden><button type="button" class="play">Play</button>'
        '<div class="switch" role="group" aria-label="Version that is heard" title="Swap with the key S">'
        '<button type="button" aria-pressed="true">Before</button>'
        '<button type="button" aria-pressed="false">After</button></div>'
        '<input type="range" min="0" max="1" step="0.001" value="0" aria-label="Position">'
        f"<output>{clock_time(excerpt.start_seconds)}</output></div>"
        f'<div class="plain">{sounds}</div></div><p class="quiet">{_said(match, excerpt)}</p>'
    )


def _sound(name: str, clip: Samples, gain_db: float) -> str:
    address = data_url("audio/mp4", clip_bytes(clip, gain_db))
    return f'<label>{name.capitalize()}<audio class="{name}" controls preload="auto" src="{address}"></audio></label>'


def _said(match: Match, excerpt: Excerpt) -> str:
    apart = match.after_db - match.before_db
    softer, by = ("after", -apart) if apart < 0 else ("before", apart)
    level = (
        f"Loudness-matched: “{softer}” is played {number(by)} dB softer, so that both are equally loud."
        if by >= _AUDIBLE_DB
        else "Loudness-matched: both are equally loud as they are."
    )
    return f"{str(excerpt).capitalize()}. {level} Stereo at about 96 kb/s, for listening here only."
