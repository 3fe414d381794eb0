"""From a score to sound: a Standard MIDI File, written with mido and played by FluidSynth.

FluidSynth and the FluidR3 General MIDI sound font are called as a program.
"""

from __future__ import annotations

import io
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import mido
import numpy as np
from numpy.typing import NDArray

from limelight.errors import InputError
from research.synthetic.harmony import Part, Score

SAMPLE_RATE = 48_000
SOUND_FONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")  # where Debian and Ubuntu put it
LEVEL_DB, PEAK_DB = -20.0, -1.0
RENDER_TIMEOUT_SECONDS = 600
TICKS_PER_BEAT = 480
TAIL_BEATS = 4.0  # silence at the end, for releases and reverberation to ring out in

# Events at one tick are put in this order: a note that ends must not silence one that begins.
SETTING, ENDING, STRIKING = range(3)
Event = tuple[int, int, mido.Message | mido.MetaMessage]  # tick, order, message


def midi_bytes(score: Score) -> bytes:
    """The file: one track of tempi, one for each part."""
    end = _tick(score.length_beats + TAIL_BEATS)
    tempi: list[Event] = [
        (_tick(tempo.start_beats), SETTING, mido.MetaMessage("set_tempo", tempo=round(60e6 / tempo.beats_per_minute)))
        for tempo in score.tempi
    ]
    tracks = [midi_track(tempi, end), *(midi_track(_part_events(part), end) for part in score.parts)]
    return midi_file(tracks, ticks_per_beat=TICKS_PER_BEAT)


def midi_file(tracks: Sequence[mido.MidiTrack], *, ticks_per_beat: int) -> bytes:
    """Tracks as a Standard MIDI File, of format 0 where there is one and of format 1 where there are more."""
    file = mido.MidiFile(type=min(1, len(tracks) - 1), ticks_per_beat=ticks_per_beat)
    file.tracks.extend(tracks)
    out = io.BytesIO()
    file.save(file=out)
    return out.getvalue()


def midi_track(events: Iterable[Event], end: int = 0) -> mido.MidiTrack:
    """Events put in order, and the track's end at tick `end` or with the last of them."""
    track, now = mido.MidiTrack(), 0
    for tick, _, message in sorted(events, key=_in_order):
        track.append(message.copy(time=tick - now))
        now = tick
    track.append(mido.MetaMessage("end_of_track", time=max(0, end - now)))
    return track


def _in_order(event: Event) -> tuple[int, int, list[int]]:
    return event[0], event[1], event[2].bytes()


def _tick(beats: float) -> int:
    return max(0, round(beats * TICKS_PER_BEAT))


def _part_events(part: Part) -> Iterator[Event]:
    channel = part.channel
    yield 0, SETTING, mido.Message("program_change", channel=channel, program=part.program)
    for control in part.controls:
        message = mido.Message("control_change", channel=channel, control=control.number, value=control.value)
        yield _tick(control.start_beats), SETTING, message
    for bend in part.bends:
        yield _tick(bend.start_beats), SETTING, mido.Message("pitchwheel", channel=channel, pitch=bend.value)
    for note in part.notes:
        first = _tick(note.start_beats)
        last = max(first + 1, _tick(note.start_beats + note.length_beats))
        yield first, STRIKING, mido.Message("note_on", channel=channel, note=note.pitch, velocity=note.velocity)
        yield last, ENDING, mido.Message("note_off", channel=channel, note=note.pitch, velocity=64)


@dataclass(frozen=True)
class Studio:
    """The room and the mixing desk of one piece; None is without."""

    reverb: tuple[float, float, float] | None  # size, damping, level: 0–1 each
    chorus: tuple[float, float, float] | None  # level, speed in Hz, depth in ms

    @property
    def options(self) -> list[str]:
        """For FluidSynth's command line."""
        settings: dict[str, float] = {
            "reverb.active": self.reverb is not None,
            "chorus.active": self.chorus is not None,
        }
        if self.reverb:
            settings |= dict(zip(("reverb.room-size", "reverb.damp", "reverb.level"), self.reverb, strict=True))
        if self.chorus:
            settings |= dict(zip(("chorus.level", "chorus.speed", "chorus.depth"), self.chorus, strict=True))
        return [word for name, value in settings.items() for word in ("-o", f"synth.{name}={float(value):g}")]


def draw_studio(rng: np.random.Generator) -> Studio:
    """No room for every fourth piece, else any; chorus for every third."""
    reverb = (rng.uniform(0.05, 0.95), rng.uniform(0, 0.9), rng.uniform(0.1, 0.9)) if rng.random() < 0.75 else None
    chorus = (rng.uniform(0.3, 2.0), rng.uniform(0.1, 1.5), rng.uniform(2, 12)) if rng.random() < 0.33 else None
    return Studio(reverb, chorus)


def render(score: Score, studio: Studio, sound_font: Path = SOUND_FONT) -> NDArray[np.float32]:
    """The piece at 48 kHz, mono [N], levelled. Raises InputError where FluidSynth gives no sound."""
    with tempfile.TemporaryDirectory() as folder:
        midi, raw = Path(folder, "score.mid"), Path(folder, "score.raw")
        midi.write_bytes(midi_bytes(score))
        command = ["fluidsynth", "-n", "-i", "-q", "-r", str(SAMPLE_RATE), "-g", "0.3", "-T", "raw", "-O", "float"]
        command += ["-E", "little", "-o", "synth.dynamic-sample-loading=1", *studio.options]
        command += ["-F", str(raw), str(sound_font), str(midi)]
        done = subprocess.run(command, capture_output=True, check=False, timeout=RENDER_TIMEOUT_SECONDS)
        if done.returncode or not raw.is_file():
            said = " ".join(done.stderr.decode(errors="replace").split())[-200:]
            raise InputError(f"fluidsynth could not render a {score.style} score: {said or 'it wrote nothing'}.")
        stereo = np.fromfile(raw, "<f4").reshape(-1, 2)
    return levelled(stereo.mean(axis=1))


def levelled(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """A sound [N] at −20 dBFS RMS, or less where its peak would rise above −1 dBFS; silence stays."""
    peak = float(np.abs(samples).max(initial=0.0))
    if peak == 0:
        return samples
    rms = float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))
    gain = min(10 ** (LEVEL_DB / 20) / rms, 10 ** (PEAK_DB / 20) / peak)
    return np.asarray(samples * np.float32(gain), np.float32)
