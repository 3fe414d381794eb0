from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from dataset.films_and_stems import film_with_stems
from films import Film, film_path

from limelight.dataset.film_audio import FilmAudio, Layout, film_stems, separator_text
from limelight.errors import InputError, ModelError
from limelight.media.audio_files import read_flac, write_sound

# A program as others write them: takes the sum of channels for speech, half of that for music.
PROGRAM = """
import sys, wave, pathlib, shutil
folder = pathlib.Path(sys.argv[2])
shutil.copy(sys.argv[1], folder / "input_(Speech)_model.wav")
shutil.copy(sys.argv[1], folder / "input_(Music)_model.wav")
shutil.copy(sys.argv[1], folder / "input_(Effects)_model.wav")
"""


def whole(blocks: object) -> np.ndarray:
    return np.concatenate(list(blocks), axis=-1)  # type: ignore[call-overload]


def peak_db(samples: np.ndarray) -> float:
    return float(20 * np.log10(max(np.abs(samples).max(), 1e-12)))


@pytest.mark.parametrize("layout", ["mono", "stereo"])
def test_the_models_stems_sum_to_the_original(layout: Layout) -> None:
    programme = FilmAudio.of(film_path(Film(seconds=2.0, sample_rate=44_100)), layout=layout)
    stems, original = whole(film_stems(programme, "model")), whole(programme.blocks())
    assert stems.shape == (3, *original.shape)
    assert peak_db(stems.sum(axis=0, dtype=np.float64) - original) < -130


def test_a_program_is_run_and_the_rest_is_effects(tmp_path: Path) -> None:
    script = tmp_path / "a program.py"
    script.write_text(PROGRAM, encoding="utf-8")
    programme = FilmAudio.of(film_path(Film(seconds=1.0)), layout="stereo")
    separator = f"command:'{sys.executable}' '{script}' {{input}} {{output}}"
    stems, original = whole(film_stems(programme, separator)), whole(programme.blocks())
    np.testing.assert_allclose(stems[0], original, atol=1e-7)
    np.testing.assert_allclose(stems[2], -original, atol=1e-6)
    assert peak_db(stems.sum(axis=0, dtype=np.float64) - original) < -130


@pytest.mark.parametrize(
    ("program", "said"),
    [("import sys; sys.exit('no weights here')", "left with 1: no weights here"), ("pass", "found nothing")],
)
def test_a_program_that_fails_is_told(tmp_path: Path, program: str, said: str) -> None:
    script = tmp_path / "program.py"
    script.write_text(program, encoding="utf-8")
    programme = FilmAudio.of(film_path(Film(seconds=1.0)), layout="mono")
    separator = f"command:{sys.executable} {script} {{input}} {{output}}"
    with pytest.raises((ModelError, InputError), match=said):
        whole(film_stems(programme, separator))


def test_stems_that_exist_are_taken(tmp_path: Path) -> None:
    film = film_with_stems(tmp_path, "a", seconds=2.0)
    separator = f"stems:{tmp_path / 'stems'}"
    stems = whole(film_stems(FilmAudio.of(film, layout="mono"), separator))
    for k, stem in enumerate(("speech", "music", "effects")):
        np.testing.assert_allclose(stems[k], read_flac(tmp_path / "stems" / "a" / f"{stem}.flac"), atol=4e-5)


def test_stems_of_another_rate_layout_and_a_little_less_length_fit(tmp_path: Path) -> None:
    film = film_with_stems(tmp_path, "a", seconds=2.0)
    place = tmp_path / "stems" / "a"
    for stem in ("speech", "music"):
        (place / f"{stem}.flac").unlink()
        silence = np.zeros((2, 44_100 * 2 - 3000), np.float32)
        write_sound(place / f"{stem}.wav", [silence], sample_rate=44_100, layout="stereo")
    programme = FilmAudio.of(film, layout="mono")
    stems = whole(film_stems(programme, f"stems:{tmp_path / 'stems'}"))
    assert np.array_equal(stems[2], whole(programme.blocks()))


def test_stems_of_another_film_are_refused(tmp_path: Path) -> None:
    film_with_stems(tmp_path, "a", seconds=4.0)
    other = film_with_stems(tmp_path, "b", seconds=2.0)
    (tmp_path / "stems" / "b").rename(tmp_path / "stems" / "c")
    (tmp_path / "stems" / "a").rename(tmp_path / "stems" / "b")
    separator = f"stems:{tmp_path / 'stems'}"
    with pytest.raises(InputError, match=r"2\.0 s more or less"):
        whole(film_stems(FilmAudio.of(other, layout="mono"), separator))


def test_stems_that_are_not_there_are_named(tmp_path: Path) -> None:
    film = film_with_stems(tmp_path, "a", seconds=1.0)
    (tmp_path / "stems" / "a").rename(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="Wanted the speech of a film"):
        whole(film_stems(FilmAudio.of(film, layout="mono"), f"stems:{tmp_path / 'stems'}"))


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        ("bandit", ModelError, "Wanted the separator 'bandit'"),
        ("stems:", ModelError, "Wanted the separator"),
        ("stems:/nowhere/at/all", InputError, "which is not a folder"),
        ("model:nobody", ModelError, "'nobody'"),
        ("command:ls", ModelError, "must say where {input} and {output} go"),
        ("command:no-such-program {input} {output}", ModelError, "is not a program here"),
        ("command:'ls {input} {output}", ModelError, "cannot be read"),
    ],
)
def test_what_cannot_separate_is_refused_at_once(text: str, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        separator_text(text)


def test_the_record_names_the_weights() -> None:
    text = separator_text("model:lite")
    assert text.startswith("model:lite (")
    assert separator_text("lite").split("(")[1] == text.split("(")[1]
