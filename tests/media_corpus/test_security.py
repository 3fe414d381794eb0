"""What SECURITY.md promises of hostile files: no second file, no other computer, no memory beyond the limits, no code."""

from __future__ import annotations

import json
import re
import socket
from fractions import Fraction
from pathlib import Path

import av
import pytest
from film_frames import sound_frame
from film_sound import noise
from films import Film, film_path
from media_corpus import hostile
from media_corpus.command_server import CommandServer, Limits
from media_corpus.hostile import NEIGHBOUR, cover_bomb, play_list, reference_film
from media_corpus.opened_files import AVAILABLE, watched

from limelight.media import audio_files as sound_file
from limelight.media import container, probe
from limelight.media.target import part_beside

ROOT = Path(__file__).resolve().parents[2]
POINTERS = {
    "list.m3u8": play_list(NEIGHBOUR),
    "list.mp4": play_list(NEIGHBOUR),
    "absolute.m3u8": play_list("{folder}/" + NEIGHBOUR),
    "concat.mp4": f"ffconcat version 1.0\nfile {NEIGHBOUR}\n".encode(),
    "session.mp4": hostile.SESSION,
    "url.mov": reference_film(url=b"file:" + NEIGHBOUR.encode()),
    "alias.mov": reference_film(alias=NEIGHBOUR.encode()),
}


def neighbour(folder: Path) -> None:
    (folder / NEIGHBOUR).write_bytes(film_path(Film(container="ts", seconds=0.4)).read_bytes())


@pytest.mark.skipif(not AVAILABLE, reason="needs inotify")
@pytest.mark.parametrize("name", POINTERS)
def test_one_file_is_opened_and_no_other(name: str, server: CommandServer, tmp_path: Path) -> None:
    neighbour(tmp_path)
    (tmp_path / name).write_bytes(POINTERS[name].replace(b"{folder}", str(tmp_path).encode()))
    with watched(tmp_path) as opened:
        server.run("inspect", "--context", "none", name, folder=tmp_path)
    assert name in opened
    assert NEIGHBOUR not in opened


@pytest.mark.skipif(not AVAILABLE, reason="needs inotify")
def test_the_watch_sees_what_it_is_to_see(server: CommandServer, tmp_path: Path) -> None:
    """The same reference film, opened by FFmpeg with references allowed, does open its neighbour."""
    neighbour(tmp_path)
    (tmp_path / "alias.mov").write_bytes(reference_film(alias=NEIGHBOUR.encode()))
    with watched(tmp_path) as opened:
        av.open(str(tmp_path / "alias.mov"), options={"enable_drefs": "1"}).close()
    assert NEIGHBOUR in opened


@pytest.mark.parametrize(
    "words", [("highlight",), ("inspect",), ("stems", "-o", "stems"), ("score", "--target", NEIGHBOUR)]
)
def test_no_command_calls_another_computer(words: tuple[str, ...], server: CommandServer, tmp_path: Path) -> None:
    neighbour(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        place = f"http://127.0.0.1:{listener.getsockname()[1]}/film.ts"
        (tmp_path / "list.m3u8").write_bytes(play_list(place))
        for film in ("list.m3u8", place):
            assert server.run(*words, film, folder=tmp_path).exit_code == 3
        with pytest.raises(TimeoutError):
            listener.accept()


@pytest.mark.slow
def test_a_cover_as_large_as_memory_is_not_looked_at(server: CommandServer, tmp_path: Path) -> None:
    cover_bomb(tmp_path / "bomb.mkv")
    before = server.run("models", folder=tmp_path).peak_mb
    outcome = server.run("inspect", "bomb.mkv", folder=tmp_path, limits=Limits(processor_seconds=10))
    assert outcome.code in ("OK", "E_LIMIT"), outcome.stderr
    assert outcome.peak_mb < before + 100  # whoever looks at it needs 190 MB more


def test_what_a_file_says_does_not_reach_the_terminal(server: CommandServer, tmp_path: Path) -> None:
    name = "\x1b]0;owned\x07\u202e\udcff.mp4"
    (tmp_path / name).write_bytes(b"no film")
    outcome = server.run("highlight", name, folder=tmp_path)
    assert outcome.code == "E_NOT_MEDIA"
    assert outcome.stderr.rstrip("\n").isprintable()
    (tmp_path / name).write_bytes(film_path(Film(seconds=0.4, tags=(("title", "\x1b[2J"),))).read_bytes())
    outcome = server.run("highlight", name, "--report", folder=tmp_path)
    assert outcome.code == "OK"
    assert "\x1b" not in outcome.stderr
    page = next(tmp_path.glob("*.html")).read_text(encoding="utf-8")
    assert "\x1b" not in page
    assert "\u202e" not in page


def test_no_code_in_any_data(tmp_path: Path) -> None:
    """Nothing in the source reads pickles, but by what loads plain values only, evaluates text or starts a shell."""
    words = (
        r"pickle\.load|os\.system|shell=True|allow_pickle=True|weights_only=False(?!, pickle_module=_PLAIN_PICKLE\))"
        r"|yaml\.load|(?<![.\w])(eval|exec)\("
    )
    forbidden = re.compile(words)
    found = [path for path in (ROOT / "src").rglob("*.py") if forbidden.search(path.read_text(encoding="utf-8"))]
    assert found == []


def test_the_page_names_the_limits_of_the_code() -> None:
    page = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    for words in (
        "8192 × 4320",
        f"{container.MAX_STREAMS} streams",
        f"{container.MAX_CHANNELS} channels",
        f"{container.MAX_SAMPLE_RATE // 1000} kHz",
        f"{probe.MAX_SECONDS // 3600} hours",
    ):
        assert words in page
    assert container.MAX_PIXELS == 8192 * 4320
    assert f"{sound_file.LONGEST_SECONDS // 60} minutes" in page


def test_a_data_set_cannot_point_out_of_its_folder(server: CommandServer, tmp_path: Path) -> None:
    from dataset.entries import entry

    line = json.loads(entry().as_line()) | {"files": {"../../secret.flac": "0" * 64}}
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "manifest.jsonl").write_text(json.dumps(line) + "\n", encoding="utf-8")
    (tmp_path / "secret.flac").write_bytes(b"secret")
    outcome = server.run("muddy", "check", "set", folder=tmp_path)
    assert outcome.code == "E_INPUT"
    assert "leads out of the data set" in outcome.stderr


def test_too_many_streams_are_refused(server: CommandServer, tmp_path: Path) -> None:
    with av.open(str(tmp_path / "many.mkv"), "w") as film:
        tracks = [film.add_stream("flac", rate=8000, layout="mono") for _ in range(container.MAX_STREAMS + 1)]
        for track in tracks:
            film.mux(track.encode(sound_frame(noise(0.1, 8000, 1), 8000, "mono", Fraction(0))))
            film.mux(track.encode(None))
    assert server.run("highlight", "many.mkv", folder=tmp_path).code == "E_LIMIT"


def test_a_link_is_replaced_and_what_it_points_to_stays(server: CommandServer, tmp_path: Path) -> None:
    (tmp_path / "film.mp4").write_bytes(film_path(Film(seconds=0.4)).read_bytes())
    (tmp_path / "precious.mp4").write_bytes(b"precious")
    (tmp_path / "out.mp4").symlink_to(tmp_path / "precious.mp4")
    assert server.run("highlight", "--force", "-o", "out.mp4", "film.mp4", folder=tmp_path).code == "OK"
    assert (tmp_path / "precious.mp4").read_bytes() == b"precious"
    assert not (tmp_path / "out.mp4").is_symlink()


def test_nobody_else_reads_a_film_in_the_making(tmp_path: Path) -> None:
    with part_beside(tmp_path / "out.mp4") as part:
        assert part.stat().st_mode & 0o777 == 0o600
