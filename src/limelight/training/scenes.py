"""Drawn scenes as batches for training a separator: stretches of clips out of shards, changed where that leaves them true.

A shard is a folder: kept.npy [clips, 9, T, L] (signed square roots of powers and cross-powers of stems, the mixture, what the
pretrained ear says, the side), voice.npy [clips, T], kinds.npy [clips, K, 1024], undo_db.npy [clips, 3]. `research/separator`
draws them and says why these are enough.

What may be changed afterwards, since the pretrained ear's answer belongs to the mixture: the level a little (that ear evens it
out), a tilt over all lines, and whether there is a side (a film in mono has the same middle).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from limelight.audio.loudness import k_weight_response
from limelight.errors import InputError
from limelight.models.separators.masks import HOP, N_FFT, SAMPLE_RATE, line_edges
from limelight.models.separators.pretrained_ear import kinds_at

SECONDS = 10.24  # of a clip: 480 steps
PRESENT_UNDER_OWN_DB = 25.0  # a stem is there while it is this near to its own loud level
PRESENT_UNDER_MIX_DB = 30.0  # and to the mixture of the moment


@dataclass(frozen=True)
class SceneBatch:
    """B stretches of T steps; powers of lines, summed over their bins."""

    stems: Tensor  # [B, 3, T, N]
    mixture: Tensor  # [B, T, N]
    along: Tensor  # Re X S_k*, [B, 3, T, N]
    told: Tensor  # mixture, ear, rest, side as mean powers of a bin, [B, 4, T, N]
    voice: Tensor  # [B, T]
    kinds: Tensor  # [B, T, 1024]
    present: Tensor  # [B, T, 3], 0 or 1
    undo_db: Tensor  # [B, 3]


class DrawnScenes:
    """The clips of a folder of shards; `look_again` finds those that were drawn meanwhile."""

    def __init__(self, folder: Path) -> None:
        """Raises InputError where there is none of ours."""
        self.folder, edges = folder, line_edges()
        self.widths = torch.from_numpy(np.diff(edges).astype(np.float32))  # bins of each line
        centres = (edges[:-1] + edges[1:] - 1) / 2 * SAMPLE_RATE / N_FFT
        self.k_weights = torch.from_numpy(k_weight_response(centres)).float()
        self.octaves = torch.from_numpy(np.log2(np.maximum(centres, 40) / 1000)).float()
        self._paths: list[Path] = []
        self._open: list[tuple[NDArray[Any], ...]] = []
        self.look_again()
        if not self._open:
            raise InputError(f"Wanted drawn scenes in {folder}, found none; docs/train.md says how they are drawn.")

    def look_again(self) -> None:
        """Opens the shards that were drawn meanwhile."""
        for path in sorted(self.folder.glob("*/kept.npy")):
            if path.parent not in self._paths and not path.parent.name.startswith("."):
                self._paths.append(path.parent)
                kept = np.load(path, mmap_mode="r")
                undo = np.load(path.parent / "undo_db.npy")
                if not path.with_name("kinds.npy").is_file():
                    raise InputError(f"Wanted kinds of sound in {path.parent}, found none; draw these scenes anew.")
                voice, kinds = (np.load(path.parent / f"{name}.npy") for name in ("voice", "kinds"))
                self._open.append((kept, voice, kinds, undo, self._presence(path, kept)))

    @property
    def clips(self) -> int:
        """How many there are."""
        return sum(len(parts[0]) for parts in self._open)

    @property
    def hours(self) -> float:
        """Of sound."""
        return self.clips * SECONDS / 3600

    def _presence(self, path: Path, kept: NDArray[np.float16]) -> NDArray[Any]:
        """[clips, T, 3] where each stem is heard; kept beside the shard."""
        cached = path.with_name("present.npy")
        if not cached.is_file():
            found = np.stack([present(clip[:3], self.k_weights.numpy()) for clip in kept])
            np.save(cached, found)
        return np.asarray(np.load(cached))

    def batch(self, rng: np.random.Generator, clips: int, steps: int) -> SceneBatch:
        """Clips at random, each from a random even step on."""
        chosen = []
        for _ in range(clips):
            kept, voice, kinds, undo, there = self._open[int(rng.integers(len(self._open)))]
            n, first = int(rng.integers(len(kept))), 2 * int(rng.integers((kept.shape[2] - steps) // 2 + 1))
            stretch = slice(first, first + steps)
            chosen.append(
                (kept[n, :, stretch], voice[n, stretch], _every_step(kinds[n], stretch), undo[n], there[n, stretch])
            )
        return self._augmented(self._made(chosen), rng)

    def in_order(self, clips: int, count: int) -> Iterator[SceneBatch]:
        """The first `count` clips, whole."""
        places = [(shard, n) for shard in self._open for n in range(len(shard[0]))][:count]
        for first in range(0, len(places), clips):
            rows = []
            for (kept, voice, kinds, undo, there), n in places[first : first + clips]:
                rows.append((kept[n], voice[n], _every_step(kinds[n], slice(0, kept.shape[2])), undo[n], there[n]))
            yield self._made(rows)

    def _made(self, rows: Sequence[tuple[NDArray[Any], ...]]) -> SceneBatch:
        kept, voice, kinds, undo, there = (
            torch.from_numpy(np.stack([row[k] for row in rows])).float() for k in range(5)
        )
        squares = kept * kept.abs()
        stems, mixture = squares[:, :3], squares[:, 3]
        speech_music, speech_effects = squares[:, 4], squares[:, 5]
        music_effects = (mixture - stems.sum(1)) / 2 - speech_music - speech_effects
        along = stems + torch.stack(
            [speech_music + speech_effects, speech_music + music_effects, speech_effects + music_effects], dim=1
        )
        told = torch.cat([mixture[:, None], squares[:, 6:9]], dim=1) / self.widths
        return SceneBatch(stems, mixture, along, told, voice, kinds, there, undo)

    def _augmented(self, batch: SceneBatch, rng: np.random.Generator) -> SceneBatch:
        B = len(batch.mixture)
        level_db = torch.from_numpy(rng.normal(0, 3, (B, 1, 1))).float()
        tilt_db = torch.from_numpy(rng.normal(0, 1.2, (B, 1, 1))).float() * self.octaves
        scale = 10 ** ((level_db + tilt_db) / 10)  # [B, 1, N]
        told = batch.told * scale[:, None]
        told[:, 3] *= torch.from_numpy((rng.random(B) > 0.25).astype(np.float32))[:, None, None]
        return SceneBatch(
            batch.stems * scale[:, None],
            batch.mixture * scale,
            batch.along * scale[:, None],
            told,
            batch.voice,
            batch.kinds,
            batch.present,
            batch.undo_db,
        )


def _every_step(kinds: NDArray[np.float16], stretch: slice) -> NDArray[np.float32]:
    """[K, 1024] of a clip to [T, 1024] of a stretch of it."""
    return kinds_at(kinds, np.arange(stretch.start, stretch.stop) * HOP / SAMPLE_RATE)


def present(magnitudes: NDArray[np.float16], k_weights: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Which stems are heard when, of magnitudes of lines [3, T, N]: [T, 3]; smoothed over a tenth of a second."""
    power = (np.square(magnitudes.astype(np.float32)) * k_weights).sum(-1)  # [3, T]
    kernel = np.hanning(7)[1:-1]
    power = np.stack([np.convolve(row, kernel / kernel.sum(), mode="same") for row in power])
    loud = np.quantile(power, 0.95, axis=1, keepdims=True)
    own = power > loud * 10 ** (-PRESENT_UNDER_OWN_DB / 10)
    heard = power > power.sum(0) * 10 ** (-PRESENT_UNDER_MIX_DB / 10)
    return (own & heard & (power > 1e-3)).T.astype(np.uint8)
