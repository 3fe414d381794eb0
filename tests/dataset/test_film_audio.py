import numpy as np
import pytest
from film_sound import sound_of
from films import Film, film_path

from limelight.dataset.film_audio import FilmAudio, Layout, mixing_matrix
from limelight.errors import NoSoundtrack


def sound(film: Film, layout: Layout) -> list[np.ndarray]:
    return list(FilmAudio.of(film_path(film), layout=layout).blocks())


def test_sound_that_fits_passes_untouched() -> None:
    film = Film("mkv", sound="flac", seconds=2.5)
    blocks = sound(film, "stereo")
    assert [block.shape for block in blocks] == [(2, 48_000), (2, 48_000), (2, 24_000)]
    np.testing.assert_allclose(np.concatenate(blocks, axis=1), sound_of(film), atol=2e-5)


def test_mono_is_the_mean_of_the_channels() -> None:
    film = Film("mkv", sound="flac", seconds=1.0)
    np.testing.assert_allclose(sound(film, "mono")[0][0], sound_of(film).mean(axis=0), atol=2e-5)


def test_other_rates_come_as_48_khz() -> None:
    blocks = sound(Film("mkv", sound="flac", seconds=1.5, sample_rate=44_100), "mono")
    assert [block.shape[1] for block in blocks] == [48_000, 24_000]


def test_every_pass_is_the_same() -> None:
    programme = FilmAudio.of(film_path(Film(seconds=1.0)), layout="mono")
    first, again = (b"".join(block.tobytes() for block in programme.blocks()) for _ in range(2))
    assert first == again


@pytest.mark.parametrize("layout", ["mono", "stereo", "5.1", "7.1"])
def test_nothing_that_fits_in_can_clip(layout: str) -> None:
    for wanted, channels in (("mono", 1), ("stereo", 2)):
        matrix = mixing_matrix(layout, wanted)  # type: ignore[arg-type]
        assert len(matrix) == channels
        assert np.abs(matrix).sum(axis=1).max() <= 1 + 1e-6


def test_a_film_without_sound_is_refused() -> None:
    with pytest.raises(NoSoundtrack, match="no sound"):
        FilmAudio.of(film_path(Film(sound=None)), layout="mono")
