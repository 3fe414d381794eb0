"""Models by name: separators, directors, remixers; and what `limelight models` says of them.

Which models there are, and how they are asked for by name.

    separators   lite (the default) · deepfilter · stems:DIR · command:'…' · FILE.onnx · FILE.py · module:function
                 speech-alone · bandit · demucs · demucs-ft · audio-separator:MODEL, whose weights are fetched when asked for
    directors    speech-first (the default) · cautious · bold · FILE.py · module:function
    remixers     FILE.onnx

A body of your own is a Python file with a function `separator()` or `director()` that gives it.

What `limelight models` lists: what is installed, and presets that can be trained, without torch.

How large a preset is stands in `parameter_counts.json`, written by `python -m research.parameter_counts`.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from limelight.errors import ModelError
from limelight.models.card import Card, kind_of
from limelight.models.directors import speech_first
from limelight.models.directors.speech_first import RULES, SpeechFirst
from limelight.models.directors.style import Style
from limelight.models.protocols import Director, FilmSeparator, Remixer, Separator
from limelight.models.published_weights import BANDIT, DEMUCS, DEMUCS_VOCALS, PublishedWeights, fetched
from limelight.models.remixers.mask_and_wave import OnnxRemixer
from limelight.models.separators import audio_separator, deepfilter, downloaded
from limelight.models.separators.audio_separator import AudioSeparatorModel
from limelight.models.separators.deepfilter import SpeechAlone, SpeechAndRest
from limelight.models.separators.downloaded import BanditSeparator, DemucsSeparator
from limelight.models.separators.known_stems import SeparatorCommand, StemFiles
from limelight.models.separators.masks import open_masks

WEIGHTS = Path(__file__).resolve().parent / "weights"
LITE = "lite"
ALONE = deepfilter.ALONE
DEEPFILTER = deepfilter.NAME
DEFAULT_SEPARATOR, DEFAULT_DIRECTOR = LITE, speech_first.NAME
OTHERS = (
    *("bandit", "demucs", "demucs-ft", "bandit:FILE.ckpt", "audio-separator:MODEL"),
    *("stems:DIR", "command:'PROGRAM … {input} {output}'"),
)
GRAPH, PYTHON, CHECKPOINT = ".onnx", ".py", ".safetensors"
TRAINING = "limelight.training.export"
AnySeparator = Separator | FilmSeparator

# Name → maker; threads: how many a network may use. `register_separator` and `register_director` add to them.
SEPARATORS: dict[str, Callable[[int | None], AnySeparator]] = {
    LITE: lambda threads: _lite(threads),
    DEEPFILTER: lambda threads: SpeechAndRest(_lite(threads), threads=threads),
    ALONE: lambda threads: SpeechAlone(threads=threads),
}
FETCHED = (BANDIT, DEMUCS, DEMUCS_VOCALS)  # where there is a network
DIRECTORS: dict[str, Callable[[], Director]] = {rule.name: partial(SpeechFirst, rule) for rule in RULES}


def register_separator(name: str, make: Callable[[], AnySeparator]) -> None:
    """Makes a separator known by a name, in this process."""
    SEPARATORS[name] = lambda _threads: make()


def register_director(name: str, make: Callable[[], Director]) -> None:
    """Makes a director known by a name, in this process."""
    DIRECTORS[name] = make


def load_separator(name: str = DEFAULT_SEPARATOR, *, threads: int | None = None, offline: bool = False) -> AnySeparator:
    """A separator by name, or by what its name says. Raises ModelError, InputError.

    offline: weights that are not on the disk yet are refused, not fetched.
    """
    if name in SEPARATORS:
        return SEPARATORS[name](threads)
    for weights in FETCHED:
        if name == weights.name:
            return _fetched(weights, threads, offline=offline)
    kind, _, rest = name.partition(":")
    if kind == BANDIT.name and rest:
        return BanditSeparator(Path(rest).expanduser(), weights=None, threads=threads)
    if kind == audio_separator.NAME and rest:
        return AudioSeparatorModel(rest, _lite(threads), offline=offline)
    if kind == "stems" and rest:
        return StemFiles(Path(rest).expanduser())
    if kind == "command":
        return SeparatorCommand(rest)
    if name.endswith(PYTHON):
        return _made(name, "separator", (Separator, FilmSeparator))  # type: ignore[no-any-return]
    path = _graph_file(name)
    if path is None:
        raise _unknown("separator", name, (*SEPARATORS, *OTHERS))
    return open_masks(path, threads=threads)


def load_director(name: str = DEFAULT_DIRECTOR, *, style: Style | None = None) -> Director:
    """A director by name or by its Python file. Raises ModelError.

    style: what it is to aim at. A director takes one by having a field `style`; a dataclass is made anew with it.
    """
    if name in DIRECTORS:
        return styled(DIRECTORS[name](), style)
    if name.endswith(PYTHON):
        return styled(_made(name, "director", (Director,)), style)
    raise _unknown("director", name, DIRECTORS)


def styled(director: Director, style: Style | None) -> Director:
    """A director with a style. Raises ModelError where it takes none."""
    if style is None:
        return director
    if not is_dataclass(director) or "style" not in {field.name for field in fields(director)}:
        raise ModelError(
            f"Wanted the director {director.card.name} to follow the style {style.name}, it takes none; leave one of them out."
        )
    return replace(director, style=style)


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
    separators = (SEPARATORS[name](1) for name in (LITE, DEEPFILTER, ALONE))
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


def _fetched(weights: PublishedWeights, threads: int | None, *, offline: bool) -> Separator:
    """Raises ModelError: before anything is fetched, where what it needs is not installed."""
    downloaded.check_installed(weights)
    path = fetched(weights, offline=offline)
    if weights is BANDIT:
        return BanditSeparator(path, threads=threads)
    return DemucsSeparator(path, _lite(threads), weights=weights, threads=threads)


def _lite(threads: int | None) -> Separator:
    return open_masks(WEIGHTS / f"{LITE}{GRAPH}", threads=threads)


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
    sys.modules[spec.name] = module  # dataclasses look up there what annotations mean
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


PAPERS = ("visah", "visah-text", "semmix")
VARIANTS = " (--variant released: as the published code computes)"
COUNTS = Path(__file__).with_name("parameter_counts.json")

CLIP = "CLIP ViT-L/14, 768 numbers a second"
T5 = "T5-XXL, 4,096 numbers a second"
CLIP_WEIGHTS = "openai/clip-vit-large-patch14 (MIT)"
TEXT_WEIGHTS = "OpenGVLab/InternVL3-8B-hf (Qwen licence) and google/t5-v1_1-xxl (Apache-2.0), or smaller ones by name"
NEEDS_CONTEXT = "fetched when first used; from a clone: pip install -e '.[context]'"
BODIES = {
    LITE: (
        "told by DeepFilterNet3, Silero and YAMNet what they hear; per-band layers, shifts and attention over time",
        "three masks that sum to one",
    ),
    DEEPFILTER: (
        "DeepFilterNet3 for speech, Silero for its presence, lite for the rest",
        "three masks that sum to one",
    ),
    ALONE: ("DeepFilterNet3 for speech; all the rest is effects", "masks, one a bin, that sum to one"),
    DEFAULT_DIRECTOR: ("a rule: speech that lies too deep comes up", "a gain for each stem, scene by scene"),
}

# By research/separator/README.md: level-matched MAG against doing nothing, on 40 mixtures of each kind.
MEASURED = {
    LITE: "about 19 × real time on one thread; with the true gains on its stems −36 %, at DnR's levels −37 %",
    DEEPFILTER: "about 11 × real time on one thread; with the true gains on its stems −30 %, at DnR's levels −28 %",
}


@dataclass(frozen=True)
class Listed:
    """A model or preset as users see it."""

    name: str
    kind: str  # "separator", "director", "remixer" or "preset"
    backbone: str
    head: str
    context: str
    context_weights: str  # what the context is made with, its licence, how to get it
    parameters: int
    parts: Mapping[str, int]
    sample_rate: int  # Hz
    licence: str
    weights: str  # where they are or how to get them
    measured: str = ""  # speed and scores
    card: Mapping[str, Any] = field(default_factory=dict)  # all that an installed model says of itself


def list_models() -> tuple[Listed, ...]:
    """Installed models first. Raises ModelError where one is damaged."""
    counts: dict[str, dict[str, int]] = json.loads(COUNTS.read_text(encoding="utf-8"))
    presets = (
        _preset("visah", counts, context=f"a frame a second: {CLIP}", weights=CLIP_WEIGHTS),
        _preset("visah-text", counts, context=f"a caption a frame: {T5}", weights=TEXT_WEIGHTS),
        _preset("semmix", counts, context=f"a focused caption a key frame: {T5}", weights=TEXT_WEIGHTS),
        replace(
            _preset("learn2remix", counts, context="none, sound alone", weights=""),
            backbone="Conv-TasNet: dilated convolutions between a learnt transform and its way back",
            head="three stems, one gain for each",
            context_weights="none needed",
        ),
        replace(
            _preset("lce", counts, context=f"a caption: {T5}", weights=TEXT_WEIGHTS),
            backbone="SepReformer: looks over all of time and around, split early into streams",
            head="mask on the magnitude",
        ),
    )
    return (*(_installed(card) for card in installed()), *map(_to_fetch, FETCHED), _of_audio_separator(), *presets)


def _to_fetch(weights: PublishedWeights) -> Listed:
    """A separator by name that is not in the package."""
    there = "here" if weights.path.is_file() else "not here yet"
    return Listed(
        name=weights.name,
        kind="separator",
        backbone=weights.what,
        head=weights.gives,
        context="none, sound alone",
        context_weights="none needed",
        parameters=weights.parameters,
        parts={},
        sample_rate=weights.sample_rate,
        licence=weights.licence,
        weights=(
            f"{there}: {weights.size_bytes / 1e6:.0f} MB, fetched when first asked for with --separator {weights.name}; "
            f"{downloaded.INSTALL}; speed: {weights.speed}; what it scores is not measured here"
        ),
    )


def _of_audio_separator() -> Listed:
    return Listed(
        name=f"{audio_separator.NAME}:MODEL",
        kind="separator",
        backbone="any model of the package audio-separator (see `audio-separator --list_models`)",
        head="vocals become speech where somebody speaks; music and effects of the rest by lite",
        context="none, sound alone",
        context_weights="none needed",
        parameters=0,
        parts={},
        sample_rate=audio_separator.RATE,
        licence="its maker's; most state none",
        weights="fetched by that package: pip install 'audio-separator[cpu]', and the program ffmpeg; speed not measured here",
    )


def _installed(card: Card) -> Listed:
    backbone, head = BODIES.get(card.name, ("", ""))
    return Listed(
        name=card.name,
        kind=card.kind,
        backbone=backbone,
        head=head,
        context="the measured cues, reported and not used yet" if card.kind == "director" else "none, sound alone",
        context_weights="none needed",
        parameters=card.parameters,
        parts={},
        sample_rate=card.sample_rate,
        licence=card.licence,
        weights=_where_weights_are(card),
        measured=MEASURED.get(card.name, ""),
        card=card.model_dump(),
    )


def _where_weights_are(card: Card) -> str:
    if not card.parameters:
        return "none: a rule"
    theirs = f"in the packages {deepfilter.SOURCE}"
    ours = sum(path.stat().st_size for path in (WEIGHTS / f"{LITE}{GRAPH}", *WEIGHTS.glob(f"sounds/*{GRAPH}"))) / 1e6
    return theirs if card.name == ALONE else f"in this package, {ours:.0f} MB, and {theirs}"


def _preset(name: str, counts: Mapping[str, Mapping[str, int]], *, context: str, weights: str) -> Listed:
    parts = counts[name]
    return Listed(
        name=name,
        kind="preset",
        backbone="dual U-Net: one branch on the spectrogram, one on the waveform",
        head="mask on the magnitude, plus a waveform",
        context=context,
        context_weights=f"{weights}; {NEEDS_CONTEXT}",
        parameters=sum(parts.values()),
        parts=parts,
        sample_rate=44_100,
        licence="MIT (the code; trained weights are bound by their data)",
        weights=f"none are included; train them: limelight train DATASET --preset {name}{VARIANTS if name in PAPERS else ''}",
    )
