"""Everything else of a film comes along, or is named."""

from fractions import Fraction

import av
import films
import pytest
from av.stream import Disposition
from film_damage import remuxed
from film_sound import lag_and_likeness
from films import Film, film_path
from media.rewriting import chapters, packets, rewrite
from media_corpus.compare import heard

from limelight.errors import Damaged, OutputError
from limelight.media.probe import probe


def test_everything_else_is_kept_in_matroska(tmp_path):
    film = Film(
        container="mkv",
        soundtracks=2,
        subtitles="subrip",
        chapters=2,
        attachment=bytes(range(200)),
        tags=(("title", "Ein Film ☃"), ("artist", "nobody")),
    )
    written = rewrite(film, tmp_path)
    with av.open(str(film_path(film))) as old, av.open(str(written.path)) as new:
        assert [s.type for s in new.streams] == [s.type for s in old.streams]
        assert [s.language for s in new.streams] == [s.language for s in old.streams]
        assert [s.disposition for s in new.streams] == [s.disposition for s in old.streams]
        assert chapters(new) == chapters(old)
        assert new.streams[4].data == bytes(range(200))
        assert dict(film.tags).items() <= {key.lower(): value for key, value in new.metadata.items()}.items()
    assert len(written.copied) == 6
    assert written.left_out == ()
    second = [copy for copy in written.verified.sha256 if "fra" in copy]
    assert len(second) == 1


def test_everything_else_is_kept_in_mp4(tmp_path):
    film = Film(
        soundtracks=2,
        subtitles="mov_text",
        chapters=2,
        cover=True,
        rotation=90,
        tags=(("title", "☃"), ("date", "2024")),
    )
    written = rewrite(film, tmp_path, track=1)
    info = probe(written.path)
    assert info.picture.rotation_degrees == 90
    assert [track.language for track in info.soundtracks] == ["eng", "fra"]
    assert [track.is_default for track in info.soundtracks] == [True, False]
    assert info.tags["title"] == "☃"
    with av.open(str(film_path(film))) as old, av.open(str(written.path)) as new:
        assert chapters(new) == chapters(old)
        assert sum(bool(s.disposition & Disposition.attached_pic) for s in new.streams) == 1
    assert written.left_out == ()
    assert heard(written.path, 0).tobytes() == heard(film_path(film), 0).tobytes()  # the other one was not touched
    assert packets(written.path, "subtitle") == packets(film_path(film), "subtitle")


def test_what_a_container_cannot_hold_is_named(tmp_path):
    film = Film(container="mkv", subtitles="subrip", attachment=b"font", b_frames=False)
    written = rewrite(film, tmp_path, suffix=".mp4")
    assert len(written.left_out) == 2
    assert "mp4 cannot hold it" in written.left_out[0]
    assert "mp4 has no attachments" in written.left_out[1]


def test_tags_that_a_container_does_not_take_are_named(tmp_path):
    film = Film(container="mkv", tags=(("title", "A film"), ("mood", "bright")), b_frames=False)
    written = rewrite(film, tmp_path, suffix=".mp4")
    assert written.left_out == ("tag (MOOD): mp4 cannot hold it",)
    assert probe(written.path).tags["title"] == "A film"


def test_a_trimmed_film_stays_trimmed(tmp_path):
    """A phone hides what was trimmed away by an edit list; a container without one would show it again."""
    trimmed = remuxed(film_path(Film(seconds=3.0)), tmp_path / "trimmed.mp4", shift=Fraction(-11, 10))
    written = rewrite(trimmed, tmp_path)
    with av.open(str(trimmed)) as old, av.open(str(written.path)) as new:
        assert [frame.time for frame in new.decode(video=0)] == [frame.time for frame in old.decode(video=0)]
    assert lag_and_likeness(heard(trimmed), heard(written.path))[0] == [0, 0]
    with pytest.raises(OutputError, match="would be shown again"):
        rewrite(trimmed, tmp_path, suffix=".mkv")


def test_chapters_and_subtitles_move_with_the_film(tmp_path):
    film = Film(container="mkv", subtitles="subrip", chapters=2, picture_start=Fraction(10), sound_start=Fraction(10))
    written = rewrite(film, tmp_path)
    with av.open(str(written.path)) as container:
        assert [chapter["start"] for chapter in container.chapters()] == [0, 10**9]
        subtitles = [packet.pts for packet in container.demux(subtitles=0) if packet.size]
    assert subtitles == [500]


def test_hevc_stays_playable_in_quicktime(tmp_path):
    film = Film(picture="libx265", seconds=0.5)
    with av.open(str(rewrite(film, tmp_path).path)) as container:
        assert container.streams.video[0].codec_context.codec_tag == "hvc1"


def test_a_picture_that_the_container_cannot_hold_is_refused(tmp_path):
    with pytest.raises(OutputError, match=r"into webm: it cannot hold it; choose \.mkv"):
        rewrite(Film(), tmp_path, suffix=".webm")


def test_joined_recordings_are_refused_with_the_place(tmp_path):
    part = film_path(Film(container="ts", b_frames=False, seconds=1.2)).read_bytes()
    joined = tmp_path / "joined.ts"
    joined.write_bytes(part + part)
    with pytest.raises(Damaged, match=r"backwards at 00:00:0\d .joined recordings"):
        rewrite(joined, tmp_path)


def test_pictures_that_tell_neither_when_they_are_decoded_nor_how_long_they_last(tmp_path, monkeypatch):
    """As recorders and cutters write them into Matroska; here they begin after the sound, too."""
    told = {"preset": "ultrafast", "x265-params": "log-level=none:vui-timing-info=0"}
    monkeypatch.setitem(films._PICTURE_OPTIONS, "libx265", told)
    film = Film("mkv", picture="libx265", sound="flac", picture_start=Fraction(2, 25))
    source = films.make_film(film, tmp_path / "source.mkv")
    data = source.read_bytes()
    at = data.index(b"\x23\xe3\x83\x84")  # DefaultDuration, four bytes long: becomes a Void element
    source.write_bytes(data[:at] + b"\xec\x86" + bytes(6) + data[at + 8 :])
    with av.open(str(source)) as container:
        first = next(container.demux(video=0))
        assert (first.dts, first.duration) == (None, 0)
    written = rewrite(source, tmp_path, suffix=".mp4")
    assert picture_times(written.path) == pytest.approx(picture_times(source), abs=1e-3)
    assert packets(written.path, "video") == packets(source, "video")


def picture_times(path):
    """When each picture is shown, in seconds after the start of the film."""
    with av.open(str(path)) as container:
        return [float(frame.time) for frame in container.decode(video=0)]
