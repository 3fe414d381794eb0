"""Sounds out of Debian's packages: what is read, who belongs together, what is stored."""

from __future__ import annotations

import gzip
import shutil
import struct
import subprocess
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from limelight.errors import Leakage
from research.sounds.archives import CLONK_MAGIC, read_clonk_group, read_package
from research.sounds.audio import Figures, Sound, decode, encode_opus
from research.sounds.fetch import PackageRun, mix, string_together
from research.sounds.library import file_tags, join, tags_of
from research.sounds.listing import SHARES, Entry, Package, read_entries, read_packages, split_of

RATE = 48_000


def tone(seconds: float, *, sample_rate: int = RATE, channels: int = 1, size: float = 0.25) -> Sound:
    time = np.arange(round(seconds * sample_rate)) / sample_rate
    wave = size * np.sin(2 * np.pi * 440 * time)
    return Sound(np.tile(wave, (channels, 1)).astype(np.float32), sample_rate)


def clonk_group(files: dict[str, bytes], *, children: dict[str, bytes] | None = None) -> bytes:
    """An OpenClonk group before it is packed."""
    held = [(name, data, 0) for name, data in files.items()] + [(n, d, 1) for n, d in (children or {}).items()]
    header = bytearray(204)
    struct.pack_into("<i", header, 36, len(held))
    clear = bytes(header)
    hidden = bytearray(clear)
    for at in range(0, len(hidden) - 2, 3):
        hidden[at], hidden[at + 2] = hidden[at + 2], hidden[at]
    table, content = b"", b""
    for name, data, is_group in held:
        table += name.encode().ljust(260, b"\0")
        table += struct.pack("<5i", 0, is_group, len(data), 0, len(content)).ljust(56, b"\0")
        content += data
    return bytes(byte ^ 237 for byte in hidden) + table + content


def entry(**changes: str) -> Entry:
    plain = {"package": "game", "kind": "effects", "folder": "usr/a.zip::snd/", "files": "*.ogg|x/*.wav"}
    rest = {"leave_out": "bad*.ogg", "group": "{kind}-{package}-{sound}", "licence": "CC0 1.0", "attribution": "me"}
    return Entry(**(plain | rest | {"join": "", "tags": ""} | changes))


def test_groups_of_groups_are_read():
    inner = clonk_group({"deep.wav": b"deep"})
    packed = gzip.compress(clonk_group({"a.ogg": b"first", "b.ogg": b"second"}, children={"Sub.ocg": inner}))
    assert dict(read_clonk_group(CLONK_MAGIC + packed[2:])) == {
        "a.ogg": b"first",
        "b.ogg": b"second",
        "Sub.ocg/deep.wav": b"deep",
    }


def test_what_is_no_group_is_said_so():
    with pytest.raises(ValueError, match="1e8c"):
        list(read_clonk_group(b"PK\3\4"))


@pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="needs Debian's dpkg-deb")
def test_a_package_is_read_with_its_archives(tmp_path):
    tree = tmp_path / "tree"
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "DEBIAN" / "control").write_text(
        "Package: game\nVersion: 1\nArchitecture: all\nMaintainer: me <me@example.org>\nDescription: a game\n"
    )
    (tree / "usr").mkdir()
    (tree / "usr" / "plain.ogg").write_bytes(b"plain")
    (tree / "usr" / "other.txt").write_bytes(b"text")
    with zipfile.ZipFile(tree / "usr" / "a.zip", "w") as archive:
        archive.writestr("snd/one.ogg", b"one")
        archive.writestr("snd/two.txt", b"two")
    deb = tmp_path / "game.deb"
    subprocess.run(["dpkg-deb", "--build", str(tree), str(deb)], check=True, capture_output=True)
    found = dict(read_package(deb, {"usr/a.zip"}, lambda path: path.endswith(".ogg")))
    assert found == {"usr/plain.ogg": b"plain", "usr/a.zip::snd/one.ogg": b"one"}


class TestEntries:
    def test_a_star_stops_at_a_slash_and_what_is_left_out_is_left_out(self):
        row = entry()
        assert row.holds("usr/a.zip::snd/bang.ogg")
        assert row.holds("usr/a.zip::snd/x/bang.wav")
        assert not row.holds("usr/a.zip::snd/y/bang.ogg")
        assert not row.holds("usr/a.zip::snd/bad1.ogg")
        assert not row.holds("usr/b.zip::snd/bang.ogg")

    def test_numbers_do_not_make_groups(self):
        row = entry()
        assert row.group_of("usr/a.zip::snd/Bang_01.ogg") == row.group_of("usr/a.zip::snd/bang_12b.ogg")
        assert row.group_of("usr/a.zip::snd/bang1.ogg") != row.group_of("usr/a.zip::snd/boom1.ogg")
        assert row.group_of("usr/a.zip::snd/1.ogg") == "effects-game-1"

    def test_paths_keep_names_apart(self):
        row = entry(files="*/5.ogg", folder="usr/voice/")
        assert row.slug_of("usr/voice/ㄅㄚ/5.ogg") != row.slug_of("usr/voice/ㄅㄛ/5.ogg")
        assert row.slug_of("usr/voice/ㄅㄚ/5.ogg").isascii()

    def test_the_list_is_whole(self):
        names = {package.name for package in read_packages()}
        rows = read_entries()
        assert {row.package for row in rows} == names
        assert {row.kind for row in rows} == {"speech", "music", "effects"}
        assert all(row.licence and row.attribution and row.tags is not None for row in rows)
        assert all(len(package.sha256) == 64 for package in read_packages())


def test_shares_of_the_splits_are_kept():
    count = 20_000
    found = Counter(split_of(f"group {n}") for n in range(count))
    for split, share in SHARES.items():
        assert found[split] / count == pytest.approx(share, abs=0.01)


@pytest.mark.parametrize("channels", [1, 2])
def test_opus_keeps_a_sound(tmp_path, channels):
    path = tmp_path / "tone.opus"
    before = tone(1.5, sample_rate=16_000, channels=channels)
    encode_opus(before, path)
    after = decode(path.read_bytes(), ".opus")
    old, new = Figures.of(before), Figures.of(after)
    assert (new.sample_rate, new.channels) == (RATE, channels)
    assert new.seconds == pytest.approx(old.seconds, abs=0.03)
    assert new.rms_dbfs == pytest.approx(old.rms_dbfs, abs=0.5)
    assert new.clipped == 0


def test_stems_that_begin_together_are_added():
    long, short = tone(1.0), tone(0.5)
    both = mix([("a", long), ("b", short)])
    assert both.seconds == 1.0
    assert Figures.of(Sound(both.samples[:, : RATE // 2], RATE)).rms_dbfs == pytest.approx(
        Figures.of(short).rms_dbfs + 6.02, abs=0.1
    )


def test_strings_lose_no_sound_and_keep_their_order():
    sounds = [(f"{n}.ogg", tone(1.0)) for n in range(30)]
    pieces = list(string_together(sounds))
    again = list(string_together(sounds[::-1]))
    energy = sum(float(np.square(piece.samples).sum()) for piece in pieces)
    assert energy == pytest.approx(30 * float(np.square(tone(1.0).samples).sum()), rel=1e-4)
    assert [len(piece.samples[0]) for piece in pieces] == [len(piece.samples[0]) for piece in again]


class TestLibrary:
    HEAD = "file,kind,split,group,seconds,sr,channels,tag,licence,attribution\n"

    def write(self, folder: Path, *lines: str) -> Path:
        folder.mkdir()
        (folder / "manifest.csv").write_text(self.HEAD + "\n".join(lines) + "\n")
        return folder

    def test_words_become_tags(self):
        assert tags_of("speech", "librispeech-train-clean-100") == ["lang:en", "read"]
        assert tags_of("music", "singing alone (lead and backing voices)") == ["singing", "a-cappella"]
        assert tags_of("effects", "ambience: restaurant walla") == ["ambience", "crowd"]
        assert "weather" not in tags_of("effects", "train")

    def test_a_file_of_a_set_has_its_own_tags(self):
        row = {"tags": "weapons voice scifi", "source": "usr/share/game/snd.pk3::sound/actors/death1.ogg"}
        assert file_tags("effects", row) == ["voice", "scifi"]
        assert file_tags("effects", row | {"source": "usr/share/game/rifle_human.ogg"}) == ["weapons", "scifi"]
        assert file_tags("music", row | {"tags": "score folk"}) == ["score", "folk"]

    def test_folders_become_one_list(self, tmp_path):
        one = self.write(tmp_path / "one", "a.opus,sfx,train,g1,2.0,44100,2,Rain,CC0 1.0,me")
        two = self.write(
            tmp_path / "two", "b.opus,speech,test,g2,3.0,16000,1,librispeech,CC BY 4.0,you", "v,video,test,f,,,,,,"
        )
        rows = join([one, two], {})
        assert [(row["kind"], row["split"], row["bandwidth"], row["tags"]) for row in rows] == [
            ("effects", "train", "22050", "weather"),
            ("speech", "test", "8000", "lang:en read"),
        ]
        assert rows[0]["path"] == str(one.resolve() / "a.opus")

    def test_a_group_in_two_splits_is_refused(self, tmp_path):
        one = self.write(tmp_path / "one", "a.opus,sfx,train,g1,2.0,44100,2,Rain,CC0 1.0,me")
        two = self.write(tmp_path / "two", "b.opus,sfx,test,g1,3.0,44100,1,Rain,CC0 1.0,me")
        with pytest.raises(Leakage, match="g1"):
            join([one, two], {})


def test_files_of_one_name_do_not_take_each_others_place(tmp_path):
    path = tmp_path / "tone.opus"
    encode_opus(tone(0.5), path)
    run = PackageRun(Package("game", "1", "", "1"), tmp_path)
    for language in ("latin", "greek"):
        folder = f"usr/{language}/"
        run.take(f"{folder}go.opus", path.read_bytes(), entry(kind="speech", folder=folder, group=f"speech-{language}"))
    assert [row["group"] for row in run.rows] == ["speech-latin", "speech-greek"]
    assert len({row["file"] for row in run.rows}) == 2
    assert all((tmp_path / row["file"]).is_file() for row in run.rows)
