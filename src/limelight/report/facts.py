"""What came of a film, as facts that the summary on the terminal and the page share."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from limelight.api import Highlighted
from limelight.media.probe import counted
from limelight.mixing.controls import CEILING_DBTP, KEEP, target_of
from limelight.mixing.features import AUDIBLE_LUFS, NOTICEABLE_DB
from limelight.mixing.plan import MixPlan, PlannedControls, PlannedShot, finite_or_none
from limelight.mixing.render import levels_before
from limelight.models.directors.speech_first import RULES
from limelight.report.words import change, clock_time, decibels, duration, kilohertz, number, plain
from limelight.types import STEMS, SoundtrackInfo

_MOST_REASONS = 3
_PACKAGES = {"limelight-audio": "Limelight", "av": "PyAV", "onnxruntime": "ONNX Runtime", "numpy": "NumPy"}


@dataclass(frozen=True)
class StemChange:
    """The gain of one stem over a film."""

    mean_db: float
    min_db: float
    max_db: float

    @property
    def left_alone(self) -> bool:
        """Whether nobody would notice, anywhere in the film."""
        return max(abs(self.min_db), abs(self.max_db)) < NOTICEABLE_DB

    def __str__(self) -> str:
        return "left alone" if self.left_alone else decibels(self.mean_db)

    @property
    def range_in_words(self) -> str:
        """From where to where; nothing where that is one place."""
        low, high = number(self.min_db, sign=True), number(self.max_db, sign=True)
        return "" if low == high else f"{low} to {high}"


def stem_changes(plan: MixPlan) -> dict[str, StemChange]:
    """The gains of each stem, the make-up gain of the whole mix not counted; none where the model knows no stems."""
    if not plan.has_stems:
        return {}
    return {
        stem: StemChange(float(curve.mean()), float(curve.min()), float(curve.max()))
        for stem, curve in zip(STEMS, plan.curves_db, strict=True)
    }


def left_as_it_was(result: Highlighted) -> str:
    """That nothing was done, and why; nothing where something was done."""
    if not result.plan.changes_nothing:
        return ""
    why = "nothing to mend" if result.plan.controls.strength else "a strength of 0 was asked for"
    return f"left as it was: {why}"


def sound_in_words(result: Highlighted, track: SoundtrackInfo) -> str:
    """The written soundtrack: what it is coded in, and how it came there. `track`: as the written file tells it."""
    written = result.written
    rate = f", {round(written.bit_rate / 1000)} kb/s" if written.bit_rate else ", lossless"
    if written.sound_copied and not written.bit_rate:
        rate = ""  # the source does not tell
    how = "copied packet by packet" if written.sound_copied else "encoded"
    return f"{written.codec} in {written.container}{rate}, {track.layout}, {kilohertz(track.sample_rate)}, {how}"


def delivery_facts(result: Highlighted) -> dict[str, str]:
    """Levels before and after, measured on the written file, and whether they are what was asked for."""
    before, after = levels_before(result.plan.loudness), result.levels
    facts = {
        "loudness": change(before.loudness_lufs, after.loudness_lufs, "LUFS"),
        "range": change(before.range_lu, after.range_lu, "LU"),
        "true peak": change(before.true_peak_dbtp, after.true_peak_dbtp, "dBTP"),
    }
    if after.dialogue_lufs is not None:
        share = f", heard {round(100 * (after.speech_share or 0))} % of the time"
        facts["dialogue"] = change(before.dialogue_lufs, after.dialogue_lufs, "LUFS") + share
    met = target_met(result)
    if met is not None:
        facts["target"] = f"{target_named(result.plan.controls.loudness)}: {'met' if met else 'missed'}"
    return facts


def target_named(loudness: str | float) -> str:
    """A target by its name, or in LUFS."""
    try:
        return f"{float(loudness):g} LUFS".replace("-", "−")
    except ValueError:
        return str(loudness)


def target_met(result: Highlighted) -> bool | None:
    """Whether the written file is as loud as was asked for, and under the ceiling; None where nothing was asked for."""
    target, levels = target_of(result.plan.controls.loudness), result.levels
    if target is None:
        return None
    off = abs(levels.measured(target) - target.lufs_at(levels.speech_share or 0.0))
    return off <= target.tolerance_lu and levels.true_peak_dbtp <= result.plan.ceiling_dbtp


def picture_in_words(result: Highlighted) -> str:
    """What became of the picture."""
    if result.source.picture is None:
        return "none"
    return f"{counted(result.written.verified.picture_packets, 'packet')}, bit-identical"


def decider_in_words(plan: MixPlan) -> str:
    """Who decided on the gains, and by what."""
    if plan.director is None:
        return f"{plan.model.name} remixes in one step, without stems: there are none to show, hence no gains to show."
    if plan.director.name in (rule.name for rule in RULES):
        return (
            f"Decided by the rule {plan.director.name}, from the sound: speech that does not stand out while somebody speaks "
            "is brought forward. The picture is watched and described; it tells where scenes begin, and does not decide."
        )
    return f"Decided by the director {plan.director.name}."


def told_of(plan: MixPlan, shot: PlannedShot) -> dict[str, str]:
    """What was seen, decided, and how sure the director is."""
    told = {"Seen": seen_at_first(shot), "Decided": decided(shot) if shot.gains_db else ""}
    if shot.confidence is not None:
        told["Sure"] = f"{round(100 * shot.confidence)} %"
    return {term: said for term, said in told.items() if said}


def seen_at_first(shot: PlannedShot) -> str:
    """How close the picture is, which is the first that is told of it."""
    return shot.cues.get("camera focus", "").partition(";")[0].strip()


def decided(shot: PlannedShot) -> str:
    """Why the gains of a shot are what they are, without what the picture shows."""
    seen = seen_at_first(shot)
    return shot.reason.removeprefix(f"{seen}; ") if seen else shot.reason


def heard_in_words(shot: PlannedShot) -> str:
    """How loud each stem is, and how much of the time somebody speaks; nothing where that is not known."""
    levels = {stem: level for stem, level in (shot.heard_lufs or {}).items() if level > AUDIBLE_LUFS}
    said = [f"{stem} {level:.0f} LUFS".replace("-", "−") for stem, level in levels.items()]
    if shot.speech_present is not None:
        said.append(f"somebody speaks {round(100 * shot.speech_present)} % of the time")
    return ", ".join(said)


def controls_in_words(controls: PlannedControls) -> str:
    """What was asked for as a sentence; offsets only where there are any."""
    offsets = {"speech": controls.speech_db, "music": controls.music_db, "effects": controls.effects_db}
    moved = [f"{stem} {decibels(db)}" for stem, db in offsets.items() if db]
    loudness = controls.loudness
    wished = f"loudness {loudness}" if isinstance(loudness, str) else f"loudness {number(loudness)} LUFS"
    parts = [f"strength {controls.strength:g}", *moved, "loudness kept" if loudness == KEEP else wished]
    if controls.true_peak_dbtp is None:
        return ", ".join([*parts, f"true peak at most {number(CEILING_DBTP)} dBTP where anything is changed"])
    return ", ".join([*parts, f"true peak at most {number(controls.true_peak_dbtp)} dBTP"])


def time_in_words(result: Highlighted) -> str:
    """How long it took, against how long the film is."""
    spent, film = sum(result.stage_seconds.values()), result.source.duration_seconds
    said = f"{duration(spent)} for {clock_time(film)} of film"
    if spent <= 0 or film <= 0:
        return said
    return f"{said}, {film / spent:.1f} × faster" if film >= spent else f"{said}, {spent / film:.1f} × slower"


def reasons(result: Highlighted) -> list[str]:
    """Why the stems were moved, or that nothing needed mending: the longest reasons of the film first."""
    if said := left_as_it_was(result):
        return [said]
    lasting: dict[str, float] = {}
    for shot in result.plan.shots:
        lasting[decided(shot)] = lasting.get(decided(shot), 0.0) + shot.end_seconds - shot.start_seconds
    return sorted(lasting, key=lambda said: -round(lasting[said], 3))[:_MOST_REASONS]


def result_facts(result: Highlighted, *, page: Path | None = None) -> dict[str, object]:
    """What `--json` prints: the facts of the summary for a program: finite numbers (null for silence), keys that stay."""
    before, written = result.plan.loudness, result.written
    return {
        "source": plain(result.source.path, limit=5000),
        "dest": plain(result.dest, limit=5000),
        "duration_seconds": _finite(result.source.duration_seconds),
        "container": written.container,
        "codec": written.codec,
        "bit_rate": written.bit_rate,
        "loudness_before_lufs": _finite(before.before_lufs),
        "loudness_after_lufs": _finite(result.loudness_after_lufs),
        "true_peak_before_dbtp": _finite(before.true_peak_before_dbtp),
        "true_peak_after_dbtp": _finite(result.true_peak_after_dbtp),
        "loudness_range_before_lu": _finite(before.range_before_lu),
        "loudness_range_after_lu": _finite(result.levels.range_lu),
        "dialogue_before_lufs": _finite(before.dialogue_before_lufs),
        "dialogue_after_lufs": _finite(result.levels.dialogue_lufs),
        "speech_share": _finite(result.levels.speech_share),
        "target_met": target_met(result),
        "style": plain(result.plan.style["name"]) if result.plan.style else None,
        "tracks": None
        if result.plan.source.tracks is None
        else [one.model_dump() for one in result.plan.source.tracks],
        "gains_db": {
            stem: {"mean": _finite(gain.mean_db), "min": _finite(gain.min_db), "max": _finite(gain.max_db)}
            for stem, gain in stem_changes(result.plan).items()
        },
        "makeup_db": _finite(result.plan.makeup_db),
        "copied": [plain(words) for words in written.copied],
        "left_out": [plain(words) for words in written.left_out],
        "notes": [plain(note) for note in result.notes],
        "verified": {
            "picture_packets": written.verified.picture_packets,
            "sound_samples": written.verified.sound_samples,
            "start_drift_samples": written.verified.start_drift_samples,
            "sha256": {plain(words): digest for words, digest in written.verified.sha256.items()},
        },
        "model": {"name": plain(result.plan.model.name), "sha256": plain(result.plan.model.sha256)},
        "director": plain(result.plan.director.name) if result.plan.director else None,
        "left_as_it_was": result.plan.changes_nothing,
        "sound_copied": written.sound_copied,
        "why": [plain(said) for said in reasons(result)],
        "seconds": _rounded(result.stage_seconds),
        "report": plain(page, limit=5000) if page else None,
    }


def _finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else finite_or_none(value)


def _rounded(seconds: Mapping[str, float]) -> dict[str, float]:
    return {stage: round(spent, 3) for stage, spent in seconds.items()}


def versions_in_words() -> str:
    """Of Limelight and what it stands on, as far as they are installed as packages."""
    found = []
    for package, name in _PACKAGES.items():
        try:
            found.append(f"{name} {version(package)}")
        except PackageNotFoundError:
            continue
    return ", ".join(found)
