"""Listening once more, to the source and to the file that was written: what the page shows and plays of each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from limelight.app.report.clip import Excerpt, Recorder
from limelight.app.report.envelope import Envelope, EnvelopeMeter
from limelight.media.listen import listen
from limelight.media.probe import choose_soundtrack, probe
from limelight.signals import Samples, SoundtrackInfo, SourceInfo


@dataclass(frozen=True)
class Heard:
    """What one pass over a soundtrack leaves."""

    envelope: Envelope
    clip: Samples  # [2, N] at 48 kHz, of the excerpt


def hear(info: SourceInfo, track: SoundtrackInfo, excerpt: Excerpt, duration_seconds: float) -> Heard:
    """One pass, in constant memory but for the excerpt."""
    meter = EnvelopeMeter(round(duration_seconds * track.sample_rate), track.channels)
    recorder = Recorder(excerpt, track)
    for block in listen(info, track):
        meter.push(block)
        recorder.push(block)
    return Heard(meter.finish(), recorder.finish())


def hear_written(
    dest: Path, source: SourceInfo, track: SoundtrackInfo, excerpt: Excerpt, duration_seconds: float
) -> Heard:
    """The same for the new soundtrack, which took the old one's place in the order of streams."""
    info = probe(dest)
    kept_order = len(info.soundtracks) == len(source.soundtracks)
    new = choose_soundtrack(info, source.soundtracks.index(track) if kept_order else None)
    return hear(info, new, excerpt, duration_seconds)
