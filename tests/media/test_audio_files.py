"""Stems and clips: what is written is what is read."""

import io

import av
import numpy as np
import pytest
from film_sound import lag_and_likeness, noise

from limelight.errors import NotMedia, OutputError, TargetExists, TooLarge
from limelight.media import audio_files as sound_file
from limelight.media.audio_files import read_flac, sound_bytes, write_sound, write_sounds
from limelight.media.probe import probe
from limelight.media.read_audio import read_audio

RATE = 48_000


def heard(path) -> np.ndarray:
    info = probe(path)
    return np.concatenate(list(read_audio(info, info.soundtracks[0])), axis=1)


@pytest.mark.parametrize(("layout", "channels"), [("mono", 1), ("stereo", 2), ("5.1", 6), ("7.1", 8)])
def test_wav_is_exact_and_flac_nearly(layout, channels, tmp_path):
    sound = noise(0.5, RATE, channels)
    blocks = np.array_split(sound, 7, axis=1)
    write_sound(tmp_path / "a.wav", blocks, sample_rate=RATE, layout=layout)
    write_sound(tmp_path / "a.flac", blocks, sample_rate=RATE, layout=layout)
    assert np.array_equal(heard(tmp_path / "a.wav"), sound)
    assert np.abs(heard(tmp_path / "a.flac") - sound).max() <= 2.0**-23
    assert probe(tmp_path / "a.wav").soundtracks[0].layout == layout


@pytest.mark.parametrize("suffix", ["mp3", "m4a", "ogg", "opus"])
def test_lossy_files_start_at_the_first_sample(suffix, tmp_path):
    sound = noise(1.0, RATE, 2)
    write_sound(tmp_path / f"a.{suffix}", [sound], sample_rate=RATE, layout="stereo")
    back = heard(tmp_path / f"a.{suffix}")
    lags, likeness = lag_and_likeness(sound, back)
    assert lags == [0, 0]
    assert likeness > 0.95
    assert abs(back.shape[1] - RATE) <= 1152


@pytest.mark.parametrize("kind", ["m4a", "mp3", "wav", "flac", "ogg"])
def test_clips_are_whole_files_in_memory(kind):
    sound = noise(0.5, RATE, 2)
    with av.open(io.BytesIO(sound_bytes(sound, RATE, "stereo", kind=kind))) as container:
        frames = list(container.decode(audio=0))
    assert sum(frame.samples for frame in frames) == pytest.approx(RATE / 2, abs=1152 + 1105)


def test_nothing_is_overwritten_or_left_behind(tmp_path):
    target = tmp_path / "a.wav"
    target.write_bytes(b"old")
    with pytest.raises(TargetExists):
        write_sound(target, [noise(0.1, RATE, 1)], sample_rate=RATE, layout="mono")
    with pytest.raises(OutputError, match="2 channels were announced"):
        write_sound(target, [noise(0.1, RATE, 1)], sample_rate=RATE, layout="stereo", overwrite=True)
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_files_are_written_side_by_side_or_not_at_all(tmp_path):
    paths = [tmp_path / f"{name}.wav" for name in "abc"]
    sound = np.stack([noise(0.5, RATE, 2) * scale for scale in (1, 0.5, 0.25)])  # [K, C, N]

    def blocks(broken: bool):
        yield from np.array_split(sound, 5, axis=2)
        assert not any(path.exists() for path in paths)
        if broken:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_sounds(paths, blocks(broken=True), sample_rate=RATE, layout="stereo")
    assert list(tmp_path.iterdir()) == []
    write_sounds(paths, blocks(broken=False), sample_rate=RATE, layout="stereo")
    for path, part in zip(paths, sound, strict=True):
        assert np.array_equal(heard(path), part)


def test_the_file_that_cannot_be_written_is_named(tmp_path):
    block = np.stack([noise(0.1, RATE, 2), np.full((2, 4800), np.nan, np.float32)])
    with pytest.raises(OutputError, match="not numbers"):
        write_sounds([tmp_path / "a.wav", tmp_path / "b.wav"], [block], sample_rate=RATE, layout="stereo")
    (tmp_path / "b.wav").write_bytes(b"old")
    with pytest.raises(TargetExists, match=r"b\.wav"):
        write_sounds([tmp_path / "a.wav", tmp_path / "b.wav"], [], sample_rate=RATE, layout="stereo")
    assert [path.name for path in tmp_path.iterdir()] == ["b.wav"]


def test_films_are_no_sound_files(tmp_path):
    with pytest.raises(OutputError, match="cannot write sound alone"):
        write_sound(tmp_path / "a.mp4", [], sample_rate=RATE, layout="mono")
    with pytest.raises(OutputError, match="cannot encode a clip"):
        sound_bytes(noise(0.1, RATE, 1), RATE, "mono", kind="mp4")


@pytest.mark.parametrize("channels", [1, 2])
def test_flac_of_24_bits_is_read_back_to_the_last_bit(tmp_path, channels):
    steps = np.random.default_rng(0).integers(-(2**23), 2**23, (channels, 5000))
    samples = (steps / 2**23).astype(np.float32)
    layout = "mono" if channels == 1 else "stereo"
    write_sound(tmp_path / "a.flac", [samples[:, :1000], samples[:, 1000:]], sample_rate=48_000, layout=layout)
    assert np.array_equal(read_flac(tmp_path / "a.flac"), samples)


@pytest.mark.parametrize("data", [b"", b"not sound", b"fLaC"])
def test_what_is_no_flac_is_named(tmp_path, data):
    (tmp_path / "a.flac").write_bytes(data)
    with pytest.raises(NotMedia, match=r"a\.flac"):
        read_flac(tmp_path / "a.flac")


def test_a_clip_that_would_not_stop_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(sound_file, "LONGEST_SECONDS", 2)
    for seconds, path in ((1.9, tmp_path / "short.flac"), (2.5, tmp_path / "long.flac")):
        write_sound(path, [noise(seconds, 48_000, 1)], sample_rate=48_000, layout="mono")
    assert read_flac(tmp_path / "short.flac").shape == (1, 91_200)
    with pytest.raises(TooLarge, match="at most 2 s"):
        read_flac(tmp_path / "long.flac")
