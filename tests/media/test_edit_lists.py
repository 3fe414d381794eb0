"""What an edit list hides is not shown again."""

import shutil
import struct
from fractions import Fraction

import av
import numpy as np
import pytest
from film_damage import remuxed
from films import Film, film_path
from media.boxes import change_box, set_edits
from media.rewriting import packets, rewrite
from media_corpus.compare import heard

from limelight.errors import OutputError, Unsupported
from limelight.media.clock import read_clock

MOVIE, PICTURE = 1000, 12_800  # ticks a second in the films of these tests
KEYS = Fraction(1)  # s between key pictures


def edited(tmp_path, edits, film=None, **more):
    """A film of three seconds with this edit list for its picture (seconds of length, seconds of start)."""
    source = tmp_path / "source.mp4"
    shutil.copy(film_path(film or Film(seconds=3.0, **more)), source)
    ticks = [(round(length * MOVIE), round(start * PICTURE) if start >= 0 else -1) for length, start in edits]
    return set_edits(source, ticks)


def shown(path):
    """The pictures as PyAV shows them: time and mean brightness of each."""
    with av.open(str(path)) as container:
        pictures = [(float(frame.time), frame.to_ndarray(format="gray")) for frame in container.decode(video=0)]
    return [time - pictures[0][0] for time, _ in pictures], [picture for _, picture in pictures]


def assert_shown_alike(before, after):
    assert shown(after)[0] == pytest.approx(shown(before)[0], abs=1e-6)
    assert all(np.array_equal(a, b) for a, b in zip(shown(after)[1], shown(before)[1], strict=True))


@pytest.mark.parametrize("b_frames", [True, False])
@pytest.mark.parametrize("seconds", [0.6, 1.0, 1.52])
def test_a_trimmed_end_stays_trimmed(seconds, b_frames, tmp_path):
    delay = 2 / 25 if b_frames else 0  # of the first picture, in the time of the track
    source = edited(tmp_path, [(seconds, delay)], b_frames=b_frames)
    assert len(shown(source)[0]) == round(seconds * 25)
    written = rewrite(source, tmp_path)
    assert_shown_alike(source, written.path)
    assert len(packets(written.path, "video")) <= len(shown(source)[0]) + 1  # a picture that others refer to
    with av.open(str(written.path)) as container:
        assert container.streams.video[0].duration * container.streams.video[0].time_base == pytest.approx(seconds)


@pytest.mark.parametrize("suffix", [".mov", ".mkv"])
def test_a_trimmed_end_stays_trimmed_in_other_containers(suffix, tmp_path):
    source = edited(tmp_path, [(1.0, 0)], b_frames=False)
    written = rewrite(source, tmp_path, suffix=suffix)
    assert len(shown(written.path)[0]) == 25


def test_both_ends_trimmed(tmp_path):
    source = edited(tmp_path, [(1.0, 0.48)], b_frames=False)
    assert len(shown(source)[0]) == 25
    written = rewrite(source, tmp_path)
    assert_shown_alike(source, written.path)
    with pytest.raises(OutputError, match="trimmed away would be shown again"):
        rewrite(source, tmp_path, suffix=".mkv")


def test_a_cut_between_key_pictures_is_written_as_shown(tmp_path):
    source = edited(tmp_path, [(1.0, 0), (1.0, 2.0)], b_frames=False)
    written = rewrite(source, tmp_path)
    assert len(shown(source)[0]) == 50
    assert_shown_alike(source, written.path)
    assert written.verified.start_drift_samples == 0


def test_a_cut_elsewhere_is_refused_for_what_it_is(tmp_path):
    source = edited(tmp_path, [(1.0, 0), (1.0, 1.6)], b_frames=False)
    with pytest.raises(Unsupported, match="an edit list cuts something out of its middle"):
        rewrite(source, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["source.mp4"]


def test_hidden_pictures_before_sound_that_begins_a_little_early_stay_hidden(tmp_path):
    """A clip cut out of a film: the first shown picture needs an earlier one, and the sound's first frame is cut in two."""
    source = edited(tmp_path, [(2.0, 0.04)], b_frames=False)
    set_edits(source, [(2000, 1440)], track=1)
    change_box(source, "moov/trak/mdia/minf/stbl/stts", lambda _: struct.pack(">IIII", 0, 1, 143, 960), track=1)
    clock = read_clock(source)
    assert clock.hidden_pictures
    assert clock.first_sound < clock.first_picture == clock.start
    written = rewrite(source, tmp_path)
    assert written.verified.start_drift_samples == 0
    assert_shown_alike(source, written.path)


def test_hidden_pictures_after_a_beginning_of_sound_alone_are_refused(tmp_path):
    source = edited(tmp_path, [(0.5, -1), (1.0, 0.48)], b_frames=False)
    with pytest.raises(Unsupported, match="begins with sound alone"):
        rewrite(source, tmp_path)


def test_another_soundtrack_that_is_trimmed_stays_trimmed(tmp_path):
    source = tmp_path / "source.mp4"
    shutil.copy(film_path(Film(seconds=3.0, soundtracks=2)), source)
    set_edits(source, [(1000, 1024)], track=2)
    written = rewrite(source, tmp_path)
    before, after = heard(source, 1), heard(written.path, 1)
    assert before.shape[1] < 1.1 * 48_000
    assert np.array_equal(after, before)


def test_the_last_picture_of_a_broadcast_lasts_as_long_as_the_others(tmp_path):
    """Interlaced H.264 in MPEG-TS does not say how long a picture lasts."""
    source = tmp_path / "source.ts"
    with av.open(str(film_path(Film(b_frames=False)))) as old, av.open(str(source), "w", format="mpegts") as new:
        stream = new.add_stream("libx264", rate=25, options={"flags": "+ildct+ilme", "x264-params": "interlaced=1"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        sound = new.add_stream_from_template(old.streams.audio[0])
        for frame in old.decode(video=0):
            new.mux(stream.encode(frame))
        new.mux(stream.encode(None))
        old.seek(0)
        for packet in old.demux(old.streams.audio[0]):
            if packet.size:
                packet.stream = sound
                new.mux(packet)
    written = rewrite(source, tmp_path, suffix=".mp4")
    with av.open(str(written.path)) as container:
        lengths = [packet.duration * packet.time_base for packet in container.demux(video=0) if packet.size]
    assert len(lengths) == 50
    assert lengths == pytest.approx([1 / 25] * 50)


def test_a_film_trimmed_on_a_phone_keeps_its_beginning_hidden(tmp_path):
    source = remuxed(film_path(Film(seconds=3.0)), tmp_path / "trimmed.mp4", shift=-Fraction(3, 5))
    written = rewrite(source, tmp_path)
    assert_shown_alike(source, written.path)
