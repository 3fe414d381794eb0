"""Whatever goes wrong while a film is written, the old file stays, the source too, and nothing else is left."""

import errno
import resource
import signal
import subprocess
import sys
import textwrap

import pytest
from films import Film, film_path, make_film, sound_film
from media.rewriting import rewrite

from limelight.errors import OutputError, TargetExists
from limelight.media import mux
from limelight.media.probe import probe
from limelight.media.write import write_with_soundtrack


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
    encode = mux.SoundEncoder.encode

    def broken(self, block):
        if self.samples:
            raise error
        return encode(self, block)

    monkeypatch.setattr(mux.SoundEncoder, "encode", broken)


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
        from limelight.media.read_audio import read_audio
        from limelight.media.probe import probe
        from limelight.media.write import write_with_soundtrack
        info = probe({str(source)!r})
        track = info.soundtracks[0]
        try:
            write_with_soundtrack(info, track, read_audio(info, track), Path({str(old)!r}), overwrite=True)
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
        from limelight.media.read_audio import read_audio
        from limelight.media.probe import probe
        from limelight.media.write import write_with_soundtrack
        info = probe({str(film_path(Film()))!r})
        track = info.soundtracks[0]
        def slowly():
            for block in read_audio(info, track, block_seconds=0.1):
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
