"""A soundtrack of any length through a network that remixes ten seconds in one step: overlapping windows, cross-faded.

    window 0   ├────────────────────────┤
    window 1                   ├────────────────────────┤
    weight     ──────────────────╲╱─────────────────╲╱────     what changes fades linearly over the overlap

The network hears a mono downmix m at its own level (the papers do not normalise) and answers with a mask and a waveform
r; what it decides is done to every channel, as in `networks/every_channel.py`, of which this is the NumPy twin:

    change_c = iSTFT( (mask − 1) · STFT(x_c) ) + a_c · r        a_c = ⟨x_c, m⟩ / ⟨m, m⟩ over the window

Ours computes the change, not the output: a mask of ones and a silent r change nothing, exactly, and what lies above the
network's band stays when the change is brought back to the source's rate and added to the untouched original. The last
window reaches back, so that none is shorter than it must be; only a film shorter than one window is filled up with silence.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from limelight.audio.resample import ResampleStream
from limelight.audio.stft import StftConfig, mirrored_istft, mirrored_stft
from limelight.errors import ModelError
from limelight.mixing.blocks import Originals
from limelight.mixing.separation import downmix_weights, faded
from limelight.models.remixer import Prescribed, RemixModel
from limelight.types import Samples

Array = NDArray[np.float32]
Piece = tuple[Samples, Samples]  # original and change, [C, n] each

OVERLAP = 5  # one in so many samples of a window belongs to the next one too


def changes(
    blocks: Iterable[Samples], model: RemixModel, context: Array | None, *, sample_rate: int, layout: str
) -> Iterator[Piece]:
    """The original and what is to be added to it, in step, from blocks [C, n]; as many samples as came in.

    context: what the picture says, [T, D], a row a second from time 0; None for a model that is told nothing. Constant
    memory: about two windows. Raises ModelError where the model's answer is none, Unsupported for an unknown layout.
    """
    weights = downmix_weights(layout)
    originals = Originals(blocks)
    back = ResampleStream(model.card.sample_rate, sample_rate, len(weights))
    given = 0
    for change in _at_models_rate(originals, _Windows(model, weights, context), sample_rate):
        ready = back.push(change)
        if ready.shape[1]:
            given += ready.shape[1]
            yield originals.take(ready.shape[1]), ready
    if owed := originals.samples - given:
        rest = back.finish()[:, :owed]
        yield originals.take(owed), np.pad(rest, ((0, 0), (0, owed - rest.shape[1])))


def shares(sound: Samples, mono: Array) -> Array:
    """a_c, [C], of channels [C, N] in their downmix [N]; zeros where the downmix is silent."""
    ear = mono.astype(np.float64)
    power = float(ear @ ear)
    return np.asarray(sound @ ear / power if power > 0 else np.zeros(len(sound)), np.float32)


def moments(context: Array, start_seconds: float, duration_seconds: float) -> Array:
    """The rows [M, D] of a stretch of film: for each of its seconds the one that holds at its middle, or the last."""
    middles = start_seconds + np.arange(max(1, math.ceil(duration_seconds - 1e-6))) + 0.5
    middles = np.minimum(middles, start_seconds + duration_seconds)  # a last second may be cut short
    rows: Array = context[np.clip(middles.astype(int), 0, len(context) - 1)]
    return rows


def _at_models_rate(blocks: Iterable[Samples], windows: _Windows, sample_rate: int) -> Iterator[Samples]:
    there = ResampleStream(sample_rate, windows.card.sample_rate, windows.channels)
    for block in blocks:
        yield from windows.push(there.push(block))
    yield from windows.push(there.finish())
    yield from windows.finish()


class _Windows:
    """Cuts samples at the model's rate into windows, runs the model on each and fades one change into the next."""

    def __init__(self, model: RemixModel, weights: Array, context: Array | None) -> None:
        self.card, self.channels = model.card, len(weights)
        self._model, self._weights, self._context = model, weights, context
        self._config = StftConfig(model.card.n_fft, model.card.hop)
        self._length = model.card.samples
        self._stride = self._length - self._length // OVERLAP
        self._start = 0  # sample at which the next window begins
        self._pending: list[Samples] = []  # from `_start` on
        self._count = 0  # samples in them
        self._before: Samples | None = None  # samples before `_start`, for the last window
        self._tail: Samples | None = None  # the change at `_start` that fades out

    def push(self, samples: Samples) -> Iterator[Samples]:
        # In pieces, so that a film in one block is not copied again for each of its windows.
        for first in range(0, samples.shape[1], self._stride):
            self._pending.append(samples[:, first : first + self._stride])
            self._count += self._pending[-1].shape[1]
            # One sample more than a window: the last window is left to `finish`.
            if self._count > self._length:
                yield self._window(self._stride)

    def finish(self) -> Iterator[Samples]:
        if self._count:
            yield self._window(self._count)

    def _window(self, emit: int) -> Samples:
        """The change in the window at `_start`: gives its first `emit` samples and keeps the rest."""
        here = np.concatenate(self._pending, axis=1)
        change = self._change(here[:, : self._length])
        self._tail, self._before = change[:, emit:], here[:, :emit]
        self._pending, self._count = [here[:, emit:]], self._count - emit
        self._start += emit
        return change[:, :emit]

    def _change(self, here: Samples) -> Samples:
        """The change in `here` [C, n], faded in from the window before."""
        missing = self._length - here.shape[1]
        before = here[:, :0] if self._before is None else self._before
        reach = min(before.shape[1], missing)
        behind = np.zeros((self.channels, missing - reach), np.float32)
        window = np.concatenate([before[:, before.shape[1] - reach :], here, behind], axis=1)
        lasting = self._length - behind.shape[1]
        change = self._prescribed(window, self._start - reach, lasting)[:, reach:lasting]
        return change if self._tail is None else faded(self._tail, change, axis=1)

    def _prescribed(self, window: Samples, start: int, lasting: int) -> Samples:
        """The change [C, N] in a whole window, whose first `lasting` samples are of the film."""
        if not window.any():
            return np.zeros_like(window)
        rate = self.card.sample_rate
        rows = None if self._context is None else moments(self._context, start / rate, lasting / rate)
        mono = self._weights @ window  # [N]
        magnitude = np.ascontiguousarray(np.abs(mirrored_stft(mono[None], self._config)[0]))
        made = _checked(self._model.prescribe(magnitude, mono, rows), magnitude, mono, self.card.name)
        change = shares(window, mono)[:, None] * made.wave  # [C, N]
        for channel, sound in zip(change, window, strict=True):  # one at a time: spectra are large
            spectrum = (made.mask - 1) * mirrored_stft(sound[None], self._config)
            channel += mirrored_istft(spectrum, self._length, self._config)[0]
        return change


def _checked(made: Prescribed, magnitude: Array, mono: Array, name: str) -> Prescribed:
    shapes = made.mask.shape == magnitude.shape and made.wave.shape == mono.shape
    if not shapes or not (np.isfinite(made.mask).all() and np.isfinite(made.wave).all()):
        raise ModelError(f"Wanted a mask and a waveform of finite numbers of {name}, got others; use another model.")
    return made
