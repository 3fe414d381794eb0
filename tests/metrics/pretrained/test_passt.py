"""hear21passt is not needed: its network is anything that takes [B, N] at 32 kHz."""

from __future__ import annotations

import sys
from types import ModuleType

import numpy as np
import pytest
import torch
from metrics.signals import noise

from limelight.errors import ModelError
from limelight.metrics.papers import SAMPLE_RATE, kld
from limelight.metrics.pretrained import Passt, at_rate, tagger_of


class Bands(torch.nn.Module):
    """Logits are the levels of eight bands; remembers what it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[tuple[int, ...]] = []

    def forward(self, audio: torch.Tensor) -> torch.Tensor:
        self.heard.append(tuple(audio.shape))
        power = torch.fft.rfft(audio).abs().square()
        return torch.stack([part.sum(-1).log10() for part in power.chunk(8, dim=-1)], dim=-1)


def test_the_network_hears_mono_at_32_khz_ten_seconds_at_a_time() -> None:
    network = Bands()
    found = Passt(network).logits(noise(0, 15 * SAMPLE_RATE))
    assert network.heard == [(1, 320_000), (1, 320_000)]
    assert found.shape == (8,)
    assert found.dtype == np.float32


def test_other_sounds_have_other_classes() -> None:
    tagger = Passt(Bands())
    flat, dull = noise(0, SAMPLE_RATE), np.cumsum(noise(1, SAMPLE_RATE)) * 0.01
    assert kld(tagger.logits(flat), tagger.logits(flat)) == 0
    assert kld(tagger.logits(dull), tagger.logits(flat)) > 0.1


def test_where_it_is_not_installed_one_line_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "hear21passt.base", None)
    with pytest.raises(ModelError, match=r"\.\[eval\]"):
        tagger_of("passt")


def test_what_the_package_prints_is_not_on_stdout(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    """`--json` is for programs; the package tells its layers while it is imported and asked."""

    class Chatty(Bands):
        def forward(self, audio: torch.Tensor) -> torch.Tensor:
            print("x", audio.shape)  # noqa: T201
            return super().forward(audio)

    base = ModuleType("hear21passt.base")
    base.get_basic_model = lambda mode: (print("layers …"), Chatty())[1]  # type: ignore[attr-defined]  # noqa: T201
    monkeypatch.setitem(sys.modules, "hear21passt", ModuleType("hear21passt"))
    monkeypatch.setitem(sys.modules, "hear21passt.base", base)
    assert tagger_of("passt").logits(noise(0, SAMPLE_RATE)).shape == (8,)
    said = capsys.readouterr()
    assert said.out == ""
    assert "layers" in said.err
    assert "x torch.Size" in said.err


def test_it_is_asked_where_the_machine_computes_fastest(monkeypatch: pytest.MonkeyPatch) -> None:
    class Network(torch.nn.Linear):
        def __init__(self) -> None:
            super().__init__(2, 2)

    base = ModuleType("hear21passt.base")
    base.get_basic_model = lambda mode: Network()  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "hear21passt", ModuleType("hear21passt"))
    monkeypatch.setitem(sys.modules, "hear21passt.base", base)
    for there, device in ((True, "cuda"), (False, "cpu")):
        moved: list[str] = []
        monkeypatch.setattr(torch.cuda, "is_available", lambda there=there: there)
        monkeypatch.setattr(Network, "to", lambda self, where, moved=moved: moved.append(where) or self)
        tagger_of("passt")
        assert moved == [device]


@pytest.mark.filterwarnings("ignore")  # of the package
def test_the_packages_own_network_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """hear21passt itself, of the extra `eval`, around a tiny transformer with random weights."""
    pytest.importorskip("hear21passt", reason="needs the extra `eval`")
    from hear21passt import base
    from hear21passt.models.passt import PaSST

    tiny = PaSST(stride=(10, 10), embed_dim=8, depth=1, num_heads=2, num_classes=5, distilled=True)
    monkeypatch.setattr(base, "get_model_passt", lambda arch: tiny)
    tagger, sound = tagger_of("passt"), noise(0, 12 * SAMPLE_RATE)
    found = tagger.logits(sound)
    network = base.get_basic_model(mode="logits").eval()
    ten, rest = at_rate(sound, 32_000)[:320_000], at_rate(sound, 32_000)[-320_000:]
    with torch.inference_mode():
        slow = [network(torch.from_numpy(part.copy())[None])[0].numpy() for part in (ten, rest)]
    np.testing.assert_allclose(found, np.mean(slow, axis=0), atol=1e-4)
    assert kld(found, tagger.logits(np.cumsum(sound) * 0.01)) > 0
