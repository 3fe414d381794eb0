"""What a user installs: light, whole, and what it says it is."""

from __future__ import annotations

import importlib
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import limelight
from limelight.models.registry import PACKAGED, find_model, installed

ROOT = Path(__file__).resolve().parent.parent


def test_every_public_name_is_there():
    for name in limelight.__all__:
        assert getattr(limelight, name).__name__ == name
        assert name in dir(importlib.import_module(getattr(limelight, name).__module__))


def test_the_version_is_one():
    assert version("limelight-audio") == limelight.__version__


def test_highlighting_needs_no_torch():
    code = "import sys, limelight; limelight.highlight_video, limelight.load_model; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_packaged_models_are_small_and_carry_their_licence():
    cards = installed()
    assert "lite" in [card.name for card in cards]
    for card in cards:
        size = sum(path.stat().st_size for path in find_model(card.name).glob("*.onnx"))
        assert size <= 25_000_000
        assert card.parameters <= 12_000_000
        assert "CC BY" in card.licence
        assert (PACKAGED / card.name / "ATTRIBUTION.md").stat().st_size > 1000


def test_the_readme_says_what_the_card_says():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for card in installed():
        assert f"{card.parameters / 1e6:.1f} M parameters" in readme
        assert "uses_picture: false" in readme or card.uses_picture
