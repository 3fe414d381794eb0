"""A film with its own soundtrack written back, and what is then in the file."""

from pathlib import Path

import av
from films import Film, film_path

from limelight.media.formats import default_suffix
from limelight.media.probe import choose_soundtrack, probe
from limelight.media.read_audio import read_audio
from limelight.media.write import Written, write_with_soundtrack


def rewrite(film: Film | Path, folder: Path, *, suffix: str | None = None, track: int | None = None, **more) -> Written:
    """A film with its own soundtrack written back, unchanged."""
    info = probe(film_path(film) if isinstance(film, Film) else film)
    soundtrack = choose_soundtrack(info, track)
    dest = folder / f"out{suffix or default_suffix(info)}"
    return write_with_soundtrack(info, soundtrack, read_audio(info, soundtrack), dest, **more)


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
