"""Stems in pieces: they sum to the film, no level costs precision, silence costs nothing."""

from __future__ import annotations

import io
import json
from functools import partial
from pathlib import Path

import av
import numpy as np
import pytest
from fakes import FakeSeparator, by_region, separator_card
from films import Film, film_path, sound_of

from limelight.media.probe import choose_soundtrack, probe
from limelight.media.read_audio import read_audio
from limelight.mixing.controls import Controls
from limelight.mixing.job import Job, Scratch, analyse
from limelight.mixing.mixers import StemMixer
from limelight.models.registry import load_director
from limelight.server import sound
from limelight.server.sound import PARTS, features_bytes, write_sound
from limelight.types import STEMS, StemFeatures
from limelight.vision.encoder import NoPicture


def features(rows: int = 3, presence: float = 0.5) -> StemFeatures:
    powers = np.arange(9 * rows, dtype=np.float64).reshape(3, 3, rows)
    return StemFeatures(
        np.arange(rows) * 0.1, powers + powers.transpose(1, 0, 2), np.ones((3, rows)), np.full(rows, presence)
    )


def written(film: Film, folder: Path) -> tuple[dict, bytes, np.ndarray]:
    """Index, sound and the soundtrack [C, N] of a film that a separator by regions has taken apart."""
    job = Job.of(film_path(film))
    mixer = StemMixer(FakeSeparator(by_region()), load_director())
    with Scratch(folder / "scratch") as job.scratch:
        plan = mixer.plan(job, analyse(job, NoPicture(), partial(mixer.hear, job)), Controls())
        write_sound(folder, job.original(), mixer.chunks_again(job, plan), mixer.card, job.soundtrack, features())
    info = probe(film_path(film))
    track = np.concatenate(list(read_audio(info, choose_soundtrack(info))), axis=1)
    return json.loads((folder / "sound.json").read_text()), (folder / "sound.bin").read_bytes(), track


def decoded(index: dict, data: bytes, number: int) -> list[np.ndarray | None]:
    """The parts of a piece, [C, n] each, as a browser makes them."""
    parts = []
    for first, size, scale in index["pieces"][number]:
        if not size:
            parts.append(None)
            continue
        with av.open(io.BytesIO(data[first : first + size]), format="flac") as container:
            frames = [frame.to_ndarray() for frame in container.decode(audio=0)]
        flat = np.concatenate(frames, axis=1).reshape(-1, index["channels"]).T
        parts.append(flat.astype(np.float64) / 2**15 * scale)
    return parts


@pytest.mark.parametrize(
    "film",
    [
        Film(container="mkv", picture=None, sound="flac", seconds=6.0),
        Film(container="wav", picture=None, sound="pcm_s16le", seconds=5.5, sample_rate=44_100, layout="mono"),
        Film(container="wav", picture=None, sound="pcm_s16le", seconds=5.2, sample_rate=96_000, amplitude=0.001),
    ],
    ids=["stereo", "mono 44.1 kHz", "soft 96 kHz"],
)
def test_the_parts_sum_to_the_soundtrack(film, tmp_path):
    index, data, track = written(film, tmp_path)
    whole = []
    for number in range(len(index["pieces"])):
        parts = [part for part in decoded(index, data, number) if part is not None]
        whole.append(sum(parts))
    heard = np.concatenate(whole, axis=1)
    assert heard.shape == track.shape
    assert index["samples"] == track.shape[1]
    error = np.sqrt(np.mean(np.square(heard - track)) / np.mean(np.square(track)))
    assert 20 * np.log10(error) < -75


def test_more_channels_than_two_are_mixed_down(tmp_path):
    film = Film(container="mkv", picture=None, sound="flac", seconds=2.0, layout="5.1")
    index, data, track = written(film, tmp_path)
    mixed = sound.stereo_matrix("5.1(side)" if track.shape[0] != 6 else "5.1") @ track
    heard = sum(part for part in decoded(index, data, 0) if part is not None)
    assert index["channels"] == 2
    assert np.abs(heard - mixed).max() < 1e-3


def test_silence_takes_no_bytes(tmp_path):
    index, data, _ = written(
        Film(container="wav", picture=None, sound="pcm_s16le", seconds=1.0, waveform="silence"), tmp_path
    )
    assert data == b""
    assert [size for piece in index["pieces"] for _, size, _ in piece] == [0] * len(PARTS)


def test_a_stem_above_full_scale_does_not_clip():
    track = choose_soundtrack(probe(film_path(Film(container="wav", picture=None, sound="pcm_s16le", seconds=1.0))))
    form, layout = sound._form(track, 2)
    part = np.full((2, 1000), 3.0, np.float32)
    file = io.BytesIO()
    first, size, scale = sound._add(file, part, form, 48_000, layout)
    assert first == 0
    index = {"channels": 2, "pieces": [[(0, size, scale)]]}
    (back,) = decoded(index, file.getvalue(), 0)
    assert np.allclose(back, 3.0, atol=1e-3)


def test_features_are_rows_of_eight():
    heard = features(rows=4)
    rows = np.frombuffer(features_bytes(heard), np.float32).reshape(-1, 8)
    assert rows.shape == (4, 8)
    assert np.allclose(rows[:, 1], heard.powers[0, 1])
    assert np.allclose(rows[:, 5], heard.powers[2, 2])
    assert np.allclose(rows[:, 6], 0.5)


def test_presence_that_is_not_known_is_told_as_minus_one():
    rows = np.frombuffer(features_bytes(features(presence=np.nan)), np.float32).reshape(-1, 8)
    assert np.all(rows[:, 6] == -1)


def test_waves_are_the_highest_samples_of_each_fiftieth():
    piece = np.zeros((4, 1, 48_000), np.float32)
    piece[1, 0, 960 * 7 + 5] = -0.25
    waves = sound._waves(piece, 48_000)
    assert waves.shape == (50, len(STEMS))
    assert waves[7, 1] == round(255 * 0.5)
    assert np.count_nonzero(waves) == 1


def test_the_card_tells_the_page_how_gains_move_between_frames(tmp_path):
    index, _, _ = written(Film(container="wav", picture=None, sound="pcm_s16le", seconds=1.0), tmp_path)
    card = separator_card()
    assert index["hop_seconds"] == card.hop / card.sample_rate
    assert index["window_seconds"] == card.n_fft / card.sample_rate
    assert sound_of(Film(seconds=1.0)).shape[1] == index["samples"]
