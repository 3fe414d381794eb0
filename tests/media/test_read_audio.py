"""The soundtrack comes as it is, in its place, whatever the container does to its clock."""

from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
import pytest
from film_damage import cut_short, remuxed, with_flipped_bytes
from film_sound import lag_and_likeness, sound_of
from films import Film, film_path, sound_film

from limelight.errors import Damaged, NoSoundtrack, Unsupported
from limelight.media.probe import choose_soundtrack, probe
from limelight.media.read_audio import in_blocks, read_audio


def heard_and_told(path) -> tuple[np.ndarray, list[str]]:
    info = probe(path)
    reading = read_audio(info, choose_soundtrack(info))
    return np.concatenate(list(reading), axis=1), list(reading.notes)


def heard(path) -> np.ndarray:
    return heard_and_told(path)[0]


@pytest.mark.parametrize("layout", ["mono", "stereo", "5.1", "5.1(side)", "6.1", "7.1"])
@pytest.mark.parametrize(("container", "sound"), [("wav", "pcm_s24le"), ("mkv", "flac")])
def test_lossless_sound_is_heard_exactly(container, sound, layout):
    film = replace(sound_film(container, sound), layout=layout, seconds=0.5)
    if container == "mkv":
        film = replace(film, picture="libx264")
    steps = 2.0**23 if container == "wav" else 2.0**15
    assert np.abs(heard(film_path(film)) - sound_of(film)).max() <= 1 / steps


@pytest.mark.parametrize("block_seconds", [0.01, 0.3, 1.0, 60.0])
def test_blocks_are_of_one_size_and_join_to_the_whole(block_seconds):
    film = sound_film("wav", "pcm_s16le", seconds=1.37)
    info = probe(film_path(film))
    blocks = list(read_audio(info, info.soundtracks[0], block_seconds=block_seconds))
    size = round(block_seconds * 48_000)
    assert {block.shape[1] for block in blocks[:-1]} <= {size}
    assert blocks[-1].shape[1] <= size
    assert np.concatenate(blocks, axis=1).shape[1] == round(1.37 * 48_000)
    assert all(block.dtype == np.float32 for block in blocks)


def test_pieces_of_any_size_join_to_blocks():
    pieces = [np.full((1, n), n, np.float32) for n in (0, 3, 20, 1, 7, 0)]
    blocks = list(in_blocks(pieces, 5))
    assert [block.shape[1] for block in blocks] == [5, 5, 5, 5, 5, 5, 1]
    assert np.array_equal(np.concatenate(blocks, axis=1), np.concatenate(pieces, axis=1))


@pytest.mark.parametrize("container", ["mp4", "mkv"])
def test_late_sound_has_silence_in_front(container):
    film = Film(container=container, sound="flac" if container == "mkv" else "alac", sound_start=Fraction(1, 4))
    sound = heard(film_path(film))
    assert np.abs(sound[:, :11_900]).max() == 0
    truth = np.pad(sound_of(film), ((0, 0), (12_000, 0)))
    assert all(abs(lag) <= 48 for lag in lag_and_likeness(truth, sound)[0])


@pytest.mark.parametrize(("container", "rounding"), [("mkv", 48), ("mp4", 0)])
def test_a_hole_becomes_silence_of_its_length(container, rounding):
    film = Film(container=container, sound="flac" if container == "mkv" else "alac", hole=(1.024, 0.5), seconds=2.0)
    sound, notes = heard_and_told(film_path(film))
    assert notes == ["1 hole in the sound filled with silence (0.50 s)"]
    assert sound.shape[1] == pytest.approx(2.5 * 48_000, abs=rounding)
    after = sound[:, -30_000:]
    assert np.abs(after - sound_of(film)[:, -30_000:]).max() < 1e-4


def test_times_that_waver_do_not_cut_the_sound(tmp_path):
    """Real films were seen with times up to 11 ms off around sound that is whole."""
    film = Film(container="mkv", sound="flac")
    info = probe(film_path(film))
    wavering = tmp_path / "wavering.mkv"
    draw = np.random.default_rng(3)
    with av.open(str(film_path(film))) as old, av.open(str(wavering), "w") as new:
        kept = {s.index: new.add_stream_from_template(s, opaque=True) for s in old.streams}
        for packet in old.demux():
            if packet.size:
                if packet.stream.type == "audio" and packet.pts:
                    packet.pts = packet.dts = packet.pts + int(draw.integers(-10, 11))
                packet.stream = kept[packet.stream_index]
                new.mux(packet)
    sound, notes = heard_and_told(wavering)
    assert np.array_equal(sound, heard(info.path))
    assert notes == []


@pytest.mark.parametrize("told", [24_000, 96_000])
def test_the_wrong_scale_of_an_avi_is_not_followed(told, tmp_path):
    """AVI tells no times, but how many samples are in how much time; FFmpeg and players go by count."""
    film = Film("avi", "mpeg4", "libmp3lame", seconds=4.0)
    wrong = tmp_path / "wrong.avi"
    data = bytearray(film_path(film).read_bytes())
    at = data.index(b"auds") + 20  # scale, rate
    scale, rate = np.frombuffer(data[at : at + 8], "<u4")
    data[at : at + 8] = np.array([scale, rate * told // 48_000], "<u4").tobytes()
    wrong.write_bytes(bytes(data))
    sound, notes = heard_and_told(wrong)
    assert np.array_equal(sound, heard(film_path(film)))
    assert "the file's index tells wrong times for its sound; it was placed by counting samples" in notes


def sparse(codec, path):
    """Sound of which each packet comes six times as late as it should."""
    with av.open(str(film_path(sound_film("mka", codec)))) as old, av.open(str(path), "w", format="matroska") as new:
        stream = new.add_stream_from_template(old.streams.audio[0])
        for packet in old.demux():
            if packet.size:
                packet.pts = packet.dts = 6 * packet.pts
                packet.stream = stream
                new.mux(packet)
    return path


def test_packets_of_which_only_a_part_is_decoded_are_refused(tmp_path):
    """As in E-AC-3 with several frames in a packet: each packet is followed by a hole."""
    said = r"8\d% of its sound \(flac\) cannot be decoded: there are holes behind its frames"
    with pytest.raises(Unsupported, match=said):
        heard(sparse("flac", tmp_path / "sparse.mka"))


def test_codecs_that_send_no_silence_are_not_refused(tmp_path):
    sound, notes = heard_and_told(sparse("libopus", tmp_path / "sparse.mka"))
    assert sound.shape[1] > 11 * 48_000
    assert "holes in the sound filled with silence" in notes[0]


def test_damaged_packets_cost_their_own_length(tmp_path):
    film = Film(container="mkv", sound="aac", seconds=4.0, b_frames=False)
    broken = with_flipped_bytes(film_path(film), tmp_path / "broken.mkv", count=12)
    before, (after, notes) = heard(film_path(film)), heard_and_told(broken)
    assert "cannot be decoded and became silence" in notes[0]
    lags, likeness = lag_and_likeness(before, after)
    assert lags == [0, 0]
    assert likeness > 0.5
    assert abs(after.shape[1] - before.shape[1]) <= 1024
    assert lag_and_likeness(before[:, -20_000:], after[:, -20_000:])[0] == [0, 0]


def test_too_much_damage_is_refused(tmp_path):
    whole = remuxed(film_path(sound_film("m4a", "aac")), tmp_path / "whole.m4a", options={"movflags": "+faststart"})
    broken = with_flipped_bytes(whole, tmp_path / "broken.m4a", count=900)
    with pytest.raises(Damaged, match=r"\d\d% of its sound \(aac\) cannot be decoded"):
        heard(broken)


def test_a_file_that_was_cut_off_is_told(tmp_path):
    half = cut_short(film_path(Film(container="mkv", seconds=4.0)), tmp_path / "half.mkv", share=0.5)
    assert any("ends early" in note for note in heard_and_told(half)[1])
    assert heard_and_told(film_path(Film(container="mkv", seconds=4.0)))[1] == []


def test_what_is_no_number_becomes_silence(tmp_path):
    path = tmp_path / "nan.wav"
    data = bytearray(film_path(sound_film("wav", "pcm_f32le")).read_bytes())
    data[-8:-4], data[-4:] = np.float32(np.nan).tobytes(), np.float32(-np.inf).tobytes()
    path.write_bytes(bytes(data))
    sound, notes = heard_and_told(path)
    assert np.isfinite(sound).all()
    assert not sound[:, -1].any()
    assert notes == ["2 samples of the source are not numbers, or absurd ones, and became 0"]


def test_sound_beyond_full_scale_is_passed_through():
    film = sound_film("wav", "pcm_f32le", amplitude=4.0)
    assert np.array_equal(heard(film_path(film)), sound_of(film))


def test_a_rate_or_layout_that_changes_on_the_way_is_kept_as_it_began(tmp_path):
    first = Film(container="ts", sound="ac3", b_frames=False)
    for change in ({"sample_rate": 44_100}, {"layout": "5.1"}):
        later = replace(first, picture_start=Fraction(2), sound_start=Fraction(2), **change)
        joined = tmp_path / "joined.ts"
        joined.write_bytes(film_path(first).read_bytes() + film_path(later).read_bytes())
        sound, notes = heard_and_told(joined)
        assert sound.shape == (2, pytest.approx(4 * 48_000, abs=2400))
        assert any("changes to" in note for note in notes)
        if "sample_rate" in change:  # the second half is not at another pitch
            truth = sound_of(later)
            pace = truth.shape[1] / 2 / 44_100
            assert sound.shape[1] / 48_000 == pytest.approx(2 + 2 * pace / 1, abs=0.05)


def test_an_empty_soundtrack_is_no_soundtrack(tmp_path):
    path = tmp_path / "empty.mkv"
    with av.open(str(film_path(Film(container="mkv")))) as old, av.open(str(path), "w") as new:
        kept = {s.index: new.add_stream_from_template(s, opaque=True) for s in old.streams}
        for packet in old.demux(video=0):
            if packet.size:
                packet.stream = kept[packet.stream_index]
                new.mux(packet)
    with pytest.raises(NoSoundtrack, match="its soundtrack is empty"):
        heard(path)


def test_fragments_are_heard_like_the_whole(tmp_path):
    flags = {"movflags": "frag_keyframe+empty_moov+default_base_moof"}
    fragments = remuxed(film_path(Film(sound="alac")), tmp_path / "fragments.mp4", options=flags)
    whole = heard(film_path(Film(sound="alac")))
    assert np.array_equal(heard(fragments)[:, -48_000:], whole[:, -48_000:])


def test_bytes_that_make_absurd_numbers_become_silence(tmp_path):
    path = tmp_path / "absurd.wav"
    data = bytearray(film_path(sound_film("wav", "pcm_f32le")).read_bytes())
    data[-8:-4], data[-4:] = np.float32(3e38).tobytes(), np.float32(1e6).tobytes()
    path.write_bytes(bytes(data))
    sound, notes = heard_and_told(path)
    assert sound[:, -1].tolist() == [0, 1e6]
    assert notes == ["1 sample of the source is not a number, or an absurd one, and became 0"]
