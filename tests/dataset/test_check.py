import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
from dataset.test_clips import clip, pair

from limelight.dataset.clips import CLIPS, read_clip_sound, write_clip
from limelight.dataset.manifest import MANIFEST, Entry, write_manifest
from limelight.dataset.reading import check_dataset
from limelight.errors import Damaged, Leakage
from limelight.media.audio_files import sound_bytes


@pytest.fixture
def entry(tmp_path: Path) -> Entry:
    written = write_clip(tmp_path, clip(pair()))
    write_manifest(tmp_path, [written])
    return written


def test_what_was_built_passes(tmp_path: Path, entry: Entry) -> None:
    seen: list[float] = []
    assert check_dataset(tmp_path, progress=lambda done, total: seen.append(done / total)) == [entry]
    assert seen == [1.0]


def test_a_missing_file_is_named(tmp_path: Path, entry: Entry) -> None:
    (tmp_path / CLIPS / entry.name / "cues.npy").unlink()
    with pytest.raises(Damaged, match=r"cues\.npy is listed and missing"):
        check_dataset(tmp_path)


def test_a_flipped_bit_is_found(tmp_path: Path, entry: Entry) -> None:
    path = tmp_path / CLIPS / entry.name / "speech.flac"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(Damaged, match=r"speech\.flac is not the file that was built"):
        check_dataset(tmp_path)


def test_stems_that_do_not_sum_are_found_though_their_hashes_agree(tmp_path: Path, entry: Entry) -> None:
    louder = read_clip_sound(tmp_path, entry.name, "music")
    louder[:, 1000] += 2.0**-14  # −84 dBFS
    data = sound_bytes(louder, 48_000, "mono", kind="flac")
    (tmp_path / CLIPS / entry.name / "music.flac").write_bytes(data)
    write_manifest(tmp_path, [replace(entry, files={**entry.files, "music.flac": hashlib.sha256(data).hexdigest()})])
    with pytest.raises(Damaged, match="miss its target by -84 dBFS"):
        check_dataset(tmp_path)


def test_leakage_is_refused(tmp_path: Path, entry: Entry) -> None:
    lines = [entry.as_line(), replace(entry, name="other", split="test").as_line()]
    (tmp_path / MANIFEST).write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(Leakage, match="two splits"):
        check_dataset(tmp_path)
