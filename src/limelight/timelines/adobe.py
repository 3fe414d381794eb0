"""Timelines for Adobe's editors: Premiere (and Resolve) by the XML of Final Cut Pro 7, Audition by its sessions.

xmeml 5 (Apple, "Final Cut Pro XML Interchange Format")
    Times are whole frames. A stereo file lies on two tracks, one for each channel; Premiere puts those back together that
    say so. The parameter Level of the effect Audio Levels is an amplitude, at most 3.98 (+12 dB).

sesx 1.9
    Times are samples; a keyframe of a clip's volume is a position of its fader, straight between two. Adobe publishes no
    schema: this one is what the public readers and writers of such sessions agree on.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from limelight.audio.convert import db_to_gain
from limelight.timelines.keyframes import fader_position
from limelight.timelines.timeline import Footage, FrameRate, Stem, Timeline, add, document, file_url, printable

PREMIERE_LOUDEST_DB, AUDITION_LOUDEST_DB = 12.0, 15.0
AUDITION_CHANNELS = {1: "mono", 2: "stereo", 6: "5.1"}
LOUDEST_LEVEL = "3.98109"
FILM, SEQUENCE = "file-film", "sequence-1"
_MASTER = 10_000  # the id of Audition's master track
_TRACK_TYPES = {1: "Mono", 2: "Stereo", 6: "5.1"}


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


def audition(timeline: Timeline) -> str:
    """The timeline as a session of Audition. The picture is not in it: nobody has published how it is written."""
    root = Element("sesx", version="1.9")
    kind = AUDITION_CHANNELS[timeline.channels]
    session = add(
        root,
        "session",
        appBuild="limelight",
        appVersion="25.2",
        audioChannelType=kind,
        bitDepth=32,
        duration=timeline.samples,
        sampleRate=timeline.sample_rate,
    )
    add(session, "name", printable(timeline.name))
    tracks = add(session, "tracks")
    for number, stem in enumerate(timeline.stems, 1):
        track = _session_track(tracks, "audioTrack", number, stem.name, kind)
        _session_clip(track, timeline, stem, number)
    _session_track(tracks, "masterTrack", len(timeline.stems) + 1, "Mix", kind, gain_db=timeline.master_db)
    state = add(session, "sessionState", ctiPosition=0, smpteStart=0)
    add(state, "mixingOptionState", defaultPanModeLogarithmic="true", panPower=-3, playOverlappingClips="false")
    add(session, "xmpMetadata", _markers_xmp(timeline))
    files = add(root, "files")
    for number, stem in enumerate(timeline.stems, 1):
        place = {"absolutePath": stem.path.absolute(), "relativePath": stem.path.name}
        add(files, "file", id=number, mediaHandler="AmioWav", **place)
    return document(root, "<!DOCTYPE sesx>")


def _session_track(tracks: Element, tag: str, number: int, name: str, kind: str, *, gain_db: float = 0.0) -> Element:
    is_master = tag == "masterTrack"
    number_of = _MASTER if is_master else _MASTER + number
    track = add(
        tracks, tag, automationLaneOpenState="false", id=number_of, index=number, select="false", visible="true"
    )
    add(add(track, "trackParameters", trackHeight=134, trackHue=-1, trackMinimized="false"), "name", name)
    audio = add(track, "trackAudioParameters", audioChannelType=kind, automationMode=1, monitoring="false")
    output = {"outputID": 1, "type": "hardwareOutput"} if is_master else {"outputID": _MASTER, "type": "trackID"}
    add(audio, "trackOutput", **output)
    fader = add(audio, "component", componentID="Audition.Fader", id="trackFader", name="volume", powered="true")
    add(fader, "parameter", index=0, name="volume", parameterValue=f"{float(db_to_gain(gain_db)):.9f}")
    add(fader, "parameter", index=1, name="static gain", parameterValue=1)
    return track


def _session_clip(track: Element, timeline: Timeline, stem: Stem, number: int) -> None:
    """A stem, locked in time so that it keeps with the others, and its keyframes."""
    place = {"startPoint": 0, "endPoint": timeline.samples, "sourceInPoint": 0, "sourceOutPoint": timeline.samples}
    clip = add(
        track,
        "audioClip",
        name=stem.name,
        id=number,
        fileID=number,
        zOrder=0,
        **place,
        lockedInTime="true",
        looped="false",
        offline="false",
        select="false",
        hue=-1,
        clipAutoCrossfade="true",
        crossFadeHeadClipID=-1,
        crossFadeTailClipID=-1,
    )
    fader = add(clip, "component", componentID="Audition.Fader", id="clipGain", name="volume", powered="true")
    volume = add(fader, "parameter", index=0, name="volume", parameterValue=1)
    add(fader, "parameter", index=1, name="static gain", parameterValue=1)
    keyframes = add(volume, "parameterKeyframes")
    positions = fader_position(stem.keyframes.gains_db)
    for seconds, position in zip(stem.keyframes.times_seconds, positions, strict=True):
        offset = round(seconds * timeline.sample_rate)
        add(keyframes, "parameterKeyframe", sampleOffset=offset, value=f"{position:.9f}", type="linear")


def _markers_xmp(timeline: Timeline) -> str:
    """The shots as a packet of XMP, whose times are samples too."""
    names = {"x": "adobe:ns:meta/", "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#"}
    dynamic = "http://ns.adobe.com/xmp/1.0/DynamicMedia/"
    root = Element("x:xmpmeta", {f"xmlns:{name}": space for name, space in names.items()} | {"xmlns:xmpDM": dynamic})
    about = add(add(root, "rdf:RDF"), "rdf:Description", **{"rdf:about": ""})
    track = add(add(add(about, "xmpDM:Tracks"), "rdf:Bag"), "rdf:li", **{"rdf:parseType": "Resource"})
    add(track, "xmpDM:trackName", "CuePoint Markers")
    add(track, "xmpDM:trackType", "Cue")
    add(track, "xmpDM:frameRate", f"f{timeline.sample_rate}")
    sequence = add(add(track, "xmpDM:markers"), "rdf:Seq")
    for marker in timeline.markers:
        item = add(sequence, "rdf:li", **{"rdf:parseType": "Resource"})
        start, end = (round(at * timeline.sample_rate) for at in (marker.start_seconds, marker.end_seconds))
        for tag, value in (("startTime", start), ("duration", end - start), ("name", marker.name)):
            add(item, f"xmpDM:{tag}", value)
        add(item, "xmpDM:comment", marker.note)
    return ElementTree.tostring(root, encoding="unicode")
