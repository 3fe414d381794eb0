# ruff: noqa: T201 - a script talks
"""Draws scenes in advance, with what the pretrained ear says of them, into shards that training maps into memory.

    python draw.py INTO --split train --seed 1 --hours 5 [--waves]

A shard is a folder NAME: kept.npy [clips, 9, T, lines] float16 (spectral.py), voice.npy [clips, T] float16, kinds.npy
[clips, K, 1024] float16, undo_db.npy [clips, 3], facts.json; with --waves also waves.npy [clips, 5, N] int16 (stems, ear, side
in mono at ±4) for other resolutions.
A shard of a seed is the same whatever was drawn before. Resumes at the first shard that is not there.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path

import numpy as np
from scenes import PLAIN, SceneMaker, Variety
from sounds import SoundLibrary
from spectral import KEPT, Resolution, kept_of

from limelight.models.separators.pretrained_ear import HOP_SECONDS, WIDTH, PretrainedEar, SoundKinds, told_gain

CLIPS = 64  # a shard
SECONDS = 10.24  # 480 steps
WAVE_SCALE = 8192  # int16 of ±4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("into", type=Path)
    parser.add_argument(
        "--libraries", type=Path, nargs="+", required=True, help="Lists made by research.sounds.library."
    )
    parser.add_argument("--split", default="train")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--hours", type=float, default=1.0)
    parser.add_argument("--plain", action="store_true", help="No invented voices, noises, colours.")
    parser.add_argument("--waves", action="store_true")
    parser.add_argument("--clips", type=int, default=CLIPS, help="A shard; fewer for a quick try.")
    options = parser.parse_args()
    library = SoundLibrary(options.libraries, options.split)
    print(library, flush=True)
    training = options.split == "train"
    maker = SceneMaker(library, seconds=SECONDS, variety=PLAIN if options.plain else Variety(), twice=training)
    ear, kinds = PretrainedEar(), SoundKinds()
    clips = options.clips
    shards = max(1, round(options.hours * 3600 / SECONDS / clips))
    for shard in range(shards):
        folder = options.into / f"{options.split}-{options.seed}-{shard:04d}"
        if not folder.is_dir():
            started = time.time()
            draw_shard(maker, ear, kinds, folder, (options.seed, shard * clips, clips), waves=options.waves)
            print(f"{folder.name}: {clips * SECONDS / (time.time() - started):.1f} × real time", flush=True)


def draw_shard(
    maker: SceneMaker,
    ear: PretrainedEar,
    sound_kinds: SoundKinds,
    folder: Path,
    which: tuple[int, int, int],
    *,
    waves: bool,
) -> None:
    """Written beside and renamed, so that a folder that is there is whole. which: seed, first scene, how many."""
    seed, first, clips = which
    maker.forget()
    resolution = Resolution()
    steps = -(-maker.samples // resolution.hop)
    kept = np.zeros((clips, len(KEPT), steps, resolution.lines), np.float16)
    voice = np.zeros((clips, steps), np.float16)
    kinds = np.zeros((clips, 1 + int(SECONDS / HOP_SECONDS), WIDTH), np.float16)
    undo, facts, sounds = np.zeros((clips, 3), np.float32), [], []
    for n in range(clips):
        scene = maker.draw(np.random.default_rng([seed, first + n]))
        mono, side = scene.mono, scene.side
        mixture = mono.sum(0)
        heard = ear.hear(mixture)
        kinds[n] = sound_kinds.hear(mixture * told_gain(mixture))
        kept[n] = kept_of(mono, heard.speech, side, resolution)
        voice[n] = heard.voice_at(np.arange(steps) * resolution.hop / 48_000)
        undo[n] = scene.undo_db
        facts.append(scene.facts)
        if waves:
            whole = np.concatenate([mono, heard.speech[None], side[None]])
            sounds.append(np.clip(np.rint(whole * WAVE_SCALE), -32768, 32767).astype(np.int16))
    draft = folder.with_name(f".{folder.name}.{os.getpid()}")
    draft.mkdir(parents=True)
    np.save(draft / "kept.npy", kept)
    np.save(draft / "voice.npy", voice)
    np.save(draft / "kinds.npy", kinds)
    np.save(draft / "undo_db.npy", undo)
    (draft / "facts.json").write_text(json.dumps(facts))
    if waves:
        np.save(draft / "waves.npy", np.stack(sounds))
    draft.rename(folder)


if __name__ == "__main__":
    main()
