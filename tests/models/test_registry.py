from __future__ import annotations

from pathlib import Path

import pytest
from models.test_card import write_model

from limelight.errors import ModelError
from limelight.models import registry
from limelight.models.card import CARD
from limelight.models.registry import find_model, installed, load_model


@pytest.fixture
def packaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package with two models, and something beside it that is none."""
    folder = tmp_path / "package" / "models"
    for name in ("lite", "large-v2.1"):
        write_model(folder / name, name=name)
    (folder / "leftover").mkdir()
    monkeypatch.setattr(registry, "PACKAGED", folder)
    monkeypatch.chdir(tmp_path)
    return folder


def test_models_are_found_by_name(packaged: Path) -> None:
    assert find_model("lite") == packaged / "lite"
    assert find_model("large-v2.1") == packaged / "large-v2.1"


def test_models_are_found_by_folder_and_by_card(packaged: Path, tmp_path: Path) -> None:
    write_model(tmp_path / "mine")
    assert find_model(tmp_path / "mine") == tmp_path / "mine"
    assert find_model(str(tmp_path / "mine" / CARD)) == tmp_path / "mine"
    assert find_model("mine").resolve() == tmp_path / "mine"


def test_an_installed_model_wins_over_a_folder_of_its_name(packaged: Path, tmp_path: Path) -> None:
    write_model(tmp_path / "lite")
    assert find_model("lite") == packaged / "lite"
    assert find_model("./lite").resolve() == tmp_path / "lite"
    assert find_model(tmp_path / "lite") == tmp_path / "lite"


@pytest.mark.parametrize("name", ["", "nothing", "../models/lite", "lite/..", "a\0b", "x" * 5000, "leftover", "LITE "])
def test_names_do_not_escape_and_do_not_crash(packaged: Path, name: str) -> None:
    with pytest.raises(ModelError, match=r"neither installed \(large-v2\.1, lite\) nor a folder"):
        find_model(name)


def test_a_folder_without_a_card_is_no_model(packaged: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match="no readable card"):
        load_model(tmp_path / "empty")


def test_what_is_installed_is_listed(packaged: Path) -> None:
    assert [card.name for card in installed()] == ["large-v2.1", "lite"]


def test_a_package_without_models_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "PACKAGED", tmp_path / "none")
    assert installed() == ()
    with pytest.raises(ModelError, match=r"neither installed \(none\)"):
        load_model("lite")


def test_a_model_is_loaded_by_path(tiny_folder: Path) -> None:
    assert load_model(tiny_folder, threads=1).card.name == "tiny"
