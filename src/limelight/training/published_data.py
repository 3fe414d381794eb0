"""The data that the authors of VisAH publish, and the evaluation of their checkpoint on it.

    DATA/train.csv, val.csv, test_filter.csv            a clip's folder a line, from any root: only Muddy_Mix/… of it counts
    DATA/Muddy_Mix/FILM/sub_video/FILM_000/             one clip of 10 s
        audio_raw/*.wav                                 the film's own sound: the target
        remix_global/target_mix.wav                     the poorly mixed one: the input
        frames/*.png                                    a picture a second, for ΔIB
        frames_feats/visual_feats.pt                    [T, 768], a frame a second by CLIP
        frames_captions/InternVL2-8B_prompt1_feats.pt   [T, 4096], a caption a second by T5-XXL

Their own sound is read as they read it: the mean of the channels at 44.1 kHz, ten seconds, cut or filled up with silence.
Stems are not needed. The clips go through the network in the order of the CSV, twenty at a time as in their evaluation: the
released context encoder attends over the batch, so another number gives other figures.
The metrics are ours, ENV and ΔIB in both readings.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from limelight.audio.convert import resample
from limelight.errors import InputError, ModelError
from limelight.media.probe import choose_soundtrack, probe
from limelight.media.read_audio import read_audio
from limelight.media.sample_frames import decode_picture
from limelight.metrics.pretrained import NO_NETWORKS, Image, MetricNetworks
from limelight.metrics.registry import BY_NAME, measure
from limelight.networks.released import read_released
from limelight.networks.visah import RELEASED
from limelight.runtime import placed

SPLITS = {"train": "train.csv", "val": "val.csv", "test": "test_filter.csv"}
CLIPS = "Muddy_Mix"
TARGETS, INPUT, PICTURES = "audio_raw/*.wav", "remix_global/target_mix.wav", "frames/*.png"
CONTEXTS = {768: "frames_feats/visual_feats.pt", 4096: "frames_captions/InternVL2-8B_prompt1_feats.pt"}
SAMPLE_RATE, SECONDS = 44_100, 10
Figures = dict[str, float]

METRICS = ("mag", "env", "env_pooled", "kld", "delta_ib", "delta_ib_of_means", "w_dis")
# Method to what VisAH's paper tells of it, × 100; of vision alone only three (its ablation, ten frames). ENV and ΔIB stand
# where its released code reads them: ENV of twenty clips under one root, ΔIB as a difference of means.
PAPER = {
    "input": {"mag": 22.69, "env_pooled": 6.30, "kld": 20.61, "delta_ib_of_means": 1.52, "w_dis": 1.94},
    768: {"mag": 10.24, "kld": 11.18, "delta_ib_of_means": 0.88},
    4096: {"mag": 10.08, "env_pooled": 3.43, "kld": 11.01, "delta_ib_of_means": 0.80, "w_dis": 0.79},
}


@dataclass(frozen=True)
class PublishedClip:
    """One clip's folder."""

    folder: Path

    @property
    def sounds(self) -> tuple[Tensor, Tensor]:
        """Input and target, [N] each. Raises InputError."""
        targets = sorted(self.folder.glob(TARGETS))
        if not targets:
            raise InputError(f"Wanted a sound {TARGETS} in {self.folder}, found none; get the data again.")
        given, target = (_sound(path) for path in (self.folder / INPUT, targets[0]))
        return given, target

    def context(self, width: int) -> Tensor:
        """What the network is told, [T, D] for D of 768 or 4,096. Raises InputError."""
        path = self.folder / CONTEXTS[width]
        try:
            rows = torch.load(path, map_location="cpu", weights_only=True)
        except (OSError, RuntimeError, EOFError, ValueError, UnpicklingError) as error:
            raise InputError(f"Wanted features in {path}, could not read them; get the data again.") from error
        if not isinstance(rows, Tensor) or rows.ndim != 2 or rows.shape[1] != width or not rows.isfinite().all():
            raise InputError(f"Wanted rows of {width} finite numbers in {path}, found others; get the data again.")
        if len(rows) < SECONDS:
            raise InputError(f"Wanted a row a second, {SECONDS}, in {path}, found {len(rows)}; get the data again.")
        return rows[:SECONDS].detach().float()

    @property
    def pictures(self) -> list[Image]:
        """One a second, where the full data set is there."""
        read = (decode_picture(path.read_bytes()) for path in sorted(self.folder.glob(PICTURES))[:SECONDS])
        return [image for image in read if image is not None]

    def lacks(self, wanted: Iterable[str]) -> str:
        """The first of some patterns that no file of the clip has; empty where all are there."""
        return next((pattern for pattern in wanted if not any(self.folder.glob(pattern))), "")


class PublishedData:
    """The clips of a split, in the order of its CSV."""

    def __init__(self, data: Path, split: str, *, count: int | None = None) -> None:
        """Raises InputError."""
        if split not in SPLITS:
            raise InputError(f"Wanted the split {split!r}; there are {', '.join(SPLITS)}.")
        table = data / SPLITS[split]
        try:
            with table.open(encoding="utf-8", newline="") as lines:
                rows = list(csv.reader(lines))
        except (OSError, ValueError, csv.Error) as error:
            raise InputError(f"Wanted a list of clips in {table}, could not read it ({error}).") from error
        places = [(number, _place(row)) for number, row in enumerate(rows, 1) if row]
        if places and places[0][1] is None:
            del places[0]  # names of columns
        if strange := [number for number, place in places if place is None]:
            raise InputError(f"Wanted a clip's folder in {CLIPS} in line {strange[0]} of {table}, found none.")
        self.clips = [PublishedClip(data / place) for _, place in places[:count] if place]
        if not self.clips:
            raise InputError(f"Wanted clips in {table}, found none.")

    def __len__(self) -> int:
        return len(self.clips)

    def check(self, width: int, *, pictures: bool) -> None:
        """That all clips have their files, before hours of work. Raises InputError."""
        wanted = [TARGETS, INPUT, *([CONTEXTS[width]] if width else []), *([PICTURES] if pictures else [])]
        broken = {clip.folder: lacking for clip in self.clips if (lacking := clip.lacks(wanted))}
        for folder, lacking in broken.items():
            raise InputError(
                f"Wanted {lacking} in {folder}, found none; {len(broken)} of {len(self)} clips lack a file; get the data again."
            )

    def batches(self, size: int) -> Iterator[list[PublishedClip]]:
        for first in range(0, len(self.clips), size):
            yield self.clips[first : first + size]


def _place(row: list[str]) -> Path | None:
    """Where a line of the CSV says that a clip lies, seen from DATA."""
    paths = (Path(cell.strip()).parts for cell in row)
    return next((Path(*parts[parts.index(CLIPS) :]) for parts in paths if CLIPS in parts), None)


@torch.inference_mode()
def evaluate_published(
    checkpoint: Path,
    data: PublishedData,
    *,
    variant: str = RELEASED,
    batch: int = 20,
    networks: MetricNetworks = NO_NETWORKS,
    device: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Figures]:
    """Means × 100 of doing nothing ("input"), of the network ("output"), and of its paper ("paper").

    Raises ModelError for another checkpoint, InputError for data that are not there, UsageError for another variant.
    """
    network = read_released(checkpoint, variant=variant)
    network = placed(network, device or ("cuda" if torch.cuda.is_available() else "cpu"), name=checkpoint.name)
    width, where = network.config.context_width, next(network.parameters()).device
    if width not in (0, *CONTEXTS):
        raise ModelError(
            f"Wanted a context of 768 or 4,096 numbers in {checkpoint}, found {width}; take a published one."
        )
    data.check(width, pictures=bool(networks.embedder))
    networks.check(())
    found: dict[str, list[Figures]] = {"input": [], "output": []}
    for clips in data.batches(batch):
        sounds = [clip.sounds for clip in clips]
        told = torch.stack([clip.context(width) for clip in clips]).to(where) if width else None
        outputs = network(torch.stack([given for given, _ in sounds]).to(where), told).float().cpu()
        for clip, (given, target), output in zip(clips, sounds, outputs, strict=True):
            pictures = clip.pictures if networks.embedder else []
            for name, sound in (("input", given), ("output", output)):
                found[name].append(_figures(sound.numpy(), target.numpy(), networks, pictures))
        if progress:
            progress(len(found["output"]), len(data))
    means = {name: _over_clips(figures) for name, figures in found.items()}
    return means | {"paper input": PAPER["input"], "paper": PAPER.get(width, {})}


def published_table(found: dict[str, Figures], clips: int) -> str:
    """Markdown."""
    words = {"input": f"input, {clips} clips here", "paper input": "input, the paper's 1,789 clips"}
    words |= {"output": "the checkpoint here", "paper": "VisAH in its paper"}
    rows = [["", *(BY_NAME[key].title for key in METRICS)], ["---"] + ["---:"] * len(METRICS)]
    for name, said in words.items():
        rows.append([said, *(f"{found[name][key]:.2f}" if key in found[name] else "–" for key in METRICS)])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _figures(
    output: NDArray[np.float32], target: NDArray[np.float32], networks: MetricNetworks, pictures: list[Image]
) -> Figures:
    return measure(output, target, networks=networks, pictures=pictures, only=METRICS)


def _over_clips(figures: list[Figures]) -> Figures:
    """Of a whole table, as each metric puts its clips together, × 100."""
    drawn = {key: np.array([[one[key] for one in figures]]) for key in figures[0]}
    return {key: 100 * float(BY_NAME[key].over_clips(values)[0]) for key, values in drawn.items()}


def _sound(path: Path) -> Tensor:
    """The mean of the channels at 44.1 kHz, ten seconds, [N]. Raises InputError, NotMedia."""
    info = probe(path)
    track = choose_soundtrack(info, None)
    samples = np.concatenate(list(read_audio(info, track)), axis=1).mean(axis=0, keepdims=True)
    mono = resample(np.ascontiguousarray(samples, np.float32), track.sample_rate, SAMPLE_RATE)[0][
        : SECONDS * SAMPLE_RATE
    ]
    return torch.from_numpy(np.pad(mono, (0, SECONDS * SAMPLE_RATE - len(mono))))
