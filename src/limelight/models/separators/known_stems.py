"""Stems that exist already, from files or from a program: nothing is guessed.

    stems:DIR        DIR/speech.wav and DIR/music.wav, or DIR/NAME OF THE FILM/…
    command:'…'      any program that writes speech and music into a folder; {input} and {output} are filled in

What is left over goes to the effects, so that stems sum exactly. The papers fold the residual into the effects, too:
effects + (mix − speech − music − effects) is mix − speech − music, so a program's effects are not even read.
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from limelight.audio.convert import ResampleStream, matrix_between
from limelight.errors import InputError, ModelError
from limelight.media.audio_files import write_sound
from limelight.media.probe import choose_soundtrack, probe
from limelight.media.read_audio import read_audio
from limelight.models.card import Card, plain_card
from limelight.models.voice_activity import VoiceActivity, step_presence
from limelight.types import STEMS, Chunk, Samples, Separation, SoundtrackInfo, SourceInfo

# How programs name what they write, in order of trust; audio-separator: "film_(speech)_bandit.wav".
FILE_NAMES = {"speech": ("speech", "dialog", "dialogue", "vocals", "voice"), "music": ("music",)}
SUFFIXES = (".wav", ".flac", ".mp3", ".m4a", ".ogg", ".opus")
LENGTH_TOLERANCE_SECONDS = 1.0  # a container tells a film's length to a frame or two of its picture
FROM_FILES = ("speech", "music")
OpenStem = Callable[[str], Iterator[Samples]]


@dataclass(frozen=True)
class StemFiles:
    """Files of stems in a folder, or in a folder named like the film inside it."""

    folder: Path

    def __post_init__(self) -> None:
        if not self.folder.is_dir():
            raise InputError(
                f"Wanted stems in {self.folder}, which is not a folder; give one with speech.wav and music.wav."
            )

    @property
    def card(self) -> Card:
        return plain_card("stems", "separator", source=str(self.folder), licence="yours")

    def open_film(self, film: SourceInfo, track: SoundtrackInfo, scratch: Path) -> KnownStems:
        for name in (film.path.name, film.path.stem):
            if (self.folder / name).is_dir():
                return _in_folder(self.folder / name, film, track, self.card)
        # Not deeper: what lies in another folder is another film's.
        return _in_folder(self.folder, film, track, self.card, pattern="*")


@dataclass(frozen=True)
class SeparatorCommand:
    """Any program: gets a WAV file at the film's rate and a folder, and writes at least speech and music into it."""

    command: str

    def __post_init__(self) -> None:
        if "{input}" not in self.command or "{output}" not in self.command:
            raise ModelError(
                f"The separator command {self.command!r} must say where {{input}} and {{output}} go; add them."
            )
        if shutil.which(self._words()[0]) is None:
            raise ModelError(f"The separator {self._words()[0]!r} is not a program here; install it or give its path.")

    @property
    def card(self) -> Card:
        return plain_card("command", "separator", source=self.command, licence="yours")

    def open_film(self, film: SourceInfo, track: SoundtrackInfo, scratch: Path) -> KnownStems:
        """Runs the program once; its files stay in the scratch folder until the film is done."""
        given, taken = scratch / "input.wav", scratch / "stems"
        taken.mkdir(exist_ok=True)
        write_sound(given, read_audio(film, track), sample_rate=track.sample_rate, layout=track.layout)
        self.run(given, taken)
        given.unlink()
        return _in_folder(taken, film, track, self.card)

    def run(self, given: Path, taken: Path) -> None:
        """Raises ModelError where the program fails."""
        # No shell: a film's name is never part of a command, and ours are put in after the words were cut.
        words = [word.replace("{input}", str(given)).replace("{output}", str(taken)) for word in self._words()]
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip().splitlines()
            reason = said[-1][:200] if said else "without a word"
            raise ModelError(f"The separator {words[0]} left with {done.returncode}: {reason}; run it by hand to see.")

    def _words(self) -> list[str]:
        try:
            return shlex.split(self.command)
        except ValueError as error:
            raise ModelError(f"The separator command {self.command!r} cannot be read ({error}); mend it.") from error


class KnownStems:
    """The stems of one soundtrack, read beside it; to be asked in the order of time, from the start as often as wished."""

    def __init__(self, open_stem: OpenStem, card: Card, *, voice_gain: float = 1.0) -> None:
        """open_stem: a stem by its name, at the card's rate and in the soundtrack's layout; voice_gain: to be well heard."""
        self._open, self.card, self._voice_gain = open_stem, card, np.float32(voice_gain)
        self._voice = VoiceActivity()
        self._readers: list[_Reader] = []
        self._start = 0.0

    def separate(self, chunk: Chunk) -> Separation:
        first, count = round(chunk.start_seconds * self.card.sample_rate) - self.card.hop, chunk.samples.shape[1]
        if not self._readers or chunk.start_seconds < self._start:
            self._readers = [_Reader(self._open(stem)) for stem in FROM_FILES]
        self._start = chunk.start_seconds
        speech, music = (reader.read(first, count) for reader in self._readers)
        stems = np.stack([speech, music, chunk.samples - speech - music])
        heard = self._voice.presence(self._voice_gain * (chunk.downmix @ stems[STEMS.index("speech")]))
        steps = count // self.card.hop - 1
        return Separation(presence=step_presence(heard, steps, hop=self.card.hop), stems=stems)


class _Reader:
    """Samples of a file at any place, as long as the places do not go back by more than a chunk."""

    def __init__(self, blocks: Iterator[Samples]) -> None:
        self._blocks = blocks
        self._kept: Samples | None = None
        self._first = 0  # sample at which what is kept begins

    def read(self, first: int, count: int) -> Samples:
        """[C, count]; silence before the start and behind the end."""
        kept = self._kept if self._kept is not None else next(self._blocks)
        parts, end = [kept[:, max(0, first - self._first) :]], self._first + kept.shape[1]
        self._first = max(self._first, first)
        while end < first + count and (block := next(self._blocks, None)) is not None:
            parts.append(block[:, max(0, self._first - end) :])
            end += block.shape[1]
        self._kept = np.concatenate(parts, axis=1)
        before = max(0, -first)
        here = self._kept[:, : count - before]
        return np.pad(here, ((0, 0), (before, count - before - here.shape[1])))


def _in_folder(
    folder: Path, film: SourceInfo, track: SoundtrackInfo, card: Card, *, pattern: str = "**/*"
) -> KnownStems:
    """pattern: which files of the folder are looked at. Raises InputError where they are not there, or another film's."""
    paths = {stem: find_stem(folder, stem, pattern=pattern) for stem in FROM_FILES}
    for path in paths.values():
        _check_length(path, film)

    def open_stem(stem: str) -> Iterator[Samples]:
        info = probe(paths[stem])
        return converted(info, choose_soundtrack(info), track.layout, card.sample_rate)

    return KnownStems(open_stem, card)


def converted(info: SourceInfo, track: SoundtrackInfo, layout: str, sample_rate: int) -> Iterator[Samples]:
    """A soundtrack in another layout and at another rate, [C, n]."""
    matrix = matrix_between(track.layout, layout)
    resampler = ResampleStream(track.sample_rate, sample_rate, len(matrix))
    for block in read_audio(info, track):
        yield resampler.push(matrix @ block)
    yield resampler.finish()


def find_stem(folder: Path, stem: str, *, pattern: str = "**/*") -> Path:
    """The file of a stem, by what programs are used to call it. Raises InputError."""
    files = sorted(path for path in folder.glob(pattern) if path.suffix.lower() in SUFFIXES)
    for name in FILE_NAMES[stem]:
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


def _check_length(path: Path, film: SourceInfo) -> None:
    apart = abs(probe(path).duration_seconds - film.duration_seconds)
    if apart > LENGTH_TOLERANCE_SECONDS:  # it is another film's
        raise InputError(f"{path} lasts {apart:.1f} s more or less than {film.path.name}; make it again.")
