import json
import os
import signal
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from limelight.errors import ModelError, OutputError
from limelight.training import checkpoint as module
from limelight.training.checkpoint import (
    FORMAT,
    Checkpoint,
    load_checkpoint,
    optimiser_tensors,
    restore_optimiser,
    save_checkpoint,
)
from limelight.training.muon import MuonWithAdamW


def drawn(step: int = 7) -> Checkpoint:
    tensors = {"model.a": torch.randn(3, 4), "model.b.weight": torch.randn(2), "average.a": torch.randn(3, 4).T}
    return Checkpoint({"width": 8, "nested": {"rate": 0.1}}, step, tensors)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run" / "lite.safetensors"


def test_what_is_saved_is_loaded_to_the_bit(path: Path) -> None:
    saved = drawn()
    save_checkpoint(path, saved)
    loaded = load_checkpoint(path)
    assert (loaded.step, loaded.config) == (saved.step, saved.config)
    assert loaded.tensors.keys() == saved.tensors.keys()
    assert all(torch.equal(loaded.tensors[name], saved.tensors[name]) for name in saved.tensors)


def test_parts_are_told_apart_by_their_first_name() -> None:
    checkpoint = Checkpoint(
        {}, 0, {"model.a.b": torch.zeros(1), "models.c": torch.zeros(1), "average.a": torch.ones(1)}
    )
    assert list(checkpoint.part("model")) == ["a.b"]
    assert list(checkpoint.part("average")) == ["a"]
    assert checkpoint.part("optimiser") == {}


@pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 0.99])
def test_a_truncated_file_is_refused(path: Path, share: float) -> None:
    save_checkpoint(path, drawn())
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(ModelError, match="could not read it"):
        load_checkpoint(path)


@pytest.mark.parametrize("text", [b"not a checkpoint at all" * 9, b"\x80\x02}q\x00.", b"\xff" * 64])
def test_a_foreign_file_is_refused(path: Path, text: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(text)
    with pytest.raises(ModelError, match="could not read it"):
        load_checkpoint(path)


def test_a_missing_file_and_a_folder_are_refused(path: Path) -> None:
    for place in (path, path.parent.parent):
        with pytest.raises(ModelError, match="could not read it"):
            load_checkpoint(place)


@pytest.mark.parametrize("header", [None, {"format": "limelight-checkpoint-0"}, {"format": "pt"}])
def test_weights_of_another_format_are_refused(path: Path, header: dict[str, str] | None) -> None:
    path.parent.mkdir()
    save_file({"a": torch.zeros(2)}, path, metadata=header)
    with pytest.raises(ModelError, match="of format"):
        load_checkpoint(path)


@pytest.mark.parametrize(
    "header", [{}, {"step": "3"}, {"step": "three", "config": "{}"}, {"step": "3", "config": "{"}, {"config": "{}"}]
)
def test_a_damaged_header_is_refused(path: Path, header: dict[str, str]) -> None:
    path.parent.mkdir()
    save_file({"a": torch.zeros(2)}, path, metadata={"format": FORMAT} | header)
    with pytest.raises(ModelError, match="header"):
        load_checkpoint(path)


def test_a_failed_save_leaves_the_old_one(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = drawn(1)
    save_checkpoint(path, old)

    def half_a_file(_tensors: object, draft: Path, **_rest: object) -> None:
        draft.write_bytes(b"half")
        raise OSError("No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(module, "save_file", half_a_file)
        with pytest.raises(OSError, match="No space left"):
            save_checkpoint(path, drawn(2))
    assert load_checkpoint(path).step == 1
    save_checkpoint(path, drawn(3))
    assert load_checkpoint(path).step == 3
    assert os.listdir(path.parent) == [path.name]


def test_the_header_alone_tells_what_it_is(path: Path) -> None:
    """Eight bytes of length, then JSON: readable without torch, and nothing in it can run."""
    save_checkpoint(path, drawn())
    raw = path.read_bytes()
    header = json.loads(raw[8 : 8 + int.from_bytes(raw[:8], "little")])["__metadata__"]
    assert header["format"] == FORMAT
    assert json.loads(header["config"])["width"] == 8


def optimiser_of(model: nn.Linear) -> MuonWithAdamW:
    return MuonWithAdamW(model, [model.weight], matrix_rate=0.1, rate=0.1, weight_decay=0.01)


def test_the_optimiser_goes_on_as_if_nothing_had_happened() -> None:
    def step(model: nn.Module, optimiser: MuonWithAdamW) -> None:
        optimiser.zero_grad()
        model(torch.ones(2, 3)).square().sum().backward()
        optimiser.step()

    torch.manual_seed(0)
    model = nn.Linear(3, 2)
    optimiser = optimiser_of(model)
    for _ in range(3):
        step(model, optimiser)
    twin = nn.Linear(3, 2)
    twin.load_state_dict(model.state_dict())
    kept = {name: value.clone() for name, value in optimiser_tensors(optimiser, model).items()}
    other = optimiser_of(twin)
    restore_optimiser(other, twin, kept)
    step(model, optimiser)
    step(twin, other)
    assert torch.equal(model.weight, twin.weight)
    assert torch.equal(model.bias, twin.bias)


def test_a_full_disk_leaves_the_last_whole_one(path: Path) -> None:
    resource = pytest.importorskip("resource", reason="needs a limit on the size of files")
    save_checkpoint(path, drawn(1))
    before, limits = path.read_bytes(), resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
        with pytest.raises(OutputError, match="cannot write"):
            save_checkpoint(path, drawn(2))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, ignored)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]
