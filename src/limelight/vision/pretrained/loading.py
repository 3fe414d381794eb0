"""Weights through transformers: by name from the Hugging Face hub, kept in its cache, or from a folder of that format.

Nothing is imported before it is asked for, and no code that comes with a model is ever run.
"""

from __future__ import annotations

from typing import Any

from limelight.errors import ModelError


def transformers() -> Any:
    """The module. Raises ModelError where the extra is not installed."""
    try:
        import transformers as module
    except ImportError as error:
        raise ModelError(
            "Wanted a pretrained encoder, found no transformers; from a clone: pip install -e '.[context]'."
        ) from error
    module.logging.set_verbosity_error()  # it reports every tensor of the half that we do not load
    return module


def load(kind: str, name: str, *, offline: bool = False, **options: Any) -> Any:
    """`kind`, a class of transformers, from the weights called `name`. Raises ModelError."""
    module = transformers()
    try:
        return getattr(module, kind).from_pretrained(name, local_files_only=offline, **options)
    except (OSError, ValueError, ImportError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        where = "in the local cache (offline)" if offline else "by that name or in that folder"
        raise ModelError(
            f"Wanted {name!r} for {kind}, could not load it {where}: {reason} See `limelight models`."
        ) from error


def load_network(kind: str, name: str, *, device: str, offline: bool = False) -> Any:
    """A network ready to be asked: bfloat16 on an accelerator, float32 on a CPU."""
    import torch

    dtype = torch.float32 if device == "cpu" else torch.bfloat16
    return load(kind, name, offline=offline, dtype=dtype).to(device).eval()


def best_device() -> str:
    """ "cuda" where there is one, else "cpu"."""
    transformers()  # says what to install, where nothing is
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"
