"""doctor finds what is there, and what is not."""

from __future__ import annotations

import json
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest
from typer.testing import CliRunner

from limelight import runtime
from limelight.cli import doctor
from limelight.cli.main import app
from limelight.errors import ModelError
from limelight.models import registry


def test_everything_needed_is_there() -> None:
    said = CliRunner().invoke(app, ["doctor", "--json"])
    assert said.exit_code == 0
    found = {one["what"]: one for one in json.loads(said.stdout)}
    assert {"limelight", *doctor.LIBRARIES, "deepfilter", "lite", "speech-first", "devices", "temporary files"} <= set(
        found
    )
    assert all(one["to_do"] for one in found.values() if one["state"] != "ok")


def test_a_damaged_model_fails_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    def damaged(_threads: int | None) -> None:
        raise ModelError("the file lite.onnx is damaged; install the model again")

    monkeypatch.setitem(registry.SEPARATORS, "lite", damaged)
    said = CliRunner().invoke(app, ["doctor"])
    assert said.exit_code == ModelError.exit_code
    assert "lite.onnx is damaged" in said.stderr


def test_what_an_extra_lacks_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def version(package: str) -> str:
        if package == "torch":
            raise PackageNotFoundError
        return "1.0"

    lines = ["numpy>=1", 'torch>=2.6; extra == "train"', 'onnx>=1; extra == "train"', 'mcp>=2; extra == "mcp"']
    monkeypatch.setattr(runtime, "version", version)
    monkeypatch.setattr(doctor, "requires", lambda _name: lines)
    found = {one.what: one for one in doctor._extras()}
    assert found["extra train"].state == "missing"
    assert found["extra train"].found == "no torch"
    assert found["extra mcp"].state == "ok"


def test_a_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "LEAST_FREE_BYTES", 1 << 62)
    assert doctor._disk("this folder", tmp_path).state == "missing"
