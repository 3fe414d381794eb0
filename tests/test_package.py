"""What a user installs: light, whole, and what it says it is."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import limelight
from limelight.models.registry import WEIGHTS, installed

ROOT = Path(__file__).resolve().parent.parent


def test_every_public_name_is_there():
    assert len(limelight.__all__) <= 10
    for name in limelight.__all__:
        assert getattr(limelight, name).__name__ == name
        assert name in dir(importlib.import_module(getattr(limelight, name).__module__))


def test_the_version_is_one():
    assert version("limelight-audio") == limelight.__version__


def test_highlighting_needs_no_torch():
    code = (
        "import sys, limelight; limelight.highlight_video, limelight.load_separator; assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_packaged_models_are_small_and_carry_their_licence():
    cards = installed()
    assert "lite" in [card.name for card in cards]
    for card in cards:
        assert card.parameters <= 12_000_000
        assert "CC BY" in card.licence or "MIT" in card.licence
    for path in WEIGHTS.glob("*.onnx"):
        assert path.stat().st_size <= 25_000_000
        assert path.with_suffix(".ATTRIBUTION.md").stat().st_size > 1000


def test_authors_and_addresses_stand_in_three_files_and_agree():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    home, (author,) = project["urls"]["Homepage"], project["authors"]
    citation, site = ((ROOT / name).read_text(encoding="utf-8") for name in ("CITATION.cff", "mkdocs.yml"))
    assert f"- name: {author['name']}\nrepository-code: {home}\n" in citation
    assert f"site_url: {home}/\nrepo_url: {home}\n" in site
    assert all(url.startswith(home) for url in project["urls"].values())
    texts = [path for kind in ("*.md", "*.toml", "*.yml", "*.cff") for path in ROOT.glob(kind)]
    texts += [*(ROOT / "docs").rglob("*.md"), *(ROOT / ".github").rglob("*.*"), *(ROOT / "src").rglob("*.py")]
    address = re.compile(re.escape(home))
    named = {path.name for path in texts if address.search(path.read_text(encoding="utf-8"))}
    assert named == {"pyproject.toml", "CITATION.cff", "mkdocs.yml"}


def test_what_is_to_be_installed_is_told_as_it_works_from_a_clone():
    """The package is not on an index: its name with an extra would not be found there."""
    texts = [*(ROOT / "src").rglob("*.py"), *(ROOT / "docs").glob("*.md"), ROOT / "README.md"]
    assert not [path.name for path in texts if "limelight-audio[" in path.read_text(encoding="utf-8")]


def test_the_long_tests_have_the_extras_and_use_what_they_bring():
    """`make docs` has its own; `eval` brings a torchvision that may not fit torch; what `dev` brings is for tests alone."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    (line,) = re.findall(r"\.all:.*\n\t.*\[(.*)\]", (ROOT / "Makefile").read_text(encoding="utf-8"))
    assert set(line.split(",")) == set(extras) - {"docs", "eval"}
    tests = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py"))
    wanted = {re.split(r"[<>=]", one)[0] for extra in line.split(",") if extra != "dev" for one in extras[extra]}
    for name in wanted:
        assert re.search(rf"(import |from |importorskip\(\W){name}\b", tests), name
