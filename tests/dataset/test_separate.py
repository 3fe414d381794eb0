"""A film's stems by whatever a separator's name stands for; what each separator does is tested beside it."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from dataset.films_and_stems import film_with_stems
from films import Film, film_path

from limelight.dataset.film_audio import FilmAudio, Layout, film_stems, separator_text
from limelight.errors import InputError, LimelightError, ModelError
from limelight.media.audio_files import read_flac

# A program as others write them: the whole sound is speech, and music as well.
PROGRAM = """
import sys, pathlib, shutil
folder = pathlib.Path(sys.argv[2])
shutil.copy(sys.argv[1], folder / "input_(Speech)_model.wav")
shutil.copy(sys.argv[1], folder / "input_(Music)_model.wav")
"""


def whole(blocks: object) -> np.ndarray:
    return np.concatenate(list(blocks), axis=-1)  # type: ignore[call-overload]


def peak_db(samples: np.ndarray) -> float:
    return float(20 * np.log10(max(np.abs(samples).max(), 1e-12)))


@pytest.mark.parametrize("layout", ["mono", "stereo"])
def test_a_model_s_stems_sum_to_the_original(layout: Layout) -> None:
    film = FilmAudio.of(film_path(Film(seconds=2.0, sample_rate=44_100)), layout=layout)
    stems, original = whole(film_stems(film, "lite")), whole(film.blocks())
    assert stems.shape == (3, *original.shape)
    assert peak_db(stems.sum(axis=0, dtype=np.float64) - original) < -130


def test_a_program_is_run_and_the_rest_is_effects(tmp_path: Path) -> None:
    script = tmp_path / "a program.py"
    script.write_text(PROGRAM, encoding="utf-8")
    film = FilmAudio.of(film_path(Film(seconds=1.0)), layout="stereo")
    stems = whole(film_stems(film, f"command:'{sys.executable}' '{script}' {{input}} {{output}}"))
    original = whole(film.blocks())
    np.testing.assert_allclose(stems[0], original, atol=1e-4)
    np.testing.assert_allclose(stems[2], -original, atol=2e-4)
    assert peak_db(stems.sum(axis=0, dtype=np.float64) - original) < -130


def test_stems_that_exist_are_taken(tmp_path: Path) -> None:
    film = film_with_stems(tmp_path, "a", seconds=2.0)
    stems = whole(film_stems(FilmAudio.of(film, layout="mono"), f"stems:{tmp_path / 'stems'}"))
    for k, stem in enumerate(("speech", "music", "effects")):
        np.testing.assert_allclose(stems[k], read_flac(tmp_path / "stems" / "a" / f"{stem}.flac"), atol=4e-5)


def test_stems_that_are_not_there_are_named(tmp_path: Path) -> None:
    film = film_with_stems(tmp_path, "a", seconds=1.0)
    (tmp_path / "stems" / "a").rename(tmp_path / "stems" / "z")
    with pytest.raises(InputError, match=r"Wanted the stems of a\.mkv"):
        whole(film_stems(FilmAudio.of(film, layout="mono"), f"stems:{tmp_path / 'stems'}"))


@pytest.mark.parametrize("text", ["bandit", "stems:/nowhere/at/all", "model:nobody", "command:ls"])
def test_what_cannot_separate_is_refused_at_once(text: str) -> None:
    with pytest.raises(LimelightError):
        separator_text(text)


def test_the_record_names_the_weights() -> None:
    assert separator_text("lite").startswith("lite (")
    mark = separator_text("lite").partition("(")[2]
    assert separator_text("model:lite").endswith(mark)  # as 0.1.0 called it
    with pytest.raises(ModelError, match="'nobody'"):
        separator_text("model:nobody")
