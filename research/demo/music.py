"""The score, written as notes in seconds, turned into a MIDI file and played by fluidsynth with the FluidR3 sound font.

Three parts follow the story: a piano over low strings for the talk (D minor), a chase of short strings, drums and
brass at 150 beats a minute, and a wide D major for the sunset. Without the sound font a plain additive synthesis plays.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import mido
import numpy as np

from research.demo.acoustics import Sound, clock, in_room, panned, place, read_sound, run, seconds, silence, sound_font
from research.demo.story import DURATION_SECONDS, SAMPLE_RATE, SAMPLES, TITLE_SECONDS
from research.synthetic.harmony import DRUM_CHANNEL
from research.synthetic.render import ENDING, SETTING, STRIKING, Event, midi_file, midi_track

PROGRAMS = {"piano": 0, "glockenspiel": 9, "strings": 48, "short strings": 45, "tremolo": 44, "cello": 42, "harp": 46,
            "timpani": 47, "choir": 52, "trombone": 57, "horn": 60, "brass": 61, "flute": 73, "taiko": 116}  # fmt: skip
PANS = {"piano": 50, "strings": 64, "short strings": 40, "tremolo": 84, "cello": 84, "harp": 36, "horn": 50,
        "brass": 76, "trombone": 80, "flute": 70, "glockenspiel": 90}  # fmt: skip


@dataclass(frozen=True)
class Note:
    """One note: when, how long, MIDI pitch (60 is middle C), velocity 1…127, played by whom."""

    start_seconds: float
    length_seconds: float
    pitch: int
    velocity: int
    player: str


def _talk() -> list[Note]:
    """Four bars of three slow beats; a tremolo swells into the cut."""
    beat = 11 / 12
    chords = ((38, 62, 65, 69), (34, 62, 65, 70), (31, 62, 67, 70), (33, 61, 64, 69))
    notes = []
    for bar, (bass, *chord) in enumerate(chords):
        start = 3 * bar * beat
        notes.append(Note(start, 2.9 * beat, bass, 62, "cello"))
        notes += [Note(start, 3 * beat, pitch - 12, 50, "strings") for pitch in chord]
        for eighth, step in enumerate((0, 1, 2, 1, 2, 1)):
            notes.append(
                Note(start + eighth * beat / 2, beat, chord[step] + 12 * (eighth == 4), 58 + 6 * (eighth == 0), "piano")
            )
    return notes + [Note(9.6, 1.5, pitch, 80, "tremolo") for pitch in (57, 61, 64)]


def _chase() -> list[Note]:
    """Sixteenths of short strings, drums on the beat, brass on the changes of chord."""
    beat, start = 0.4, 11.0
    roots = (38, 38, 34, 36, 38, 41, 34, 33, 38, 38, 39)  # one for every two beats
    notes = []
    for bar, root in enumerate(roots):
        at = start + 2 * bar * beat
        for sixteenth in range(8):
            pitch = root + 12 + (0, 12, 7, 12, 0, 12, 8 if bar % 2 else 7, 3)[sixteenth]
            loud = 100 if sixteenth % 4 == 0 else 78
            notes += [Note(at + sixteenth * beat / 4, 0.09, pitch + up, loud, "short strings") for up in (0, 12)]
        notes += [Note(at + k * beat, 0.3, 38, v, "taiko") for k, v in ((0, 112), (0.75, 84), (1, 96), (1.5, 90))]
        notes += [Note(at, 0.7, root + up, 92, "trombone") for up in (0, 12)]
        if bar % 2 == 0:
            notes += [Note(at, 0.55, root + 24 + up, 98, "brass") for up in (0, 3, 7)]
        notes.append(Note(at, 1.6 * beat, root, 100, "timpani"))
    last = start + 2 * len(roots) * beat
    return notes + [
        Note(last, 0.5, pitch, 112, player) for pitch in (38, 50, 57, 62) for player in ("brass", "timpani")
    ]


def _sunset() -> list[Note]:
    """A horn melody over wide strings and a harp; flute and bells when the title appears."""
    start, bar = 20.3, 1.75
    chords = ((38, 62, 66, 69), (43, 62, 67, 71), (45, 61, 64, 69), (38, 62, 66, 69), (43, 62, 67, 71))
    notes = []
    for number, (bass, *chord) in enumerate(chords):
        at = start + number * bar
        length = bar if number < 4 else DURATION_SECONDS - at
        notes += [Note(at, length, bass, 84, "cello"), Note(at, length, bass - 12, 70, "strings")]
        notes += [Note(at, length, pitch + up, 72, "strings") for pitch in chord for up in (-12, 0)]
        for step in range(6):
            notes.append(
                Note(at + step * bar / 6, 1.2, (bass + 12, *chord, chord[0] + 12, chord[1] + 12)[step], 70, "harp")
            )
    tune = ((0, 69, 1.2), (0.75, 74, 0.9), (1.0, 76, 0.6), (1.33, 78, 1.0), (2.0, 76, 0.75), (2.5, 73, 0.5),
            (2.75, 69, 0.5), (3.0, 74, 1.1), (4.0, 78, 0.5), (4.33, 79, 0.9))  # fmt: skip
    notes += [Note(start + at * bar, length * bar, pitch - 12, 92, "horn") for at, pitch, length in tune]
    notes += [Note(start + at * bar, length * bar, pitch, 66, "flute") for at, pitch, length in tune if at >= 3]
    bells = [Note(TITLE_SECONDS + 0.22 * k, 1.5, pitch, 58, "glockenspiel") for k, pitch in enumerate((86, 90, 93, 98))]
    end = start + 5 * bar
    close = [Note(end, 1.0, pitch, 74, "strings") for pitch in (38, 50, 57, 62, 66, 69)]
    return notes + bells + close


def score() -> list[Note]:
    """The whole film's notes."""
    return _talk() + _chase() + _sunset()


def midi_notes(notes: list[Note]) -> bytes:
    """A Standard MIDI File of format 0 in which one tick is one millisecond (500 ticks a beat, 120 beats a minute)."""
    players = [player for player in PROGRAMS if any(note.player == player for note in notes)]
    channels = {player: number + (number >= DRUM_CHANNEL) for number, player in enumerate(players)}
    events: list[Event] = []
    for player, channel in channels.items():
        pan = mido.Message("control_change", channel=channel, control=10, value=PANS.get(player, 64))
        program = mido.Message("program_change", channel=channel, program=PROGRAMS[player])
        events += [(0, SETTING, program), (0, SETTING, pan)]
    for note in notes:
        channel, first = channels[note.player], round(1000 * note.start_seconds)
        on = mido.Message("note_on", channel=channel, note=note.pitch, velocity=note.velocity)
        off = mido.Message("note_off", channel=channel, note=note.pitch, velocity=0)
        events += [(first, STRIKING, on), (first + round(1000 * note.length_seconds), ENDING, off)]
    return midi_file([midi_track(events)], ticks_per_beat=500)


def _plucked(note: Note) -> Sound:
    """A note without sound font: eight harmonics that fade, the higher the sooner."""
    held = note.player not in ("piano", "harp", "short strings", "timpani", "taiko", "glockenspiel")
    time = clock(seconds(note.length_seconds + 0.3))
    hz = 440 * 2 ** ((note.pitch - 69) / 12)
    tone = sum(np.sin(2 * np.pi * k * hz * time) / k * np.exp(-time * k * (0.3 if held else 2.0)) for k in range(1, 9))
    edge = np.minimum(time / (0.08 if held else 0.004), 1) * np.clip((time[-1] - time) / 0.25, 0, 1)
    return (note.velocity / 127) ** 2 * 0.2 * tone * edge


def _without_sound_font(notes: list[Note]) -> Sound:
    stem = silence()
    for note in notes:
        place(stem, panned(_plucked(note), PANS.get(note.player, 64) / 64 - 1), note.start_seconds)
    return in_room(stem, decay_seconds=1.6, wet=0.4, seed=8)[:, :SAMPLES]


def music_stem() -> Sound:
    """The score played, [2, N]."""
    font = sound_font()
    if font is None:
        return _without_sound_font(score())
    with tempfile.TemporaryDirectory() as folder:
        midi, wave = Path(folder) / "score.mid", Path(folder) / "score.wav"
        midi.write_bytes(midi_notes(score()))
        run(
            [
                "fluidsynth",
                "-ni",
                "-g",
                "0.5",
                "-r",
                str(SAMPLE_RATE),
                "-O",
                "float",
                "-T",
                "wav",
                "-F",
                str(wave),
                str(font),
                str(midi),
            ]
        )
        played = read_sound(wave)[:, :SAMPLES]
    stem = silence()
    stem[:, : played.shape[1]] = played
    return stem
