"""Whatever stands in a manifest, captions, a card or a list of films, it is used or refused in one line of ours."""

from __future__ import annotations

import json
import math
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from dataset.entries import entry
from fakes import remix_card
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from media_corpus.documents import DOCUMENTS, SAID
from media_corpus.json_values import ANY_BYTES, ANYTHING, Place, places, with_value

from limelight.dataset.build_state import BuildPart, parts, record
from limelight.dataset.manifest import MANIFEST, read_manifest
from limelight.dataset.splits import read_table
from limelight.errors import InputError, ModelError
from limelight.models.card import LONGEST_SECONDS, read_card
from limelight.vision.pretrained.captions import Captions, read_captions

MANY = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
LINE = json.loads(entry().as_line())


@given(place=st.sampled_from(places(LINE)), value=ANYTHING)
@MANY
def test_any_value_in_a_manifest_is_a_clip_or_an_error(tmp_path: Path, place: Place, value: Any) -> None:
    path = tmp_path / MANIFEST
    path.write_text(json.dumps(with_value(LINE, place, value)) + "\n", encoding="utf-8")
    try:
        (one,) = read_manifest(tmp_path)
    except InputError:
        return
    assert ".." not in Path(one.name).parts
    assert isinstance(one.seconds, float | int)
    assert all(isinstance(source.group, str) for source in one.sources)


@pytest.mark.parametrize("name", ["../other", "/etc", "a/../../b", "C:\\film", "..", "a\0b", ""])
def test_no_clip_lies_outside_its_data_set(tmp_path: Path, name: str) -> None:
    for line in (with_value(LINE, ("name",), name), with_value(LINE, ("files",), {name: "0" * 64})):
        (tmp_path / MANIFEST).write_text(json.dumps(line) + "\n", encoding="utf-8")
        with pytest.raises(InputError, match="leads out of the data set"):
            read_manifest(tmp_path)


def test_names_with_odd_line_ends_and_broken_bytes_are_kept_on_their_line(tmp_path: Path) -> None:
    odd = with_value(LINE, ("sources", 0, "name"), "film\u2028\x85.mp4")
    (tmp_path / MANIFEST).write_text(json.dumps(odd, ensure_ascii=False) + "\n", encoding="utf-8")
    assert read_manifest(tmp_path)[0].sources[0].name == "film\u2028\x85.mp4"


@given(ANY_BYTES)
@MANY
def test_any_bytes_are_no_manifest_no_captions_and_no_table(tmp_path: Path, content: bytes) -> None:
    (tmp_path / MANIFEST).write_bytes(content)
    for read in (read_manifest, lambda folder: read_captions(folder / MANIFEST), lambda f: read_table(f / MANIFEST)):
        with suppress(InputError):
            read(tmp_path)


@pytest.mark.parametrize("deep", [b"[" * 100_000, b'{"a":' * 100_000])
def test_nests_deeper_than_the_stack_are_refused(tmp_path: Path, deep: bytes) -> None:
    (tmp_path / MANIFEST).write_bytes(deep)
    with pytest.raises(InputError, match="Line 1"):
        read_manifest(tmp_path)
    with pytest.raises(InputError, match="not usable"):
        read_captions(tmp_path / MANIFEST)


@given(place=st.sampled_from(places(SAID)), value=ANYTHING)
@MANY
def test_any_value_in_captions_is_captions_or_an_error(tmp_path: Path, place: Place, value: Any) -> None:
    path = tmp_path / "captions.json"
    path.write_text(json.dumps(with_value(SAID, place, value)), encoding="utf-8")
    try:
        captions = read_captions(path)
    except InputError:
        return
    assert isinstance(captions, Captions)
    assert all(math.isfinite(one.end_seconds) and one.sentence(one.words) is not None for one in captions.captions)


@given(value=ANYTHING, place=st.sampled_from(places({"name": "a", "facts": {}, "entries": [LINE], "left_out": {}})))
@MANY
def test_any_value_in_a_record_of_a_build_is_a_record_or_an_error(tmp_path: Path, place: Place, value: Any) -> None:
    (tmp_path / "sources").mkdir(exist_ok=True)
    whole = {"name": "a", "facts": {}, "entries": [LINE], "left_out": {}}
    (tmp_path / "sources" / "a.json").write_text(json.dumps(with_value(whole, place, value)), encoding="utf-8")
    with suppress(InputError):
        assert all(isinstance(part, BuildPart) for part in parts(tmp_path))


def test_a_record_with_broken_bytes_in_a_name_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "sources").mkdir()
    record(tmp_path, BuildPart("a", {"path": "broken\udcff.mp4"}, (entry(),)))
    assert next(parts(tmp_path)).name == "a"


@given(place=st.sampled_from(places(json.loads(remix_card().text))), value=ANYTHING)
@MANY
def test_any_value_in_the_card_of_a_model_is_a_card_or_an_error(place: Place, value: Any) -> None:
    text = json.dumps(with_value(json.loads(remix_card().text), place, value))
    with suppress(ModelError):
        card = read_card(text, Path("remix.onnx"))
        assert card.samples <= LONGEST_SECONDS * card.sample_rate
        assert card.bins * 2 == card.n_fft


NETWORK = {
    "backbone": {"channels": 4, "sample_rate": 44_100, "faded_ends": False, "embedding_twice": False},
    "context_width": 0,
    "encoder_layers": 3,
    "decoder_layers": 6,
    "context_axis": "time",
    "heads": None,
    "head_width": 32,
}
TOLD = {"preset": "visah", "network": NETWORK, "context": "none"}
SIZES = st.sampled_from([0, -1, 3, 5, 100_000, 10**9, 10**30, 1e308, math.nan, math.inf])


@pytest.mark.slow
@given(place=st.sampled_from(places(TOLD)), value=ANYTHING | SIZES)
@settings(MANY, max_examples=20)
def test_any_value_in_the_header_of_a_checkpoint_is_a_network_or_an_error(
    checkpoint: Path, place: Place, value: Any
) -> None:
    """A header that announces a network of any size costs neither memory nor time."""
    from limelight.training.checkpoint import load_checkpoint, network_of

    whole = load_checkpoint(checkpoint)
    with suppress(ModelError):
        network = network_of(replace(whole, config=with_value(TOLD, place, value)), checkpoint)
        assert network.state_dict().keys() == whole.part("model").keys()


def test_the_header_is_the_one_that_is_broken_above(checkpoint: Path) -> None:
    from limelight.training.checkpoint import load_checkpoint

    assert load_checkpoint(checkpoint).config == TOLD


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("torch", reason="needs the extra `train`")
    folder = tmp_path_factory.mktemp("checkpoint")
    next(document for document in DOCUMENTS if document.name == "checkpoint").lay(folder)
    return folder / "run.safetensors"
