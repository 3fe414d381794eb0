# ruff: noqa: T201 - a script talks
"""Scenes to test on, drawn once from the test split with fixed seeds and kept with what the pretrained ear says of them.

    python test_scenes.py INTO --libraries LIBRARY.csv [--count 200]

film       levels of real films, in which a stem is often not heard, spoilt by the papers' recipe
dnr        levels of DnR v3, spoilt likewise
clean      the same scenes as they were before
buried     speech with long pauses, 10 LU under the rest
sung, effects   music with singing alone, effects alone: nobody speaks
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import levels as lv
import numpy as np
from numpy.typing import NDArray
from scenes import PLAIN, PROGRAMME_LUFS, SceneMaker
from sounds import SoundLibrary

from limelight.models.separators.pretrained_ear import PretrainedEar

SEEDS = {"film": 2026, "dnr": 2027, "clean": 2027, "buried": 2028, "sung": 2029, "effects": 2030}
SHARE = {"film": 1.0, "dnr": 1.0, "clean": 1.0, "buried": 0.5, "sung": 0.3, "effects": 0.3}  # of --count
SCALE = 8192  # int16 of ±4
BURIED_LU = -10.0
LONG_PAUSES = (0.1, 0.1, 0.3, 0.5)  # chances of scenes.PAUSE_SECONDS: speech half of the time
Mono = NDArray[np.float32]


@dataclass(frozen=True)
class TestScene:
    """Mono stems [3, N] and side [N] of one mixture, the ear's speech [N] and voice; `undo_db` leads to the good mix."""

    name: str
    stems: Mono
    side: Mono
    ear: Mono
    voice: Mono
    undo_db: NDArray[np.float64]
    facts: dict[str, Any]

    @property
    def mixture(self) -> Mono:
        return self.stems.sum(0)

    @property
    def stereo(self) -> Mono:
        """The mixture's two channels, [2, N]."""
        return np.stack([self.mixture + self.side, self.mixture - self.side])


def scene_files(folder: Path, kind: str) -> list[Path]:
    return sorted(folder.glob(f"{kind}-*.npz"))


def read_scene(path: Path) -> TestScene:
    with np.load(path, allow_pickle=False) as file:
        stems, side, ear = (file[name].astype(np.float32) / SCALE for name in ("stems", "side", "ear"))
        voice, undo_db = file["voice"].astype(np.float32), file["undo_db"]
        return TestScene(path.stem, stems, side, ear, voice, undo_db, json.loads(str(file["facts"])))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("into", type=Path)
    parser.add_argument("--libraries", type=Path, nargs="+", required=True)
    parser.add_argument("--count", type=int, default=200)
    options = parser.parse_args()
    options.into.mkdir(parents=True, exist_ok=True)
    library = SoundLibrary(options.libraries, "test")
    print(library, flush=True)
    ear = PretrainedEar()
    for kind, seed in SEEDS.items():
        maker = _maker(kind, library)
        for n in range(round(SHARE[kind] * options.count)):
            path = options.into / f"{kind}-{n:04d}.npz"
            if not path.is_file():
                _write(path, ear, *_drawn(kind, maker, np.random.default_rng([seed, n])))


def _maker(kind: str, library: SoundLibrary) -> SceneMaker:
    levels = {"film" if kind == "film" else "dnr": 1.0}
    mixes = {"paper": 1.0} if kind in ("film", "dnr", "clean") else {"none": 1.0}
    sung = 1.0 if kind == "sung" else PLAIN.sung
    pauses = LONG_PAUSES if kind == "buried" else PLAIN.pauses
    return SceneMaker(library, variety=replace(PLAIN, levels=levels, mixes=mixes, sung=sung, pauses=pauses))


def _drawn(kind: str, maker: SceneMaker, rng: np.random.Generator) -> tuple[Any, NDArray[np.float32]]:
    scene = maker.draw(rng)
    stems = scene.stems.copy()
    if kind == "buried":
        speech, rest = (lv.integrated_lufs(lv.block_powers(x.mean(0))) for x in (stems[0], stems[1] + stems[2]))
        stems[0] *= np.float32(10 ** ((rest + BURIED_LU - speech) / 20)) if np.isfinite(speech - rest) else 0.0
    if kind == "clean":
        stems *= (10 ** (scene.undo_db / 20)).astype(np.float32)[:, None, None]
        stems *= np.float32(10 ** ((PROGRAMME_LUFS - lv.integrated_lufs(lv.block_powers(stems.sum(0).mean(0)))) / 20))
    if kind == "sung":
        stems[[0, 2]] = 0
    if kind == "effects":
        stems[[0, 1]] = 0
    return scene, stems


def _write(path: Path, ear: PretrainedEar, scene: Any, stems: NDArray[np.float32]) -> None:
    mono = np.clip(np.rint(stems.mean(1) * SCALE), -32768, 32767).astype(np.int16)
    side = (stems[:, 0] - stems[:, 1]).sum(0) / 2
    heard = ear.hear(mono.astype(np.float32).sum(0) / SCALE)
    kept = {
        "stems": mono,
        "side": np.clip(np.rint(side * SCALE), -32768, 32767).astype(np.int16),
        "ear": np.clip(np.rint(heard.speech * SCALE), -32768, 32767).astype(np.int16),
        "voice": heard.voice.astype(np.float16),
        "undo_db": scene.undo_db,
        "facts": np.array(json.dumps(scene.facts)),
    }
    draft = path.with_name("." + path.name)
    np.savez(draft, **kept)
    draft.rename(path)


if __name__ == "__main__":
    main()
