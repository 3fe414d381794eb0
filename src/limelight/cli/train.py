"""train: a separator out of drawn scenes, a remixing network out of a built data set; and a run's network as one file."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from limelight.cli.context import command_context
from limelight.cli.muddy import DataSet
from limelight.cli.options import Quiet, Verbose, with_option_groups
from limelight.errors import UsageError

if TYPE_CHECKING:
    from limelight.training.trainer import Recipe, RuntimeOptions
    from limelight.vision.encoder import ContextChoice

LITE = "lite"  # the preset that is a separator

Into = Annotated[Path, typer.Option("--into", "-o", help="The run's folder, new or begun.")]
Variant = Annotated[
    str, typer.Option(help="Of visah and semmix: limelight, or released, which computes what the published code does.")
]
Batch = Annotated[
    int | None, typer.Option(help="Passages a step, of all processes together; default 24, of lite 8.", min=1)
]
Seconds = Annotated[float | None, typer.Option(help="Of a passage; default 10, of lite 2.75.", min=1)]
Rate = Annotated[float | None, typer.Option(help="Of the optimiser; default 0.0001, of lite 0.002.", min=0)]
Average = Annotated[
    float | None,
    typer.Option(help="Keep a moving average of the weights; default 0: none, of lite 0.999.", min=0, max=1),
]


@dataclass(frozen=True)
class RecipeOptions:
    """What decides the weights of a run: `train`, `ablate`."""

    variant: Variant = "limelight"
    channels: Annotated[
        int | None, typer.Option(help="The network's width; default the paper's, 24 for visah.", min=1)
    ] = None
    context_dropout: Annotated[
        float, typer.Option(help="Share of passages whose picture is left out.", min=0, max=1)
    ] = 0.0
    loss: Annotated[
        str, typer.Option(help="linear (VisAH's text), log (its released code) or joint (learn2remix).")
    ] = "linear"
    batch: Batch = None
    seconds: Seconds = None
    rate: Rate = None
    clip_norm: Annotated[float, typer.Option(help="Longer gradients are cut to this length.", min=0)] = 1.0
    average: Average = None
    seed: Annotated[int, typer.Option(help="Of first weights and order.", min=0)] = 0
    precision: Annotated[str, typer.Option(help="no, or bf16 on a GPU that has it.")] = "no"

    @property
    def given(self) -> dict[str, Any]:
        """By name, without those that are left to the preset."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    def recipe(self, preset: str, **more: Any) -> Recipe:
        """Of a remixing network, as one checked record. Raises InputError."""
        from limelight.training.trainer import Recipe

        return Recipe(preset=preset, **self.given, **more)


@dataclass(frozen=True)
class RunOptions:
    """What a run may cost: `train`, `ablate`."""

    steps: Annotated[int | None, typer.Option(help="Total steps, resumed ones included.", min=1)] = None
    epochs: Annotated[int, typer.Option(help="Where no --steps are given.", min=1)] = 200
    accumulate: Annotated[int, typer.Option(help="Parts of a step that are computed one after the other.", min=1)] = 1
    recompute: Annotated[
        bool, typer.Option("--recompute", help="Compute activations again in the way back: less memory, more time.")
    ] = False
    workers: Annotated[int, typer.Option(help="Processes that read clips.", min=0)] = 2
    cpu: Annotated[bool, typer.Option("--cpu", help="Also where there is a GPU.")] = False

    def options(self, **more: Any) -> RuntimeOptions:
        """With what one of the commands says beside it."""
        from limelight.training.trainer import RuntimeOptions

        return RuntimeOptions(**asdict(self), **more)


@dataclass(frozen=True)
class LogOptions:
    """What a run tells and keeps on its way: `train`."""

    log_every: Annotated[int, typer.Option(help="Steps between two lines of the log.", min=1)] = 25
    validate_every: Annotated[int, typer.Option(help="Steps between two validations.", min=1)] = 500
    validation_clips: Annotated[int, typer.Option(help="Clips of the validation split; 0: no validation.", min=0)] = 20
    keep_best: Annotated[
        int, typer.Option(help="So many checkpoints with the best MAG in validation are kept.", min=0)
    ] = 1


@dataclass(frozen=True)
class ContextOptions:
    """What a remixing network is shown of the picture: `train`."""

    context: Annotated[str, typer.Option(help="What it is shown: none, cues, clip, captions or words.")] = "none"
    prompts: Annotated[
        str | None,
        typer.Option(help="Of captions: general (VisAH), focused or minimal (SemMix); default general for visah-text."),
    ] = None
    cue: Annotated[str, typer.Option(help="Of focused and minimal captions: which of the six cues.")] = "camera focus"
    context_frames: Annotated[str, typer.Option(help="many: a row a second; one: the middle one.")] = "many"

    def choice(self, preset: str) -> ContextChoice:
        """As one checked record. Raises InputError."""
        from limelight.vision.encoder import ContextChoice

        asked = self.prompts or ("general" if preset == "visah-text" else "focused")
        return ContextChoice(self.context, asked, self.cue, self.context_frames)


Threads = Annotated[int | None, typer.Option(help="Of torch; default its own choice.", min=1)]


@with_option_groups
def train(
    folder: DataSet,
    into: Into,
    *,
    preset: Annotated[
        str,
        typer.Option(
            help="lite: the package's separator; or visah, visah-text, semmix, learn2remix, lce, which remix."
        ),
    ] = "visah",
    layers: Annotated[int | None, typer.Option(help="Of the context encoder; default the preset's.", min=0)] = None,
    shown: ContextOptions,
    weights: RecipeOptions,
    optimiser: Annotated[str, typer.Option(help="adam, at a constant rate; or muon, whose rate falls.")] = "adam",
    degrade: Annotated[
        str, typer.Option(help="Recipes, with commas, to degrade clips anew in every epoch; default as built.")
    ] = "",
    run: RunOptions,
    log: LogOptions,
    threads: Threads = None,
    start: Annotated[
        Path | None, typer.Option(help="Of lite: a checkpoint whose weights a new run begins with.", metavar="FILE")
    ] = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Train a separator on drawn scenes, or a remixing network on a built data set. After a stop it goes on."""
    with command_context(verbose=verbose, small_heap=False):
        prepare(threads, quiet=quiet)
        from limelight.training.trainer import train_remixer

        options = run.options(**asdict(log))
        if preset == LITE:
            unused: dict[str, Any] = {
                "layers": layers is not None,
                "context": shown.context != "none",
                "prompts": shown.prompts,
                "degrade": degrade,
                "optimiser": optimiser != "adam",
                "recompute": run.recompute,
            }
            say(str(_train_separator(folder, into, weights, unused, options, start)))
            return
        _refuse({"start": start})
        recipe = weights.recipe(
            preset, encoder_layers=layers, context=shown.choice(preset), optimiser=optimiser, degrade=_words(degrade)
        )
        say(str(train_remixer(folder, into, recipe, options)))


def _refuse(given: dict[str, Any]) -> None:
    """Raises UsageError for options that the preset has no use for."""
    if flags := [f"--{name}" for name, value in given.items() if value]:
        raise UsageError(f"{', '.join(flags)}: this preset has no use for it; leave it out, or choose another --preset")


def _train_separator(
    folder: Path,
    into: Path,
    weights: RecipeOptions,
    unused: dict[str, Any],
    options: RuntimeOptions,
    start: Path | None,
) -> Path:
    """Raises UsageError for what only a remixing network knows."""
    from limelight.networks.stem_separator import StemSeparatorConfig
    from limelight.training.separator import SeparatorRecipe, train_separator

    given, none = weights.given, RecipeOptions()
    channels = given.pop("channels", None)
    others = ("variant", "context_dropout", "loss", "precision")
    _refuse({name.replace("_", "-"): given.pop(name) != getattr(none, name) for name in others} | unused)
    network = StemSeparatorConfig() if channels is None else StemSeparatorConfig().sized(channels)
    return train_separator(folder, into, SeparatorRecipe(network, **given), options, start=start)


def write_network(
    run: Path,
    output: Path,
    *,
    last: bool,
    seconds: float,
    name: str | None,
    licence: str | None,
    training_data: str | None,
) -> None:
    """A run's network as one ONNX file: of a folder, a checkpoint, or a .ckpt of the published VisAH."""
    _check_installed()
    from limelight.training.checkpoint import best_of, read_header
    from limelight.training.export import export_checkpoint, export_released
    from limelight.training.export_separator import export_run
    from limelight.training.trainer import CHECKPOINT

    checkpoint = run
    if run.is_dir():
        checkpoint = (None if last else best_of(run)) or run / CHECKPOINT
    write: Callable[..., None] = export_released
    if checkpoint.suffix != ".ckpt":
        write = export_run if read_header(checkpoint).config.get("preset") == LITE else export_checkpoint
    write(checkpoint, output, name=name or output.stem, licence=licence, training_data=training_data, seconds=seconds)


def say(result: str) -> None:
    """On stdout, once, however many processes there are."""
    from accelerate import PartialState

    if PartialState().is_main_process:
        typer.echo(result)


def _words(listed: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in listed.split(",") if word.strip())


def _check_installed() -> None:
    """Says what to install where it is missing. Raises ModelError."""
    from limelight.errors import ModelError

    try:
        import accelerate  # noqa: F401
        import onnx  # noqa: F401
        import torch  # noqa: F401
    except ImportError as error:
        raise ModelError(f"Wanted to train, found no {error.name}; from a clone: pip install -e '.[train]'.") from error


def prepare(threads: int | None, *, quiet: bool) -> None:
    """For this process, until the command is over. Raises ModelError."""
    _check_installed()
    import torch

    if threads:
        torch.set_num_threads(threads)
    torch.set_flush_denormal(True)  # silence makes many of them, and each costs a hundred ordinary numbers
    logging.getLogger("limelight.training").setLevel(logging.WARNING if quiet else logging.INFO)
