"""What commands read beside films: plans, models, captions, data sets. How each is laid out whole, and what reads it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from fakes import remix_file
from films import Film, film_path
from training.small_set import small_set

from limelight.api import plan_video
from limelight.errors import ModelError
from limelight.metrics.results import ResultLine, add
from limelight.mixing.plan import plan_text
from limelight.models.card import seal
from limelight.models.registry import WEIGHTS

FILM = "film.mp4"
SHOWN = Film(seconds=1.0)
INTO = ("--quiet", "-o", "out.mp4", FILM)
SAID = {
    "format": "limelight-captions",
    "version": 1,
    "model": "by hand",
    "style": "by hand",
    "captions": [{"start_seconds": 0.0, "end_seconds": 2.0, "picture_seconds": 1.0, "words": {"tone": "warm"}}],
}
LEARNT = tuple(f"limelight.training.{name}" for name in ("trainer", "contexts", "export"))


@dataclass(frozen=True)
class Document:
    """One file, and the command that is given it."""

    name: str
    file: str  # below the folder
    words: tuple[str, ...]
    lay: Callable[[Path], object]  # everything that the command needs, whole
    codes: tuple[str, ...]  # what may come of a broken one, beside "OK"
    seal: Callable[[Path], object] = lambda folder: None  # makes the hashes fit again, as whoever means harm would
    needs: tuple[str, ...] = ()  # modules that take long to load


def _film(folder: Path) -> None:
    shutil.copy(film_path(SHOWN), folder / FILM)


def _plan(folder: Path) -> None:
    _film(folder)
    (folder / "plan.json").write_text(plan_text(plan_video(folder / FILM)), encoding="utf-8")


def _model(folder: Path) -> None:
    _film(folder)
    shutil.copy(WEIGHTS / "lite.onnx", folder / "model.onnx")


def _seal_separator(folder: Path) -> None:
    with suppress(ModelError):  # the place for the hash is gone
        seal(folder / "model.onnx")


def _remix(folder: Path) -> None:
    _film(folder)
    remix_file(folder / "remix.onnx")


def _seal_remix(folder: Path) -> None:
    with suppress(ModelError):  # the place for the hash is gone
        seal(folder / "remix.onnx")


def _checkpoint(folder: Path) -> None:
    """As `limelight train` writes it, untrained."""
    from limelight.networks.presets import build
    from limelight.training.checkpoint import Checkpoint, save_checkpoint

    _film(folder)
    network = build("visah", channels=4, context_width=0)
    config = {"preset": "visah", "network": network.config.as_dict(), "context": "none"}
    weights = {f"model.{name}": value for name, value in network.state_dict().items()}
    save_checkpoint(folder / "run.safetensors", Checkpoint(config, 1, weights))


def _captions(folder: Path) -> None:
    _film(folder)
    (folder / "captions.json").write_text(json.dumps(SAID), encoding="utf-8")


def _about(folder: Path) -> None:
    _film(folder)
    (folder / "about.csv").write_text("file,split,group,licence\nfilm.mp4,test,one,CC0\n", encoding="utf-8")


def _results(folder: Path) -> None:
    lines = [ResultLine(f"clip-{n}", name, "k", "film", "paper", 6.0, {"mag": n}) for n in range(3) for name in "ab"]
    (folder / "judged" / "results").mkdir(parents=True)
    add(folder / "judged", lines)


MODELS = ("E_MODEL", "E_INPUT")
DATA = ("E_INPUT", "E_LEAKAGE", "E_NOT_MEDIA", "E_DAMAGED", "E_LIMIT")
SET = Document(
    "manifest", "set/manifest.jsonl", ("muddy", "check", "set"), lambda folder: small_set(folder / "set"), DATA
)
SHOW = ("muddy", "show", "set", "--examples", "8", "--page", "page.html")
CLIP = "set/clips/clip-06"
JUDGE = ("evaluate", "set", "--into", "judged", "--count", "1", "--examples", "0", "--workers", "1", "--quiet")
LEARN = (
    *("train", "set", "--into", "run", "--quiet", "--cpu", "--threads", "1", "--workers", "0", "--watched", "0"),
    *("--channels", "4", "--batch", "2", "--seconds", "1", "--steps", "1"),
)
DOCUMENTS = (
    Document("plan", "plan.json", ("render", FILM, "plan.json", "--quiet", "-o", "out.mp4"), _plan, ("E_PLAN", "E_MODEL")),
    Document(
        "separator", "model.onnx", ("highlight", "--separator", "model.onnx", *INTO), _model, MODELS, _seal_separator
    ),
    Document("remix", "remix.onnx", ("highlight", "--model", "remix.onnx", *INTO), _remix, MODELS, _seal_remix),
    Document(
        "checkpoint",
        "run.safetensors",
        ("highlight", "--model", "run.safetensors", *INTO),
        _checkpoint,
        MODELS,
        needs=LEARNT,
    ),
    Document(
        "captions",
        "captions.json",
        ("inspect", FILM, "--captions", "captions.json", "--text-model", "hashed"),
        _captions,
        ("E_INPUT",),
    ),
    SET,
    replace(SET, name="clips shown", words=SHOW),
    replace(SET, name="recipe", file=f"{CLIP}/recipe.json", words=SHOW),
    replace(SET, name="sound", file=f"{CLIP}/target.flac", words=SHOW),
    replace(SET, name="cues", file=f"{CLIP}/cues.npy", words=JUDGE, codes=(*DATA, "E_SOME_FAILED")),
    replace(SET, name="sound judged", file=f"{CLIP}/input.flac", words=JUDGE, codes=(*DATA, "E_SOME_FAILED")),
    replace(SET, name="recipe judged", file=f"{CLIP}/recipe.json", words=JUDGE, codes=(*DATA, "E_SOME_FAILED")),
    replace(SET, name="clips judged", words=JUDGE, codes=(*DATA, "E_SOME_FAILED")),
    replace(SET, name="clips learnt", words=LEARN, needs=LEARNT),
    replace(SET, name="sound learnt", file="set/clips/clip-01/input.flac", words=LEARN, needs=LEARNT),
    replace(SET, name="cues learnt", file="set/clips/clip-01/cues.npy", words=(*LEARN, "--context", "cues"), needs=LEARNT),
    replace(
        SET,
        name="cues in words",
        file=f"{CLIP}/cues.npy",
        words=("contexts", "set", "words", "--text-model", "hashed", "--quiet"),
        needs=LEARNT,
    ),
    Document("table", "about.csv", ("muddy", "build", FILM, "-o", "set", "--about", "about.csv", "--workers", "1"), _about,
          (*DATA, "E_SOME_FAILED")),
    Document("results", "judged/results/*.jsonl", ("evaluate", "set", "--into", "judged", "--compare", "a", "b"), _results,
          ("E_INPUT",)),
)  # fmt: skip
