"""What a network is trained on: contexts and passages of a built data set.

What a network in training is shown of a clip: nothing, measured cues, or rows that an encoder made once.

The files lie in the clip's folder (`context_makers` writes them) and hold one row a second, [T, D] float32. Where nothing is
shown, rows are zeros: so a film without a picture, and a picture left out in training, look alike. `contexts.json` in the
data set's folder says by which networks each kind of file was made.

Passages of a built data set for training, as a remixing network hears them: mono, 44.1 kHz, with their context.

Passage n of a seed is always the same clip, cut out at the same second, whoever draws it: the clips are shuffled anew in
every epoch, step s of a run takes passages s · batch … (s + 1) · batch − 1, and each process its share of them. So the
order is named by the step, never by how often an iterator was asked, and a resumed run hears what the first would have.
"""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from limelight.audio.convert import resample
from limelight.dataset.clips import CLIPS, read_clip_sound, read_numbers, read_stems
from limelight.dataset.reading import MuddyMix, check_sounds
from limelight.dataset.sounds import SAMPLE_RATE as CLIP_RATE
from limelight.errors import InputError
from limelight.media.target import whole_or_absent
from limelight.vision.encoder import ContextChoice, ContextSource, Rows

SOURCES = "contexts.json"


def context_rows(dataset: Path, name: str, choice: ContextChoice) -> Rows | None:
    """What a clip shows, [T, D]; None where nothing is to be shown. Raises InputError."""
    return None if choice.name == "none" else read_rows(dataset / CLIPS / name / choice.file)


def read_rows(path: Path) -> Rows:
    """Rows [T, D] of a file. Raises InputError."""
    try:
        rows = read_numbers(path)
    except (OSError, ValueError, EOFError) as error:
        raise InputError(
            f"Wanted the context {path}, which cannot be read ({error}); make it with `limelight contexts`."
        ) from error
    if rows.ndim != 2 or not np.isfinite(rows).all():
        raise InputError(f"Wanted rows of finite numbers in {path}, found {rows.shape}; make it again.")
    return np.asarray(rows, np.float32)


def context_width(clips: MuddyMix, choice: ContextChoice) -> int:
    """D, 0 without a context. Raises InputError where a clip lacks its file, so that training does not stop half way."""
    if choice.name == "none" or not clips.entries:
        return 0
    places = [clips.folder / CLIPS / entry.name / choice.file for entry in clips.entries]
    missing = [place for place in places if not place.is_file()]
    if missing:
        asked = f" --prompts {choice.prompts}" if choice.name == "captions" else ""
        raise InputError(
            f"Wanted {choice.file} beside each of {len(places)} clips, {len(missing)} have none "
            f"(as {missing[0].parent.name}); make them with `limelight contexts {clips.folder} {choice.name}{asked}`."
        )
    return int(read_rows(places[0]).shape[1])


def source_of(dataset: Path, choice: ContextChoice) -> ContextSource:
    """By which networks a context was made, as far as the data set knows. Raises InputError for a damaged record."""
    made = _sources(dataset).get(choice.file, {})
    return ContextSource(choice, made.get("model", ""), made.get("text_model", ""))


def note_source(dataset: Path, source: ContextSource) -> None:
    """Puts it on record. Raises InputError where files of that name were made by others."""
    known, ours = _sources(dataset), {"model": source.model, "text_model": source.text_model}
    before = known.setdefault(source.choice.file, ours)
    if before != ours:
        said = ", ".join(f"{name} {value!r}" for name, value in before.items() if value != ours[name])
        raise InputError(
            f"Wanted {source.choice.file} in {dataset}, it was made with {said}; name the same, or remove these files and "
            f"their line in {SOURCES}."
        )
    with whole_or_absent(dataset / SOURCES) as temporary:
        temporary.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def public_name(name: str | None) -> str:
    """A network's name without the place where it lies on this machine."""
    return "" if name is None else Path(name).name if Path(name).is_dir() else name


def _sources(dataset: Path) -> dict[str, dict[str, str]]:
    path = dataset / SOURCES
    if not path.is_file():
        return {}
    try:
        found = json.loads(path.read_bytes())
        return {str(file): {str(name): str(value) for name, value in made.items()} for file, made in found.items()}
    except (OSError, ValueError, AttributeError, RecursionError) as error:
        raise InputError(f"Wanted a record of contexts in {path}, which is damaged ({error}); remove it.") from error


Passage = dict[str, Tensor]


@dataclass(frozen=True)
class PassageConfig:
    """How passages are drawn."""

    batch: int = 24  # of all processes together
    seconds: float = 10.0  # of a passage; clips are not longer than they are
    seed: int = 0
    context: ContextChoice = field(default_factory=ContextChoice)
    context_dropout: float = 0.0  # share of passages whose picture is left out
    stems: bool = False  # also the target's stems, for losses that want them


@dataclass(frozen=True)
class Share:
    """Which process of how many this is."""

    number: int = 0
    of: int = 1


class Passages(Dataset[Passage]):
    """Passages by number, without end."""

    def __init__(self, clips: MuddyMix, config: PassageConfig, *, sample_rate: int) -> None:
        """`sample_rate`: the network's, Hz."""
        self.clips, self.config, self.sample_rate = clips, config, sample_rate

    def __getitem__(self, number: int) -> Passage:
        epoch, place = divmod(number, len(self.clips))
        self.clips.set_epoch(epoch)
        order = np.random.default_rng([self.config.seed, epoch]).permutation(len(self.clips))
        rng = np.random.default_rng([self.config.seed, epoch, place])
        clip = int(order[place])
        spare = max(0.0, self.clips.entries[clip].seconds - self.config.seconds)
        start = int(rng.integers(int(spare) + 1))  # a whole second, so that the context's rows fall in step
        return self.passage(clip, start_seconds=start, shown=rng.random() >= self.config.context_dropout)

    def passage(self, clip: int, *, start_seconds: int = 0, shown: bool = True) -> Passage:
        """mixture and target [N]; context [M, D] where one is chosen, zeros where it is not `shown`; stems [K, N]."""
        entry = self.clips.entries[clip]
        sounds = self._sounds(clip)
        check_sounds(entry, *sounds.values())
        passage = {name: self._heard(sound, start_seconds) for name, sound in sounds.items()}
        rows = context_rows(self.clips.folder, entry.name, self.config.context)
        if rows is not None:
            seconds = min(self.config.seconds, entry.seconds)
            rows = self.config.context.seen(rows, start_seconds, int(np.ceil(seconds)))
            passage["context"] = torch.from_numpy(rows * np.float32(shown))
        return passage

    def _sounds(self, clip: int) -> dict[str, NDArray[np.float32]]:
        """Input and target [C, N], stems [K, C, N]; what is not wanted is not read, decoding takes longest of all."""
        if self.clips.wishes:
            item = self.clips[clip]
            sounds = {"mixture": item["input"], "target": item["target"], "stems": item["stems"]}
            return sounds if self.config.stems else {name: sounds[name] for name in ("mixture", "target")}
        folder, name = self.clips.folder, self.clips.entries[clip].name
        files = {"mixture": "input", "target": "target"}
        sounds = {sound: read_clip_sound(folder, name, file) for sound, file in files.items()}
        return sounds | ({"stems": read_stems(folder, name)} if self.config.stems else {})

    def _heard(self, sound: NDArray[np.float32], start_seconds: int) -> Tensor:
        """The mean of the channels [..., C, N] from a second on, at the network's rate, [..., n]."""
        first = start_seconds * CLIP_RATE
        mono = sound[..., first : first + round(self.config.seconds * CLIP_RATE)].mean(-2)
        return torch.from_numpy(resample(np.atleast_2d(mono), CLIP_RATE, self.sample_rate)).reshape(
            *mono.shape[:-1], -1
        )


@dataclass(frozen=True)
class Turns:
    """The numbers of the passages of each batch, from a step on, for one process; `accumulate` batches make a step."""

    batch: int  # of all processes and all parts of a step together
    start_step: int
    share: Share
    accumulate: int = 1

    def __iter__(self) -> Iterator[list[int]]:
        each = self.batch // self.share.of
        part = each // self.accumulate
        first = self.start_step * self.batch + self.share.number * each
        while True:
            for start in range(first, first + each, part):
                yield list(range(start, start + part))
            first += self.batch


def batches_from(
    passages: Passages, start_step: int, *, share: Share | None = None, accumulate: int = 1, workers: int = 0
) -> Iterator[dict[str, Tensor]]:
    """Batches from a step on: mixture and target [B, N], context [B, M, D]."""
    turns = Turns(passages.config.batch, start_step, share or Share(), accumulate)
    return iter(
        DataLoader(
            passages,
            batch_sampler=turns,
            num_workers=workers,
            pin_memory=torch.cuda.is_available(),
            worker_init_fn=_start_worker,
        )
    )


def _start_worker(_worker: int) -> None:
    """One thread each; a stop is the main process's affair, which ends its workers when it has saved."""
    torch.set_num_threads(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
