"""What players and editors need to know besides the packets: kept in the result, or named."""

import shutil
import struct
from fractions import Fraction

import av
import numpy as np
import pytest
from film_frames import flat_picture
from film_sound import sound_of
from films import Film, film_path, sound_film
from media.boxes import box, box_content, change_box, children
from media.rewriting import packets, rewrite

from limelight.errors import OutputError, TooLarge
from limelight.media.formats import default_suffix
from limelight.media.matroska_elements import ROOM, set_display
from limelight.media.probe import choose_soundtrack, picture_traits, probe
from limelight.media.write import write_with_same_soundtrack

ENTRY = "moov/trak/mdia/minf/stbl/stsd"
DOLBY_VISION = box(b"dvvC", bytes.fromhex("010010254000000000000000000000000000000000000000"))  # profile 8.4
PROJECTION = box(b"proj", box(b"prhd", bytes(16)) + box(b"equi", bytes(20)))
SPHERICAL = box(b"sv3d", box(b"svhd", bytes(4) + b"test\0") + PROJECTION)
SIDE_BY_SIDE = box(b"st3d", bytes(4) + b"\2")
SPHERICAL_V1 = box(
    b"uuid",
    bytes.fromhex("ffcc8263f8554a938814587a02521fdd")
    + b'<?xml version="1.0"?><rdf:SphericalVideo xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
    b'xmlns:GSpherical="http://ns.google.com/videos/1.0/spherical/"><GSpherical:Spherical>true</GSpherical:Spherical>'
    b"<GSpherical:Stitched>true</GSpherical:Stitched><GSpherical:StitchingSoftware>x</GSpherical:StitchingSoftware>"
    b"<GSpherical:ProjectionType>equirectangular</GSpherical:ProjectionType></rdf:SphericalVideo>",
)


def copy_of(film, tmp_path, name="source"):
    source = tmp_path / f"{name}.{film.container}"
    shutil.copy(film_path(film), source)
    return source


def made_by(path, encoder, *, size=(64, 48), pixels="yuv420p", rate=25, sound="pcm_s16le", tags=None):
    """A film of half a second in a codec that `films.py` does not make."""
    samples = sound_of(Film(seconds=0.5))
    with av.open(str(path), "w") as output:
        picture = output.add_stream(encoder, rate=rate)
        picture.width, picture.height, picture.pix_fmt = *size, pixels
        picture.metadata.update(tags or {})
        heard = output.add_stream(sound, rate=48_000, layout="stereo")
        for index in range(round(0.5 * rate)):
            output.mux(picture.encode(flat_picture(size, 40 + 9 * index, pixels, Fraction(index) / Fraction(rate))))
        output.mux(picture.encode(None))
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples.T).reshape(1, -1), "flt", "stereo")
        frame.sample_rate = 48_000
        output.mux(heard.encode(frame))
        output.mux(heard.encode(None))
    return path


def entry_boxes(path):
    """Names of the picture's sample entry and of the boxes in it."""
    name, content = children(box_content(path, ENTRY)[8:])[0]
    return name, dict(children(content[78:]))


# ---- the picture ----


@pytest.mark.parametrize(
    "shape", [Fraction(3, 2), pytest.param(Fraction(4, 3), marks=pytest.mark.slow)], ids=["3:2", "4:3"]
)
@pytest.mark.parametrize(
    ("container", "picture"), [("mp4", "libx264"), ("mov", "libx264"), ("mkv", "libx264"), ("webm", "libvpx")]
)
def test_a_shape_told_by_the_container_alone_is_kept(container, picture, shape, tmp_path):
    (tmp_path / "again").mkdir()
    source = tmp_path / f"wide.{container}"
    with av.open(str(film_path(Film(container, picture, sound=None)))) as old, av.open(str(source), "w") as new:
        stream = new.add_stream_from_template(old.streams.video[0], opaque=True)
        stream.codec_context.sample_aspect_ratio = shape  # the pictures themselves say 1 : 1, or nothing
        stream.metadata["title"] = " " * ROOM
        sound = new.add_stream("libopus" if container == "webm" else "aac", rate=48_000, layout="stereo")
        for packet in old.demux():
            if packet.size:
                packet.stream = stream
                new.mux(packet)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(sound_of(Film()).T).reshape(1, -1), "flt", "stereo")
        frame.sample_rate = 48_000
        new.mux(sound.encode(frame))
        new.mux(sound.encode(None))
    if container in ("mkv", "webm"):  # FFmpeg's muxer writes it for itself, but not when it is asked through PyAV
        set_display(source, 64, 48, shape, title="")
    with av.open(str(source)) as made:
        assert made.streams.video[0].sample_aspect_ratio == shape
    written = rewrite(source, tmp_path)
    for suffix in {written.path.suffix, ".mkv"}:
        again = rewrite(written.path, tmp_path / "again", suffix=suffix)
        for path in (written.path, again.path):
            with av.open(str(path)) as result:
                assert result.streams.video[0].sample_aspect_ratio == shape
                assert "title" not in result.streams.video[0].metadata


@pytest.mark.parametrize("container", ["mp4", "mov"])
@pytest.mark.parametrize("film", [{}, {"tags": (("title", "A film"),)}], ids=["plain", "tagged"])
def test_boxes_of_hdr_and_360_pictures_are_kept(container, film, tmp_path):
    source = copy_of(Film(container, "libx265", **film), tmp_path)
    added = DOLBY_VISION + SIDE_BY_SIDE + SPHERICAL
    change_box(source, f"{ENTRY}/hvc1", lambda content: content + added)
    assert picture_traits(source) == {"Dolby Vision", "360° projection", "stereo picture"}
    written = rewrite(source, tmp_path)
    name, boxes = entry_boxes(written.path)
    assert name == b"hvc1"
    assert boxes[b"dvvC"] == DOLBY_VISION[8:]
    assert boxes[b"st3d"] == SIDE_BY_SIDE[8:]
    assert b"proj" in boxes[b"sv3d"]
    assert picture_traits(written.path) == picture_traits(source)
    assert written.left_out == ()
    assert packets(written.path, "video") == packets(source, "video")
    with av.open(str(written.path)) as result:
        assert "title" not in result.streams.video[0].metadata
        assert result.metadata.get("title") == dict(film.get("tags", ())).get("title")


@pytest.mark.parametrize("container", ["mp4", "mov"])
def test_the_older_form_of_360_is_kept(container, tmp_path):
    source = copy_of(Film(container), tmp_path)
    change_box(source, "moov/trak", lambda content: content + SPHERICAL_V1)
    assert picture_traits(source) == {"360° projection"}
    written = rewrite(source, tmp_path)
    assert picture_traits(written.path) == {"360° projection"}
    assert written.left_out == ()


def test_what_another_container_cannot_hold_is_named(tmp_path):
    source = copy_of(Film("mp4", "libx265"), tmp_path)
    change_box(source, f"{ENTRY}/hvc1", lambda content: content + DOLBY_VISION)
    into_matroska = rewrite(source, tmp_path, suffix=".mkv")
    assert picture_traits(into_matroska.path) == {"Dolby Vision"}
    back = rewrite(into_matroska.path, tmp_path, suffix=".mov")
    assert "Dolby Vision: mov cannot hold it" in back.left_out


@pytest.mark.parametrize("kind", ["ap4h", "apch", "apcn", "apcs", "apco"])
def test_professional_kinds_keep_their_tag_and_time_code(kind, tmp_path):
    source = made_by(
        tmp_path / "source.mov",
        "prores_ks",
        pixels="yuv422p10le",
        rate=Fraction(24_000, 1001),
        tags={"timecode": "01:02:03:04"},
    )
    change_box(source, ENTRY, lambda content: content[:12] + kind.encode() + content[16:])
    written = rewrite(source, tmp_path)
    assert entry_boxes(written.path)[0] == kind.encode()
    with av.open(str(written.path)) as result:
        assert result.streams.video[0].metadata["timecode"] == "01:02:03:04"
    assert written.left_out == ()


@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
def test_dolby_visions_own_name_of_hevc_is_kept(suffix, tmp_path):
    """Profile 5 looks green and purple to whoever takes it for plain HEVC."""
    source = copy_of(Film("mp4", "libx265"), tmp_path)
    change_box(source, f"{ENTRY}/hvc1", lambda content: content + DOLBY_VISION)
    change_box(source, ENTRY, lambda content: content[:12] + b"dvh1" + content[16:])
    written = rewrite(source, tmp_path, suffix=suffix)
    name, boxes = entry_boxes(written.path)
    assert (name, boxes[b"dvvC"]) == (b"dvh1", DOLBY_VISION[8:])


def test_a_name_of_one_container_is_not_written_into_the_other(tmp_path):
    """MPEG-2 is "mp4v" in MP4 and has a box that says what it is; in MOV it has another name and no such box."""
    source = made_by(tmp_path / "source.mp4", "mpeg2video", sound="aac")
    assert entry_boxes(source)[0] == b"mp4v"
    written = rewrite(source, tmp_path, suffix=".mov")
    assert entry_boxes(written.path)[0] != b"mp4v"
    with av.open(str(written.path)) as result:
        assert sum(1 for _ in result.decode(video=0)) == 12


def test_a_time_code_that_a_container_cannot_hold_is_named(tmp_path):
    source = made_by(tmp_path / "source.mov", "libx264", tags={"timecode": "01:02:03:04"})
    kept = rewrite(source, tmp_path, suffix=".mkv")
    with av.open(str(kept.path)) as result:
        assert result.streams.video[0].metadata["TIMECODE"] == "01:02:03:04"
    back = rewrite(kept.path, tmp_path, suffix=".mp4")
    with av.open(str(back.path)) as result:
        assert result.streams.video[0].metadata["timecode"] == "01:02:03:04"


def test_dv_in_avi_becomes_mov_and_matroska_says_so(tmp_path):
    source = made_by(tmp_path / "source.avi", "dvvideo", size=(720, 576))
    written = rewrite(source, tmp_path)
    assert written.path.suffix == ".mov"
    assert packets(written.path, "video") == packets(source, "video")
    with pytest.raises(OutputError, match=r"cannot hold it; choose \.mov"):
        rewrite(source, tmp_path, suffix=".mkv")


# ---- other tracks ----


def test_a_soundtrack_that_nobody_can_decode_is_left_out_and_named(tmp_path):
    source = copy_of(Film("mov", soundtracks=2), tmp_path)
    change_box(source, ENTRY, lambda content: content[:8] + box(b"apac", content[16:44]), track=2)
    info = probe(source)
    assert len(info.soundtracks) == 1
    written = rewrite(source, tmp_path)
    assert written.left_out == ("soundtrack (fra): its codec is not known, so it cannot be copied",)


@pytest.mark.parametrize("container", ["mp4", "mov", "mkv"])
def test_a_track_without_packets_does_no_harm(container, tmp_path):
    source = tmp_path / f"source.{container}"
    with av.open(str(film_path(Film(soundtracks=2)))) as old, av.open(str(source), "w") as new:
        kept = {s.index: new.add_stream_from_template(s, opaque=True) for s in old.streams}
        for packet in old.demux():
            if packet.size and packet.stream_index != 2:
                packet.stream = kept[packet.stream_index]
                new.mux(packet)
    if container != "mkv":  # FFmpeg leaves such a track out: made empty afterwards
        shutil.copy(film_path(Film(container, soundtracks=2)), source)
        for name in ("stts", "stsc", "stco"):
            change_box(source, f"moov/trak/mdia/minf/stbl/{name}", lambda _: bytes(8), track=2)
        change_box(source, "moov/trak/mdia/minf/stbl/stsz", lambda _: bytes(12), track=2)
    written = rewrite(source, tmp_path)
    if container != "mkv":
        assert any("there is nothing in it" in words for words in written.left_out)
    assert sum("soundtrack" in words for words in written.copied) == (container == "mkv")


@pytest.mark.parametrize(
    ("source", "dest"), [("mp4", "mp4"), ("mp4", "mkv"), ("mkv", "mp4"), ("mkv", "mkv"), ("mov", "mp4")]
)
@pytest.mark.parametrize("same", [True, False])
def test_names_of_tracks_stay(source, dest, same, tmp_path):
    film = tmp_path / f"source.{source}"
    names = ["Game", "Mic/Aux"]
    with av.open(str(film_path(Film(soundtracks=2)))) as old, av.open(str(film), "w") as new:
        kept = {s.index: new.add_stream_from_template(s, opaque=True) for s in old.streams}
        for stream, name in zip(new.streams.audio, names, strict=True):
            stream.metadata.update({"title": name} | ({"handler_name": name} if source != "mkv" else {}))
        for packet in old.demux():
            if packet.size:
                packet.stream = kept[packet.stream_index]
                new.mux(packet)
    if same:
        info = probe(film)
        result = write_with_same_soundtrack(info, info.soundtracks[0], tmp_path / f"out.{dest}")
    else:
        result = rewrite(film, tmp_path, suffix=f".{dest}")
    with av.open(str(result.path)) as written:
        for key in ["title"] if dest == "mkv" else ["handler_name", "name"]:
            assert [stream.metadata[key] for stream in written.streams.audio] == names
        assert "SoundHandler" not in [stream.metadata.get("title") for stream in written.streams.audio]


def test_timed_data_is_called_by_its_purpose_and_once(tmp_path):
    """Telemetry of action cameras: tracks of their own, which FFmpeg copies for nobody."""
    source = copy_of(Film(soundtracks=3), tmp_path)
    for track in (2, 3):
        change_box(source, ENTRY, lambda content: content[:12] + b"gpmd" + content[16:], track=track)
        change_box(
            source,
            "moov/trak/mdia/hdlr",
            lambda content: content[:8] + b"meta" + bytes(12) + b"GoPro MET\0",
            track=track,
        )
    written = rewrite(source, tmp_path)
    assert [words for words in written.left_out if "GoPro MET" in words] == [
        "data (GoPro MET, fra): timed data cannot be copied",
        "data (GoPro MET, eng): timed data cannot be copied",
    ]


def test_more_tracks_than_the_limit_are_too_many(tmp_path):
    source = copy_of(Film(), tmp_path)
    data = source.read_bytes()
    film = dict(children(data))[b"moov"]
    sound = [content for kind, content in children(film) if kind == b"trak"][1]
    for more in (63, 64, 65, 150):
        many = film + box(b"trak", sound) * more
        source.write_bytes(b"".join(box(k, many if k == b"moov" else c) for k, c in children(data)))
        with pytest.raises(TooLarge, match="more than 64 streams"):
            probe(source)


# ---- covers and tags ----


@pytest.mark.parametrize("container", ["mp3", "flac", "m4a"])
@pytest.mark.parametrize("how", ["noise", "cut off"])
def test_a_cover_that_is_no_image_is_left_out_and_named(container, how, tmp_path):
    codec = {"mp3": "libmp3lame", "flac": "flac", "m4a": "aac"}[container]
    source = copy_of(sound_film(container, codec, cover=True), tmp_path)
    data = source.read_bytes()
    at = data.index(b"\xff\xd8\xff")
    source.write_bytes(data[:at] + bytes(3 if how == "cut off" else 12) + data[at + (3 if how == "cut off" else 12) :])
    written = rewrite(source, tmp_path)
    assert any("it is no image" in words for words in written.left_out) or not probe(source).others
    assert probe(written.path).others == ()


GAINS = {
    "REPLAYGAIN_TRACK_GAIN": "-13.0 dB",
    "replaygain_album_peak": "0.9",
    "R128_TRACK_GAIN": "-3328",
    "iTunNORM": "0A",
}


@pytest.mark.parametrize(
    ("container", "codec"),
    [("flac", "flac"), ("mp3", "libmp3lame"), ("ogg", "libopus"), ("mkv", "flac"), ("wav", "pcm_s16le")],
)
def test_gain_tags_go_with_the_sound_they_were_measured_on(container, codec, tmp_path):
    source = copy_of(sound_film(container, codec, tags=(*GAINS.items(), ("title", "A song"))), tmp_path)

    def found(path):
        with av.open(str(path)) as file:
            return {
                key for part in (file, *file.streams) for key in part.metadata if key.upper() in map(str.upper, GAINS)
            }

    there = found(source)
    assert there or container == "wav"
    changed = rewrite(source, tmp_path)
    assert found(changed.path) == set()
    assert {words for words in changed.left_out if "as it was" in words} == {
        f"tag ({key}): it describes the sound as it was" for key in there
    }
    info = probe(source)
    same = write_with_same_soundtrack(info, choose_soundtrack(info), tmp_path / f"same{default_suffix(info)}")
    assert same.sound_copied
    assert found(same.path) == there
    assert not any("as it was" in words for words in same.left_out)


def test_a_recorders_time_reference_stays(tmp_path):
    source = tmp_path / "source.wav"
    told = {
        "time_reference": "158760000",
        "originator": "ZOOM",
        "origination_date": "2024-05-01",
        "coding_history": "A=PCM",
    }
    with av.open(str(source), "w", container_options={"write_bext": "1"}) as output:
        output.metadata.update(told)
        stream = output.add_stream("pcm_s16le", rate=48_000, layout="stereo")
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(sound_of(Film()).T).reshape(1, -1), "flt", "stereo")
        frame.sample_rate = 48_000
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    written = rewrite(source, tmp_path)
    assert written.left_out == ()
    with av.open(str(written.path)) as result:
        assert result.metadata["time_reference"] == "158760000"
        assert result.metadata["coding_history"] == "A=PCM"
    assert written.path.read_bytes().count(b"ZOOM" + bytes(28) + bytes(32) + b"2024-05-01") == 1  # the chunk itself
    into_mp3 = rewrite(source, tmp_path, suffix=".mp3")
    assert all("mp3 cannot hold it" in words for words in into_mp3.left_out)


@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
def test_the_place_stays_where_phones_write_it(suffix, tmp_path):
    place = box(b"\xa9xyz", struct.pack(">HH", 23, 0x15C7) + b"+27.5916+086.5640+8850/")
    source = copy_of(Film(tags=(("title", "Summit"),)), tmp_path)
    change_box(source, "moov/udta", lambda content: content + place)
    with av.open(str(source)) as film:
        assert film.metadata["location"] == "+27.5916+086.5640+8850/"
    written = rewrite(source, tmp_path, suffix=suffix)
    assert box_content(written.path, "moov/udta/\xa9xyz") == place[8:]
    with av.open(str(written.path)) as film:
        assert film.metadata["location"].startswith("+27.5916+086.5640")
        assert film.metadata["title"] == "Summit"
    assert packets(written.path, "video") == packets(source, "video")
