from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fakes import FakeRemixer, gains, remix_card, remix_file, separator_file

from limelight.errors import ModelError
from limelight.models.card import METADATA, Card, check_seal, seal
from limelight.models.protocols import Remixer
from limelight.models.registry import is_remixer, load_remixer, load_separator
from limelight.models.remixers.mask_and_wave import MaskAndWaveRemixer, OnnxRemixer

pytest.importorskip("onnx")


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Not to be written to."""
    return remix_file(tmp_path_factory.mktemp("remix") / "tiny.onnx", context="cues", context_width=3, wave=0.25)


def asked(model: MaskAndWaveRemixer, context: np.ndarray | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    card, rng = model.card, np.random.default_rng(0)
    mixture = rng.standard_normal(card.samples).astype(np.float32)
    made = model.prescribe(np.ones((card.bins, card.steps), np.float32), mixture, context)
    return made.mask, made.wave, mixture


def test_what_goes_in_comes_out_as_the_graph_says(file: Path) -> None:
    model = OnnxRemixer(file, threads=1)
    for moments in (1, 4):
        mask, wave, mixture = asked(model, np.full((moments, 3), 0.125, np.float32))
        np.testing.assert_allclose(mask, 0.625, atol=1e-6)
        np.testing.assert_allclose(wave, 0.25 * mixture, atol=1e-6)
    assert mask.shape == (2048, 22)


def test_one_that_is_told_nothing_has_no_such_input(tmp_path: Path) -> None:
    model = OnnxRemixer(remix_file(tmp_path / "deaf.onnx", mask=0.75), threads=1)
    assert asked(model, None)[0].max() == 0.75


def test_the_card_travels_in_the_file(file: Path) -> None:
    card = OnnxRemixer(file).card
    assert card == remix_card(context="cues", context_width=3, sha256=card.fingerprint)
    assert len(set(card.sha256)) > 4


@pytest.mark.parametrize("share", np.linspace(0, 1, 9))
def test_a_flipped_byte_anywhere_is_refused(file: Path, tmp_path: Path, share: float) -> None:
    data = bytearray(file.read_bytes())
    data[int(share * (len(data) - 1))] ^= 0x01
    (tmp_path / "flipped.onnx").write_bytes(data)
    with pytest.raises(ModelError):
        OnnxRemixer(tmp_path / "flipped.onnx")


def test_a_seal_with_a_flipped_letter_is_refused(file: Path, tmp_path: Path) -> None:
    data = file.read_bytes()
    written = OnnxRemixer(file).card.sha256
    other = ("0" if written[0] != "0" else "1") + written[1:]
    (tmp_path / "forged.onnx").write_bytes(data.replace(written.encode(), other.encode()))
    with pytest.raises(ModelError, match="damaged"):
        check_seal(tmp_path / "forged.onnx")


def test_sealing_twice_changes_nothing(file: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.onnx"
    copy.write_bytes(file.read_bytes())
    assert seal(copy) == OnnxRemixer(file).card.sha256
    assert copy.read_bytes() == file.read_bytes()


@pytest.mark.parametrize("data", [b"", b"PK", b"x" * 5000, b'"sha256": "', b'{"sha256": "' + b"0" * 64 + b'"}'])
def test_foreign_files_are_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "foreign.onnx").write_bytes(data)
    with pytest.raises(ModelError, match=r"not a model of Limelight|damaged"):
        OnnxRemixer(tmp_path / "foreign.onnx")


@pytest.mark.parametrize("place", [b'"licence": "MIT"', b"magnitude"])
def test_names_that_are_no_text_are_refused(tmp_path: Path, place: bytes) -> None:
    """Sealed all the same: who breaks a file on purpose can make its hash fit."""
    path = remix_file(tmp_path / "odd.onnx", context="cues", context_width=3)
    whole = path.read_bytes()
    digest = whole.rindex(b'"sha256": "') + len(b'"sha256": "')
    blank = whole[:digest] + 64 * b"0" + whole[digest + 64 :]
    assert place in blank
    path.write_bytes(blank.replace(place, place[:-2] + b"\xff" + place[-1:]))
    seal(path)
    with pytest.raises(ModelError, match="no text"):
        OnnxRemixer(path, threads=1)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"nowhere\.onnx"):
        OnnxRemixer(tmp_path / "nowhere.onnx")
    with pytest.raises(ModelError, match="found no file"):
        OnnxRemixer(tmp_path)


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ({"format": "limelight-model-9"}, "format"),
        ({"overlap_samples": 10**6}, "cannot share"),
        ({"band_edges": [0, 5, 5, 2049]}, "bands of the spectrum"),
        ({"sample_rate": 0}, "sample_rate"),
        ({"sample_rate": "44100"}, "sample_rate"),
        ({"samples": 3000}, "3 hops"),
        ({"samples": 10**9}, "120 s"),
        ({"n_fft": 4097}, "whole number of hops"),
        ({"context": "dreams"}, "context"),
        ({"context_width": 0}, "cannot be 0 numbers wide"),
        ({"context": "none"}, "cannot be 3 numbers wide"),
        ({"name": ""}, "name"),
        ({"hop": None}, "hop"),
    ],
)
def test_a_card_that_cannot_be_is_refused(tmp_path: Path, wrong: dict[str, Any], place: str) -> None:
    values = remix_card(context="cues", context_width=3).model_dump() | wrong
    path = relabelled(remix_file(tmp_path / "a.onnx", context="cues", context_width=3), values)
    with pytest.raises(ModelError, match=place):
        OnnxRemixer(path)


@pytest.mark.parametrize(
    "wrong", [{"samples": 30_000}, {"context_width": 4}, {"context": "none", "context_width": 0}, {"n_fft": 2048}]
)
def test_a_card_of_another_graph_is_refused(tmp_path: Path, wrong: dict[str, Any]) -> None:
    values = remix_card(context="cues", context_width=3).model_dump() | wrong
    path = relabelled(remix_file(tmp_path / "a.onnx", context="cues", context_width=3), values)
    with pytest.raises(ModelError, match="not what its card says"):
        OnnxRemixer(path)


def relabelled(path: Path, values: dict[str, Any]) -> Path:
    """The same graph with another card, sealed anew."""
    import onnx

    graph = onnx.load(path)
    onnx.helper.set_model_props(graph, {METADATA: json.dumps(values)})
    onnx.save(graph, path)
    seal(path)
    return path


def test_what_others_add_to_a_card_is_passed_over() -> None:
    card = remix_card()
    assert Card.model_validate_json(json.dumps(card.model_dump() | {"mood": "good"})) == card


def test_a_graph_that_fails_when_it_is_asked_is_told(file: Path) -> None:
    model = OnnxRemixer(file, threads=1)
    with pytest.raises(ModelError, match="failed at what its card promises"):
        asked(model, None)  # it has a context, and must be told something


def test_files_are_found_by_path_and_say_what_they_are(file: Path, tmp_path: Path) -> None:
    separator = separator_file(tmp_path / "shares.onnx")
    assert isinstance(load_remixer(file), OnnxRemixer)
    assert is_remixer(str(file))
    assert not is_remixer(str(separator))
    assert load_separator(str(separator)).card.name == "shares"
    with pytest.raises(ModelError, match="not what its card says"):
        load_remixer(separator)
    with pytest.raises(ModelError, match="not what its card says"):
        load_separator(str(file))


def test_a_card_of_the_first_version_is_read(tmp_path: Path) -> None:
    values = remix_card().model_dump(include={"name", "preset", "sample_rate", "n_fft", "hop", "samples", "licence"})
    path = relabelled(remix_file(tmp_path / "old.onnx"), values | {"format": "limelight-visah-1", "sha256": "0" * 64})
    assert OnnxRemixer(path).card.kind == "remixer"


def test_the_fake_keeps_the_promises_too() -> None:
    model = FakeRemixer(gains(0.5, 0.1))
    assert isinstance(model, Remixer)
    mask, wave, mixture = asked(model, None)
    assert mask.max() == 0.5
    np.testing.assert_array_equal(wave, np.float32(0.1) * mixture)
