from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from fake_models import fake_card

from limelight.errors import ModelError
from limelight.mixing.separation import Lines
from limelight.models.card import CARD, FILES, LARGEST_BYTES, ModelCard, file_sha256, read_card, write_card


def write_model(folder: Path, **changes: object) -> ModelCard:
    """A folder as an export leaves it, the networks being some bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed, name in enumerate(FILES):
        (folder / name).write_bytes(bytes((7 * i + seed) % 256 for i in range(999)))
    card = fake_card(sha256={name: file_sha256(folder / name) for name in FILES}, **changes)
    write_card(folder, card)
    return card


def rewrite(folder: Path, old: str, new: str) -> None:
    path = folder / CARD
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8", newline="\n")


def forge(folder: Path, **changes: object) -> None:
    """A card with a hash that fits, whatever is in it; None takes an entry out."""
    from limelight.models.card import _own_hash, _text

    values = json.loads((folder / CARD).read_bytes()) | changes
    values = {key: value for key, value in values.items() if value is not None and key != "card_sha256"}
    (folder / CARD).write_bytes(_text(values | {"card_sha256": _own_hash(values)}))


def test_a_card_reads_as_it_was_written(tmp_path: Path) -> None:
    notes = {"größe": "7 M ×", "scores": [0.1, 1 / 3], "10": 1, "9": None}
    card = write_model(tmp_path, notes=notes, config={"backbone": {"width": 8}}, line_edges=(0, 1, 3, 1025))
    assert read_card(tmp_path) == card
    assert read_card(tmp_path).fingerprint == card.fingerprint


def test_numbers_as_keys_do_not_break_the_hash(tmp_path: Path) -> None:
    write_model(tmp_path, notes={10: "ten", 9: "nine"})
    assert read_card(tmp_path).notes == {"10": "ten", "9": "nine"}


def test_every_byte_of_the_card_counts(tmp_path: Path) -> None:
    write_model(tmp_path)
    good = (tmp_path / CARD).read_bytes()
    for position, byte in enumerate(good):
        # A line feed becomes a carriage return, a space a tab: to JSON the same.
        flip = {0x0A: 0x07, 0x20: 0x29}.get(byte, (0x01, 0x20, 0x80)[position % 3])
        bad = bytearray(good)
        bad[position] ^= flip
        (tmp_path / CARD).write_bytes(bad)
        with pytest.raises(ModelError):
            read_card(tmp_path)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("place", [0.0, 0.3, 0.5, 0.999])
def test_a_flipped_bit_of_a_network_is_noticed(tmp_path: Path, name: str, place: float) -> None:
    write_model(tmp_path)
    data = bytearray((tmp_path / name).read_bytes())
    data[int(place * len(data))] ^= 1
    (tmp_path / name).write_bytes(data)
    with pytest.raises(ModelError, match=f"{name} is damaged"):
        read_card(tmp_path)


@pytest.mark.parametrize("change", ["longer", "shorter", "empty", "missing", "folder"])
@pytest.mark.parametrize("name", FILES)
def test_a_network_of_another_length_is_refused(tmp_path: Path, name: str, change: str) -> None:
    write_model(tmp_path)
    data = (tmp_path / name).read_bytes()
    (tmp_path / name).unlink()
    if change == "folder":
        (tmp_path / name).mkdir()
    elif change != "missing":
        (tmp_path / name).write_bytes({"longer": data + b"\0", "shorter": data[:-1], "empty": b""}[change])
    with pytest.raises(ModelError, match=re.escape(name)):
        read_card(tmp_path)


def test_a_huge_file_is_refused_without_reading_it(tmp_path: Path) -> None:
    write_model(tmp_path)
    with (tmp_path / FILES[0]).open("wb") as file:
        file.truncate(LARGEST_BYTES + 1)  # sparse
    with pytest.raises(ModelError, match="damaged"):
        read_card(tmp_path)


def test_swapped_networks_are_noticed(tmp_path: Path) -> None:
    write_model(tmp_path)
    first, second = (tmp_path / name for name in FILES)
    first.rename(tmp_path / "aside")
    second.rename(first)
    (tmp_path / "aside").rename(second)
    with pytest.raises(ModelError, match="damaged"):
        read_card(tmp_path)


def test_without_a_card_it_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no readable card"):
        read_card(tmp_path)
    with pytest.raises(ModelError, match="no readable card"):
        read_card(tmp_path / "nowhere")
    with pytest.raises(ModelError, match="no readable card"):
        read_card(Path("a\0b"))


@pytest.mark.parametrize(
    "text",
    [b"", b"{}", b"[]", b"null", b"3", b"{", b"\xff\xfe", b'{"notes": "\\ud800"}', b"[" * 100_000, b'{"a":' * 100_000],
    ids=range(10),
)
def test_what_is_no_card_is_refused_in_one_line(tmp_path: Path, text: bytes) -> None:
    write_model(tmp_path)
    (tmp_path / CARD).write_bytes(text)
    with pytest.raises(ModelError) as caught:
        read_card(tmp_path)
    assert "\n" not in str(caught.value)


def test_windows_line_ends_do_no_harm(tmp_path: Path) -> None:
    card = write_model(tmp_path)
    path = tmp_path / CARD
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert read_card(tmp_path) == card


def test_models_of_the_first_format_still_run(tmp_path: Path) -> None:
    """They knew no lines: each bin has a mask of its own."""
    write_model(tmp_path)
    forge(tmp_path, format_version=1, line_edges=None)
    card = read_card(tmp_path)
    assert card.line_edges == ()
    assert len(Lines.of(card)) == card.n_fft // 2 + 1


@pytest.mark.parametrize("version", [0, 3, "1", 1e300])
def test_another_format_is_named(tmp_path: Path, version: object) -> None:
    write_model(tmp_path)
    forge(tmp_path, format_version=version)
    with pytest.raises(ModelError, match=r"has format .*, this version reads 2"):
        read_card(tmp_path)


OTHER_ENTRIES = [{"colour": "blue"}, {"hop": None}, {"cue_names": None}, {"cue_names": 3}, {"line_edges": 3}]


@pytest.mark.parametrize("changes", [*OTHER_ENTRIES, {"sha256": {}}, {"sha256": 1}])
def test_a_card_of_other_entries_is_refused(tmp_path: Path, changes: dict[str, object]) -> None:
    write_model(tmp_path)
    forge(tmp_path, **changes)
    with pytest.raises(ModelError, match="not one of format 2"):
        read_card(tmp_path)


def test_a_card_cannot_point_out_of_its_folder(tmp_path: Path) -> None:
    card = write_model(tmp_path / "model")
    outside = tmp_path / "secret"
    outside.write_bytes(b"x")
    forge(tmp_path / "model", sha256={**card.sha256, "../secret": "0" * 64})
    assert set(FILES) < set(read_card(tmp_path / "model").sha256)  # not looked at: its hash would not fit


def test_the_fingerprint_is_of_both_networks() -> None:
    card = fake_card()
    prints = {card.fingerprint}
    for name in FILES:
        prints.add(replace(card, sha256={**card.sha256, name: "2" * 64}).fingerprint)
    assert len(prints) == 3
    assert replace(card, notes={"a": 1}).fingerprint == card.fingerprint


def test_a_token_lasts_its_steps() -> None:
    assert fake_card().token_seconds == 4 * 1024 / 48_000


@pytest.mark.parametrize("edges", [(0,), (0, 5), (1, 1025), (0, 7, 7, 1025), (0, 7.5, 1025), ("0", 1025), (0, 10**30)])
def test_lines_that_are_none_are_refused(edges: tuple[object, ...], tmp_path: Path) -> None:
    write_card(tmp_path, fake_card(line_edges=edges))
    with pytest.raises(ModelError, match="is not one of format"):
        read_card(tmp_path)
