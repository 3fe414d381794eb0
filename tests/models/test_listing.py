"""What is listed must be so."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict

import pytest

from limelight.models.registry import FETCHED, installed, list_models

PAPERS = {"visah": 59.96, "visah-text": 67.97, "semmix": 61.66}
OTHERS = {"learn2remix": 44_100, "lce": 44_100}


@pytest.mark.slow
def test_installed_models_come_first_then_the_presets() -> None:
    listed = list_models()
    by_name = [*(weights.name for weights in FETCHED), "audio-separator:MODEL"]
    assert [one.name for one in listed] == [*(card.name for card in installed()), *by_name, *PAPERS, *OTHERS]
    assert [one.kind for one in listed] == ["separator"] * 3 + ["director"] + ["separator"] * 4 + ["preset"] * 5


def test_parts_sum_to_the_whole_and_the_whole_is_the_papers() -> None:
    for one in list_models():
        if one.kind == "preset":
            assert sum(one.parts.values()) == one.parameters
            assert one.sample_rate == OTHERS.get(one.name, 44_100)
        if one.name in PAPERS:
            assert one.parameters / 1e6 == pytest.approx(PAPERS[one.name], rel=0.005)
            assert set(one.parts) == {"backbone", "context_encoder", "highlighter"}


@pytest.mark.slow
def test_all_fields_say_something_and_fit_json() -> None:
    for one in list_models():
        values = asdict(one)
        assert all(values[name] for name in values if name not in ("card", "parts", "parameters", "measured"))
        assert json.loads(json.dumps(values))["name"] == one.name
    lite = list_models()[0]
    assert lite.measured
    assert lite.card["training_data"] == installed()[0].training_data


def test_a_rule_has_no_weights_to_look_for() -> None:
    rule = next(one for one in list_models() if one.kind == "director")
    assert rule.parameters == 0
    assert rule.card["source"] not in rule.weights


def test_torch_is_not_needed() -> None:
    code = (
        "import sys; sys.modules['torch'] = None\n"  # an import of it would fail
        "from limelight.models.registry import list_models\n"
        "assert len(list_models()) >= 4"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
