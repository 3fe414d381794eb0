"""Separators of our own: networks that answer with three masks, in one sealed `.onnx` file. Two kinds, and its card says which.

MaskSeparator hears the mixture alone (`lite`):

    magnitude [1, T, F] ──► graph ──► masks [1, K, T, L], which sum to 1 over K

InformedSeparator is told what pretrained ears make of the mixture: what is speech in it, and what kinds of sound it is. It
learns when to trust them, and shares the rest out to music and effects (`networks.stem_separator` says how):

    chunk ──► downmix ──► DeepFilterNet3, Silero ──► speech, voice
                ├──► YAMNet ──► kinds
                └──► powers of the mixture, the speech, the rest and the side ──► graph ──► masks, presence

    power [1, 4, T, L], voice [1, T], kinds [1, T, 1024] ──► masks [1, K, T, L]; presence [1, T / P, K], 0…1

Machines, foley and song are at times taken for a voice by one of them. So somebody speaks where all agree (`agreed`). The other
way round, the network never learnt speech with digital silence around it, and calls that effects. So where DeepFilterNet3 keeps
nearly everything and a voice is near, speech is what DeepFilterNet3 says (`alone`).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from limelight.audio.loudness import k_weight_response
from limelight.audio.stft import Bands, Spectra, StftConfig, istft, whole_frames
from limelight.errors import ModelError
from limelight.models.card import Card, SealedFile, check_graph, open_sealed
from limelight.models.separators.pretrained_ear import WIDTH, Mono, PretrainedEar, SoundKinds, kinds_at, told_gain
from limelight.models.voice_activity import VoiceActivity, step_presence
from limelight.runtime import run_session
from limelight.types import STEMS, Chunk, Separation

Array = NDArray[np.float32]


class MaskSeparator:
    """Hears the mono downmix at the card's programme level; its masks hold for every channel."""

    def __init__(self, file: SealedFile) -> None:
        """Raises ModelError where the graph is not what the card says."""
        self._card, self._session = file.card, file.session
        self._config, self._bands = (
            StftConfig(self.card.n_fft, self.card.hop),
            Bands.of(self.card.band_edges, self.card.n_fft),
        )
        self._voice = VoiceActivity()
        check_graph(
            file, kind="separator", inputs={"magnitude": (1, None, self.card.n_fft // 2 + 1)}, outputs=["masks"]
        )

    @property
    def card(self) -> Card:
        return self._card

    def separate(self, chunk: Chunk) -> Separation:
        spectra = whole_frames(chunk.mono[None], self._config)  # [1, F, T]
        masks = self.masks(spectra[0].T)
        of_speech = self._bands.of_bins(masks[STEMS.index("speech")])  # [T, F]
        # The frames lie between the chunk's ends, where the inverse wants one on each.
        framed = np.pad(spectra * of_speech.T, ((0, 0), (0, 0), (1, 1)))
        speech = istft(framed, chunk.samples.shape[1], self._config)
        heard = self._voice.presence(speech[0])
        return Separation(presence=step_presence(heard, masks.shape[1], hop=self.card.hop), masks=masks)

    def masks(self, spectra: Spectra) -> Array:
        """Of the spectra [T, F] of a mono chunk, [K, T, L]."""
        magnitude = np.sqrt(np.square(spectra.real) + np.square(spectra.imag))
        steps = len(magnitude)
        behind = -steps % int(self.card.config.get("steps_multiple", 1))
        window = np.pad(magnitude, ((0, behind), (0, 0))).astype(np.float32, copy=False)
        (masks,) = run_session(
            self._session, ["masks"], {"magnitude": np.ascontiguousarray(window)[None]}, model=self._card.name
        )
        if masks.shape[:3] != (1, len(STEMS), len(window)):
            raise ModelError(f"The model {self._card.name} answers in another shape than its card's; install it again.")
        return np.asarray(masks[0][:, :steps])


# Of the spectra of an informed separator: lines of one bin each up to 3 kHz, then each so much wider than the one before.
SAMPLE_RATE, N_FFT, HOP = 48_000, 2048, 1024
SINGLE_HERTZ, WIDENING = 3000.0, 1.026
TOLD = ("mixture", "speech", "rest", "side")  # whose mean powers by band the network is told, in this order
SPEECH, REST = TOLD.index("speech"), TOLD.index("rest")
VOICE_NEAR_SECONDS = 1.0  # a voice is told by its syllables; a network that hears longer fills the gaps between them
FAINTEST_DB, SPEAKS, HARDLY = (
    -16.0,
    0.5,
    0.4,
)  # of `agreed`: speech against the rest; presence over which it counts; at most
ALONE_DB = 10.0  # of `alone`: speech against the rest
STEPS_MULTIPLE, TOLD_KEY = "steps_multiple", "told"  # of a card's config: P, and TOLD where the network is told so


class InformedSeparator:
    """Hears the mono downmix at the card's programme level; its masks hold for every channel."""

    def __init__(self, file: SealedFile, *, threads: int | None = None) -> None:
        """Raises ModelError where the graph is not what the card says, or the ear's weights are missing."""
        self._card, self._session = file.card, file.session
        self._config = StftConfig(self.card.n_fft, self.card.hop)
        self._bands = Bands.of(self.card.band_edges, self.card.n_fft)
        self._multiple = int(self.card.config.get(STEPS_MULTIPLE, 1))
        self._ear, self._kinds = PretrainedEar(threads=threads or 1), SoundKinds(threads=threads or 1)
        inputs = {"power": (1, len(TOLD), None, len(self._bands)), "voice": (1, None), "kinds": (1, None, WIDTH)}
        check_graph(file, kind="separator", inputs=inputs, outputs=["masks", "presence"])

    @property
    def card(self) -> Card:
        return self._card

    def separate(self, chunk: Chunk) -> Separation:
        mono = chunk.mono
        heard = self._ear.hear(mono)
        powers = told_powers(mono, heard.speech, side_of(chunk), self._config, self._bands)
        steps = powers.shape[1]
        seconds = np.arange(1, steps + 1) * self.card.hop / self.card.sample_rate
        kinds = kinds_at(self._kinds.hear(mono * told_gain(mono)), seconds)
        voice = heard.voice_at(seconds)
        masks, presence = self._answer(powers, voice, kinds)
        edges = np.array(self._bands.edges)
        hertz = (edges[:-1] + edges[1:] - 1) / 2 * self.card.sample_rate / self.card.n_fft
        speech, rest = powers[[SPEECH, REST]] @ (k_weight_response(hertz) * np.diff(edges))
        reach = round(VOICE_NEAR_SECONDS * self.card.sample_rate / self.card.hop)
        heard_presence = agreed(presence[:, STEMS.index("speech")], voice, speech, rest, reach=reach)
        by_ear = alone(voice, speech, rest, reach=reach)
        return Separation(
            presence=np.where(by_ear, np.maximum(heard_presence, voice), heard_presence),
            masks=np.where(by_ear[:, None], at_least(masks, powers[SPEECH], powers[REST]), masks),
        )

    def _answer(self, powers: Array, voice: Array, kinds: Array) -> tuple[Array, Array]:
        """Masks [K, T, L] and presence [T, K] of powers [4, T, L], voice [T] and kinds [T, 1024]."""
        steps = len(voice)
        behind = -steps % self._multiple
        told = {
            "power": np.pad(powers, ((0, 0), (0, behind), (0, 0)))[None],
            "voice": np.pad(voice, (0, behind))[None],
            "kinds": np.pad(kinds, ((0, behind), (0, 0)))[None],
        }
        masks, presence = run_session(self._session, ["masks", "presence"], told, model=self._card.name)
        whole = steps + behind
        if masks.shape[:3] != (1, len(STEMS), whole) or presence.shape != (1, whole // self._multiple, len(STEMS)):
            raise ModelError(f"The model {self._card.name} answers in another shape than its card's; install it again.")
        return masks[0][:, :steps], presence[0].repeat(self._multiple, axis=0)[:steps]


def agreed(presence: Array, voice: Array, speech: Array, rest: Array, *, reach: int) -> Array:
    """How likely somebody speaks [T], where the network [T], the voice's activity [T] near by, and DeepFilterNet3 agree.

    speech, rest: K-weighted powers [T] of what DeepFilterNet3 keeps and leaves; what lies deeper than −16 dB all through a
    chunk is no evidence. reach: steps to either side in which a voice is near.
    """
    found = np.minimum(presence, _around(voice, reach).max(axis=1))
    spoken = found > SPEAKS
    if spoken.any() and speech[spoken].sum() <= 10 ** (FAINTEST_DB / 10) * rest[spoken].sum():
        found = np.minimum(found, np.float32(HARDLY))
    return np.asarray(found, np.float32)


def alone(voice: Array, speech: Array, rest: Array, *, reach: int) -> NDArray[np.bool_]:
    """Where there is hardly anything but speech [T], by DeepFilterNet3 and the voice's activity; as `agreed` is told."""
    power = [_around(one, reach).sum(axis=1) for one in (speech, rest)]
    near = _around(voice, reach).max(axis=1) > SPEAKS
    return np.asarray(near & (power[0] > 10 ** (ALONE_DB / 10) * power[1]))


def at_least(masks: Array, speech: Array, rest: Array) -> Array:
    """Masks [K, T, L] that give speech what powers [T, L] of speech and rest say, or more; the others share what is left."""
    ear = speech / np.maximum(speech + rest, np.float32(1e-20))
    more = np.maximum(masks[0], ear)
    left = (1 - more) / np.maximum(1 - masks[0], np.float32(1e-6))
    return np.concatenate([more[None], masks[1:] * np.minimum(left, 1)])


def _around(x: Array, reach: int) -> Array:
    """What lies within some steps of each, [T, 2 · reach + 1]."""
    return sliding_window_view(np.pad(x, reach), 2 * reach + 1)


def open_masks(
    path: Path, *, threads: int | None = None, device: str | None = None
) -> MaskSeparator | InformedSeparator:
    """The separator in a sealed file, whichever of the two its card says it is. Raises ModelError."""
    file = open_sealed(path, threads=threads, device=device)
    if TOLD_KEY in file.card.config:
        return InformedSeparator(file, threads=threads)
    return MaskSeparator(file)


def line_edges(
    *, n_fft: int = N_FFT, single_hertz: float = SINGLE_HERTZ, widening: float = WIDENING
) -> NDArray[np.int64]:
    """Where the lines of a spectrum begin, as numbers of its bins, and where the last one ends: [L + 1]."""
    bins = n_fft // 2 + 1
    edges = list(range(min(bins, round(single_hertz * n_fft / SAMPLE_RATE)) + 1))
    place = float(edges[-1])
    while edges[-1] < bins:
        place *= widening
        edges.append(min(bins, max(round(place), edges[-1] + 1)))
    return np.array(edges)


def told_powers(mono: Mono, speech: Mono, side: Mono, config: StftConfig, bands: Bands) -> Array:
    """Mean power of a bin by band, [4, T, L], of a mixture [N], its speech, what is left, and its side."""
    spectra = whole_frames(np.stack([mono, speech, mono - speech, side]), config).transpose(0, 2, 1)  # [4, T, F]
    power = np.square(spectra.real) + np.square(spectra.imag)
    return np.asarray(bands.sums(power) / np.diff(bands.edges).astype(np.float32), np.float32)


def side_of(chunk: Chunk) -> Mono:
    """What does not lie in the middle, [N]: half the difference of two channels, as weighted for the downmix.

    Nothing where there is one channel, or more than two: of those the network knows the downmix alone.
    """
    if len(chunk.samples) != 2:
        return np.zeros(chunk.samples.shape[1], np.float32)
    left, right = chunk.downmix[:, None] * chunk.samples
    return np.asarray(left - right, np.float32)
