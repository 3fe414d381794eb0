"""What is at hand, and what is not; and the whole check from the command line, with tiny weights in the real format."""

from __future__ import annotations

import json
import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest
from cli.test_cli import failing, left_behind, limelight
from fakes import FakeRemixer, remix_card
from films import Film, film_path
from vision.pretrained.tiny_clip import tiny_clip

from limelight.errors import ModelError
from limelight.metrics.caption_page import gather
from limelight.vision.encoder import ContextRequest

pytestmark = [
    pytest.mark.skipif(find_spec("transformers") is None, reason="needs transformers, of the extra `context`"),
]
NOWHERE = "/nowhere/at/all"


@pytest.fixture(autouse=True)
def _empty_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No weights on this disk, and nothing to be fetched."""
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


def test_nothing_at_hand_is_said_and_what_was_named_must_be_there() -> None:
    found = gather(ContextRequest("captions"), clip=None, model=None)
    for part, flag in ((found.clip, "--clip"), (found.text, "--text-model"), (found.model, "--model")):
        assert isinstance(part, str)
        assert flag in part
    with pytest.raises(ModelError, match=NOWHERE):
        gather(ContextRequest("captions"), clip=NOWHERE, model=None)
    with pytest.raises(ModelError, match=NOWHERE):
        gather(ContextRequest("captions", text_model=NOWHERE), clip=None, model=None)
    with pytest.raises(ModelError, match="'lite'"):
        gather(ContextRequest("captions"), clip=None, model="lite")


def test_the_text_encoder_follows_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    card = remix_card(context="captions", context_width=768)
    monkeypatch.setattr("limelight.metrics.caption_page.load_remixer", lambda name, *, device: FakeRemixer(card=card))
    found = gather(ContextRequest("captions"), clip=None, model="mine.onnx")
    assert isinstance(found.text, str)
    assert "t5-v1_1-base" in found.text


@pytest.mark.slow
def test_the_check_from_the_command_line(tmp_path: Path) -> None:
    film = Path(shutil.copy(film_path(Film(seconds=3.0)), tmp_path / "holiday.mp4"))
    captions = [{"start_seconds": k, "end_seconds": k + 1, "words": {"tone": f"a tone, {k}"}} for k in range(3)]
    (tmp_path / "mine.json").write_text(json.dumps({"captions": captions}))
    words = ("inspect", film, "--check-captions", tmp_path / "page.html", "--captions", tmp_path / "mine.json")
    clip = tiny_clip(tmp_path / "clip")
    done = limelight(*words, "--clip", clip, "--offline", "--json", "--device", "cpu")
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert figures["sampled"] == 3
    assert -1 <= figures["grounding"]["own"] <= 1
    assert "a tone, 2" in (tmp_path / "page.html").read_text(encoding="utf-8")
    assert left_behind(tmp_path) == ["clip", "holiday.mp4", "mine.json", "page.html"]
    failing(*words, code="E_EXISTS", exit_code=6)
    said = failing(*words[:4], "--context", "clip", "--force", code="E_USAGE", exit_code=2)
    assert "captions or words" in said
