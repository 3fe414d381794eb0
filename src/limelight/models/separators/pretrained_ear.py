"""What ears that were trained on hundreds of hours say of a mixture: its speech, and when somebody speaks.

DeepFilterNet3 (Schröter et al. 2023) makes the speech, Silero's voice activity hears it. Ours is how both are told: a clip
by itself, after its own first second played backwards (their running means want a second to settle), DeepFilterNet3 at a
level held by a slow gain, Silero at one gain for the clip. A separator that learnt from these answers must be given the
very same ones, so training and films both call this.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from limelight.models.separators.deepfilter import SpeechFilter
from limelight.models.voice_activity import WINDOW_SECONDS, VoiceActivity

Mono = NDArray[np.float32]

TOLD_RMS_DB = -20.0  # where both hear best
WARM_SAMPLES = 31 * 1536  # a second, in whole windows of Silero's
_MOST_GAIN = 100.0  # 40 dB


@dataclass(frozen=True)
class HeardSpeech:
    """The answer to one clip."""

    speech: Mono  # [N], aligned with the clip and at its level
    voice: Mono  # [⌈N / 1536⌉], 0…1, one for each 32 ms

    def voice_at(self, seconds: NDArray[np.floating]) -> Mono:
        """The voice's activity at some times of the clip, [T]."""
        windows = (seconds / WINDOW_SECONDS).astype(int)
        return np.asarray(self.voice[np.clip(windows, 0, len(self.voice) - 1)])


class PretrainedEar:
    """Both networks, loaded once."""

    def __init__(self, *, threads: int = 1) -> None:
        """Raises ModelError where weights are missing."""
        self._filter = SpeechFilter(threads=threads, level_db=TOLD_RMS_DB)
        self._voice = VoiceActivity()

    def hear(self, clip: Mono) -> HeardSpeech:
        """A mono clip [N] at 48 kHz."""
        warm = min(WARM_SAMPLES, len(clip) // 1536 * 1536)
        speech = self._filter.speech_of(np.concatenate([clip[:warm][::-1], clip]))
        voice = self._voice.presence(speech * told_gain(clip))
        return HeardSpeech(speech[warm:], voice[warm // 1536 :])


def told_gain(clip: Mono) -> np.float32:
    """What brings a clip to the level at which it is told; 40 dB at the most."""
    level = 10 ** (TOLD_RMS_DB / 20)
    root_mean_square = float(np.sqrt(np.square(clip, dtype=np.float64).mean())) if len(clip) else 0.0
    return np.float32(level / max(root_mean_square, level / _MOST_GAIN))
