"""The three stems of the film, raw: at no particular level yet."""

from .acoustics import Sound
from .effects import effects_stem
from .music import music_stem
from .voice import speech_stem


def raw_stems() -> dict[str, Sound]:
    """Speech, music and effects, each [2, N]."""
    return {"speech": speech_stem(), "music": music_stem(), "effects": effects_stem()}
