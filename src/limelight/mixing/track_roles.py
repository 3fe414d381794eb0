"""What each soundtrack of a recording is: as the user says, or guessed from its title and its sound.

    0=speech,1=effects,2=music      by number, from 0;  0+3=speech: both together;  Mic/Aux=speech: by title
    keep, drop                      no stem: stays a soundtrack of its own, or is left out
    auto                            titles first, then ears: who speaks, whether it is music, which track is the sum of others

A guess that is not sure is no guess: the line that would settle it is told instead.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

import numpy as np

from limelight.audio.loudness import measure_loudness
from limelight.errors import TracksUnclear, UsageError
from limelight.media.read_audio import in_blocks
from limelight.mixing.features import features_of
from limelight.mixing.separation import separate
from limelight.models.registry import LITE, load_separator
from limelight.models.separators.known_stems import converted
from limelight.models.separators.tracks import SILENT_DBFS, Part, Tracks, beside, check_stems
from limelight.models.voice_activity import SAMPLE_RATE, WINDOW_SECONDS, VoiceActivity
from limelight.types import STEMS, Samples, SoundtrackInfo, SourceInfo, Vector

AUTO = "auto"
KEEP, DROP = "keep", "drop"
ROLES = (*STEMS, KEEP, DROP)
_ENTRY = re.compile(rf"\s*(.+?)\s*=\s*({'|'.join(ROLES)})\s*(?:,|$)", re.IGNORECASE)
_OFFSET = re.compile(r"(.+)@([+-]?\d+(?:\.\d+)?)")

# Words of a title that tell what a track is.
_TITLES = {
    "speech": "mic microphone aux voice voices vocal vocals speech dialog dialogue narration narrator talk chat discord "
    "teamspeak lav lavalier boom host guest interview voiceover vo commentary",
    "effects": "game gameplay desktop ambience ambient atmos atmosphere effects effect sfx fx room nat system pc",
    "music": "music spotify song songs score bgm bed jukebox",
    DROP: "mix master full everything all stream vod",
}
_COMMENTARY = re.compile(r"comment|descri|director", re.IGNORECASE)
LISTENED_SECONDS = 5.0  # at a time
MOST_PIECES = 24  # of each track: two minutes of what is not silent
HANGOVER_WINDOWS = 10  # of 32 ms, on either side
VOICE_SHARE, VOICE_OVER_LU = 0.05, 12.0  # a voice track: somebody speaks, and little else is to be heard
MUSIC_SHARE, EFFECTS_SHARE = 0.75, 0.4  # of music's power: at least, at most
SUM_REST = 0.05  # of a track's power that the others do not explain, where it is their sum


@dataclass(frozen=True)
class Guess:
    """What a track is taken for, and why; None is not sure."""

    role: str | None
    why: str


def read_tracks(wished: str, film: SourceInfo) -> dict[int, str]:
    """Number of a soundtrack → role, of "0=speech,1=effects". Raises UsageError, TracksUnclear."""
    roles: dict[int, str] = {}
    place = 0
    while place < len(wished):
        entry = _ENTRY.match(wished, place)
        if entry is None:
            raise UsageError(
                f"tracks are told as 0=speech,1=effects,2=music (also {KEEP}, {DROP}), or as {AUTO}; "
                f"cannot read {wished[place:]!r}"
            )
        numbers, role = _numbers(entry[1], film), entry[2].lower()
        if role in STEMS and role in roles.values():
            other = next(number for number, taken in roles.items() if taken == role)
            raise TracksUnclear(
                f"Wanted one track for {role}, found {other} and {numbers[0]}; to add them up: {other}+{numbers[0]}={role}."
            )
        for number in numbers:
            if number in roles:
                raise TracksUnclear(
                    f"Wanted one role for track {number}, found {roles[number]} and {role}; choose one."
                )
            roles[number] = role
        place = entry.end()
    return roles


def _numbers(name: str, film: SourceInfo) -> list[int]:
    """The tracks that a number, a title or several joined by + stand for."""
    wished = name.strip().casefold()
    named = [index for index, track in enumerate(film.soundtracks) if track.title.strip().casefold() == wished]
    if len(named) == 1:
        return named
    if not named and "+" in name:
        return [number for part in name.split("+") for number in _numbers(part.strip(), film)]
    if not named and name.isdecimal() and int(name) < len(film.soundtracks):
        return [int(name)]
    there = ", ".join(
        f"{index}{f' “{track.title}”' if track.title else ''}" for index, track in enumerate(film.soundtracks)
    )
    problem = f"{len(named)} tracks of that title" if named else f"tracks {there}" if there else "no soundtrack"
    raise TracksUnclear(f"Wanted track {name!r} of {film.path.name}, found {problem}; choose by number, from 0.")


def split_stem(wished: str) -> tuple[str, str, float | None]:
    """Stem, place (a path, or a batch's URL) and when it begins, of "speech=voice.wav@1.5". Raises UsageError."""
    stem, _, name = wished.partition("=")
    stem = stem.strip().lower()
    if stem not in STEMS or not name:
        raise UsageError(
            f"a stem is told as speech=voice.wav or music=bed.flac@1.5 (of {', '.join(STEMS)}), got {wished!r}"
        )
    placed = _OFFSET.fullmatch(name)
    if placed and not Path(name).exists():
        return stem, placed[1], float(placed[2])
    return stem, name, None


def read_stem(wished: str) -> tuple[str, Path, float | None]:
    """Stem, file and when it begins. Raises UsageError."""
    stem, place, offset_seconds = split_stem(wished)
    return stem, Path(place).expanduser(), offset_seconds


def find_tracks(film: SourceInfo, *, tracks: str | None = None, stems: Sequence[str] = ()) -> Tracks:
    """The parts of a film's mix, as they are told or, with "auto", guessed. Raises UsageError, TracksUnclear, InputError."""
    guesses = guess_roles(film) if tracks == AUTO else {}
    told = {} if tracks in (None, AUTO) else read_tracks(str(tracks), film)
    roles = told or {number: guess.role for number, guess in guesses.items() if guess.role}
    parts = [Part(role, film, film.soundtracks[number]) for number, role in roles.items() if role in STEMS]
    for wished in stems:
        stem, path, offset_seconds = read_stem(wished)
        if any(part.stem == stem for part in parts):
            raise TracksUnclear(
                f"Wanted one sound for {stem}, found two ({wished} is one); add them up in an editor first."
            )
        parts.append(beside(stem, path, offset_seconds))
    if stems and film.soundtracks and tracks is None:
        raise TracksUnclear(
            f"Wanted the stems alone to be the mix of {film.path.name}, which has a soundtrack of its own; say what that is: "
            f"--tracks 0=effects, --tracks 0={KEEP} (a track of its own) or --tracks 0={DROP}."
        )
    lines = _lines(film, roles, guesses)
    check_stems(parts, lines if guesses else ())
    dropped = tuple(film.soundtracks[number] for number, role in roles.items() if role == DROP)
    return Tracks(film, tuple(parts), dropped, lines)


def _lines(film: SourceInfo, roles: Mapping[int, str], guesses: Mapping[int, Guess]) -> tuple[str, ...]:
    said = []
    for number, track in enumerate(film.soundtracks):
        title = f" “{track.title}”" if track.title else ""
        why = f" ({guesses[number].why})" if number in guesses else ""
        said.append(f"track {number}{title}: {roles.get(number, KEEP)}{why}")
    return tuple(said)


def guess_roles(film: SourceInfo) -> dict[int, Guess]:
    """A role for each soundtrack. Raises TracksUnclear where one is not sure, with the line that would settle it."""
    guesses = guesses_of(film)
    if any(guess.role is None for guess in guesses.values()):
        raise _unsure(film, guesses)
    return guesses


def guesses_of(film: SourceInfo) -> dict[int, Guess]:
    """What each soundtrack is taken for; of those that are not sure, why not."""
    main = next((track for track in film.soundtracks if track.is_default), None) or next(iter(film.soundtracks), None)
    guesses = {number: _aside(track, main) for number, track in enumerate(film.soundtracks)}
    asked = [number for number, guess in guesses.items() if guess is None]
    listened = _listen(film, asked)
    sums = _sums(listened)
    sure: dict[int, Guess] = {number: guess for number, guess in guesses.items() if guess is not None}
    for place, number in enumerate(asked):
        sure[number] = _guess(film.soundtracks[number], listened.pieces[place], is_sum=place in sums)
    voices = [number for number in asked if sure[number].role == "speech"]
    untold = [number for number in voices if _by_title(film.soundtracks[number]) is None]
    if len(voices) > 1 and untold:
        for number in untold:
            sure[number] = Guess(None, "a voice, as another track is: a second speaker, or another language?")
    return dict(sorted(sure.items()))


def _unsure(film: SourceInfo, guesses: Mapping[int, Guess]) -> TracksUnclear:
    doubts = "; ".join(
        f"track {number} is {guess.why}" for number, guess in sorted(guesses.items()) if guess.role is None
    )
    told: dict[str, list[int]] = {}
    for number, guess in sorted(guesses.items()):
        told.setdefault(guess.role or "?", []).append(number)
    line = ",".join(f"{'+'.join(map(str, numbers))}={role}" for role, numbers in told.items())
    return TracksUnclear(
        f"Wanted to know what the soundtracks of {film.path.name} are, am not sure: {doubts}; say it: --tracks {line}, with "
        f"{', '.join(ROLES)} in place of ?."
    )


def _aside(track: SoundtrackInfo, main: SoundtrackInfo | None) -> Guess | None:
    """A commentary, a description or another language is no stem."""
    if track.is_aside or (_COMMENTARY.search(track.title) and not track.is_default):
        return Guess(KEEP, "a commentary or description")
    unknown = (None, "und")
    if main is not None and track.language not in unknown and main.language not in (*unknown, track.language):
        return Guess(KEEP, f"another language, {track.language}")
    return None


def _by_title(track: SoundtrackInfo) -> str | None:
    words = set(re.split(r"[^a-z]+", track.title.lower()))
    found = [role for role, known in _TITLES.items() if words & set(known.split())]
    return found[0] if len(found) == 1 else None


def _guess(track: SoundtrackInfo, pieces: list[Vector], *, is_sum: bool) -> Guess:
    if not pieces:
        return Guess(DROP, "silent")
    if is_sum:
        return Guess(DROP, "the sum of the others")
    if (role := _by_title(track)) and role != DROP:
        return Guess(role, "by its title")
    return _by_ear(pieces)


def _by_ear(pieces: list[Vector]) -> Guess:
    """Voice activity, and the power of what a separator takes for music."""
    sound = np.concatenate(pieces).astype(np.float32)
    lufs = measure_loudness(sound[None], SAMPLE_RATE, layout="mono").integrated_lufs
    spoken = VoiceActivity().presence(sound * 10 ** ((-27 - max(lufs, -70)) / 20)) > 0.5
    window = round(WINDOW_SECONDS * SAMPLE_RATE)
    count = min(len(spoken), len(sound) // window)
    power = np.square(sound[: count * window]).reshape(count, window).mean(axis=1)
    share = float(spoken.mean())
    spoken = (
        np.convolve(spoken, np.ones(2 * HANGOVER_WINDOWS + 1), "same") > 0
    )  # breaths between words are the voice's too
    if share > VOICE_SHARE:
        rest = power[~spoken[:count]]
        over = 10 * np.log10(power[spoken[:count]].mean() / max(1e-12, float(rest.mean()) if rest.size else 0.0))
        return (
            Guess("speech", "a voice alone") if over > VOICE_OVER_LU else Guess(None, "speech and other sound together")
        )
    heard = load_separator(LITE, threads=1)
    chunks = separate([sound[None]], heard, sample_rate=SAMPLE_RATE, downmix=np.ones(1, np.float32), mono_lufs=lufs)  # type: ignore[arg-type]
    powers = np.einsum("kkt->k", features_of(chunks, heard.card, layout="mono").powers)
    music = float(powers[STEMS.index("music")] / max(1e-12, float(powers.sum())))
    if music > MUSIC_SHARE:
        return Guess("music", "it sounds like music")
    return Guess("effects", "neither voice nor music") if music < EFFECTS_SHARE else Guess(None, "music or effects")


@dataclass(frozen=True)
class _Listened:
    """Some tracks, heard beside each other."""

    gram: Vector  # [J, J], Σ x_i x_j of the mono downmixes
    pieces: list[list[Vector]]  # of each: what is not silent, mono at 48 kHz


def _listen(film: SourceInfo, numbers: Sequence[int]) -> _Listened:
    size = round(LISTENED_SECONDS * SAMPLE_RATE)
    sounds = [in_blocks(converted(film, film.soundtracks[n], "mono", SAMPLE_RATE), size) for n in numbers]
    gram, pieces, every = np.zeros((len(numbers),) * 2), [[] for _ in numbers], [1 for _ in numbers]  # type: ignore[var-annotated]
    for turn, blocks in enumerate(zip_longest(*sounds)):
        heard = np.stack([_padded(block, size) for block in blocks])
        gram += heard @ heard.T
        for place, block in enumerate(heard):
            if np.abs(block).max() > 10 ** (SILENT_DBFS / 20) and turn % every[place] == 0:
                pieces[place].append(block)
                if len(pieces[place]) > MOST_PIECES:  # a long film: every other one, from here on too
                    pieces[place], every[place] = pieces[place][::2], 2 * every[place]
    return _Listened(gram, pieces)


def _padded(block: Samples | None, size: int) -> Vector:
    mono = np.zeros(0) if block is None else block[0].astype(np.float64)
    return np.pad(mono, (0, size - len(mono)))


def _sums(listened: _Listened) -> set[int]:
    """Tracks that are the others added up: explained by them, each with its sign."""
    heard = [place for place, pieces in enumerate(listened.pieces) if pieces]
    found = set()
    for place in heard:
        others = [other for other in heard if other != place]
        if len(others) < 2:
            continue
        within, across = listened.gram[np.ix_(others, others)], listened.gram[others, place]
        factors = np.linalg.lstsq(within, across, rcond=1e-9)[0]
        rest = 1 - float(factors @ across) / listened.gram[place, place]
        if rest < SUM_REST and (factors > 0.2).sum() >= 2 and factors.min() > -0.1:
            found.add(place)
    return found
