"""Cues: the table of numbers that the picture says, and one shot in words.

The numbers that the picture says, each with its meaning, unit and scale: one table.

The six kinds are SemMix's cues (camera focus, tone, scene background, appearance, emotion, sound-related
elements). SemMix asks a vision-language model for them in words; ours are measured, so each is a number first.

A raw value is brought to 0…1 by a straight line between `at_zero` and `at_one`, or, where ratios are what the
eye sees, by a straight line in its logarithm; what lies outside is clipped. A second without a picture is all zeros.

The names and their order are the input of a neural network and are stored with it: append, never rename.

One shot in words: SemMix's six kinds of cue, each phrase with the number behind it.

Words are thresholds on the numbers of the catalogue, nothing more: no feeling is guessed, no sound invented, and
where the evidence is thin the words say so.
"""

from __future__ import annotations

from collections.abc import Mapping
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


NO_PICTURE: Mapping[str, str] = dict.fromkeys(KINDS, "no picture")
Steps = tuple[tuple[float, str], ...]  # (upper limit, word), rising

SCALES: Steps = ((0.14, "wide shot"), (0.26, "medium shot"), (0.45, "medium close-up"), (9, "close-up"))
SHARP: Steps = ((0.16, "soft"), (0.26, "fairly sharp"), (9, "sharp"))
KEY: Steps = ((0.06, "black"), (0.3, "low key, dark"), (0.58, "mid key"), (9, "high key, bright"))
CONTRAST: Steps = ((0.3, "flat contrast"), (0.65, "medium contrast"), (9, "strong contrast"))
WARMTH: Steps = ((-0.08, "cool"), (0.08, "neutral"), (9, "warm"))
SATURATION: Steps = ((0.04, "no colour"), (0.2, "pale colours"), (0.45, "natural colours"), (9, "rich colours"))
DETAIL: Steps = ((0.1, "plain"), (0.35, "moderately detailed"), (9, "richly textured"))
PACE: Steps = ((0.05, "no cuts near"), (0.22, "slow cutting"), (0.5, "brisk cutting"), (99, "rapid cutting"))
MOTION: Steps = (
    (0.002, "hardly anything moves"),
    (0.01, "little motion"),
    (0.03, "lively motion"),
    (9, "strong motion"),
)
TALKS = 0.012  # face heights; the opening of a mouth that talks differs by more within half a second


def describe(raw: Mapping[str, float], *, duration_seconds: float, impact_seconds: float = 0.0) -> dict[str, str]:
    """Put the raw numbers of one shot (name → value in the catalogue's unit) into words, one phrase per kind.

    `impact_seconds` is the film's time of the shot's strongest impact.
    """
    if raw["picture"] == 0:
        return dict(NO_PICTURE)
    return {
        "camera focus": _focus(raw),
        "tone": _tone(raw),
        "scene background": _background(raw),
        "appearance": _appearance(raw),
        "emotion": _emotion(raw, duration_seconds),
        "sound-related elements": _sound(raw, impact_seconds),
    }


def _word(value: float, steps: Steps) -> str:
    return next(word for limit, word in steps if value < limit)


def _focus(raw: Mapping[str, float]) -> str:
    if raw["face_present"] >= 0.3:
        scale = f"{_word(raw['face_height'], SCALES)}, largest face {raw['face_height']:.2f} of the picture's height"
    else:
        scale = "a face for a moment" if raw["face_present"] > 0 else "no face seen"
    sharp = f"{_word(raw['sharpness'], SHARP)} (fine detail {100 * raw['sharpness']:.0f} %)"
    ratio = raw["centre_focus"]
    if ratio > 1.5:
        where = f"sharpest in the centre ({ratio:.1f}×)"
    elif ratio < 1 / 1.5:
        where = f"sharpest towards the edges ({1 / ratio:.1f}×)"
    else:
        where = f"evenly from centre to edge ({ratio:.1f}×)"
    return f"{scale}; {sharp}, {where}"


def _tone(raw: Mapping[str, float]) -> str:
    return (
        f"{_word(raw['key'], KEY)} (mean luma {raw['key']:.2f}); "
        f"{_word(raw['contrast'], CONTRAST)} ({raw['contrast']:.2f}); "
        f"{_word(raw['warmth'], WARMTH)} ({raw['warmth']:+.2f}), "
        f"{_word(raw['saturation'], SATURATION)} (saturation {raw['saturation']:.2f})"
    )


def _background(raw: Mapping[str, float]) -> str:
    ground = f"{_word(raw['detail'], DETAIL)} (detail {raw['detail']:.2f})"
    if raw["camera"] > 0.08:
        ground += f", moving with the camera ({raw['camera']:.2f} picture heights/s)"
    elif raw["camera"] > 0.012:
        ground += f", the camera moves slowly ({raw['camera']:.3f} picture heights/s)"
    elif raw["stillness"] > 0.9:
        ground += f", static ({100 * raw['stillness']:.0f} % of the picture unchanged)"
    else:
        ground += f", partly moving ({100 * raw['stillness']:.0f} % of the picture unchanged)"
    return f"{ground}; {_place(raw)}"


def _place(raw: Mapping[str, float]) -> str:
    signs = [f"{what} {raw[name]:.2f}" for name, what in (("sky", "open sky"), ("greenery", "greenery"))]
    signs = [sign for sign, name in zip(signs, ("sky", "greenery"), strict=True) if raw[name] > 0.1]
    outdoors = raw["sky"] > 0.15 or raw["greenery"] > 0.3 or raw["sky"] + raw["greenery"] > 0.3
    place = f"outdoors by {' and '.join(signs)} of the picture" if outdoors else "no evidence for indoors or outdoors"
    if raw["night"] > 0.5:
        return f"{place}; night or unlit (darkness {raw['night']:.2f})"
    return f"{place}; daylight" if outdoors and raw["key"] > 0.3 else place


def _appearance(raw: Mapping[str, float]) -> str:
    faces = raw["face_count"] / max(raw["face_present"], 1e-9)
    if raw["face_present"] >= 0.3:
        number = "one face" if faces < 1.5 else f"about {faces:.0f} faces"
        who = f"{number}, in sight {100 * raw['face_present']:.0f} % of the shot"
    elif raw["face_present"] > 0:
        who = f"a face for a moment ({100 * raw['face_present']:.0f} % of the shot)"
    else:
        who = "no face seen"
    return f"{who}; lettering on {100 * raw['text']:.1f} % of the picture" if raw["text"] > 0.006 else who


def _emotion(raw: Mapping[str, float], duration_seconds: float) -> str:
    light = f"flickering light ({raw['flicker']:.3f})" if raw["flicker"] > 0.03 else "steady light"
    return (
        f"{_word(raw['pace'], PACE)} ({raw['pace']:.2f} cuts/s, this shot {duration_seconds:.1f} s); "
        f"{_word(raw['motion'], MOTION)} ({raw['motion']:.3f}); {light}"
    )


def _sound(raw: Mapping[str, float], impact_seconds: float) -> str:
    said = []
    if raw["face_present"] >= 0.3:
        speaks = "a mouth moves" if raw["mouth"] > TALKS else "the mouth is still"
        said.append(f"{speaks} ({100 * raw['mouth']:.1f} % of the face's height)")
    if raw["flash"] > 0.1:
        said.append(f"a flash ({raw['flash']:.2f})")
    if raw["impact"] > 0.5:
        said.append(f"sudden motion or flash at {impact_seconds:.1f} s (strength {raw['impact']:.1f})")
    if raw["sustained_motion"] > 0.008:
        said.append(f"motion goes on ({raw['sustained_motion']:.3f}, {100 * raw['moving_share']:.0f} % of the picture)")
    elif raw["motion"] > 0.006:
        said.append(f"something moves now and then ({raw['motion']:.3f})")
    if abs(raw["zoom"]) > 0.1:
        said.append(f"the camera comes {'nearer' if raw['zoom'] > 0 else 'away'} ({raw['zoom']:+.2f} octaves/s)")
    return "; ".join(said) or f"nothing that would sound is seen (motion {raw['motion']:.3f})"
