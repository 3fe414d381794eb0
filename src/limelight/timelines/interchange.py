"""Timelines for everybody else: OpenTimelineIO, and tables that a spreadsheet opens.

OpenTimelineIO, .otio   Its schema knows clips, tracks and markers and no automation. Resolve keeps what is its own in the
                        metadata under "Resolve_OTIO", and reads it again: which clips are linked, and the volume of a clip
                        in dB, −100 to +30, with keyframes on frames from the clip's beginning. For other programs the same
                        keyframes stand under "limelight", in seconds.
Tables, .csv            stem, seconds, gain_db: a line for each keyframe, straight in dB between two. Beside it one of shots.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from limelight.timelines.keyframes import Keyframes, Played
from limelight.timelines.timeline import Stem, Timeline, file_url, printable
from limelight.types import Vector

SOFTEST_DB, LOUDEST_DB = -100.0, 30.0
COLUMNS = ("stem", "seconds", "gain_db")
SHOT_COLUMNS = ("start_seconds", "end_seconds", "start_timecode", "end_timecode", "shot", "note")
Json = dict[str, Any]


def otio(timeline: Timeline) -> str:
    """The timeline in the schema of OpenTimelineIO 0.15 and later."""
    children = [_picture(timeline)] if timeline.footage else []
    children += [_sound(timeline, stem) for stem in timeline.stems]
    stack = _object("Stack.1", "tracks", children=children, markers=_markers(timeline), effects=[])
    whole = _object(
        "Timeline.1",
        printable(timeline.name),
        global_start_time=_time(timeline, timeline.start_frame),
        tracks=stack | {"source_range": None, "enabled": True},
    )
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


def _object(schema: str, name: str, **values: Any) -> Json:
    return {"OTIO_SCHEMA": schema, "name": name, "metadata": values.pop("metadata", {})} | values


def _time(timeline: Timeline, frames: int) -> Json:
    return {"OTIO_SCHEMA": "RationalTime.1", "rate": float(timeline.rate.per_second), "value": float(frames)}


def _range(timeline: Timeline, start: int, frames: int) -> Json:
    times = {"start_time": _time(timeline, start), "duration": _time(timeline, frames)}
    return {"OTIO_SCHEMA": "TimeRange.1"} | times


def _track(timeline: Timeline, name: str, kind: str, clip: Json, *, lead: int) -> Json:
    gap = _object("Gap.1", "", source_range=_range(timeline, 0, lead), effects=[], markers=[], enabled=True)
    children = [gap, clip] if lead else [clip]
    return _object(
        "Track.1", name, kind=kind, children=children, source_range=None, effects=[], markers=[], enabled=True
    )


def _clip(timeline: Timeline, path: Path, start: int, frames: int, effects: list[Json]) -> Json:
    available = _range(timeline, start, frames)
    media = _object("ExternalReference.1", printable(path.name), available_range=available, target_url=file_url(path))
    return _object(
        "Clip.2",
        printable(path.stem),
        metadata={"Resolve_OTIO": {"Link Group ID": 1}},
        source_range=available,
        media_references={"DEFAULT_MEDIA": media | {"available_image_bounds": None}},
        active_media_reference_key="DEFAULT_MEDIA",
        effects=effects,
        markers=[],
        enabled=True,
    )


def _picture(timeline: Timeline) -> Json:
    footage = timeline.footage
    if footage is None:
        raise ValueError("a timeline without footage has no picture")
    clip = _clip(timeline, footage.path, timeline.start_frame + footage.first_frame, footage.frames, [])
    return _track(timeline, "picture", "Video", clip, lead=footage.first_frame)


def _sound(timeline: Timeline, stem: Stem) -> Json:
    clip = _clip(timeline, stem.path, 0, timeline.sound_frames, [_volume(timeline, stem)])
    return _track(timeline, stem.name, "Audio", clip, lead=0)


def _volume(timeline: Timeline, stem: Stem) -> Json:
    """The clip's volume as Resolve writes it, and as we do."""
    gains = [round(float(gain), 4) for gain in stem.keyframes.gains_db.clip(SOFTEST_DB, LOUDEST_DB)]
    frames = [timeline.rate.frames(float(seconds)) for seconds in stem.keyframes.times_seconds]
    points = {str(frame): {"Value": gain, "Variant Type": "Double"} for frame, gain in zip(frames, gains, strict=True)}
    parameter = {"Parameter ID": "volume", "Parameter Value": gains[0], "Default Parameter Value": 0.0}
    parameter |= {"Variant Type": "Double", "minValue": SOFTEST_DB, "maxValue": LOUDEST_DB}
    resolve = {"Effect Name": "Fairlight Clip Volume and Fades", "Name": "Volume", "Type": 62, "Display Type": 1}
    resolve |= {"Enabled": True, "Parameters": [parameter | {"Key Frames": points if len(points) > 1 else {}}]}
    times = (round(float(timeline.rate.seconds(frame)), 9) for frame in frames)
    ours = [{"seconds": seconds, "gain_db": gain} for seconds, gain in zip(times, gains, strict=True)]
    told = {"Resolve_OTIO": resolve, "limelight": {"interpolation": "straight in dB", "keyframes": ours}}
    return _object("Effect.1", "", metadata=told, effect_name="Resolve Effect", enabled=True)


def _markers(timeline: Timeline) -> list[Json]:
    marked = []
    for marker in timeline.markers:
        start, end = timeline.rate.frames(marker.start_seconds), timeline.rate.frames(marker.end_seconds)
        place = _range(timeline, start, max(0, end - start))
        told = {"Resolve_OTIO": {"Note": marker.note}}
        mark = _object("Marker.2", marker.name, metadata=told, marked_range=place, color="GREEN", comment=marker.note)
        marked.append(mark)
    return marked


def table(timeline: Timeline) -> str:
    """The keyframes as a table."""
    rows = [
        (stem.name, f"{seconds:.6f}", f"{gain:.4f}")
        for stem in timeline.stems
        for seconds, gain in zip(stem.keyframes.times_seconds, stem.keyframes.gains_db, strict=True)
    ]
    return _table(COLUMNS, rows)


def shot_table(timeline: Timeline) -> str:
    """The shots as a table."""
    rate, rows = timeline.rate, []
    for marker in timeline.markers:
        times = (marker.start_seconds, marker.end_seconds)
        codes = (rate.time_code(timeline.start_frame + rate.frames(at)) for at in times)
        rows.append((*(f"{at:.3f}" for at in times), *codes, marker.name, marker.note))
    return _table(SHOT_COLUMNS, rows)


def _table(columns: tuple[str, ...], rows: list[Any]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([columns, *rows])
    return text.getvalue()


def read_table(text: str, times_seconds: Vector) -> dict[str, Played]:
    """Gains at some times by stem. Commas or semicolons, points or commas in numbers, as the spreadsheets of many countries
    write them. Raises ValueError with the line that is wrong.
    """
    text = text.removeprefix("\ufeff")
    head = text.partition("\n")[0]
    separator = next((sign for sign in ";\t" if sign in head), ",")
    rows = csv.DictReader(io.StringIO(text), delimiter=separator)
    if missing := [name for name in COLUMNS if name not in (rows.fieldnames or ())]:
        raise ValueError(f"line 1: no column {', '.join(missing)}")
    points: dict[str, dict[float, float]] = {}
    for row in rows:
        try:
            stem, seconds, gain = (str(row[name]).strip() for name in COLUMNS)
            points.setdefault(stem.casefold(), {})[_number(seconds)] = _number(gain)
        except ValueError as error:
            raise ValueError(f"line {rows.line_num}: {error}") from error
    return {stem: _played(found, times_seconds) for stem, found in points.items()}


def _number(text: str) -> float:
    number = float(text.replace(",", "."))
    if not math.isfinite(number):
        raise ValueError(f"{text} is no number to work with")
    return number


def _played(points: Mapping[float, float], times_seconds: Vector) -> Played:
    times = np.array(sorted(points), np.float64)
    gains = Keyframes(times, np.array([points[time] for time in times], np.float64))
    return Played(gains.at(times_seconds), last_seconds=float(times[-1]))
