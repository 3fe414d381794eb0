"""One film's sound as the data set has it: 48 kHz, mono or stereo, as often as it is asked for, never whole.

Taking a film's sound apart: one method, three bodies. What is left over goes to the effects, so that stems sum exactly.

    model[:NAME]     Limelight's own, as `limelight stems` does it
    command:'…'      any program that writes speech and music into a folder; {input} and {output} are filled in
    stems:DIR        stems that exist already, DIR/NAME OF THE FILM/speech.wav and music.wav

The papers fold the residual into the effects: effects + (mix − speech − music − effects) is mix − speech − music, so the
effects of a foreign program are not even read.
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from limelight.audio.layouts import channel_names, stereo_matrix
from limelight.audio.resample import ResampleStream
from limelight.dataset.sounds import SAMPLE_RATE
from limelight.errors import InputError, ModelError
from limelight.media.audio_files import write_sound
from limelight.media.probe import choose_soundtrack, probe
from limelight.media.read_audio import in_blocks, read_audio
from limelight.mixing import render as mix
from limelight.mixing.loudness_plan import measure_audio
from limelight.mixing.separation import downmix_weights
from limelight.models.registry import DEFAULT, find_model, load_stem_model
from limelight.models.separator import Model
from limelight.types import Samples, SoundtrackInfo, SourceInfo

Layout = Literal["mono", "stereo"]


@dataclass(frozen=True)
class FilmAudio:
    """A film, one of its soundtracks, and the layout that is wanted."""

    source: SourceInfo
    soundtrack: SoundtrackInfo
    layout: Layout

    @classmethod
    def of(cls, path: Path, *, layout: Layout) -> FilmAudio:
        """Probes a file. Raises InputError, NoSoundtrack."""
        info = probe(path)
        return cls(info, choose_soundtrack(info), layout)

    @property
    def channels(self) -> int:
        return len(channel_names(self.layout))

    def blocks(self) -> Iterator[Samples]:
        """A pass over the sound, a second at a time, [C, n]."""
        track = self.soundtrack
        return converted(read_audio(self.source, track), track.sample_rate, track.layout, self.layout)


def converted(blocks: Iterable[Samples], sample_rate: int, layout: str, wanted: Layout) -> Iterator[Samples]:
    """Blocks [C, n] of any rate and layout as blocks of one second at 48 kHz in the wanted layout."""
    matrix = mixing_matrix(layout, wanted)

    def pieces() -> Iterator[Samples]:
        resampler = ResampleStream(sample_rate, SAMPLE_RATE, len(matrix))
        for block in blocks:
            yield resampler.push(matrix @ block)
        yield resampler.finish()

    return in_blocks(pieces(), SAMPLE_RATE)


def mixing_matrix(layout: str, wanted: Layout) -> NDArray[np.float32]:
    """[C_wanted, C]: mono is what the model hears, the mean of all but the low-frequency effects."""
    if wanted == "mono":
        return downmix_weights(layout)[None]
    if len(channel_names(layout)) == 1:
        return np.ones((2, 1), np.float32)
    return stereo_matrix(layout)


Stems = NDArray[np.float32]  # [K, C, n]

# How programs name what they write, in order of trust; audio-separator: "film_(speech)_bandit.wav".
NAMES = {"speech": ("speech", "dialog", "dialogue", "vocals", "voice"), "music": ("music",)}
SUFFIXES = (".wav", ".flac")
LENGTH_TOLERANCE_SECONDS = 1.0  # a container tells a film's length to a frame or two of its picture


class StemSource(Protocol):
    """A way to take a soundtrack apart."""

    def stems(self, programme: FilmAudio) -> Iterator[Stems]:
        """Speech, music and effects, block by block, [K, C, n]; they sum to the programme's own blocks."""
        ...


def stem_source_of(text: str) -> StemSource:
    """The body that a text names: "model", "model:NAME", "command:…", "stems:DIR". Raises ModelError, InputError."""
    kind, _, rest = text.partition(":")
    if kind == "model":
        return SeparatedByModel(rest or DEFAULT)
    if kind == "command":
        return SeparatedByCommand(rest)
    if kind == "stems" and rest:
        return StoredStems(Path(rest))
    raise InputError(
        f"Wanted a separator, got {text!r}; give model, model:NAME, command:'PROGRAM … {{input}} {{output}}' or stems:DIR."
    )


def stem_source_text(separator: StemSource) -> str:
    """What a manifest says of it; the text that made it, and for a model the mark of its weights."""
    if isinstance(separator, SeparatedByModel):
        return f"model:{separator.name} ({separator.model.card.fingerprint[:12]})"
    return str(separator)


@dataclass(frozen=True)
class SeparatedByModel:
    """A model of ours; one thread, so that several films share the cores and sums do not depend on their number."""

    name: str

    def __post_init__(self) -> None:
        find_model(self.name)  # a missing one is told before any film is opened

    @cached_property
    def model(self) -> Model:
        return load_stem_model(self.name, threads=1)

    def stems(self, programme: FilmAudio) -> Iterator[Stems]:
        surveyed = measure_audio(programme.blocks(), sample_rate=SAMPLE_RATE, layout=programme.layout)
        return mix.stems(
            programme.blocks(),
            self.model,
            sample_rate=SAMPLE_RATE,
            layout=programme.layout,
            mono_lufs=surveyed.downmix_lufs,
        )


@dataclass(frozen=True)
class SeparatedByCommand:
    """Any program: gets a WAV file at 48 kHz and a folder, and writes at least the speech and the music into it."""

    command: str

    def __post_init__(self) -> None:
        if "{input}" not in self.command or "{output}" not in self.command:
            raise ModelError(
                f"The separator command {self.command!r} must say where {{input}} and {{output}} go; add them."
            )
        if shutil.which(self._words()[0]) is None:
            raise ModelError(f"The separator {self._words()[0]!r} is not a program here; install it or give its path.")

    def __str__(self) -> str:
        return f"command:{self.command}"

    def stems(self, programme: FilmAudio) -> Iterator[Stems]:
        with tempfile.TemporaryDirectory(prefix="limelight-muddy-") as name:
            given, taken = Path(name) / "input.wav", Path(name) / "stems"
            taken.mkdir()
            write_sound(given, programme.blocks(), sample_rate=SAMPLE_RATE, layout=programme.layout)
            self._run(given, taken)
            yield from _from_files(programme, taken)

    def _words(self) -> list[str]:
        try:
            return shlex.split(self.command)
        except ValueError as error:
            raise ModelError(f"The separator command {self.command!r} cannot be read ({error}); mend it.") from error

    def _run(self, given: Path, taken: Path) -> None:
        # No shell: a film's name is never part of a command, and ours are put in after the words were cut.
        words = [word.replace("{input}", str(given)).replace("{output}", str(taken)) for word in self._words()]
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip().splitlines()
            reason = said[-1][:200] if said else "without a word"
            raise ModelError(f"The separator {words[0]} left with {done.returncode}: {reason}; run it by hand to see.")


@dataclass(frozen=True)
class StoredStems:
    """Stems that exist already, in a folder named like the film (with its suffix or without)."""

    folder: Path

    def __post_init__(self) -> None:
        if not self.folder.is_dir():
            raise InputError(f"Wanted stems in {self.folder}, which is not a folder; give one with a folder per film.")

    def __str__(self) -> str:
        return f"stems:{self.folder}"

    def stems(self, programme: FilmAudio) -> Iterator[Stems]:
        film = programme.source.path
        for name in (film.name, film.stem):
            if (self.folder / name).is_dir():
                return _from_files(programme, self.folder / name)
        raise InputError(f"Wanted the stems of {film.name} in {self.folder / film.stem}, which is not there; make it.")


def _from_files(programme: FilmAudio, folder: Path) -> Iterator[Stems]:
    """Blocks of the programme beside those of its speech and music; the effects are the rest."""
    parts = [_part(programme, find_stem(folder, stem)) for stem in ("speech", "music")]
    for original in programme.blocks():
        speech, music = (_fitting(next(part, original[:, :0]), original.shape[1]) for part in parts)
        yield np.stack([speech, music, original - speech - music])


def find_stem(folder: Path, stem: str) -> Path:
    """The file of a stem, by what programs are used to call it. Raises InputError."""
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    for name in NAMES[stem]:
        for path in files:
            if name in _words_of(path):
                return path
    raise InputError(
        f"Wanted the {stem} of a film in {folder}, found {', '.join(path.name for path in files) or 'nothing'}; "
        f"name it {stem}.wav."
    )


def _words_of(path: Path) -> list[str]:
    """A file's name in words; one that says "no_music" says nothing."""
    words = "".join(letter if letter.isalnum() else " " for letter in path.stem.lower()).split()
    return [] if {"no", "without"} & set(words) else words


def _part(programme: FilmAudio, path: Path) -> Iterator[Samples]:
    info = probe(path)
    track = choose_soundtrack(info)
    apart = abs(info.duration_seconds - programme.source.duration_seconds)
    if apart > LENGTH_TOLERANCE_SECONDS:  # it is another film's
        raise InputError(f"{path} lasts {apart:.1f} s more or less than {programme.source.path.name}; make it again.")
    return converted(read_audio(info, track), track.sample_rate, track.layout, programme.layout)


def _fitting(part: Samples, count: int) -> Samples:
    """A part cut, or filled with silence, to so many samples."""
    part = part[:, :count]
    return np.pad(part, ((0, 0), (0, count - part.shape[1])))
