"""Which models there are, and how they are asked for by name.

    separators   deepfilter (the default) · lite · stems:DIR · command:'…' · FILE.onnx · FILE.py · module:function
    directors    speech-first (the default) · FILE.py · module:function
    remixers     FILE.onnx

A body of your own is a Python file with a function `separator()` or `director()` that gives it.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

from limelight.errors import ModelError
from limelight.models.card import Card
from limelight.models.directors import speech_first
from limelight.models.directors.speech_first import SpeechFirst
from limelight.models.protocols import Director, FilmSeparator, Remixer, Separator
from limelight.models.remixers.mask_and_wave import OnnxRemixer
from limelight.models.sealed_file import kind_of
from limelight.models.separators import speech_and_rest
from limelight.models.separators.known_stems import SeparatorCommand, StemFiles
from limelight.models.separators.masks import MaskSeparator
from limelight.models.separators.speech_and_rest import SpeechAndRest

WEIGHTS = Path(__file__).resolve().parent / "weights"
LITE = "lite"
DEFAULT_SEPARATOR, DEFAULT_DIRECTOR = speech_and_rest.NAME, speech_first.NAME
GRAPH, PYTHON, CHECKPOINT = ".onnx", ".py", ".safetensors"
TRAINING = "limelight.training.torch_remix"
AnySeparator = Separator | FilmSeparator

# Name → maker; threads: how many a network may use. `register_separator` and `register_director` add to them.
SEPARATORS: dict[str, Callable[[int | None], AnySeparator]] = {
    DEFAULT_SEPARATOR: lambda threads: SpeechAndRest(_lite(threads), threads=threads),
    LITE: lambda threads: _lite(threads),
}
DIRECTORS: dict[str, Callable[[], Director]] = {DEFAULT_DIRECTOR: SpeechFirst}


def register_separator(name: str, make: Callable[[], AnySeparator]) -> None:
    """Makes a separator known by a name, in this process."""
    SEPARATORS[name] = lambda _threads: make()


def register_director(name: str, make: Callable[[], Director]) -> None:
    """Makes a director known by a name, in this process."""
    DIRECTORS[name] = make


def load_separator(name: str = DEFAULT_SEPARATOR, *, threads: int | None = None) -> AnySeparator:
    """A separator by name, or by what its name says. Raises ModelError, InputError."""
    if name in SEPARATORS:
        return SEPARATORS[name](threads)
    kind, _, rest = name.partition(":")
    if kind == "stems" and rest:
        return StemFiles(Path(rest).expanduser())
    if kind == "command":
        return SeparatorCommand(rest)
    if name.endswith(PYTHON):
        return _made(name, "separator", (Separator, FilmSeparator))  # type: ignore[no-any-return]
    path = _graph_file(name)
    if path is None:
        raise _unknown("separator", name, (*SEPARATORS, "stems:DIR", "command:'PROGRAM … {input} {output}'"))
    return MaskSeparator(path, threads=threads)


def load_director(name: str = DEFAULT_DIRECTOR) -> Director:
    """A director by name or by its Python file. Raises ModelError."""
    if name in DIRECTORS:
        return DIRECTORS[name]()
    if name.endswith(PYTHON):
        return _made(name, "director", (Director,))  # type: ignore[no-any-return]
    raise _unknown("director", name, DIRECTORS)


def load_remixer(name: str | Path, *, threads: int | None = None, device: str | None = None) -> Remixer:
    """A remixer by its file: an exported graph, or a checkpoint where torch is installed. Raises ModelError."""
    if str(name).endswith(CHECKPOINT):
        return _from_checkpoint(Path(name), device=device)
    path = _graph_file(str(name))
    if path is None:
        raise ModelError(f"Wanted a model that remixes, {str(name)!r} is no {GRAPH} file here; see `limelight models`.")
    return OnnxRemixer(path, threads=threads, device=device)


def installed() -> tuple[Card, ...]:
    """The cards of everything that the package brings, checked. Raises ModelError where one is damaged."""
    separators = (SEPARATORS[name](1) for name in (DEFAULT_SEPARATOR, LITE))
    return (*(separator.card for separator in separators), load_director().card)


def is_remixer(name: str) -> bool:
    """Whether a name stands for a model that remixes in one step. Raises ModelError for a damaged file."""
    if name.endswith(CHECKPOINT):
        return True
    path = _graph_file(name)
    return path is not None and kind_of(path) == "remixer"


def _from_checkpoint(path: Path, *, device: str | None) -> Remixer:
    """Training is a plug-in of ours: nothing here needs torch unless a checkpoint is asked for."""
    try:
        training = importlib.import_module(TRAINING)
    except ImportError as error:
        raise ModelError(
            f"Wanted to run the checkpoint {path}, found no {error.name}; from a clone: pip install -e '.[train]'. Or export "
            "it to ONNX where that is installed."
        ) from error
    return training.load_torch_remix(path, device=device)  # type: ignore[no-any-return]


def _lite(threads: int | None) -> MaskSeparator:
    return MaskSeparator(WEIGHTS / f"{LITE}{GRAPH}", threads=threads)


def _graph_file(name: str) -> Path | None:
    """The file that a name points to; no name makes this raise, however long or odd."""
    try:
        path = Path(name).expanduser()
        return path if path.suffix == GRAPH and path.is_file() else None
    except (OSError, ValueError, RuntimeError):
        return None


def _made(name: str, function: str, kinds: tuple[type, ...]) -> Any:
    """What a function of a user's file gives. The file is run: it is the user's own. Raises ModelError."""
    path = Path(name).expanduser()
    spec = importlib.util.spec_from_file_location(f"limelight_{path.stem}", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise ModelError(f"Wanted a {function} in {path}, found no Python file there; check the path.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    make = getattr(module, function, None)
    made = make() if callable(make) else None
    if not isinstance(made, kinds):
        raise ModelError(
            f"Wanted a function {function}() in {path} that gives a {function}, found {made!r}; see docs/models.md."
        )
    return made


def _unknown(kind: str, name: str, known: Any) -> ModelError:
    return ModelError(f"Wanted the {kind} {name!r}; there are {', '.join(known)}, or a file. See `limelight models`.")
