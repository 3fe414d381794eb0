"""Bodies of the three protocols are found by name, by file and by what a user wrote."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fakes import FakeDirector, FakeSeparator

from limelight.errors import InputError, ModelError
from limelight.models import registry
from limelight.models.protocols import Director, FilmSeparator, Separator
from limelight.models.registry import (
    DEFAULT_DIRECTOR,
    DEFAULT_SEPARATOR,
    installed,
    load_director,
    load_remixer,
    load_separator,
    register_director,
    register_separator,
)

# The docs' example: a director in twenty lines.
DIRECTOR = """
import numpy as np
from limelight.models.card import plain_card
from limelight.types import Decision, Scene

class QuietMusic:
    card = plain_card("quiet-music", "director")

    def decide(self, heard, seen):
        gains = np.zeros((3, len(heard.times_seconds)))
        gains[1] = -6.0
        return Decision(gains, (Scene(0.0, 1e9, "music is always too loud", 1.0),))

def director():
    return QuietMusic()
"""
# The same for a separator: everything below 300 Hz is music, the rest is speech.
SEPARATOR = """
import numpy as np
from limelight.models.card import plain_card
from limelight.types import Separation

class LowIsMusic:
    card = plain_card("low-is-music", "separator")

    def separate(self, chunk):
        steps = chunk.samples.shape[1] // self.card.hop - 1
        masks = np.zeros((3, steps, self.card.n_fft // 2 + 1), np.float32)
        low = round(300 * self.card.n_fft / self.card.sample_rate)
        masks[1, :, :low], masks[0, :, low:] = 1, 1
        return Separation(np.ones(steps, np.float32), masks=masks)

def separator():
    return LowIsMusic()
"""


def test_what_is_installed_is_found_by_name_and_has_a_card() -> None:
    assert isinstance(load_separator(), Separator)
    assert isinstance(load_director(), Director)
    names = [card.name for card in installed()]
    assert names == [DEFAULT_SEPARATOR, "deepfilter", "speech-alone", DEFAULT_DIRECTOR]
    assert len({card.fingerprint for card in installed()}) == 4
    assert all(card.licence != "unknown" for card in installed())


def test_a_director_in_one_file_is_one(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(DIRECTOR)
    mine = load_director(str(tmp_path / "mine.py"))
    assert isinstance(mine, Director)
    assert mine.card.name == "quiet-music"


def test_a_separator_in_one_file_is_one(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(SEPARATOR)
    assert isinstance(load_separator(str(tmp_path / "mine.py")), Separator)


@pytest.mark.parametrize(
    "text", ["", "director = 3", "def director():\n    return 3", "def separator():\n    return 3"]
)
def test_files_without_one_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "mine.py").write_text(text)
    with pytest.raises(ModelError, match="function director"):
        load_director(str(tmp_path / "mine.py"))
    with pytest.raises(ModelError, match="function separator"):
        load_separator(str(tmp_path / "mine.py"))


def test_bodies_can_be_registered_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "SEPARATORS", dict(registry.SEPARATORS))
    monkeypatch.setattr(registry, "DIRECTORS", dict(registry.DIRECTORS))
    register_separator("mine", FakeSeparator)
    register_director("mine", FakeDirector)
    assert isinstance(load_separator("mine"), FakeSeparator)
    assert isinstance(load_director("mine"), FakeDirector)


@pytest.mark.parametrize("name", ["", "nothing", "../weights/lite", "a\0b", "x" * 5000, "LITE ", "no.onnx", "no.py"])
def test_names_do_not_escape_and_do_not_crash(name: str) -> None:
    for load in (load_separator, load_director, load_remixer):
        with pytest.raises(ModelError):
            load(name)


def test_known_stems_and_programs_are_named_by_what_they_are(tmp_path: Path) -> None:
    assert isinstance(load_separator(f"stems:{tmp_path}"), FilmSeparator)
    assert isinstance(load_separator("command:cp {input} {output}"), FilmSeparator)
    with pytest.raises(InputError, match="not a folder"):
        load_separator(f"stems:{tmp_path / 'none'}")
    with pytest.raises(ModelError, match=r"where \{input\} and \{output\} go"):
        load_separator("command:cp")
    with pytest.raises(ModelError, match="not a program here"):
        load_separator("command:no-such-program {input} {output}")


def test_adding_a_cue_changes_nothing_for_who_did_not_ask() -> None:
    """A model is given the cues that its card names, whatever else the encoder has come to know."""
    from limelight.mixing.one_step import context_of
    from limelight.models.card import Card
    from limelight.types import Cues
    from limelight.vision.cues import CUE_NAMES

    rng = np.random.default_rng(0)
    values = rng.uniform(size=(5, len(CUE_NAMES))).astype(np.float32)
    card = Card(name="old", context="cues", context_width=len(CUE_NAMES), cue_names=CUE_NAMES)
    before = context_of(Cues(CUE_NAMES, values, ()), card)
    wider = np.insert(values, 3, rng.uniform(size=5), axis=1)
    after = context_of(Cues((*CUE_NAMES[:3], "a new cue", *CUE_NAMES[3:]), wider, ()), card)
    np.testing.assert_array_equal(before, after)
