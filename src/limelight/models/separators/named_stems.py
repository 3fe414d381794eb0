"""How the stems of other separators, whatever they are called, become speech, music and effects that sum to the sound.

    speech, dialogue              speech
    vocals, voice, male, female   speech while somebody speaks, music else: singing is music
    music                         music
    all the rest                  split into music and effects by the packaged separator; effects where a music stem is given

What these separators were not trained for is not believed: in a film, the "drums" of a separator of songs hold explosions.
Whether somebody speaks is told by Silero's voice activity on the voices alone; it takes some singing for speech, and such
singing stays speech. Effects are what is left, so the sum is exact.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from limelight.audio.stft import Bands, StftConfig, istft, whole_frames
from limelight.errors import ModelError
from limelight.models.protocols import Separator
from limelight.models.voice_activity import SAMPLE_RATE, WINDOW_SECONDS, VoiceActivity, step_presence
from limelight.types import STEMS, Chunk, Samples, Separation

Array = NDArray[np.float32]
SPEECH = ("speech", "dialog", "dialogue")
VOICES = ("vocals", "voice", "male", "female", "lead vocals", "backing vocals")
MUSIC = ("music",)
HOLD_WINDOWS = 8  # a quarter of a second to either side: voice activity drops between words and at their ends


class ThreeStems:
    """Names to stems; `rest` tells music from effects where nobody else does."""

    def __init__(self, rest: Separator | None) -> None:
        self._rest, self._voice = rest, VoiceActivity()

    def of(self, named: Mapping[str, Samples], chunk: Chunk, *, hop: int) -> Separation:
        """Stems [C, N] of a chunk by their names, to what every separator answers. Raises ModelError without a voice."""
        speech, voices, music = (_sum(named, names) for names in (SPEECH, VOICES, MUSIC))
        if speech is None and voices is None:
            raise ModelError(
                f"Wanted a separator that gives speech or vocals, found stems {', '.join(named) or 'none'}; choose another."
            )
        heard = self._voice.presence(chunk.downmix @ _added(speech, voices))
        singing = None
        if voices is not None:
            spoken = voices * spoken_share(heard, voices.shape[1])
            speech, singing = _added(speech, spoken), voices - spoken
        if music is None:
            music = self._music_in(chunk.samples - _added(speech, singing), chunk)
        music = _added(music, singing)
        stems = np.stack([_added(speech, None), music, chunk.samples - _added(speech, music)]).astype(np.float32)
        steps = chunk.samples.shape[1] // hop - 1
        return Separation(presence=step_presence(heard, steps, hop=hop), stems=stems)

    def _music_in(self, sound: Samples, chunk: Chunk) -> Samples:
        """The music in what is no voice [C, N], by the masks that the other separator has for the whole chunk."""
        if self._rest is None:
            return np.zeros_like(sound)
        card, masks = self._rest.card, self._rest.separate(chunk).masks
        assert masks is not None, "the packaged separators answer with masks"
        music, effects = masks[STEMS.index("music")], masks[STEMS.index("effects")]
        share = Bands.of(card.band_edges, card.n_fft).of_bins(music / np.maximum(music + effects, np.float32(1e-6)))
        config = StftConfig(card.n_fft, card.hop)
        framed = np.pad(whole_frames(sound, config) * share.T, ((0, 0), (0, 0), (1, 1)))
        return istft(framed, sound.shape[1], config)


def spoken_share(presence: Array, samples: int) -> Array:
    """How much of the voices is speech, at each sample [N], from probabilities of each 32 ms."""
    held = np.pad(presence, HOLD_WINDOWS, mode="edge")
    held = np.lib.stride_tricks.sliding_window_view(held, 2 * HOLD_WINDOWS + 1).max(axis=1)
    middles = (np.arange(len(held)) + 0.5) * WINDOW_SECONDS * SAMPLE_RATE
    return np.asarray(np.interp(np.arange(samples), middles, held), np.float32)


def through_pairs(chunk: Chunk, ear: Callable[[Samples], Mapping[str, Samples]]) -> dict[str, Samples]:
    """Stems [C, N] by name, of an ear for two channels [2, N]: the first two together, each other one as both sides.

    Channels without weight in the downmix (low-frequency effects) are not asked for, and belong to no named stem.
    """
    heard = np.flatnonzero(chunk.downmix if chunk.downmix.any() else np.ones(len(chunk.downmix)))
    pairs = [heard[:2]] * (len(heard) > 1) + [heard[i : i + 1] for i in range(2 if len(heard) > 1 else 0, len(heard))]
    named: dict[str, Samples] = {}
    for pair in pairs:
        both = chunk.samples[np.resize(pair, 2)]
        for name, stem in ear(both).items():
            whole = named.setdefault(name, np.zeros_like(chunk.samples))
            whole[pair] = stem[: len(pair)] if len(pair) > 1 else stem.mean(axis=0)
    return named


def _sum(named: Mapping[str, Samples], names: tuple[str, ...]) -> Samples | None:
    found = [stem for name, stem in named.items() if name.lower().replace("_", " ") in names]
    return np.sum(found, axis=0) if found else None


def _added(first: Samples | None, second: Samples | None) -> Samples:
    """The sum of what there is."""
    parts = [part for part in (first, second) if part is not None]
    assert parts, "one of them is always there"
    return np.asarray(sum(parts[1:], parts[0]), np.float32)
