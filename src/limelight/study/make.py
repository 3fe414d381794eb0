"""From films and named versions of their sound to a folder in which people compare them blindly.

    film, versions ──► stretch ──► equally loud (BS.1770) ──► FLAC in JavaScript, under names that say nothing ─┐
      └─ picture ────► MP4 without sound ──────────────────────────────────────────────────────────────────────┴─► SITE/
    which name is which version ──► key.json, beside the folder, for who reads the answers

The design is that of VisAH's study (CVPR 2025): four versions of a clip are put in an order. Pairs are the other way. Ours adds
a hidden anchor, a clip that comes twice, and a pair that is twice the same. The folder needs no server: sounds lie in scripts,
because a page that was opened from a disk may not read other files.
"""

from __future__ import annotations

import base64
import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from itertools import combinations
from pathlib import Path
from typing import Any, Literal

import numpy as np

from limelight.api import highlight_video
from limelight.audio.convert import ResampleStream, db_to_gain, stereo_matrix
from limelight.audio.loudness import LoudnessMeter
from limelight.errors import InputError, OutputError
from limelight.media.audio_files import sound_bytes, write_sound
from limelight.media.probe import choose_soundtrack, probe
from limelight.media.read_audio import read_audio
from limelight.media.target import naming_write_errors
from limelight.media.web_picture import write_picture
from limelight.mixing.controls import Controls
from limelight.types import Samples

RATE = 48_000  # Hz
ORIGINAL, ANCHOR = "original", "anchor"
ANCHOR_DB = -15.0  # of music and effects: what ducks too much
TOLERANCE_LU = 0.2  # between versions of a clip, measured on what is played
CEILING = 0.97  # of full scale
LONGEST_APART_SECONDS = 0.5  # between a film and its version
STUDY, KEY = "limelight-study", "limelight-study-key"
DEFINES = "window.STUDY = "
PAGE_FILES = ("index.html", "study.css", "study.js")

Kind = Literal["ranking", "pairs"]


@dataclass(frozen=True)
class StudyClip:
    """A stretch of a film, and the files whose sound is compared: name of the version → file."""

    film: Path
    versions: Mapping[str, Path]
    start_seconds: float = 0.0
    seconds: float = 10.0


@dataclass(frozen=True)
class StudyDesign:
    """How people are asked."""

    title: str = "Listening study"
    kind: Kind = "ranking"
    seed: int = 0
    anchor: bool = True
    post: str = ""  # an address to which answers are sent as well; "": they are only downloaded
    contact: str = ""


@dataclass(frozen=True)
class Trial:
    """One question: which versions of which clip, by the names that say nothing."""

    id: str
    clip: str
    kind: Literal["ranking", "pair"]
    sounds: tuple[str, ...]
    trap: Literal["", "repeat", "same"] = ""


@dataclass
class Made:
    """What came of it."""

    folder: Path
    key: Path
    clips: int
    trials: int
    apart_lu: float  # the most that two versions of a clip differ in loudness
    notes: list[str] = field(default_factory=list)


def make_study(
    clips: Sequence[StudyClip], folder: Path, design: StudyDesign | None = None, *, overwrite: bool = False
) -> Made:
    """Writes `folder` (to be published) and `folder`.key.json (to be kept). Raises InputError, OutputError."""
    design = design or StudyDesign()
    names = _check(clips, folder, overwrite=overwrite)
    is_new = not folder.exists() or not any(folder.iterdir())
    try:
        return _made(clips, folder, design, names, overwrite=overwrite)
    except BaseException:
        if is_new:
            shutil.rmtree(folder, ignore_errors=True)
        raise


def _made(
    clips: Sequence[StudyClip], folder: Path, design: StudyDesign, names: Sequence[str], *, overwrite: bool
) -> Made:
    rng = np.random.default_rng(design.seed)
    key_path = folder.with_name(f"{folder.name}.key.json")
    with naming_write_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "clips").mkdir(exist_ok=True)
        for name in PAGE_FILES:
            shutil.copyfile(Path(__file__).with_name("templates") / name, folder / name)
    key: dict[str, dict[str, str]] = {}
    shown, apart = [], 0.0
    for number, clip in enumerate(clips):
        name = f"c{number + 1:02d}"
        sounds, differ = _level(_heard(clip, anchor=design.anchor), clip)
        apart = max(apart, differ)
        hidden = {f"{name}{_letters(rng)}": version for version in sounds}
        key[name] = hidden
        for opaque, version in hidden.items():
            _write_sound(folder / "clips" / f"{opaque}.js", opaque, sounds[version])
        picture = folder / "clips" / f"{name}.mp4"
        write_picture(
            probe(clip.film), picture, start_seconds=clip.start_seconds, seconds=clip.seconds, overwrite=overwrite
        )
        shown.append(
            {"id": name, "seconds": clip.seconds, "picture": f"clips/{name}.mp4" if picture.exists() else ""}
            | {"sounds": sorted(hidden)}
        )
    trials = _trials({clip: sorted(hidden) for clip, hidden in key.items()}, design.kind, rng)
    definition = {
        "format": STUDY,
        "version": 1,
        "title": design.title,
        "kind": design.kind,
        "post": design.post,
        "contact": design.contact,
        "clips": shown,
        "trials": [asdict(trial) for trial in trials],
    }
    text = json.dumps(definition, indent=1)
    definition["id"] = sha256(text.encode()).hexdigest()[:16]
    with naming_write_errors(folder):
        (folder / "definition.js").write_text(f"{DEFINES}{json.dumps(definition, indent=1)};\n", encoding="utf-8")
        key_text = {"format": KEY, "version": 1, "study": definition["id"], "kind": design.kind, "versions": names}
        films = {f"c{n + 1:02d}": clip.film.name for n, clip in enumerate(clips)}
        key_text |= {"films": films, "sounds": key, "trials": [asdict(trial) for trial in trials]}
        key_path.write_text(json.dumps(key_text, indent=1), encoding="utf-8")
    return Made(folder, key_path, len(clips), len(trials), apart)


def read_definition(folder: Path) -> dict[str, Any]:
    """What a study's page is told. Raises InputError where the folder holds no study."""
    place = folder / "definition.js"
    try:
        found = json.loads(place.read_text(encoding="utf-8").removeprefix(DEFINES).rstrip("\n;"))
    except (OSError, ValueError):
        found = None
    if not isinstance(found, dict) or found.get("format") != STUDY:
        raise InputError(f"Wanted a study in {folder}, found none; make it with `limelight study make`.")
    return found


def versions_of(film: Path, folders: Mapping[str, Path]) -> dict[str, Path]:
    """Files of other systems, found by the film's name: FOLDER/NAME.* or FOLDER/NAME.highlighted.*. Raises InputError."""
    found = {ORIGINAL: film}
    for version, place in folders.items():
        if place.is_file():
            found[version] = place
            continue
        wanted = (film.stem, f"{film.stem}.highlighted")
        files = sorted(path for path in place.glob("*") if path.stem in wanted and path.resolve() != film.resolve())
        if len(files) != 1:
            raise InputError(
                f"Wanted one file {film.stem}.* of the version {version} in {place}, found {len(files)}; "
                "name it like the film."
            )
        found[version] = files[0]
    return found


def _check(clips: Sequence[StudyClip], folder: Path, *, overwrite: bool) -> list[str]:
    """The versions' names, the same for all clips. Raises InputError, OutputError."""
    if not clips:
        raise InputError("Wanted films for a study, found none; name at least one.")
    names = list(dict.fromkeys(name for clip in clips for name in clip.versions))
    for clip in clips:
        if missing := [name for name in names if name not in clip.versions]:
            raise InputError(f"{clip.film.name} has no version {', '.join(missing)}; every clip needs all of them.")
    if len(names) < 2 or len(names) > 6:
        raise InputError(f"Wanted two to six versions, found {len(names)} ({', '.join(names)}); add or leave out some.")
    if ANCHOR in names:
        raise InputError(f"The name {ANCHOR!r} is kept for the hidden anchor; call the version something else.")
    if folder.exists() and any(folder.iterdir()) and not overwrite:
        raise OutputError(f"{folder} is there and not empty; give another folder, or --force.")
    return names


def _heard(clip: StudyClip, *, anchor: bool) -> dict[str, Samples]:
    """Version → stereo at 48 kHz, [2, N]."""
    film_seconds = probe(clip.film).duration_seconds
    if clip.start_seconds + clip.seconds > film_seconds + 0.05:
        raise InputError(
            f"Wanted {clip.start_seconds:g} to {clip.start_seconds + clip.seconds:g} s of {clip.film.name}, which lasts "
            f"{film_seconds:.1f} s; choose another stretch."
        )
    heard = {}
    for name, path in clip.versions.items():
        info = probe(path)
        if abs(info.duration_seconds - film_seconds) > LONGEST_APART_SECONDS:
            raise InputError(
                f"{path} lasts {info.duration_seconds:.1f} s, {clip.film.name} {film_seconds:.1f} s; they must be in step."
            )
        heard[name] = _stretch(path, clip)
    if anchor:
        heard[ANCHOR] = _anchor(heard.get(ORIGINAL, next(iter(heard.values()))))
    return heard


def _stretch(path: Path, clip: StudyClip) -> Samples:
    info = probe(path)
    track = choose_soundtrack(info)
    resample, matrix = ResampleStream(track.sample_rate, RATE, 2), stereo_matrix(track.layout)
    first, count = (round(seconds * track.sample_rate) for seconds in (clip.start_seconds, clip.seconds))
    kept, seen = [], 0
    for block in read_audio(info, track):
        low, high = (min(max(edge - seen, 0), block.shape[1]) for edge in (first, first + count))
        if high > low:
            kept.append(resample.push(matrix @ block[:, low:high]))
        seen += block.shape[1]
        if seen >= first + count:
            break
    kept.append(resample.finish())
    sound = np.concatenate(kept, axis=1)[:, : round(clip.seconds * RATE)]
    return np.pad(sound, ((0, 0), (0, round(clip.seconds * RATE) - sound.shape[1]))).astype(np.float32)


def _anchor(sound: Samples) -> Samples:
    """The same with next to nothing under the speech, by the packaged separator."""
    with tempfile.TemporaryDirectory() as folder:
        given, taken = Path(folder) / "given.wav", Path(folder) / "taken.wav"
        write_sound(given, [sound], sample_rate=RATE, layout="stereo")
        controls = Controls(strength=0.0, music_db=ANCHOR_DB, effects_db=ANCHOR_DB)
        highlight_video(given, taken, controls=controls)
        info = probe(taken)
        made = np.concatenate(list(read_audio(info, choose_soundtrack(info))), axis=1)
    return np.asarray(made[:, : sound.shape[1]], np.float32)


def _level(sounds: Mapping[str, Samples], clip: StudyClip) -> tuple[dict[str, Samples], float]:
    """All as loud as the softest, softer still where one would clip; and by how much they differ after that, in LU."""
    loudness = {name: loudness_lufs(sound) for name, sound in sounds.items()}
    if silent := [name for name, value in loudness.items() if not np.isfinite(value)]:
        raise InputError(f"Nothing is heard in this stretch of {clip.film.name} ({', '.join(silent)}); choose another.")
    wanted = min(loudness.values())
    peaks = [float(np.abs(sound).max()) * float(db_to_gain(wanted - loudness[n])) for n, sound in sounds.items()]
    wanted += min(0.0, 20 * float(np.log10(CEILING / max(peaks))))
    levelled = {name: sound * np.float32(db_to_gain(wanted - loudness[name])) for name, sound in sounds.items()}
    measured = [loudness_lufs(sound) for sound in levelled.values()]
    apart = max(measured) - min(measured)
    if apart > TOLERANCE_LU:
        raise InputError(f"The versions of {clip.film.name} cannot be made equally loud ({apart:.2f} LU apart).")
    return levelled, apart


def loudness_lufs(sound: Samples) -> float:
    """Integrated loudness of stereo [2, N] at 48 kHz; −∞ for silence."""
    meter = LoudnessMeter(RATE, "stereo")
    meter.push(sound)
    return meter.finish().integrated_lufs


def _write_sound(path: Path, name: str, sound: Samples) -> None:
    coded = base64.b64encode(sound_bytes(sound, RATE, "stereo", kind="flac")).decode()
    with naming_write_errors(path):
        path.write_text(f'window.studySound("{name}", "{coded}");\n', encoding="utf-8")


def _letters(rng: np.random.Generator) -> str:
    return "".join(rng.choice(list("bcdfghjkmnpqrstvwxz"), 5))


def _trials(sounds: Mapping[str, Sequence[str]], kind: Kind, rng: np.random.Generator) -> list[Trial]:
    """All questions in one order; the page shuffles them for each person. One clip comes twice, one pair is no pair."""
    clips = list(sounds)
    if kind == "ranking":
        trials = [Trial(f"t-{clip}", clip, "ranking", tuple(sounds[clip])) for clip in clips]
    else:
        pairs = [(clip, pair) for clip in clips for pair in combinations(sounds[clip], 2)]
        trials = [Trial(f"t-{clip}-{n}", clip, "pair", pair) for n, (clip, pair) in enumerate(pairs)]
    again = trials[int(rng.integers(len(trials)))]
    alone = str(rng.choice(clips))
    one = str(rng.choice(list(sounds[alone])))
    return [
        *trials,
        Trial(f"{again.id}-again", again.clip, again.kind, again.sounds, trap="repeat"),
        Trial(f"t-{alone}-same", alone, "pair", (one, one), trap="same"),
    ]
