import shutil
import struct

import numpy as np
import pytest

from research.synthetic.harmony import Bend, Control, Note, Part, Score, Tempo
from research.synthetic.render import (
    SAMPLE_RATE,
    SOUND_FONT,
    TAIL_BEATS,
    TICKS_PER_BEAT,
    Studio,
    levelled,
    midi_bytes,
    render,
)

Events = list[tuple[int, bytes]]
LENGTHS = {0x80: 2, 0x90: 2, 0xB0: 2, 0xC0: 1, 0xE0: 2}


def read_variable(data: bytes, place: int) -> tuple[int, int]:
    number = 0
    while True:
        number = number << 7 | data[place] & 0x7F
        place += 1
        if data[place - 1] < 0x80:
            return number, place


def read_tracks(data: bytes) -> list[Events]:
    """The oracle: a plain reader of what we write."""
    header, count = data[:4], struct.unpack(">H", data[10:12])[0]
    assert header == b"MThd"
    tracks, place = [], 14
    while place < len(data):
        assert data[place : place + 4] == b"MTrk"
        end = place + 8 + struct.unpack(">I", data[place + 4 : place + 8])[0]
        tracks.append(read_events(data, place + 8, end))
        place = end
    assert len(tracks) == count
    return tracks


def read_events(data: bytes, place: int, end: int) -> Events:
    events, tick = [], 0
    while place < end:
        delta, place = read_variable(data, place)
        tick += delta
        size = 3 + data[place + 2] if data[place] == 0xFF else 1 + LENGTHS[data[place] & 0xF0]
        events.append((tick, data[place : place + size]))
        place += size
    return events


def test_every_event_stands_at_its_tick() -> None:
    part = Part("lead", 3, 40, (Note(1.0, 2.0, 60, 90),), (Control(0.5, 7, 100),), (Bend(1.0, -8192), Bend(2.0, 8191)))
    tempi, events = read_tracks(midi_bytes(Score("test", (Tempo(0.0, 120.0),), (part,))))
    end = round((3 + TAIL_BEATS) * TICKS_PER_BEAT)
    assert tempi == [(0, b"\xff\x51\x03" + (500_000).to_bytes(3, "big")), (end, b"\xff\x2f\x00")]
    assert events == [
        (0, b"\xc3\x28"),
        (240, b"\xb3\x07\x64"),
        (480, b"\xe3\x00\x00"),
        (480, b"\x93\x3c\x5a"),
        (960, b"\xe3\x7f\x7f"),
        (1440, b"\x83\x3c\x40"),
        (end, b"\xff\x2f\x00"),
    ]


def test_a_note_ends_before_the_next_on_its_key_begins() -> None:
    part = Part("lead", 0, 0, (Note(0.0, 1.0, 60, 90), Note(1.0, 1.0, 60, 90)))
    events = read_tracks(midi_bytes(Score("test", (Tempo(0.0, 60.0),), (part,))))[1]
    assert [message[0] for tick, message in events if tick == TICKS_PER_BEAT] == [0x80, 0x90]


needs_fluidsynth = pytest.mark.skipif(
    shutil.which("fluidsynth") is None or not SOUND_FONT.is_file(), reason="fluidsynth or FluidR3 is not installed"
)


def test_levels_are_met_and_peaks_kept_below() -> None:
    noise = np.random.default_rng(0).normal(0, 0.001, 48_000).astype(np.float32)
    assert 20 * np.log10(np.std(levelled(noise))) == pytest.approx(-20, abs=0.01)
    click = np.zeros(48_000, np.float32)
    click[100] = 0.3
    assert 20 * np.log10(levelled(click).max()) == pytest.approx(-1, abs=0.01)
    np.testing.assert_array_equal(levelled(np.zeros(9, np.float32)), 0)


def test_a_dry_studio_turns_both_effects_off() -> None:
    assert Studio(None, None).options == ["-o", "synth.reverb.active=0", "-o", "synth.chorus.active=0"]
    assert "synth.reverb.room-size=0.5" in Studio((0.5, 0.1, 0.2), None).options


@needs_fluidsynth
def test_a_note_sounds_at_its_time_and_pitch() -> None:
    organ = Part("alone", 0, 16, (Note(2.0, 2.0, 69, 100),))
    sound = render(Score("test", (Tempo(0.0, 120.0),), (organ,)), Studio(None, None))
    assert np.abs(sound[: round(0.99 * SAMPLE_RATE)]).max() < 1e-3
    held = sound[round(1.2 * SAMPLE_RATE) : round(1.7 * SAMPLE_RATE)]
    spectrum = np.abs(np.fft.rfft(held * np.hanning(len(held))))
    frequencies = np.fft.rfftfreq(len(held), 1 / SAMPLE_RATE)
    strong = frequencies[spectrum > 0.2 * spectrum.max()] / 110  # A4 and its drawbars are multiples of A2
    np.testing.assert_allclose(strong, np.round(strong), atol=0.03)
