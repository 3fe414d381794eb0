"""Editors as the tests know them: each reads a timeline with a reader that is not ours, and plays it by its own law.

OpenTimelineIO and its adapters read .otio, .xml and .fcpxml, the package rpp reads .rpp, ElementTree .sesx, csv .csv.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from urllib.parse import unquote, urlparse
from xml.etree import ElementTree

import av
import numpy as np
import opentimelineio as otio
import rpp

Points = list[tuple[float, float]]


@dataclass(frozen=True)
class Strip:
    """A file with points of a curve that is straight in the editor's units."""

    path: Path
    points: Points  # seconds, in the editor's units
    start_seconds: float = 0.0
    seconds: float = math.inf


@dataclass(frozen=True)
class Session:
    """What an editor has opened."""

    strips: list[Strip]
    amplitude: Callable[[np.ndarray], np.ndarray]  # of the editor's units
    master: float = 1.0  # amplitude

    def play(self, sample_rate: int) -> np.ndarray:
        """The mix, [C, N]."""
        mix = None
        for strip in self.strips:
            sound = wav(strip.path)
            times = np.arange(sound.shape[1]) / sample_rate
            inside = times < strip.seconds
            gain = self.amplitude(np.interp(times, *zip(*strip.points, strict=True))) * inside * self.master
            assert strip.start_seconds == 0
            mix = sound * gain if mix is None else mix + sound * gain
        assert mix is not None
        return mix


def from_db(values: np.ndarray) -> np.ndarray:
    return 10 ** (values / 20)


def from_fader(positions: np.ndarray) -> np.ndarray:
    """Audition: 0.65 is 0 dB, a power below, its mirror image above; 1 is +15 dB."""
    power = 15 / 20 / math.log10(0.65 / 0.3)
    return np.where(positions <= 0.65, (positions / 0.65) ** power, ((1.3 - positions) / 0.65) ** -power)


def wav(path: Path) -> np.ndarray:
    """[C, N] as it lies in the file."""
    with av.open(str(path)) as container:
        assert container.streams.audio[0].codec_context.name == "pcm_f32le"
        frames = [frame.to_ndarray() for frame in container.decode(audio=0)]
        channels = container.streams.audio[0].channels
    return np.concatenate(frames, axis=1).reshape(-1, channels).T.astype(np.float64)


def local(url: str) -> Path:
    return Path(unquote(urlparse(url).path))


def premiere(path: Path) -> Session:
    """Keyframes on frames, straight in amplitude. The tracks of a file's channels are put together again, as Premiere does."""
    timeline = otio.adapters.read_from_file(str(path), adapter_name="fcp_xml")
    strips = []
    for track in timeline.audio_tracks():
        (clip,) = track.find_clips()
        (effect,) = clip.effects
        told = effect.metadata["fcp_xml"]["parameter"]
        rate = clip.source_range.duration.rate
        rate = rate if rate == int(rate) else round(rate) / 1.001
        frames = told.get("keyframe", [{"when": "0", "value": told["value"]}])
        points = [(int(frame["when"]) / rate, float(frame["value"])) for frame in frames]
        assert max(value for _, value in points) <= float(told["valuemax"])
        assert track.metadata["fcp_xml"]["@totalExplodedTrackCount"] == clip_channels(path)
        seconds = clip.source_range.duration.value / rate
        strips.append(Strip(local(clip.media_reference.target_url), points, seconds=seconds))
    return Session(strips, lambda values: values)


def clip_channels(path: Path) -> str:
    """How many channels a file has, by the project."""
    return ElementTree.parse(path).findtext(".//audio/channelcount", "")


def fcpxml(path: Path) -> Session:
    """Keyframes anywhere, straight in dB."""
    root = ElementTree.parse(path).getroot()
    sources = {asset.get("id"): local(asset.find("media-rep").get("src")) for asset in root.iter("asset")}
    strips = []
    for clip in root.iter("asset-clip"):
        volume = clip.find("adjust-volume")
        if volume is None:
            continue
        found = [(seconds(one.get("time")), decibels(one.get("value"))) for one in volume.iter("keyframe")]
        points = found or [(0.0, decibels(volume.get("amount")))]
        strips.append(Strip(sources[clip.get("ref")], points, seconds=seconds(clip.get("duration"))))
    return Session(strips, from_db)


def seconds(text: str) -> float:
    return float(Fraction(text.removesuffix("s")))


def decibels(text: str) -> float:
    return float(text.removesuffix("dB"))


def opentimelineio(path: Path) -> Session:
    """Resolve's keyframes on frames of the clip, straight in dB; ours beside them say the same."""
    timeline = otio.adapters.read_from_file(str(path))
    strips = []
    for track in timeline.audio_tracks():
        (clip,) = track.find_clips()
        (effect,) = clip.effects
        (volume,) = effect.metadata["Resolve_OTIO"]["Parameters"]
        rate = clip.source_range.duration.rate
        found = volume["Key Frames"] or {"0": {"Value": volume["Parameter Value"]}}
        points = sorted((int(frame) / rate, one["Value"]) for frame, one in found.items())
        ours = [(one["seconds"], one["gain_db"]) for one in effect.metadata["limelight"]["keyframes"]]
        np.testing.assert_allclose(points, ours, atol=1e-6)
        strips.append(
            Strip(local(clip.media_reference.target_url), points, seconds=clip.source_range.duration.to_seconds())
        )
    return Session(strips, from_db)


def reaper(path: Path) -> Session:
    """Points anywhere, straight in amplitude."""
    project = rpp.loads(path.read_text(encoding="utf-8"))
    strips = []
    for track in project.findall(".//TRACK"):
        if float(line(track, "VOLPAN")[1]) == 0:
            continue
        item, envelope = track.find(".//ITEM"), track.find(".//VOLENV2")
        points = [(float(one[1]), float(one[2])) for one in envelope.children if one[0] == "PT"]
        file = path.parent / line(item.find(".//SOURCE"), "FILE")[1]
        start, length = float(line(item, "POSITION")[1]), float(line(item, "LENGTH")[1])
        strips.append(Strip(file, points, start_seconds=start, seconds=length))
    return Session(strips, lambda values: values, float(line(project, "MASTER_VOLUME")[1]))


def line(block: rpp.Element, name: str) -> list[str]:
    return next(one for one in block.children if isinstance(one, list) and one[0] == name)


def audition(path: Path) -> Session:
    """Keyframes on samples, straight along the fader."""
    root = ElementTree.parse(path).getroot()
    rate = int(root.find("session").get("sampleRate"))
    sources = {file.get("id"): path.parent / file.get("relativePath") for file in root.iter("file")}
    strips = []
    for clip in root.iter("audioClip"):
        found = clip.iter("parameterKeyframe")
        points = [(int(one.get("sampleOffset")) / rate, float(one.get("value"))) for one in found]
        strips.append(Strip(sources[clip.get("fileID")], points, seconds=int(clip.get("endPoint")) / rate))
    master = root.find(".//masterTrack//parameter[@name='volume']")
    return Session(strips, from_fader, float(master.get("parameterValue")))


def table(path: Path) -> Session:
    """Points straight in dB; the make-up gain stays in the plan."""
    points: dict[str, Points] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            points.setdefault(row["stem"], []).append((float(row["seconds"]), float(row["gain_db"])))
    strips = [Strip(path.with_name(f"{path.stem}.{stem}.wav"), found) for stem, found in points.items()]
    return Session(strips, from_db)


PLAYERS = {
    "premiere": premiere,
    "fcpxml": fcpxml,
    "otio": opentimelineio,
    "reaper": reaper,
    "audition": audition,
    "csv": table,
}
