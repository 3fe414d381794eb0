"""How a result was made, and what became of everything else in the file."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

from limelight.app.pipeline import Highlighted
from limelight.app.report.words import decibels, escaped, kilohertz, number
from limelight.app.summary import picture_in_words, time_in_words
from limelight.mixing.controls import KEEP
from limelight.mixing.plan import MixPlan, PlannedControls
from limelight.mixing.remix import Remixed

_PACKAGES = {"limelight-audio": "Limelight", "av": "PyAV", "onnxruntime": "ONNX Runtime", "numpy": "NumPy"}
_MOST_LINES = 60


def made(result: Highlighted) -> str:
    """Two lists of terms: how it was made; what was copied, left out and noted."""
    plan, written = result.plan, result.written
    how = {
        "Model": f"{escaped(plan.model.name)}<br><code>sha256 {escaped(plan.model.sha256)}</code>",
        "Asked for": escaped(wishes(plan.controls)),
        "Whole mix": f"{decibels(plan.makeup_db)} on top of {_what_is_lifted(plan)}",
        "New soundtrack": escaped(_coded(result)),
        "Versions": escaped(versions()),
        "Time": escaped(time_in_words(result)),
    }
    kept = {
        "Picture": escaped(picture_in_words(result)),
        "Copied": _listed(written.copied, "nothing else was in the file"),
        "Left out": _listed(written.left_out, "nothing"),
        "Notes": _listed(result.notes, "none"),
    }
    return f"<h2>How it was made</h2>{_terms(how)}<h2>What became of the rest</h2>{_terms(kept)}"


def _what_is_lifted(plan: MixPlan | Remixed) -> str:
    return "what the model makes" if isinstance(plan, Remixed) else "the stems’ gains"


def wishes(controls: PlannedControls) -> str:
    """The controls as a sentence; offsets only where there are any."""
    offsets = {"speech": controls.speech_db, "music": controls.music_db, "effects": controls.effects_db}
    moved = [f"{stem} {decibels(db)}" for stem, db in offsets.items() if db]
    loudness = controls.loudness
    wished = f"loudness {loudness}" if isinstance(loudness, str) else f"loudness {number(loudness)} LUFS"
    parts = [f"strength {controls.strength:g}", *moved, "loudness kept" if loudness == KEEP else wished]
    return ", ".join([*parts, f"true peak at most {number(controls.true_peak_dbtp)} dBTP"])


def versions() -> str:
    """Of Limelight and what it stands on, as far as they are installed as packages."""
    found = []
    for package, name in _PACKAGES.items():
        try:
            found.append(f"{name} {version(package)}")
        except PackageNotFoundError:
            continue
    return ", ".join(found)


def _coded(result: Highlighted) -> str:
    written, track = result.written, result.soundtrack
    rate = f", {round(written.bit_rate / 1000)} kb/s" if written.bit_rate else ", lossless"
    return f"{written.codec} in {written.container}{rate}, {track.layout}, {kilohertz(track.sample_rate)}"


def _terms(terms: dict[str, str]) -> str:
    return '<dl class="made">' + "".join(f"<dt>{term}</dt><dd>{said}</dd>" for term, said in terms.items()) + "</dl>"


def _listed(lines: Sequence[str], nothing: str) -> str:
    if not lines:
        return nothing
    more = len(lines) - _MOST_LINES
    items = [escaped(line) for line in lines[:_MOST_LINES]] + ([f"and {more} more"] if more > 0 else [])
    return "<ul>" + "".join(f"<li>{item}</li>" for item in items) + "</ul>"
