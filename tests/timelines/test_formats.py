"""Each format by its schema and an independent reader: links, markers, start time codes, names that need care."""

from __future__ import annotations

import csv
import re
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree

import opentimelineio as otio
import pytest
import rpp
from fakes import FakeSeparator
from films import Film, make_film
from timelines.plans import plan_of
from timelines.players import line, local, seconds
from timelines.test_timeline import with_time_code

from limelight.timelines.hand_over import EDITORS, export

NAME = 'Tom & "Jerry" <1> ü 50% #2'
START = 107_892  # 01:00:00;00

# FCPXML 1.10: which children in which order, which attributes must be there, and which may.
CHILDREN = {
    "fcpxml": "resources library",
    "resources": "format (asset )*",
    "format": "",
    "asset": "media-rep",
    "media-rep": "",
    "library": "event",
    "event": "project",
    "project": "sequence",
    "sequence": "spine",
    "spine": "(asset-clip|gap)",
    "gap": "(asset-clip )*(marker )*",
    "asset-clip": "(adjust-volume )?(asset-clip )*(marker )*",
    "adjust-volume": "(param )?",
    "param": "keyframeAnimation",
    "keyframeAnimation": "(keyframe )+",
    "keyframe": "",
    "marker": "",
}
NEEDED = {
    "fcpxml": "version",
    "format": "id",
    "asset": "id",
    "media-rep": "src",
    "sequence": "format",
    "gap": "duration",
    "asset-clip": "ref",
    "param": "name",
    "keyframe": "time value",
    "marker": "start value",
}
ALLOWED = {
    "format": "name frameDuration width height",
    "asset": "name start duration hasVideo format hasAudio videoSources audioSources audioChannels audioRate",
    "media-rep": "kind",
    "event": "name",
    "project": "name",
    "sequence": "duration tcStart tcFormat audioLayout audioRate",
    "gap": "name offset start",
    "asset-clip": "lane offset name start duration srcEnable format audioRole",
    "adjust-volume": "amount",
    "keyframe": "interp curve",
    "marker": "duration note",
}


@pytest.fixture(scope="module")
def handed(tmp_path_factory) -> dict[str, Path]:
    """One film of 29.97 frames a second from 01:00:00;00, for all editors."""
    folder = tmp_path_factory.mktemp("film")
    film = with_time_code(folder / f"{NAME}.mov", Fraction(30000, 1001), "01:00:00;00", seconds=3.0)
    done = export(plan_of(film), film, folder / "out", EDITORS, separator=FakeSeparator())
    assert (done.frames.start_frame, done.frames.rate.drop) == (START, True)
    return dict(zip(EDITORS, done.timelines, strict=True))


def sources(path: Path) -> set[str]:
    return {f"{NAME}.mov", *(f"{NAME}.{stem}.wav" for stem in ("speech", "music", "effects"))}


def test_premiere(handed):
    timeline = otio.adapters.read_from_file(str(handed["premiere"]), adapter_name="fcp_xml")
    assert timeline.name == NAME
    assert timeline.global_start_time.value == START
    told = timeline.metadata["fcp_xml"]
    assert (told["rate"]["timebase"], told["rate"]["ntsc"]) == ("30", "TRUE")
    assert (told["timecode"]["displayformat"],) == ("DF",)
    clips = timeline.find_clips()
    assert {local(clip.media_reference.target_url).name for clip in clips} == sources(handed["premiere"])
    assert all(local(clip.media_reference.target_url).exists() for clip in clips)
    markers = timeline.tracks.markers
    assert [marker.name for marker in markers][:1] == ['1: nobody speaks & "all" is <quiet>']
    assert markers[1].marked_range.start_time.value == 30
    assert "tone: dark" in markers[0].metadata["fcp_xml"]["comment"]


def test_premiere_links_picture_and_every_channel(handed):
    root = ElementTree.parse(handed["premiere"]).getroot()
    names = [clip.get("id") for clip in root.iter("clipitem")]
    assert len(names) == len(set(names)) == 7
    for clip in root.iter("clipitem"):
        assert [link.findtext("linkclipref") for link in clip.iter("link")] == names
    places = {
        clip.get("id"): (kind, str(number))
        for kind in ("video", "audio")
        for number, track in enumerate(root.findall(f".//{kind}/track"), 1)
        for clip in track.iter("clipitem")
    }
    for link in root.find(".//clipitem").iter("link"):
        assert (link.findtext("mediatype"), link.findtext("trackindex")) == places[link.findtext("linkclipref")]


def test_premiere_channels_share_their_keyframes(handed):
    root = ElementTree.parse(handed["premiere"]).getroot()
    tracks = root.findall(".//audio/track")
    assert [track.get("currentExplodedTrackIndex") for track in tracks] == ["0", "1"] * 3
    curves = [[(k.findtext("when"), k.findtext("value")) for k in track.iter("keyframe")] for track in tracks]
    for left, right in zip(curves[::2], curves[1::2], strict=True):
        assert left == right
        assert len(left) > 3
        assert all(when == str(int(when)) for when, _ in left)


def test_final_cut_keeps_to_the_schema(handed):
    root = ElementTree.parse(handed["fcpxml"]).getroot()
    assert root.get("version") == "1.10"
    for element in root.iter():
        inside = "".join(f"{child.tag} " for child in element)
        pattern = CHILDREN[element.tag].replace("asset-clip|gap", "asset-clip |gap ")
        pattern = re.sub(r"([a-z-]+)(?= [a-z(]|$)", r"\1", pattern)
        wanted = pattern if not pattern or pattern.endswith((")", "*", "?", "+")) else f"{pattern} "
        assert re.fullmatch(wanted, inside), (element.tag, inside)
        needed = set(NEEDED.get(element.tag, "").split())
        assert needed <= set(element.attrib) <= needed | set(ALLOWED.get(element.tag, "").split()), element.tag
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    assert {element.get("ref") for element in root.iter() if element.get("ref")} <= set(ids)


def test_final_cut_times_lie_on_frames(handed):
    root = ElementTree.parse(handed["fcpxml"]).getroot()
    frame = Fraction(1001, 30000)
    sequence, picture = root.find(".//sequence"), root.find(".//spine/asset-clip")
    assert (sequence.get("tcFormat"), sequence.get("tcStart")) == ("DF", "8999991/2500s")  # 107 892 frames
    for element in (sequence, *root.iter("asset-clip"), *root.iter("marker")):
        for name in ("offset", "start", "duration", "tcStart"):
            if element.get(name):
                assert (Fraction(element.get(name).removesuffix("s")) / frame).denominator == 1
    assert picture.get("offset") == picture.get("start") == sequence.get("tcStart")
    stems = picture.findall("asset-clip")
    assert [stem.get("audioRole") for stem in stems] == ["dialogue", "music", "effects"]
    assert {stem.get("offset") for stem in stems} == {picture.get("start")}
    assert picture.get("srcEnable") == "video"


def test_final_cut_by_its_adapter(handed):
    timeline = otio.adapters.read_from_file(str(handed["fcpxml"]), adapter_name="fcpx_xml")
    lengths = {clip.name: clip.source_range.duration.value for clip in timeline.find_clips()}
    assert set(lengths) == {Path(name).stem for name in sources(handed["fcpxml"])}
    assert len(set(lengths.values())) == 1  # it counts 29.97 as 29, so how long they are is read above


def test_opentimelineio(handed):
    timeline = otio.adapters.read_from_file(str(handed["otio"]))
    assert timeline.global_start_time.to_timecode(30000 / 1001, drop_frame=True) == "01:00:00;00"
    assert [track.name for track in timeline.tracks] == ["picture", "speech", "music", "effects"]
    clips = timeline.find_clips()
    assert {clip.metadata["Resolve_OTIO"]["Link Group ID"] for clip in clips} == {1}
    assert {local(clip.media_reference.target_url).name for clip in clips} == sources(handed["otio"])
    assert all(marker.metadata["Resolve_OTIO"]["Note"] == marker.comment for marker in timeline.tracks.markers)
    assert [marker.comment.startswith("speech") for marker in timeline.tracks.markers] == [True, True]
    again = otio.adapters.write_to_string(timeline)
    assert otio.adapters.read_from_string(again).is_equivalent_to(timeline)


def test_reaper(handed):
    project = rpp.loads(handed["reaper"].read_text(encoding="utf-8"))
    assert float(line(project, "PROJOFFS")[1]) == pytest.approx(START * 1001 / 30000)
    assert line(project, "TIMEMODE")[4:6] == ["30", "1"]
    tracks = project.findall(".//TRACK")
    assert [line(track, "NAME")[1] for track in tracks] == ["picture", "speech", "music", "effects"]
    assert {line(track.find(".//ITEM"), "GROUP")[1] for track in tracks} == {"1"}
    files = [line(track.find(".//SOURCE"), "FILE")[1] for track in tracks]
    assert {Path(file).name for file in files} == {re.sub("`", "'", name) for name in sources(handed["reaper"])}
    assert all((handed["reaper"].parent / file).exists() for file in files)
    regions = [one for one in project.children if isinstance(one, list) and one[0] == "MARKER"]
    assert [one[1] for one in regions] == ["1", "1", "2", "2"]
    assert regions[0][3] == '1: nobody speaks & "all" is <quiet>'
    assert float(regions[1][2]) == float(regions[2][2]) == 1.0


def test_audition(handed):
    root = ElementTree.parse(handed["audition"]).getroot()
    session = root.find("session")
    length = int(session.get("duration"))
    for clip in root.iter("audioClip"):
        assert (clip.get("startPoint"), clip.get("endPoint"), clip.get("lockedInTime")) == ("0", str(length), "true")
    tracks = {track.get("id") for track in root.iter("masterTrack")}
    assert {out.get("outputID") for out in root.findall(".//audioTrack//trackOutput")} == tracks
    packet = ElementTree.fromstring(session.findtext("xmpMetadata"))
    dynamic = "{http://ns.adobe.com/xmp/1.0/DynamicMedia/}"
    names = [one.text for one in packet.iter(f"{dynamic}name")]
    assert names == ['1: nobody speaks & "all" is <quiet>', "2: speech lies 5 LU under the rest"]
    assert [one.text for one in packet.iter(f"{dynamic}startTime")] == ["0", "48000"]


def test_tables(handed):
    with handed["csv"].with_suffix(".shots.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["start_timecode"] for row in rows] == ["01:00:00;00", "01:00:01;00"]
    assert rows[0]["shot"] == '1: nobody speaks & "all" is <quiet>'


def test_a_picture_that_comes_late_stands_behind_a_gap(tmp_path):
    film = make_film(Film("mkv", seconds=2.0, picture_start=Fraction(2, 5), sound="flac"), tmp_path / "film.mkv")
    done = export(plan_of(film), film, tmp_path / "out", EDITORS, separator=FakeSeparator())
    found = dict(zip(EDITORS, done.timelines, strict=True))
    timeline = otio.adapters.read_from_file(str(found["premiere"]), adapter_name="fcp_xml")
    (picture,) = timeline.video_tracks()[0].find_clips()
    assert picture.range_in_parent().start_time.value == 10
    timeline = otio.adapters.read_from_file(str(found["otio"]))
    assert timeline.video_tracks()[0].find_clips()[0].range_in_parent().start_time.value == 10
    root = ElementTree.parse(found["fcpxml"]).getroot()
    assert root.find(".//spine/gap/asset-clip[@lane='1']").get("offset") == "2/5s"
    assert seconds(root.find(".//spine/gap/asset-clip[@lane='-1']").get("offset")) == 0
