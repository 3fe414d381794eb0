"""The packaged separators on sounds whose parts are known, and stems that come from files."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from audio.sounds import noise, programme

from limelight.audio.convert import matrix_between
from limelight.audio.stft import Bands, stft
from limelight.errors import InputError, ModelError
from limelight.media.audio_files import write_sound
from limelight.media.probe import choose_soundtrack, probe
from limelight.models.registry import load_separator
from limelight.models.separators.deepfilter import speech_mask
from limelight.models.separators.known_stems import KnownStems, SeparatorCommand, StemFiles, find_stem
from limelight.types import STEMS, Chunk

RATE = 48_000


def test_the_nearest_mask_is_least_squares_and_lies_in_its_bounds() -> None:
    speech, rest = stft(noise(1, 20_000, seed=1))[0].T, stft(noise(1, 20_000, seed=2))[0].T
    bands = Bands((*range(0, 1025, 64), 1025))
    mask = speech_mask(speech, speech + rest, bands)
    assert mask.min() >= 0
    assert mask.max() <= 1

    def error(times: float) -> float:
        spread = bands.of_bins(times * mask)
        return float((np.abs(speech - spread * (speech + rest)) ** 2).sum())

    assert error(1.0) < min(error(0.98), error(1.02))
    np.testing.assert_allclose(speech_mask(speech, speech, bands), 1, atol=1e-5)
    np.testing.assert_allclose(speech_mask(0 * speech, rest, bands), 0, atol=1e-5)


@pytest.mark.parametrize("name", ["deepfilter", "lite", "speech-alone"])
@pytest.mark.parametrize("seconds", [0.5, 3.0])
def test_packaged_masks_sum_to_one_and_fit_their_card(name: str, seconds: float) -> None:
    separator = load_separator(name, threads=1)
    card, steps = separator.card, round(seconds * RATE / 1024)
    chunk = Chunk(0.3 * programme(2, seconds + 1, RATE)[:, : (steps + 1) * 1024], 0.0, np.float32([0.5, 0.5]))
    found = separator.separate(chunk)
    assert found.masks.shape == (3, steps, len(Bands.of(card.band_edges, card.n_fft)))
    assert found.presence.shape == (steps,)
    np.testing.assert_allclose(found.masks.sum(axis=0), 1, atol=1e-3)
    assert 0 <= found.presence.min() <= found.presence.max() <= 1


def test_noise_alone_is_no_speech() -> None:
    separator = load_separator("deepfilter", threads=1)
    chunk = Chunk(0.05 * noise(1, 97 * 1024), 0.0, np.float32([1.0]))
    found = separator.separate(chunk)
    assert found.presence.mean() < 0.1
    assert found.masks[0].mean() < 0.1


def film_with(folder: Path, *, seconds: float = 3.0, layout: str = "stereo") -> tuple[Path, np.ndarray, np.ndarray]:
    """A film whose soundtrack is speech + music + effects, with the first two beside it at other rates."""
    channels = {"mono": 1, "stereo": 2}[layout]
    samples = round(seconds * RATE)
    speech, music, effects = (0.1 * noise(channels, samples, seed=seed) for seed in range(3))
    write_sound(folder / "film.wav", [speech + music + effects], sample_rate=RATE, layout=layout)
    stems = folder / "stems"
    stems.mkdir()
    write_sound(stems / "speech.wav", [speech], sample_rate=RATE, layout=layout)
    write_sound(stems / "music.wav", [music], sample_rate=RATE, layout=layout)
    return folder / "film.wav", speech, music


def opened(separator: StemFiles | SeparatorCommand, film: Path, scratch: Path) -> KnownStems:
    info = probe(film)
    return separator.open_film(info, choose_soundtrack(info), scratch)


def test_known_stems_are_read_where_the_chunk_lies_and_again_from_the_start(tmp_path: Path) -> None:
    film, speech, music = film_with(tmp_path)
    known = opened(StemFiles(tmp_path / "stems"), film, tmp_path)
    sound = speech + music
    for first, steps in ((0, 20), (15, 40), (0, 10)):
        start, count = (first - 1) * 1024, (steps + 1) * 1024
        padded = np.pad(sound, ((0, 0), (1024, 0)))[:, start + 1024 : start + 1024 + count]
        found = known.separate(Chunk(padded, first * 1024 / RATE, np.float32([0.5, 0.5])))
        wished = np.pad(speech, ((0, 0), (1024, 0)))[:, start + 1024 : start + 1024 + count]
        np.testing.assert_allclose(found.stems[0], wished, atol=1e-5)
        np.testing.assert_allclose(found.stems.sum(axis=0), padded, atol=1e-6)
        assert len(found.stems) == len(STEMS)
        assert found.presence.shape == (steps,)


def test_stems_of_another_film_are_refused(tmp_path: Path) -> None:
    film, _, _ = film_with(tmp_path)
    (tmp_path / "stems" / "music.wav").unlink()
    write_sound(tmp_path / "stems" / "music.wav", [noise(2, 9 * RATE)], sample_rate=RATE, layout="stereo")
    with pytest.raises(InputError, match="more or less than film"):
        opened(StemFiles(tmp_path / "stems"), film, tmp_path)


def test_stems_in_the_folder_of_another_film_are_not_taken(tmp_path: Path) -> None:
    film, _, _ = film_with(tmp_path)
    (tmp_path / "stems").rename(tmp_path / "other")
    (tmp_path / "stems").mkdir()
    (tmp_path / "other").rename(tmp_path / "stems" / "other")
    with pytest.raises(InputError, match="found nothing"):
        opened(StemFiles(tmp_path / "stems"), film, tmp_path)
    (tmp_path / "stems" / "other").rename(tmp_path / "stems" / "film")
    assert opened(StemFiles(tmp_path / "stems"), film, tmp_path)


def test_a_program_gets_the_sound_and_gives_stems(tmp_path: Path) -> None:
    film, _, _ = film_with(tmp_path)
    script = tmp_path / "halves.py"
    script.write_text(
        "import shutil, sys\n"
        "for name in ('speech', 'music'):\n"
        "    shutil.copy(sys.argv[1], f'{sys.argv[2]}/{name}.wav')\n"
    )
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    known = opened(SeparatorCommand(f"'{sys.executable}' '{script}' {{input}} {{output}}"), film, scratch)
    chunk = Chunk(np.zeros((2, 21 * 1024), np.float32), 0.0, np.float32([0.5, 0.5]))
    found = known.separate(chunk)
    np.testing.assert_allclose(found.stems[0], found.stems[1])
    assert found.stems[0].any()


def test_a_program_that_fails_is_told_in_its_own_words(tmp_path: Path) -> None:
    film, _, _ = film_with(tmp_path)
    (tmp_path / "fails.py").write_text("raise SystemExit('no licence for this machine')")
    with pytest.raises(ModelError, match="no licence for this machine"):
        opened(SeparatorCommand(f"{sys.executable} {tmp_path / 'fails.py'} {{input}} {{output}}"), film, tmp_path)


@pytest.mark.parametrize(
    ("files", "stem", "found"),
    [
        (("speech.wav", "music.wav"), "speech", "speech.wav"),
        (("film_(speech)_bandit.wav",), "speech", "film_(speech)_bandit.wav"),
        (("vocals.flac", "no_vocals.flac"), "speech", "vocals.flac"),
        (("dialogue.wav", "speech.wav"), "speech", "speech.wav"),
    ],
)
def test_stems_are_found_by_what_programs_call_them(
    tmp_path: Path, files: tuple[str, ...], stem: str, found: str
) -> None:
    for name in files:
        (tmp_path / name).touch()
    assert find_stem(tmp_path, stem).name == found


def test_a_missing_stem_is_told_with_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "noise.wav").touch()
    with pytest.raises(InputError, match=r"found noise\.wav; name it music\.wav"):
        find_stem(tmp_path, "music")


def test_stems_of_one_layout_join_a_film_of_another() -> None:
    mono = np.ones((1, 4), np.float32)
    np.testing.assert_array_equal(matrix_between("mono", "stereo") @ mono, np.ones((2, 4)))
    middle = matrix_between("mono", "5.1") @ mono
    assert middle.sum() == 4
    assert middle[2].all()
    np.testing.assert_allclose(matrix_between("stereo", "mono"), [[0.5, 0.5]])
    np.testing.assert_array_equal(matrix_between("5.1", "5.1"), np.eye(6))
    np.testing.assert_array_equal(matrix_between("stereo", "5.1")[:2], np.eye(2))
