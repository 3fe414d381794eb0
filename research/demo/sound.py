"""The three stems of the film, raw: at no particular level yet."""

from research.demo.acoustics import Sound
from research.demo.effects import effects_stem
from research.demo.music import music_stem
from research.demo.voice import speech_stem


def raw_stems() -> dict[str, Sound]:
    """Speech, music and effects, each [2, N]."""
    return {"speech": speech_stem(), "music": music_stem(), "effects": effects_stem()}
