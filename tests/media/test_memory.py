"""A long film needs no more memory than a short one."""

import subprocess
import sys
import textwrap
from fractions import Fraction
from pathlib import Path

import pytest
from film_damage import repeated
from films import Film, film_path

from limelight.media.probe import probe
from limelight.media.sample_frames import sample_frames


def peak_megabytes(source: Path, dest: Path) -> float:
    """The most memory that looking at, listening to and writing a film needs, in a process of its own."""
    script = f"""
        import sys
        sys.path[:0] = {sys.path!r}
        from pathlib import Path
        from limelight.media.read_audio import read_audio
        from limelight.media.sample_frames import sample_frames
        from limelight.media.probe import probe
        from limelight.media.write import write_with_soundtrack
        info = probe({str(source)!r})
        seen = sum(1 for _ in sample_frames(info))
        track = info.soundtracks[0]
        written = write_with_soundtrack(info, track, read_audio(info, track), Path({str(dest)!r}))
        status = Path("/proc/self/status").read_text()  # ru_maxrss would count the process that started this one
        print(status.split("VmHWM:")[1].split()[0])
    """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout) / 1024


def test_pictures_are_made_one_at_a_time():
    info = probe(film_path(Film(seconds=2.0)))
    pictures = sample_frames(info)
    assert next(pictures).time_seconds < next(pictures).time_seconds
    pictures.close()


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
@pytest.mark.parametrize("container", ["mkv", "mp4"])
def test_an_hour_takes_no_more_than_a_minute(container, tmp_path):
    sound = "flac" if container == "mkv" else "alac"
    film = Film(container=container, sound=sound, seconds=10.24, b_frames=False, layout="mono", sample_rate=16_000)
    length = Fraction(1024, 100)
    minute = repeated(film_path(film), tmp_path / f"minute.{container}", times=6, seconds=length)
    hour = repeated(film_path(film), tmp_path / f"hour.{container}", times=360, seconds=length)
    short = peak_megabytes(minute, tmp_path / f"a.{container}")
    long = peak_megabytes(hour, tmp_path / f"b.{container}")
    assert long < 1.25 * short + 40  # MP4 keeps an index: some 100 bytes a packet
    assert long < 300
