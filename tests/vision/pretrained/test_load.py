"""How networks of transformers are loaded."""

from __future__ import annotations

import types

import pytest
import torch

from limelight.errors import ModelError
from limelight.vision.pretrained import encoders


class Talkative:
    """A class of a package that prints while it is imported."""

    @classmethod
    def from_pretrained(cls, _name: str, **_options: object) -> Talkative:
        print("[ERROR] a parameter is not documented")  # noqa: T201
        return cls()


def test_what_a_package_prints_is_no_result(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(encoders, "transformers", lambda: types.SimpleNamespace(Talkative=Talkative))
    assert isinstance(encoders.load("Talkative", "name"), Talkative)
    said = capsys.readouterr()
    assert (said.out, "not documented" in said.err) == ("", True)


def test_a_device_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    class Network(torch.nn.Linear):
        @classmethod
        def from_pretrained(cls, _name: str, **_options: object) -> Network:
            return cls(1, 1)

    monkeypatch.setattr(encoders, "transformers", lambda: types.SimpleNamespace(Network=Network))
    with pytest.raises(ModelError, match="Wanted small, which cannot run on 'xpu:7'"):
        encoders.load_network("Network", "small", device="xpu:7")
