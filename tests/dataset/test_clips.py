import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from dataset.entries import FILM
from dataset.stems import levels_of, make_stems
from hypothesis import given, settings
from hypothesis import strategies as st

from limelight.dataset.clips import (
    CLIPS,
    Clip,
    read_clip_sound,
    read_cues,
    read_numbers,
    read_recipe,
    read_stems,
    write_clip,
)
from limelight.dataset.degrade import DegradationChoice, Pair, degrade, sample_degradation
from limelight.errors import NotMedia, OutputError
from limelight.media.audio_files import sound_bytes
from limelight.types import STEMS, Picture

CUES = np.linspace(0, 1, 8, dtype=np.float32).reshape(2, 4)


def pair(recipe: str = "paper", *, channels: int = 1, seed: int = 0, db: tuple[float, ...] = (-20, -26, -30)) -> Pair:
    stems = make_stems(1.0, channels=channels, seed=seed, db=db)  # type: ignore[arg-type]
    levels = levels_of(stems)
    degradation = sample_degradation(np.random.default_rng(seed), DegradationChoice.of(recipe), levels)
    return degrade(stems, degradation, layout="mono" if channels == 1 else "stereo", levels=levels)


def clip(made: Pair, name: str = "film-0000", pictures: tuple[Picture, ...] = ()) -> Clip:
    return Clip(name, "train", "film", (FILM,), "known", made, CUES, True, (0.5,), pictures)


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 1000), st.sampled_from(["paper", "timevarying", "degraded"]), st.integers(1, 2))
def test_what_is_read_is_what_was_made_to_the_last_bit(
    tmp_path_factory: pytest.TempPathFactory, seed: int, recipe: str, channels: int
) -> None:
    folder = tmp_path_factory.mktemp("set")
    made = pair(recipe, channels=channels, seed=seed)
    write_clip(folder, clip(made))
    stems, target = read_stems(folder, "film-0000"), read_clip_sound(folder, "film-0000", "target")
    assert np.array_equal(stems, made.stems)
    assert np.array_equal(target, made.target)
    assert np.array_equal(read_clip_sound(folder, "film-0000", "input"), made.input)
    assert np.array_equal(stems.sum(axis=0, dtype=np.float64), target)  # the invariant, on what is written
    degradation = read_recipe(folder, "film-0000")
    assert degradation == made.degradation
    again = degradation.mixed(degradation.applied(stems), layout=made.layout)
    assert np.abs(again - made.input).max() < 1e-6
    assert np.array_equal(read_cues(folder, "film-0000"), CUES)


def test_the_line_tells_what_the_files_are(tmp_path: Path) -> None:
    made = pair("paper:high", db=(-20, -np.inf, -30))
    line = write_clip(tmp_path, clip(made))
    for name, sha256 in line.files.items():
        assert hashlib.sha256((tmp_path / CLIPS / line.name / name).read_bytes()).hexdigest() == sha256
    assert set(line.files) == {f"{name}.flac" for name in ("input", "target", *STEMS)} | {"cues.npy", "recipe.json"}
    assert line.changes_db == {"speech": -12.0, "music": 12.0, "effects": 12.0}
    assert line.loudness_lufs["music"] is None
    assert line.loudness_lufs["speech"] == pytest.approx(made.levels.loudness_lufs["speech"] + made.scale_db, abs=0.01)
    assert (line.seconds, line.recipe, line.step_db, line.trivial) == (1.0, "paper", 12.0, None)
    recipe = json.loads((tmp_path / CLIPS / line.name / "recipe.json").read_text(encoding="utf-8"))
    assert recipe["scale_db"] == pytest.approx(line.scale_db, abs=1e-6)


def test_the_same_clip_gives_the_same_bytes_and_replaces_the_old(tmp_path: Path) -> None:
    first = write_clip(tmp_path, clip(pair()))
    (tmp_path / CLIPS / f"{first.name}.part").mkdir()
    (tmp_path / CLIPS / f"{first.name}.part" / "half.flac").touch()
    assert write_clip(tmp_path, clip(pair())) == first
    other = write_clip(tmp_path, clip(pair(seed=5)))
    assert other.files != first.files
    assert [path.name for path in (tmp_path / CLIPS).iterdir()] == [first.name]


def test_pictures_are_kept_as_they_were_seen(tmp_path: Path) -> None:
    cv2 = pytest.importorskip("cv2")
    image = np.zeros((48, 64, 3), np.uint8)
    image[:, :32] = (200, 40, 40)  # red on the left
    line = write_clip(tmp_path, clip(pair(), pictures=(Picture(0.0, image), Picture(1.0, image))))
    assert [name for name in line.files if name.startswith("frames/")] == ["frames/00.jpg", "frames/01.jpg"]
    blue_first = cv2.imread(str(tmp_path / CLIPS / line.name / "frames/01.jpg"))
    assert np.abs(blue_first[24, 10, ::-1].astype(int) - (200, 40, 40)).max() < 12


def test_files_that_are_missing_or_no_flac_are_named(tmp_path: Path) -> None:
    line = write_clip(tmp_path, clip(pair()))
    place = tmp_path / CLIPS / line.name
    (place / "target.flac").write_bytes(b"not sound")
    with pytest.raises(NotMedia, match=r"target\.flac"):
        read_clip_sound(tmp_path, line.name, "target")
    (place / "recipe.json").unlink()
    with pytest.raises(ValueError, match=r"recipe\.json"):
        read_recipe(tmp_path, line.name)
    (place / "cues.npy").write_bytes(b"")
    with pytest.raises(ValueError, match=r"cues\.npy"):
        read_cues(tmp_path, line.name)


def test_an_empty_sound_is_a_sound(tmp_path: Path) -> None:
    (tmp_path / CLIPS / "x").mkdir(parents=True)
    (tmp_path / CLIPS / "x" / "input.flac").write_bytes(
        sound_bytes(np.zeros((2, 5), np.float32), 48_000, "stereo", kind="flac")
    )
    assert read_clip_sound(tmp_path, "x", "input").shape == (2, 5)


def test_an_array_that_announces_more_than_its_file_holds_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cues.npy"
    np.save(path, np.ones((3, 2), np.float32))
    assert read_numbers(path).tolist() == [[1, 1]] * 3
    announced = path.read_bytes().replace(b"(3, 2), }" + b" " * 10, b"(30000000000, 2), }")
    assert len(announced) == path.stat().st_size
    path.write_bytes(announced)
    with pytest.raises(ValueError, match="greater than file size"):
        read_numbers(path)


def test_arrays_of_other_things_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "words.npy", np.array(["a", "b"]))
    np.savez(tmp_path / "many.npz", one=np.ones(3))
    with pytest.raises(ValueError, match="no numbers"):
        read_numbers(tmp_path / "words.npy")
    with pytest.raises(ValueError, match="several arrays"):
        read_numbers(tmp_path / "many.npz")


def test_a_clip_that_cannot_be_written_leaves_no_draft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OutputError, match="the disk is full"):
        write_clip(tmp_path, clip(pair()))
    assert list((tmp_path / CLIPS).iterdir()) == []
