"""A film for the night: talk, a whisper 15 LU softer, an explosion that rolls away, talk in rain; two known tracks.

PYTHONPATH=tests python bench/night_film.py night.mkv && python bench/styles.py night.mkv --seconds 41
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from recordings import Track, level, recording
from voices import RATE, noise, voice

PART_SECONDS = 10
TALK_LUFS, WHISPER_LUFS, EXPLOSION_LUFS, RAIN_LUFS, ROOM_LUFS = -30, -45, -14, -36, -60


def main() -> None:
    one, other = (voice(PART_SECONDS, seed=seed) for seed in (7, 2))
    hiss, time = noise(PART_SECONDS, seed=3), np.arange(PART_SECONDS * RATE) / RATE
    rolls = hiss * np.exp(-np.clip(time - 1.5, 0, None) / 1.2) * (time > 1.5)
    silent = np.zeros((1, len(time)), np.float32)
    speech = [level(one, TALK_LUFS), level(one, WHISPER_LUFS), silent, level(other, TALK_LUFS)]
    noises = [silent, silent, level(rolls, EXPLOSION_LUFS), level(hiss, RAIN_LUFS)]
    room = level(noise(4 * PART_SECONDS, seed=9), ROOM_LUFS)
    tracks = [Track(np.concatenate(speech, 1), "Mic"), Track(np.concatenate(noises, 1) + room, "Ambience")]
    recording(Path(sys.argv[1]), tracks, codec="flac")


if __name__ == "__main__":
    main()
