"""The numbers that the picture says, each with its meaning, unit and scale: one table.

The six kinds are SemMix's cues (camera focus, tone, scene background, appearance, emotion, sound-related
elements). SemMix asks a vision-language model for them in words; ours are measured, so each is a number first.

A raw value is brought to 0…1 by a straight line between `at_zero` and `at_one`, or, where ratios are what the
eye sees, by a straight line in its logarithm; what lies outside is clipped. A second without a picture is all zeros.

The names and their order are the input of a neural network and are stored with it: append, never rename.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from limelight.types import Vector

KINDS = ("camera focus", "tone", "scene background", "appearance", "emotion", "sound-related elements")


@dataclass(frozen=True)
class Cue:
    """One number: what it is called, what it means, and how it comes to lie in 0…1."""

    name: str
    kind: str  # one of KINDS
    meaning: str
    unit: str
    at_zero: float
    at_one: float
    line: Literal["straight", "logarithm"] = "straight"
    gather: Literal["mean", "max", "faces"] = "mean"  # over a second or shot; "faces": over pictures with one

    def scaled(self, raw: Vector) -> Vector:
        """Raw values [...] brought to 0…1 [...]."""
        low, high = self.at_zero, self.at_one
        if self.line == "logarithm":
            raw, low, high = np.log(np.maximum(raw, low)), float(np.log(low)), float(np.log(high))
        return np.clip((raw - low) / (high - low), 0.0, 1.0)

    def unscaled(self, value: float) -> float:
        """The raw value of one in 0…1; what was clipped stays at the end of the line."""
        if self.line == "logarithm":
            return float(self.at_zero * (self.at_one / self.at_zero) ** value)
        return self.at_zero + value * (self.at_one - self.at_zero)


CUES = (
    Cue("picture", "appearance", "a picture is shown at all", "share of the time", 0, 1),
    # Camera focus
    Cue("face_present", "camera focus", "a face is in sight", "share of the time", 0, 1),
    Cue("face_height", "camera focus", "height of the largest face", "picture heights", 0, 1, gather="faces"),
    Cue(
        "face_centred",
        "camera focus",
        "nearness of the largest face to the middle",
        "1 middle, 0 corner",
        0,
        1,
        gather="faces",
    ),
    Cue(
        "shot_scale",
        "camera focus",
        "wide to close-up, by the largest face",
        "picture heights",
        0.06,
        0.6,
        "logarithm",
        gather="faces",
    ),
    Cue("sharpness", "camera focus", "fine detail within all detail", "share of energy", 0, 0.5),
    Cue("centre_focus", "camera focus", "sharpness of the middle over the border's", "ratio", 0.25, 4, "logarithm"),
    # Tone
    Cue("key", "tone", "mean luma: low key to high key", "full scale", 0, 1),
    Cue("contrast", "tone", "luma between the darkest and brightest 5 %", "full scale", 0, 1),
    Cue("shadows", "tone", "area darker than 0.12", "share of the picture", 0, 1),
    Cue("highlights", "tone", "area brighter than 0.85", "share of the picture", 0, 1),
    Cue("warmth", "tone", "red over blue: 0.5 is neutral", "(R − B) / (R + G + B)", -0.3, 0.3),
    Cue("saturation", "tone", "colourfulness", "(max − min) / max", 0, 0.8),
    # Scene background
    Cue("detail", "scene background", "area with edges or texture", "share of the picture", 0, 0.8),
    Cue("stillness", "scene background", "area that does not change", "share of the picture", 0, 1),
    Cue("greenery", "scene background", "area of plant green", "share of the picture", 0, 0.7),
    Cue("sky", "scene background", "smooth bright bluish area from the upper edge", "share of the picture", 0, 0.7),
    Cue("night", "scene background", "how little light even the brighter parts have", "1 black, 0 day", 0, 1),
    # Appearance
    Cue("face_count", "appearance", "faces in sight at once", "faces", 0, 4),
    Cue("skin", "appearance", "area of skin colour (wood and sand look alike)", "share of the picture", 0, 0.5),
    Cue("text", "appearance", "area of line-like groups of small strokes on plain ground", "share", 0, 0.08),
    # Emotion: only what can be seen
    Cue("pace", "emotion", "cuts within 5 s to either side", "cuts per second", 0, 1),
    Cue("since_cut", "emotion", "time since the shot began", "seconds", 0.5, 60, "logarithm"),
    Cue("flicker", "emotion", "change of light from picture to picture", "full scale", 0, 0.1),
    # Sound-related elements
    Cue("motion", "sound-related elements", "change left when the camera's motion is taken out", "luma", 0, 0.08),
    Cue("moving_share", "sound-related elements", "area that moves by itself", "share of the picture", 0, 0.6),
    Cue("camera", "sound-related elements", "speed of the camera", "picture heights per second", 0.01, 2, "logarithm"),
    Cue("zoom", "sound-related elements", "coming nearer: 0.5 is none", "octaves per second", -1, 1),
    Cue("impact", "sound-related elements", "sudden motion or flash", "1 is strong", 0, 1, gather="max"),
    Cue("sustained_motion", "sound-related elements", "motion that goes on for 2 s", "luma", 0, 0.06),
    Cue("flash", "sound-related elements", "sudden brightening", "full scale", 0, 0.4, gather="max"),
    Cue(
        "mouth",
        "sound-related elements",
        "how much a mouth's opening changes within half a second",
        "face heights",
        0,
        0.06,
        gather="faces",
    ),
)
CUE_NAMES = tuple(cue.name for cue in CUES)


def scale_all(raw: Vector) -> NDArray[np.float32]:
    """Raw values [T, D], one column a cue, brought to 0…1."""
    columns = [cue.scaled(raw[:, d]) for d, cue in enumerate(CUES)]
    return np.stack(columns, axis=1).astype(np.float32)
