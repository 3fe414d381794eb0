"""Timelines for editors of pictures: Final Cut Pro 7's XML, which Premiere and Resolve read, and FCPXML of Final Cut Pro.

xmeml 5 (Apple, "Final Cut Pro XML Interchange Format")
    Times are whole frames. A stereo file lies on two tracks, one for each channel; Premiere puts those back together that
    say so. The parameter Level of the effect Audio Levels is an amplitude, at most 3.98 (+12 dB).

FCPXML 1.10 (Apple's reference and DTD)
    Times are fractions of a second; clips begin and end on frames, keyframes anywhere. Stems hang on the picture as connected
    clips in lanes below it. Volume is in dB, from −96 to +12.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from limelight.audio.layouts import db_to_gain
from limelight.timelines.timeline import Footage, FrameRate, Stem, Timeline, printable

LOUDEST_DB = 12.0
LOUDEST_LEVEL = "3.98109"
SOFTEST_DB = -96.0
FILM, SEQUENCE = "file-film", "sequence-1"
ROLES = {"speech": "dialogue", "music": "music", "effects": "effects"}
_AUDIO_RATES = {32_000: "32k", 44_100: "44.1k", 48_000: "48k", 88_200: "88.2k", 96_000: "96k", 192_000: "192k"}
_TRACK_TYPES = {1: "Mono", 2: "Stereo", 6: "5.1"}


def document(root: Element, doctype: str) -> str:
    """An XML file; editors look for the line that names its kind."""
    ElementTree.indent(root, " ")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{doctype}\n{ElementTree.tostring(root, encoding="unicode")}\n'


def add(parent: Element, tag: str, text: object = None, **attributes: object) -> Element:
    """A child with its text."""
    child = SubElement(parent, tag, {name: str(value) for name, value in attributes.items()})
    if text is not None:
        child.text = str(text)
    return child


def file_url(path: Path, host: str = "") -> str:
    """The address of a file, wherever it lies."""
    return path.absolute().as_uri().replace("file://", f"file://{host}", 1)


def xmeml(timeline: Timeline) -> str:
    """The timeline for Premiere, as Final Cut Pro 7 wrote them."""
    root = Element("xmeml", version="5")
    sequence = add(root, "sequence", id=SEQUENCE)
    add(sequence, "name", printable(timeline.name))
    add(sequence, "duration", timeline.frames)
    _rate(sequence, timeline.rate)
    _time_code(sequence, timeline.rate, timeline.start_frame)
    media = add(sequence, "media")
    _video(add(media, "video"), timeline)
    _audio(add(media, "audio"), timeline)
    for marker in timeline.markers:
        mark = add(sequence, "marker")
        add(mark, "name", marker.name)
        add(mark, "comment", marker.note)
        add(mark, "in", timeline.rate.frames(marker.start_seconds))
        add(mark, "out", timeline.rate.frames(marker.end_seconds))
    return document(root, "<!DOCTYPE xmeml>")


def _rate(parent: Element, rate: FrameRate) -> None:
    element = add(parent, "rate")
    add(element, "timebase", rate.timebase)
    add(element, "ntsc", "TRUE" if rate.ntsc else "FALSE")


def _time_code(parent: Element, rate: FrameRate, frame: int) -> None:
    element = add(parent, "timecode")
    _rate(element, rate)
    add(element, "string", rate.time_code(frame))
    add(element, "frame", frame)
    add(element, "displayformat", "DF" if rate.drop else "NDF")


def _video(video: Element, timeline: Timeline) -> None:
    """One track with the film's picture; without one, none."""
    footage = timeline.footage
    if footage is None:
        return
    characteristics = add(add(video, "format"), "samplecharacteristics")
    _rate(characteristics, timeline.rate)
    add(characteristics, "width", footage.width)
    add(characteristics, "height", footage.height)
    track = add(video, "track")
    clip = add(track, "clipitem", id="clip-picture")
    _clip(clip, footage.path.name, timeline.rate, footage.first_frame, footage.frames)
    _film(clip, timeline, footage)
    _links(clip, timeline)
    _usable(track)


def _film(clip: Element, timeline: Timeline, footage: Footage) -> None:
    """The film's file, whose first picture has its own time code."""
    file = add(clip, "file", id=FILM)
    add(file, "name", printable(footage.path.name))
    add(file, "pathurl", file_url(footage.path, "localhost"))
    _rate(file, timeline.rate)
    add(file, "duration", footage.frames)
    _time_code(file, timeline.rate, timeline.start_frame + footage.first_frame)
    characteristics = add(add(add(file, "media"), "video"), "samplecharacteristics")
    add(characteristics, "width", footage.width)
    add(characteristics, "height", footage.height)


def _audio(audio: Element, timeline: Timeline) -> None:
    """A track for each channel of each stem."""
    add(audio, "numOutputChannels", timeline.channels)
    _sound(add(audio, "format"), timeline)
    outputs = add(audio, "outputs")
    for channel in range(1, timeline.channels + 1):
        group = add(outputs, "group")
        add(group, "index", channel)
        add(group, "numchannels", 1)
        add(group, "downmix", 0)
        add(add(group, "channel"), "index", channel)
    kind = _TRACK_TYPES.get(timeline.channels, "Mono")
    for stem in timeline.stems:
        for channel in range(timeline.channels):
            exploded = {"currentExplodedTrackIndex": channel, "totalExplodedTrackCount": timeline.channels}
            track = add(audio, "track", premiereTrackType=kind, **exploded)
            clip = add(track, "clipitem", id=_clip_id(stem, channel), premiereChannelType=kind.lower())
            _stem(clip, timeline, stem, channel)
            _usable(track)
            add(track, "outputchannelindex", channel + 1)


def _stem(clip: Element, timeline: Timeline, stem: Stem, channel: int) -> None:
    """One channel of a stem with its keyframes."""
    _clip(clip, stem.path.name, timeline.rate, 0, timeline.sound_frames)
    file = add(clip, "file", id=f"file-{stem.name}")
    if channel == 0:  # named again, it is not described again
        add(file, "name", printable(stem.path.name))
        add(file, "pathurl", file_url(stem.path, "localhost"))
        _rate(file, timeline.rate)
        add(file, "duration", timeline.sound_frames)
        described = add(add(file, "media"), "audio")
        _sound(described, timeline)
        add(described, "channelcount", timeline.channels)
    source = add(clip, "sourcetrack")
    add(source, "mediatype", "audio")
    add(source, "trackindex", channel + 1)
    _levels(clip, timeline, stem)
    _links(clip, timeline)


def _levels(clip: Element, timeline: Timeline, stem: Stem) -> None:
    effect = add(add(clip, "filter"), "effect")
    add(effect, "name", "Audio Levels")
    for name in ("effectid", "effectcategory", "effecttype"):
        add(effect, name, "audiolevels")
    add(effect, "mediatype", "audio")
    level = add(effect, "parameter", authoringApp="PremierePro")
    add(level, "parameterid", "level")
    add(level, "name", "Level")
    add(level, "valuemin", 0)
    add(level, "valuemax", LOUDEST_LEVEL)
    amplitudes = db_to_gain(stem.keyframes.gains_db)
    add(level, "value", f"{amplitudes[0]:.7f}")
    if len(stem.keyframes) == 1:
        return
    for seconds, amplitude in zip(stem.keyframes.times_seconds, amplitudes, strict=True):
        keyframe = add(level, "keyframe")
        add(keyframe, "when", timeline.rate.frames(seconds))
        add(keyframe, "value", f"{amplitude:.7f}")


def _clip(clip: Element, name: str, rate: FrameRate, start: int, frames: int) -> None:
    add(clip, "name", printable(name))
    add(clip, "enabled", "TRUE")
    add(clip, "duration", frames)
    _rate(clip, rate)
    for tag, frame in (("start", start), ("end", start + frames), ("in", 0), ("out", frames)):
        add(clip, tag, frame)


def _links(clip: Element, timeline: Timeline) -> None:
    """What is selected, moved and cut together: the picture and all stems."""
    for name, kind, track in _linked(timeline):
        link = add(clip, "link")
        add(link, "linkclipref", name)
        add(link, "mediatype", kind)
        add(link, "trackindex", track)
        add(link, "clipindex", 1)


def _linked(timeline: Timeline) -> Iterator[tuple[str, str, int]]:
    if timeline.footage:
        yield "clip-picture", "video", 1
    for number, stem in enumerate(timeline.stems):
        for channel in range(timeline.channels):
            yield _clip_id(stem, channel), "audio", number * timeline.channels + channel + 1


def _clip_id(stem: Stem, channel: int) -> str:
    return f"clip-{stem.name}-{channel + 1}"


def _sound(parent: Element, timeline: Timeline) -> None:
    characteristics = add(parent, "samplecharacteristics")
    add(characteristics, "depth", 32)
    add(characteristics, "samplerate", timeline.sample_rate)


def _usable(track: Element) -> None:
    add(track, "enabled", "TRUE")
    add(track, "locked", "FALSE")


def fcpxml(timeline: Timeline) -> str:
    """The timeline for Final Cut Pro."""
    root = Element("fcpxml", version="1.10")
    _resources(add(root, "resources"), timeline)
    event = add(add(root, "library"), "event", name=printable(timeline.name))
    layout = {1: "mono", 2: "stereo"}.get(timeline.channels, "surround")
    rate = _AUDIO_RATES.get(timeline.sample_rate)
    sequence = add(
        add(event, "project", name=printable(timeline.name)),
        "sequence",
        format="r1",
        duration=_time(timeline.seconds),
        tcStart=_time(timeline.start_seconds),
        tcFormat="DF" if timeline.rate.drop else "NDF",
        audioLayout=layout,
        **({"audioRate": rate} if rate else {}),
    )
    primary, zero = _primary(add(sequence, "spine"), timeline)
    for lane, stem in enumerate(timeline.stems, 1):
        _connected(primary, timeline, stem, zero=zero, lane=-lane)
    for marker in timeline.markers:
        start = timeline.rate.seconds(timeline.rate.frames(marker.start_seconds))
        frame = _time(timeline.rate.seconds(1))
        add(primary, "marker", start=_time(zero + start), duration=frame, value=marker.name, note=marker.note)
    return document(root, "<!DOCTYPE fcpxml>")


def _resources(resources: Element, timeline: Timeline) -> None:
    footage, sound = timeline.footage, {"audioSources": 1, "audioChannels": timeline.channels}
    size = {"width": footage.width, "height": footage.height} if footage else {}
    add(resources, "format", id="r1", frameDuration=_time(timeline.rate.seconds(1)), **size)
    if footage:
        start = timeline.rate.seconds(timeline.start_frame + footage.first_frame)
        asset = add(
            resources,
            "asset",
            id="r2",
            name=printable(footage.path.stem),
            start=_time(start),
            duration=_time(timeline.rate.seconds(footage.frames)),
            hasVideo=1,
            format="r1",
            videoSources=1,
            hasAudio=1,
            audioRate=timeline.sample_rate,
            **(sound | {"audioSources": footage.soundtracks}),
        )
        add(asset, "media-rep", kind="original-media", src=file_url(footage.path))
    for number, stem in enumerate(timeline.stems, 3):
        asset = add(
            resources,
            "asset",
            id=f"r{number}",
            name=printable(stem.path.stem),
            start="0s",
            duration=f"{timeline.samples}/{timeline.sample_rate}s",
            hasAudio=1,
            audioRate=timeline.sample_rate,
            **sound,
        )
        add(asset, "media-rep", kind="original-media", src=file_url(stem.path))


def _primary(spine: Element, timeline: Timeline) -> tuple[Element, Fraction]:
    """What all else hangs on, and the time on its own clock where the timeline begins: the picture, or a gap."""
    footage = timeline.footage
    if footage and footage.first_frame == 0:
        return _picture(spine, timeline, footage, offset=Fraction(0)), timeline.start_seconds
    gap = add(spine, "gap", offset="0s", start="0s", duration=_time(timeline.seconds), name="Gap")
    if footage:
        _picture(gap, timeline, footage, offset=timeline.rate.seconds(footage.first_frame)).set("lane", "1")
    return gap, Fraction(0)


def _picture(parent: Element, timeline: Timeline, footage: Footage, *, offset: Fraction) -> Element:
    """The film without its sound."""
    return add(
        parent,
        "asset-clip",
        ref="r2",
        offset=_time(offset),
        name=printable(footage.path.stem),
        start=_time(timeline.rate.seconds(timeline.start_frame + footage.first_frame)),
        duration=_time(timeline.rate.seconds(footage.frames)),
        srcEnable="video",
        format="r1",
    )


def _connected(primary: Element, timeline: Timeline, stem: Stem, *, zero: Fraction, lane: int) -> None:
    """A stem in a lane below the picture, with its role and keyframes."""
    gains = stem.keyframes.gains_db.clip(SOFTEST_DB, LOUDEST_DB)
    clip = add(
        primary,
        "asset-clip",
        ref=f"r{2 - lane}",
        lane=lane,
        offset=_time(zero),
        name=printable(stem.path.stem),
        start="0s",
        duration=_time(timeline.rate.seconds(timeline.sound_frames)),
        audioRole=ROLES[stem.name],
    )
    volume = add(clip, "adjust-volume", amount=f"{gains[0]:.4f}dB")
    if len(stem.keyframes) == 1:
        return
    animation = add(add(volume, "param", name="amount"), "keyframeAnimation")
    for seconds, gain in zip(stem.keyframes.times_seconds, gains, strict=True):
        time = Fraction(round(seconds * timeline.sample_rate), timeline.sample_rate)
        add(animation, "keyframe", time=_time(time), value=f"{gain:.4f}dB", curve="linear")


def _time(seconds: Fraction) -> str:
    """A time as FCPXML writes it."""
    return f"{seconds.numerator}s" if seconds.denominator == 1 else f"{seconds.numerator}/{seconds.denominator}s"
