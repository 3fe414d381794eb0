"""ONNX Runtime sessions, as every model of ours is run.

One heap for all threads, and large arrays beside it, so that the memory of a long film is that of a short one.

glibc gives each thread a heap of its own, and what one thread frees no other can use: passing 10 MB arrays from thread
to thread was seen to need 440 MB where one heap needs 300 MB. It gives a large array pages of its own, but from the
first that is freed it learns to put them into the heap too, where they stay with us because of whatever small thing lies
behind them. With pages of their own for good a film needs 260 MB instead of 285 MB, in the same time.
Other systems share a heap anyway.

Working ahead: an iterator runs in a thread of its own, a few items before whoever takes them.

    alone    read 1 │ use 1 │ read 2 │ use 2 │ read 3 │ use 3
    ahead    read 1 │ read 2 │ read 3 │
                    │ use 1  │ use 2  │ use 3                    the same items in the same order, both cores at work

Decoders, NumPy, OpenCV and ONNX Runtime let other threads run while they work.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any, TypeVar

from limelight.errors import ModelError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# How a device is called, and ONNX Runtime's word for it.
PROVIDERS = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "directml": "DmlExecutionProvider",
}


def devices() -> tuple[str, ...]:
    """Those that the installed ONNX Runtime can use, the processor last."""
    import onnxruntime

    found = onnxruntime.get_available_providers()
    return tuple(device for device in ("cuda", "coreml", "directml", "cpu") if PROVIDERS[device] in found)


def providers_for(device: str | None) -> list[str]:
    """ONNX Runtime's providers for a device; the processor helps with what the device cannot do. Raises ModelError."""
    import onnxruntime

    name = (device or "cpu").partition(":")[0]
    if name not in PROVIDERS or PROVIDERS[name] not in onnxruntime.get_available_providers():
        raise ModelError(
            f"Wanted the device {device!r}, the installed ONNX Runtime has {', '.join(devices())}; install another build of "
            "it (onnxruntime-gpu, onnxruntime-directml), or leave --device out."
        )
    return list(dict.fromkeys([PROVIDERS[name], PROVIDERS["cpu"]]))


def version_of(package: str, *, missing: str = "unknown") -> str:
    """Of what is installed; a checkout on the path has none."""
    try:
        return version(package)
    except PackageNotFoundError:
        return missing


def open_session(path: Path, *, threads: int | None = None, device: str | None = None) -> Any:
    """A graph ready to run; `threads`: default one a core, eight at most; device: of `devices()`. Raises ModelError."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or min(os.cpu_count() or 1, 8)
    options.log_severity_level = 3
    # Long films bring chunks of two sizes at most; keeping arenas small keeps memory flat.
    options.enable_cpu_mem_arena = False
    # A thread that waits for work in a loop takes the processor from the decoder: twice the time on two busy cores.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    providers = providers_for(device)
    # ONNX Runtime raises a dozen types of its own, without a base, all meaning: not a model.
    try:
        return onnxruntime.InferenceSession(path, options, providers=providers)
    except Exception as error:
        raise ModelError(
            f"The model file {path} cannot be run ({type(error).__name__}); install the model again."
        ) from error


def run_session(
    session: Any, names: Sequence[str], feeds: Mapping[str, NDArray[np.float32]], *, model: str
) -> list[NDArray[np.float32]]:
    """What a graph makes of what it is given. Raises ModelError where it fails, or makes numbers that are none."""
    import numpy as np

    # As when it is opened: types without a base, all meaning that the graph cannot be run.
    try:
        made: list[NDArray[np.float32]] = session.run(list(names), dict(feeds))
    except Exception as error:
        raise ModelError(
            f"The model {model} failed at what its card promises ({type(error).__name__}); install the model again."
        ) from error
    if not all(np.isfinite(one).all() for one in made):
        raise ModelError(f"The model {model} answers with what is no number; install the model again.")
    return made


_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8  # <malloc.h>
_LARGE_BYTES = 1_000_000  # a window's spectra have 8 MB, a second of sound 0.4 MB
_SPARE_BYTES = 8_000_000  # kept at the end of the heap: to ask for them again would take time


def keep_heap_small() -> None:
    """One for all threads, and large arrays outside. It holds for the whole process, so it is for programs, not for a
    library; to be called before threads start."""
    if sys.platform == "linux":
        set_option = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none
        if set_option:
            set_option(_M_ARENA_MAX, 1)
            set_option(_M_MMAP_THRESHOLD, _LARGE_BYTES)
            set_option(_M_TRIM_THRESHOLD, _SPARE_BYTES)


def give_back() -> None:
    """What was freed goes back to the system, wherever in the heap it lies. To be called when a stage is over."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim:
            trim(0)


Item = TypeVar("Item")
Result = TypeVar("Result")


def prefetch(items: Iterable[Item], *, count: int = 2) -> Iterator[Item]:
    """The same items, made up to `count` ahead. What making them raises is raised here, after the items before it.

    Whoever stops taking them waits for those `count`, no more.
    """
    source = iter(items)
    with ThreadPoolExecutor(1) as worker:
        coming = deque(worker.submit(next, source, None) for _ in range(count))
        while (item := coming.popleft().result()) is not None:
            coming.append(worker.submit(next, source, None))
            yield item


class WhileWanted:
    """Passes items on as long as somebody waits for what is made of them."""

    def __init__(self) -> None:
        self._over = Event()

    def __call__(self, items: Iterable[Item]) -> Iterator[Item]:
        """The same items; they end where nobody waits any more."""
        for item in items:
            if self._over.is_set():
                return
            yield item

    def end(self) -> None:
        """Nobody waits any more."""
        self._over.set()


@contextmanager
def in_background(use: Callable[[WhileWanted], Result]) -> Iterator[Callable[[], Result]]:
    """Runs `use` in a thread of its own; calling what is given waits for the result, and raises what `use` raised.

    Whoever leaves early takes the items away that `use` passes through what it is given: it sees their end after the one in
    hand.
    """
    wanted = WhileWanted()
    with ThreadPoolExecutor(1) as worker:
        coming = worker.submit(use, wanted)
        try:
            yield coming.result
        finally:
            wanted.end()


def placed(network: Any, device: str, *, name: str) -> Any:
    """A torch network on a device. Raises ModelError for a device that is not there."""
    try:
        return network.to(device)
    except (RuntimeError, AssertionError) as error:  # torch asserts that it was built with a kind of device
        raise ModelError(f"Wanted {name}, which cannot run on {device!r} here; say --device cpu.") from error
