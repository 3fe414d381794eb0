"""Timelines for Final Cut Pro: FCPXML 1.10 (Apple's reference and DTD).

Times are fractions of a second; clips begin and end on frames, keyframes anywhere. Stems hang on the picture as connected clips
in lanes below it. Volume is in dB, from −96 to +12.
"""

from __future__ import annotations

from fractions import Fraction
from xml.etree.ElementTree import Element

from limelight.timelines.timeline import Footage, Stem, Timeline, add, document, file_url, printable

LOUDEST_DB = 12.0
SOFTEST_DB = -96.0
ROLES = {"speech": "dialogue", "music": "music", "effects": "effects"}
_AUDIO_RATES = {32_000: "32k", 44_100: "44.1k", 48_000: "48k", 88_200: "88.2k", 96_000: "96k", 192_000: "192k"}


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
        return _picture(spine, timeline, footage, offset=timeline.start_seconds), timeline.start_seconds
    gap = add(
        spine, "gap", offset=_time(timeline.start_seconds), start="0s", duration=_time(timeline.seconds), name="Gap"
    )
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
