"""The axis of frequency as a model's masks have it: *lines*, one bin each where the ear is keen and then wider.

All bins of a line share one mask, so powers are summed over lines before masks weigh them, and masks are told bin by
bin only where spectra are multiplied: a fifth of the numbers. The NumPy twin of `networks/lines.py`, but for the places
of the edges, which the model's card tells.

Where a film turns to something else. What lies on either side is heard and decided by itself: a model that learnt from
single scenes should not mix one by the picture of the next.

A soundtrack of any length, heard through a model that hears ten seconds: overlapping windows, cross-faded.

    window 0   ├────────────────────────┤
    window 1                   ├────────────────────────┤
    weight     ──────────────────╲╱─────────────────╲╱────     masks and gains fade linearly over the overlap

Masks that sum to 1 still do when faded. The last window reaches back, so that no window is shorter than it must be.
Where the film turns to something else (`turns.py`), it is as if one soundtrack ended and another began.
The model hears a mono downmix at 48 kHz and at one programme level; its masks are applied to every channel.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from limelight.audio.k_weighting import k_weight_response
from limelight.audio.layouts import channel_names, db_to_gain
from limelight.audio.resample import ResampleStream
from limelight.audio.stft import Spectra, StftConfig, StftStream
from limelight.errors import ModelError
from limelight.models.card import ModelCard
from limelight.models.separator import Heard, Model
from limelight.types import Cues, Samples, Vector

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Lines:
    """Neighbouring bins taken together."""

    edges: tuple[int, ...]  # bin numbers [N + 1], from 0 to F

    @classmethod
    def of(cls, card: ModelCard) -> Lines:
        """Those of a model; one a bin where its card tells none."""
        return cls(card.line_edges or tuple(range(card.n_fft // 2 + 2)))

    def __len__(self) -> int:
        return len(self.edges) - 1

    def sums(self, values: Array) -> Array:
        """[…, F] to […, N]: powers or magnitudes of bins to those of lines."""
        if len(self) == values.shape[-1]:
            return values
        return np.add.reduceat(values, self.edges[:-1], axis=-1)

    def of_bins(self, values: Array) -> Array:
        """[…, N] to […, F]: each bin gets what its line has."""
        if len(self) == self.edges[-1]:
            return values
        return np.repeat(values, np.diff(self.edges), axis=-1)


SHORTEST_SECONDS = 3.0  # between two turns; the model wants a moment to judge
GLANCE_SECONDS = 5.0  # what is compared on either side
APART = 1.0  # Euclidean distance of the cues' means, each cue from 0 to 1; within a scene it is mostly less (EXPERIMENTS.md)


def turns_of(cues: Cues) -> tuple[float, ...]:
    """The cuts, in seconds, behind which the picture says something else than before; a cut within a scene is none."""
    turns: list[float] = []
    if len(cues.values) == 0:
        return ()
    for shot in cues.shots[1:]:
        cut, last = shot.start_seconds, turns[-1] if turns else 0.0
        before = _mean(cues, max(last, cut - GLANCE_SECONDS), cut)
        after = _mean(cues, cut, cut + GLANCE_SECONDS)
        if cut - last >= SHORTEST_SECONDS and float(np.linalg.norm(after - before)) > APART:
            turns.append(cut)
    return tuple(turns)


def _mean(cues: Cues, start_seconds: float, end_seconds: float) -> Vector:
    rows = rows_within(start_seconds, end_seconds, len(cues.values))
    return np.asarray(cues.values[rows].mean(axis=0, dtype=np.float64))


def rows_within(start_seconds: float, end_seconds: float, count: int) -> NDArray[np.int64]:
    """Numbers of the cues' rows, of `count`, whose second's middle lies in a stretch; one at least, if there are any."""
    first = min(math.ceil(start_seconds - 0.5), count - 1)
    last = min(math.ceil(end_seconds - 0.5), count)
    return np.arange(max(0, first), max(last, first + 1))


def at_turns(spectra: Iterable[Spectra], turns: Iterable[int]) -> Iterator[tuple[Spectra, bool]]:
    """Spectra [C, F, t]… cut at these steps; with each piece, whether something else begins behind it."""
    position, ahead = 0, sorted({turn for turn in turns if turn > 0}, reverse=True)
    for piece in spectra:
        while ahead and ahead[-1] < position + piece.shape[2]:
            count = ahead.pop() - position
            yield piece[:, :, :count], True
            piece, position = piece[:, :, count:], position + count
        yield piece, False
        position += piece.shape[2]


OVERLAP_STEPS = 96  # 2 s
WINDOW_STEPS = 5 * OVERLAP_STEPS  # 10.2 s
POWER_FLOOR = 1e-7  # −70 LUFS
Numbers = NDArray[np.uint16]
MASK_NUMBER = np.dtype(np.uint16)
HIGHEST_NUMBER = 65_535  # stands for a mask of 1

# From a window's start in seconds, what was heard in it and the stems' levels [L, 2 K], to gains in dB [L, G].
Direct = Callable[[float, Heard, Array], Array]


@dataclass(frozen=True)
class Passage:
    """A stretch of steps that will not change any more."""

    first_step: int
    spectra: Spectra  # [C, F, T], of the channels at the model's rate
    numbers: Numbers  # [K, T, N], the masks as they are kept
    gains_db: Array  # [L, G], one row per token, as they were directed; zeros [L, K] where nobody directs

    @property
    def masks(self) -> Array:
        """Of lines, [K, T, N]; they sum to 1 as nearly as their numbers allow."""
        return np.asarray(self.numbers * np.float32(1 / HIGHEST_NUMBER))


def numbers_of(masks: Array) -> Numbers:
    """Masks 0…1 as 16-bit numbers of even steps, so that keeping them loses nothing: none moves by more than −102 dB.

    16-bit floats would take the same room and be coarser from 1/16 on.
    """
    numbers: Numbers = np.rint(masks * np.float32(HIGHEST_NUMBER)).astype(MASK_NUMBER)
    return numbers


def downmix_weights(layout: str) -> Array:
    """How much of each channel reaches the model's mono ear, [C]: all alike, but nothing of the low-frequency effects."""
    weights = np.array([name not in ("LFE", "LFE2") for name in channel_names(layout)], np.float32)
    return weights / max(1.0, float(weights.sum()))


def programme_scale(card: ModelCard, mono_lufs: float) -> float:
    """What brings the downmix to the level at which the model was trained; silence is left alone."""
    return float(db_to_gain(np.clip(card.programme_lufs - mono_lufs, -60, 60))) if mono_lufs > -70 else 1.0


def squared_magnitude(spectra: Spectra) -> Array:
    """|X|²; without the root that np.abs would take, and take its time over."""
    return np.asarray(np.square(spectra.real) + np.square(spectra.imag))


def mono_magnitude(spectra: Spectra, weights: Array) -> Array:
    """Magnitudes [T, F] of the weighted sum of channels [C, F, T]."""
    mono = np.zeros((spectra.shape[2], spectra.shape[1]), np.complex64)
    for channel, weight in zip(spectra, weights, strict=True):
        if weight:
            mono += weight * channel.T
    return np.sqrt(squared_magnitude(mono))


def token_levels(masks: Array, magnitude: Array, card: ModelCard) -> Array:
    """What the model's director is told of the stems per token, [K, T, N] and [T, F] to [L, 2 K] in LUFS.

    First each stem's loudness as its mask cuts it out, Σ M²|X|², then its share of the power, Σ M|X|²; apart, they say how
    sure the masks are. One-sided |STFT|² · 4 / n_fft² is the mean square per bin under a √Hann window; the rest is BS.1770's
    weighting.
    """
    hertz = np.arange(card.n_fft // 2 + 1) * card.sample_rate / card.n_fft
    weights = (k_weight_response(hertz) * 4 / card.n_fft**2).astype(np.float32)
    weighted = Lines.of(card).sums(np.square(magnitude) * weights)  # [T, N]
    power = np.concatenate(
        [np.einsum("ktn,ktn,tn->kt", masks, masks, weighted), np.einsum("ktn,tn->kt", masks, weighted)]
    )
    power = power.reshape(len(power), -1, card.steps_per_token).mean(2)
    levels: Array = (-0.691 + 10 * np.log10(power.T + POWER_FLOOR)).astype(np.float32)
    return levels


def hear(
    blocks: Iterable[Samples],
    model: Model,
    *,
    sample_rate: int,
    layout: str,
    mono_lufs: float,
    direct: Direct | None,
    turns_seconds: Sequence[float] = (),
) -> Iterator[Passage]:
    """Blocks [C, n] of a soundtrack to passages, in order and without gaps; no window looks over a turn.

    Raises ModelError for a model whose tokens do not fit the windows, Unsupported for an unknown layout.
    """
    card = model.card
    if OVERLAP_STEPS % card.steps_per_token:
        raise ModelError(
            f"Wanted a model whose tokens divide {OVERLAP_STEPS} steps, {card.name} has tokens of "
            f"{card.steps_per_token}; use another one."
        )
    weights = downmix_weights(layout) * np.float32(programme_scale(card, mono_lufs))
    windows = _Windows(model, weights, direct)
    turns = (round(seconds / card.token_seconds) * card.steps_per_token for seconds in turns_seconds)
    for spectra, turns_here in at_turns(spectra_of(blocks, card, sample_rate=sample_rate, layout=layout), turns):
        yield from windows.push(spectra)
        if turns_here:
            yield from windows.finish()
            windows = windows.anew()
    yield from windows.finish()


def spectra_of(blocks: Iterable[Samples], card: ModelCard, *, sample_rate: int, layout: str) -> Iterator[Spectra]:
    """Blocks [C, n] to spectra [C, F, t] of each channel at the model's rate, in order and without gaps."""
    channels = len(channel_names(layout))
    resampler = ResampleStream(sample_rate, card.sample_rate, channels)
    stft = StftStream(channels, StftConfig(card.n_fft, card.hop))
    for block in blocks:
        yield stft.push(resampler.push(block))
    yield stft.push(resampler.finish())
    yield stft.finish()


class _Windows:
    """Cuts spectra into windows, runs the model on each and fades one into the next."""

    def __init__(self, model: Model, weights: Array, direct: Direct | None, start: int = 0) -> None:
        self._model, self._weights, self._direct = model, weights, direct
        self._start = start  # step at which the next window begins
        self._pending: list[Spectra] = []  # from `_start` on
        self._magnitudes: list[Array] = []  # what the model hears of them, [t, F] each
        self._count = 0  # steps in them
        self._before: Array | None = None  # magnitudes of the steps before `_start`, for the last window
        self._tail: tuple[Array, Array] | None = None  # masks and gains of the steps at `_start` that fade out

    def anew(self) -> _Windows:
        """Of what follows, without a memory."""
        return _Windows(self._model, self._weights, self._direct, self._start)

    def push(self, spectra: Spectra) -> Iterator[Passage]:
        # In pieces, so that a film in one block is not copied again for each of its windows.
        for first in range(0, spectra.shape[2], OVERLAP_STEPS):
            piece = spectra[:, :, first : first + OVERLAP_STEPS]
            self._pending.append(piece)
            self._magnitudes.append(mono_magnitude(piece, self._weights))
            self._count += piece.shape[2]
            # One step more than a window: the last window is left to `finish`.
            if self._count > WINDOW_STEPS:
                yield self._window(WINDOW_STEPS - OVERLAP_STEPS)

    def finish(self) -> Iterator[Passage]:
        if self._count:
            yield self._window(self._count)

    def _window(self, emit: int) -> Passage:
        """Runs the model on the window at `_start`, gives its first `emit` steps and keeps the rest."""
        spectra, magnitude = np.concatenate(self._pending, axis=2), np.concatenate(self._magnitudes)
        masks, gains = self._run(magnitude[:WINDOW_STEPS])
        tokens = -(-emit // self._model.card.steps_per_token)
        passage = Passage(self._start, spectra[:, :, :emit], numbers_of(masks[:, :emit]), gains[:tokens])
        self._tail = (masks[:, emit:], gains[tokens:])
        self._before = magnitude[:emit]
        self._pending, self._magnitudes = [spectra[:, :, emit:]], [magnitude[emit:]]
        self._count -= emit
        self._start += emit
        return passage

    def _run(self, magnitude: Array) -> tuple[Array, Array]:
        """Masks [K, t, N] and gains [l, G] of magnitudes [t, F], faded in from the window before."""
        per_token = self._model.card.steps_per_token
        steps = len(magnitude)
        missing = WINDOW_STEPS - steps
        behind = (-steps) % per_token
        reach = 0
        if missing and self._before is not None:
            reach = min(len(self._before), missing) // per_token * per_token
        ahead = self._before[len(self._before) - reach :] if self._before is not None else magnitude[:0]
        window = np.concatenate([ahead, magnitude, np.zeros((behind, magnitude.shape[1]), np.float32)])
        heard = self._model.separate(window)
        gains = np.zeros((len(window) // per_token, len(heard.masks)), np.float32)
        if self._direct:
            levels = token_levels(heard.masks, window, self._model.card)
            start_seconds = (self._start - reach) * self._model.card.hop / self._model.card.sample_rate
            gains = self._direct(start_seconds, heard, levels)
        masks, gains = heard.masks[:, reach : reach + steps], gains[reach // per_token :]
        if self._tail is not None:
            masks = faded(self._tail[0], masks, axis=1)
            gains = faded(self._tail[1], gains, axis=0)
        return masks, gains


def faded(old: Array, new: Array, *, axis: int) -> Array:
    """`new`, its beginning faded in from `old` along one axis."""
    n = min(old.shape[axis], new.shape[axis])
    shape = [1] * new.ndim
    shape[axis] = n
    weight = ((np.arange(n, dtype=np.float32) + 0.5) / n).reshape(shape)
    head = (slice(None),) * axis + (slice(0, n),)
    out = new.copy()
    out[head] = weight * new[head] + (1 - weight) * old[head]
    return out
