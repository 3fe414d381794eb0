import csv
from pathlib import Path

import numpy as np
import pytest
from audio.sounds import sine

from limelight.dataset import sounds
from limelight.dataset.sounds import SAMPLE_RATE, Sound, SoundLibrary, StemSounds, read_sound_manifest
from limelight.errors import InputError
from limelight.media.audio_files import write_sound
from limelight.types import STEMS

# Each sound is a sine of its own amplitude, in dB under full scale: its level names it wherever it turns up.
LEVELS_DB = {
    ("train", "speech", "anna.wav"): -3,
    ("train", "speech", "berta.flac"): -6,
    ("train", "music", "song.flac"): -9,
    ("train", "sfx", "door.wav"): -12,
    ("train", "effects", "rain.wav"): -15,
    ("test", "speech", "carla.wav"): -18,
    ("test", "music", "tune.wav"): -21,
    ("test", "sfx", "dog.flac"): -24,
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A tiny library: two splits, WAV and FLAC, mono and stereo, 48 and 24 kHz."""
    rows = []
    for n, ((split, kind, file), level_db) in enumerate(LEVELS_DB.items()):
        rate, layout = (24_000, "stereo") if n % 2 else (48_000, "mono")
        mono = sine(500, 0.25, rate, db=level_db)
        path = tmp_path / kind / file
        path.parent.mkdir(exist_ok=True)
        write_sound(path, [np.stack([mono] * (1 + n % 2))], sample_rate=rate, layout=layout)
        rows.append({"file": f"{kind}/{file}", "kind": kind, "split": split, "group": file[0], "sr": rate})
    rows.append({"file": "film.mp4", "kind": "video", "split": "train", "group": "film", "sr": ""})
    write_manifest(tmp_path, rows)
    return tmp_path


def write_manifest(folder: Path, rows: list[dict[str, object]]) -> None:
    with (folder / "manifest.csv").open("w", encoding="utf-8", newline="") as lines:
        table = csv.DictWriter(lines, list(rows[0]))
        table.writeheader()
        table.writerows(rows)


def level_db(shelf: StemSounds, sound: Sound) -> float:
    """Amplitude of the sine in the middle of a sound."""
    return float(20 * np.log10(np.abs(shelf.cut(sound, sound.length // 4, sound.length // 2)).max()))


@pytest.mark.parametrize("split", ["train", "test"])
def test_a_split_holds_its_own_sounds_and_no_other(folder: Path, tmp_path: Path, split: str) -> None:
    opened = SoundLibrary.open(folder, split, tmp_path / "cache")
    assert set(opened.shelves) == set(STEMS)
    for stem, (shelf,) in opened.shelves.items():
        wished = {
            f"{kind}/{file}": level
            for (of, kind, file), level in LEVELS_DB.items()
            if of == split and sounds.FOLDER_NAMES[kind] == stem
        }
        found = {sound.file: level_db(shelf, sound) for sound in shelf.sounds}
        assert found == pytest.approx(wished, abs=0.1)


def test_everything_is_mono_at_one_rate(folder: Path, tmp_path: Path) -> None:
    shelf = SoundLibrary.open(folder, "train", tmp_path / "cache").shelves["speech"][0]
    assert shelf.samples.dtype == np.int16
    assert len(shelf.sounds) == 2  # the second was recorded at 24 kHz
    for sound in shelf.sounds:
        assert sound.length == pytest.approx(SAMPLE_RATE / 4, abs=2)
        spectrum = np.abs(np.fft.rfft(shelf.cut(sound, 0, 12_000)))
        assert np.argmax(spectrum) * SAMPLE_RATE / 12_000 == pytest.approx(500, abs=4)


def test_a_cut_ends_with_its_sound(folder: Path, tmp_path: Path) -> None:
    shelf = SoundLibrary.open(folder, "train", tmp_path / "cache").shelves["speech"][0]
    first, second = shelf.sounds
    assert second.start == first.length
    assert len(shelf.cut(first, first.length - 10, 100)) == 10
    whole = shelf.cut(first, 0, first.length)
    assert np.array_equal(shelf.cut(first, 100, 50), whole[100:150])
    whole[:] = 0  # a cut is a copy
    assert shelf.cut(first, 0, first.length).any()


def test_the_cache_spares_decoding(folder: Path, tmp_path: Path) -> None:
    first = SoundLibrary.open(folder, "train", tmp_path / "cache")
    for path in (*folder.rglob("*.wav"), *folder.rglob("*.flac")):
        path.unlink()
    again = SoundLibrary.open(folder, "train", tmp_path / "cache")
    for stem in STEMS:
        assert np.array_equal(first.shelves[stem][0].samples, again.shelves[stem][0].samples)
        assert first.shelves[stem][0].sounds == again.shelves[stem][0].sounds


@pytest.mark.parametrize("left", ["array only", "half an array", "index only", "draft of the index"])
def test_a_half_written_cache_is_written_again(folder: Path, tmp_path: Path, left: str) -> None:
    cache = tmp_path / "cache"
    first = SoundLibrary.open(folder, "train", cache)
    for index in cache.glob("*.json"):
        array = index.with_suffix(".npy")
        if left == "index only":
            array.unlink()
            continue
        index.unlink()
        if left == "half an array":
            half = array.read_bytes()[:300]
            array.unlink()  # it is still mapped: cutting it off would pull the memory from under `first`
            array.write_bytes(half)
        elif left == "draft of the index":
            index.with_suffix(".part").write_text('[{"file": "', encoding="utf-8")
    again = SoundLibrary.open(folder, "train", cache)
    for stem in STEMS:
        assert np.array_equal(first.shelves[stem][0].samples, again.shelves[stem][0].samples)
        assert first.shelves[stem][0].sounds == again.shelves[stem][0].sounds


def test_another_list_of_sounds_is_another_cache(folder: Path, tmp_path: Path) -> None:
    SoundLibrary.open(folder, "train", tmp_path / "cache")
    rows = [row for row in read_sound_manifest(folder) if row["file"] != "speech/berta.flac"]
    write_manifest(folder, rows)
    shelf = SoundLibrary.open(folder, "train", tmp_path / "cache").shelves["speech"][0]
    assert [sound.file for sound in shelf.sounds] == ["speech/anna.wav"]


def test_other_kinds_are_passed_over(folder: Path) -> None:
    assert {row["kind"] for row in read_sound_manifest(folder)} == {"speech", "music", "sfx", "effects"}


def test_a_folder_without_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"manifest\.csv; it is not there"):
        SoundLibrary.open(tmp_path, "train", tmp_path / "cache")


def test_a_manifest_without_the_columns_is_refused(tmp_path: Path) -> None:
    write_manifest(tmp_path, [{"file": "a.wav", "kind": "speech"}])
    with pytest.raises(InputError, match="split"):
        SoundLibrary.open(tmp_path, "train", tmp_path / "cache")


def test_a_split_that_lists_nothing_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="lists no speech for the validation split"):
        SoundLibrary.open(folder, "validation", tmp_path / "cache")


def test_a_listed_file_that_is_missing_is_named(folder: Path, tmp_path: Path) -> None:
    (folder / "music" / "song.flac").unlink()
    with pytest.raises(InputError, match=r"song\.flac"):
        SoundLibrary.open(folder, "train", tmp_path / "cache")
    assert not list((tmp_path / "cache").glob("*music*.json"))
