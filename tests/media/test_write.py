"""The result has the same picture, the new sound at the same instant, and everything else."""

import errno
import resource
import signal
import subprocess
import sys
import textwrap
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.stream import Disposition
from films import Film, film_path, lag_and_likeness, make_film, remuxed, sound_film, sound_of

from limelight.errors import Damaged, OutputError, TargetExists
from limelight.media import write
from limelight.media.clock import read_clock
from limelight.media.container import open_input
from limelight.media.formats import default_suffix
from limelight.media.listen import listen
from limelight.media.probe import choose_soundtrack, probe
from limelight.media.write import Written, write_with_soundtrack


def rewrite(film: Film | Path, folder: Path, *, suffix: str | None = None, track: int | None = None, **more) -> Written:
    """A film with its own soundtrack written back, unchanged."""
    info = probe(film_path(film) if isinstance(film, Film) else film)
    soundtrack = choose_soundtrack(info, track)
    dest = folder / f"out{suffix or default_suffix(info)}"
    return write_with_soundtrack(info, soundtrack, listen(info, soundtrack), dest, **more)


def heard(path: Path, track: int | None = None) -> np.ndarray:
    info = probe(path)
    return np.concatenate(list(listen(info, choose_soundtrack(info, track))), axis=1)


def packets(path: Path, kind: str) -> list[bytes]:
    with av.open(str(path)) as container:
        stream = next(s for s in container.streams if s.type == kind)
        found = [bytes(packet) for packet in container.demux(stream) if packet.size]
    return [data for data in found if data != b"\0\0"]  # the pause between two subtitles


def chapters(container: av.container.InputContainer) -> list[tuple[str, float, float]]:
    return [
        (c["metadata"]["title"], float(c["start"] * c["time_base"]), float(c["end"] * c["time_base"]))
        for c in container.chapters()
    ]


START = Fraction(31, 25)  # a whole number of pictures
ROUND_TRIPS = [
    pytest.param(film, id=f"{film.container}-{film.sound}-{film.sample_rate}-{name}")
    for container, picture, sound, rate in [
        ("mp4", "libx264", "aac", 48_000),
        ("mp4", "libx264", "aac", 44_100),
        ("mp4", "libx264", "alac", 48_000),
        ("mov", "libx264", "pcm_s16le", 44_100),
        ("mov", "libx264", "aac", 48_000),
        ("mkv", "libx264", "flac", 44_100),
        ("mkv", "libx264", "aac", 44_100),
        ("mkv", "libx264", "libopus", 48_000),
        ("webm", "libvpx", "libopus", 48_000),
        ("ts", "libx264", "aac", 48_000),
    ]
    for name, starts in [
        ("together", {}),
        ("sound-late", {"sound_start": START}),
        ("picture-late", {"picture_start": START}),
        ("both-at-10-s", {"picture_start": Fraction(10), "sound_start": Fraction(10)}),
    ]
    for film in [Film(container=container, picture=picture, sound=sound, sample_rate=rate, seconds=1.2, **starts)]
]


@pytest.mark.parametrize("film", ROUND_TRIPS)
def test_sound_comes_back_in_its_place_and_the_picture_untouched(film, tmp_path):
    written = rewrite(film, tmp_path)
    before, after = heard(film_path(film)), heard(written.path)
    lags, likeness = lag_and_likeness(before, after)
    assert set(lags) == {0}
    assert likeness > (0.9999 if written.bit_rate is None else 0.95)
    assert abs(after.shape[1] - before.shape[1]) <= 1024
    assert written.verified.start_drift_samples == 0
    assert written.verified.picture_packets == round(1.2 * 25)
    if film.container != "ts":
        assert packets(written.path, "video") == packets(film_path(film), "video")


@pytest.mark.parametrize("film", [film for film in ROUND_TRIPS if film.values[0].container in ("mp4", "mkv")])
def test_the_sound_stands_where_it_was_made(film):
    """Against the sound that went into the film, before its first codec, placed by its start on the one clock."""
    lead = film.sound_start - read_clock(film_path(film)).start
    truth = np.pad(sound_of(film), ((0, 0), (round(lead * film.sample_rate), 0)))
    lags, _ = lag_and_likeness(truth, heard(film_path(film)))
    assert all(abs(lag) <= 48 for lag in lags)  # Matroska tells times in 1 ms, MP4's empty edits too


def test_flash_and_click_stay_together(tmp_path):
    film = Film(seconds=2.0, flashes=(0.4, 1.2), picture_start=Fraction(13, 25))
    written = rewrite(film, tmp_path)
    with av.open(str(written.path)) as container:
        flashes = [frame.time for frame in container.decode(video=0) if frame.to_ndarray(format="gray").mean() > 200]
    clicks = np.flatnonzero(np.abs(heard(written.path)[0]) > 0.5) / film.sample_rate
    assert flashes == pytest.approx([0.92, 1.72], abs=1e-6)
    assert min(abs(clicks - 0.4)) < 0.001
    assert min(abs(clicks - 1.2)) < 0.001


@pytest.mark.parametrize("sound", ["libopus", "aac", "flac"])
@pytest.mark.parametrize("layout", ["mono", "5.0", "5.1", "5.1(side)", "6.1", "7.1"])
def test_every_speaker_keeps_its_sound(layout, sound, tmp_path):
    """One silent-but-one film per layout, through each codec: independent noise per channel comes back in order."""
    film = Film(container="mkv", sound="flac", layout=layout, seconds=0.7, sample_rate=48_000)
    suffix = {"aac": ".mp4", "libopus": ".webm", "flac": ".mkv"}[sound]
    if sound == "libopus":
        film = replace(film, picture="libvpx")
    if sound == "aac":
        film = replace(film, container="mov", sound="pcm_f32le")
        info = replace(probe(film_path(film)), soundtracks=())
        track = replace(probe(film_path(film)).soundtracks[0], codec="aac")
        blocks = listen(info, track)
        written = write_with_soundtrack(info, track, blocks, tmp_path / "out.mp4")
    else:
        written = rewrite(film, tmp_path, suffix=suffix)
    truth, back = sound_of(film), heard(written.path)
    names = [channel.name for channel in av.AudioLayout(layout).channels]
    places = [channel.name for channel in av.AudioLayout(probe(written.path).soundtracks[0].layout).channels]
    near = {"SL": "BL", "SR": "BR", "BL": "SL", "BR": "SR"}
    for row, name in enumerate(names):
        if name == "LFE" or (name == "BC" and name not in places):
            continue  # a low-passed channel; a rear centre that two others carry
        place = places.index(name if name in places else near[name])
        lags, likeness = lag_and_likeness(truth[row : row + 1], back[place : place + 1])
        assert lags == [0]
        assert likeness > 0.9, name


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


def test_variable_frame_rate_keeps_its_times(tmp_path):
    film = Film(container="mp4", dropped=(3, 4, 5, 20, 31))
    written = rewrite(film, tmp_path)
    with av.open(str(film_path(film))) as old, av.open(str(written.path)) as new:
        assert [f.time for f in new.decode(video=0)] == [f.time for f in old.decode(video=0)]


@pytest.mark.parametrize(
    ("container", "sound", "kept"),
    [("wav", "pcm_s24le", "pcm_s24le"), ("flac", "flac", "flac"), ("mp3", "libmp3lame", "mp3"), ("m4a", "aac", "aac"),
     ("ogg", "libopus", "opus")],
)  # fmt: skip
def test_sound_files_go_through(container, sound, kept, tmp_path):
    film = sound_film(container, sound, cover=container in ("flac", "mp3", "m4a"), tags=(("title", "A song"),))
    written = rewrite(film, tmp_path)
    info = probe(written.path)
    assert (info.container, info.picture, info.soundtracks[0].codec) == (container, None, kept)
    with av.open(str(written.path)) as found:
        title = found.metadata.get("title") or found.streams.audio[0].metadata.get("title")
        assert title == "A song"
        assert len(found.streams.video) == film.cover
    lags, likeness = lag_and_likeness(heard(film_path(film)), heard(written.path))
    assert set(lags) == {0}
    assert likeness > 0.95


def test_lossless_comes_back_bit_for_bit(tmp_path):
    for film in (sound_film("wav", "pcm_s16le"), sound_film("flac", "flac"), Film(container="mov", sound="pcm_s24le")):
        folder = tmp_path / film.container
        folder.mkdir()
        assert np.array_equal(heard(rewrite(film, folder).path), heard(film_path(film)))


def test_opus_takes_44100_only_as_48000_and_says_so(tmp_path):
    film = Film(container="webm", picture="libvpx", sound="libopus")
    info = probe(film_path(film))
    track = replace(info.soundtracks[0], sample_rate=44_100)
    notes: list[str] = []
    silence = [np.zeros((2, 44_100), np.float32)]
    written = write_with_soundtrack(info, track, silence, tmp_path / "out.webm", notes=notes)
    assert written.seconds == 1.0
    assert notes == ["libopus takes no 44100 Hz: the sound was converted to 48000 Hz"]


def test_bit_rate_never_falls(tmp_path):
    film = Film(seconds=1.0)
    info = probe(film_path(film))
    rich = replace(info.soundtracks[0], bit_rate=300_000)
    written = write_with_soundtrack(info, rich, listen(info, rich), tmp_path / "out.mp4")
    assert written.bit_rate == 300_000
    assert rewrite(film, tmp_path, suffix=".m4v").bit_rate >= 160_000


# ---- what must not happen -------------------------------------------------------------------------------------------


def test_an_existing_target_is_kept_unless_told(tmp_path):
    target = tmp_path / "out.mp4"
    target.write_bytes(b"precious")
    with pytest.raises(TargetExists, match="exists already"):
        rewrite(Film(), tmp_path)
    assert target.read_bytes() == b"precious"
    assert rewrite(Film(), tmp_path, overwrite=True).path == target
    assert probe(target).picture.codec == "h264"


@pytest.mark.parametrize("link", ["same", "symlink", "hardlink"])
def test_the_source_is_never_the_target(link, tmp_path):
    source = make_film(Film(seconds=0.5), tmp_path / "film.mp4")
    dest = tmp_path / ("film.mp4" if link == "same" else "other.mp4")
    if link == "symlink":
        dest.symlink_to(source)
    elif link == "hardlink":
        dest.hardlink_to(source)
    before = source.read_bytes()
    info = probe(source)
    with pytest.raises(OutputError, match="it is the source itself"):
        write_with_soundtrack(info, info.soundtracks[0], [], dest, overwrite=True)
    assert source.read_bytes() == before


def _fail_when_half_done(monkeypatch, error: BaseException) -> None:
    """Let the encoder of the new sound break at its second block."""
    encode = write.SoundEncoder.encode

    def broken(self, block):
        if self.samples:
            raise error
        return encode(self, block)

    monkeypatch.setattr(write.SoundEncoder, "encode", broken)


@pytest.mark.parametrize(
    ("error", "seen", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), OutputError, "the disk is full"),
        (OSError(errno.EFBIG, "File too large"), OutputError, "beyond what the system allows"),
        (KeyboardInterrupt("stop"), KeyboardInterrupt, "stop"),
        (RuntimeError("a bug"), RuntimeError, "a bug"),
    ],
)
def test_a_failure_half_way_leaves_the_old_file_and_nothing_else(error, seen, said, monkeypatch, tmp_path):
    old = tmp_path / "out.mp4"
    old.write_bytes(b"precious")
    _fail_when_half_done(monkeypatch, error)
    with pytest.raises(seen, match=said):
        rewrite(Film(), tmp_path, overwrite=True)
    assert old.read_bytes() == b"precious"
    assert [path.name for path in tmp_path.iterdir()] == ["out.mp4"]


def test_the_source_is_closed_while_the_sound_is_made(monkeypatch, tmp_path):
    """Its index grows with the film, and what makes the sound is large: they are not to be in memory together."""
    opened: list[Path] = []

    @contextmanager
    def remembered(path):
        with open_input(path) as container:
            opened.append(path)
            yield container
            opened.remove(path)

    info = probe(film_path(Film()))
    seen: list[int] = []

    def blocks():
        for block in listen(info, info.soundtracks[0]):
            seen.append(len(opened))
            yield block
        seen.append(len(opened))

    monkeypatch.setattr(write, "open_input", remembered)
    write_with_soundtrack(info, info.soundtracks[0], blocks(), tmp_path / "out.mp4")
    assert len(seen) > 2
    assert set(seen) == {0}


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_FSIZE"), reason="needs a limit on the size of files")
@pytest.mark.parametrize("film", [sound_film("wav", "pcm_s16le", seconds=4.0), Film(container="mkv", sound="flac")])
def test_a_full_disk_leaves_the_old_file_and_nothing_else(film, tmp_path):
    old = tmp_path / f"out.{film.container}"
    old.write_bytes(b"precious")
    source = film_path(film)
    script = f"""
        import resource, signal, sys
        sys.path[:0] = {sys.path!r}
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        from pathlib import Path
        from limelight.errors import OutputError
        from limelight.media.listen import listen
        from limelight.media.probe import probe
        from limelight.media.write import write_with_soundtrack
        info = probe({str(source)!r})
        track = info.soundtracks[0]
        try:
            write_with_soundtrack(info, track, listen(info, track), Path({str(old)!r}), overwrite=True)
        except OutputError as error:
            sys.exit(f"refused: {{error}}")
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "refused: cannot write" in done.stderr
    assert old.read_bytes() == b"precious"
    assert list(tmp_path.iterdir()) == [old]


def test_ctrl_c_leaves_the_old_file_and_nothing_else(tmp_path):
    old = tmp_path / "out.mp4"
    old.write_bytes(b"precious")
    script = f"""
        import signal, sys, time
        sys.path[:0] = {sys.path!r}
        signal.signal(signal.SIGINT, signal.default_int_handler)
        from pathlib import Path
        from limelight.media.listen import listen
        from limelight.media.probe import probe
        from limelight.media.write import write_with_soundtrack
        info = probe({str(film_path(Film()))!r})
        track = info.soundtracks[0]
        def slowly():
            for block in listen(info, track, block_seconds=0.1):
                yield block
                print("block", flush=True)
                time.sleep(0.05)
        try:
            write_with_soundtrack(info, track, slowly(), Path({str(old)!r}), overwrite=True)
        except KeyboardInterrupt:
            sys.exit(130)
    """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        for _ in range(5):
            child.stdout.readline()
        child.send_signal(signal.SIGINT)
        child.stdout.read()
        assert child.wait(timeout=10) == 130
    assert old.read_bytes() == b"precious"
    assert [path.name for path in tmp_path.iterdir()] == ["out.mp4"]


def test_rights_of_the_old_file_are_kept(tmp_path):
    old = tmp_path / "out.mp4"
    old.write_bytes(b"old")
    old.chmod(0o640)
    rewrite(Film(), tmp_path, overwrite=True)
    assert old.stat().st_mode & 0o777 == 0o640


def test_numbers_that_are_none_are_refused(tmp_path):
    info = probe(film_path(Film()))
    block = np.full((2, 4800), np.nan, np.float32)
    with pytest.raises(OutputError, match="not numbers"):
        write_with_soundtrack(info, info.soundtracks[0], [block], tmp_path / "out.mp4")
    assert list(tmp_path.iterdir()) == []


def test_joined_recordings_are_refused_with_the_place(tmp_path):
    part = film_path(Film(container="ts", b_frames=False, seconds=1.2)).read_bytes()
    joined = tmp_path / "joined.ts"
    joined.write_bytes(part + part)
    with pytest.raises(Damaged, match=r"backwards at 00:00:0\d .joined recordings"):
        rewrite(joined, tmp_path)


def test_a_picture_that_the_container_cannot_hold_is_refused(tmp_path):
    with pytest.raises(OutputError, match=r"into webm: it cannot hold it; choose \.mkv"):
        rewrite(Film(), tmp_path, suffix=".webm")


def test_fragmented_and_faststart_films_go_through(tmp_path):
    whole = film_path(Film(sound="aac"))
    for name, flags in (("frag", "frag_keyframe+empty_moov+default_base_moof"), ("fast", "+faststart")):
        folder = tmp_path / name
        folder.mkdir()
        source = remuxed(whole, folder / f"{name}.mp4", options={"movflags": flags})
        written = rewrite(source, folder)
        assert packets(written.path, "video") == packets(whole, "video")
        assert set(lag_and_likeness(heard(source), heard(written.path))[0]) == {0}
