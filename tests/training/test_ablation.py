from __future__ import annotations

import re
import shlex
from collections import Counter
from pathlib import Path

import pytest
from accelerate.state import AcceleratorState
from training.small_set import small_set

from limelight.errors import InputError, ModelError
from limelight.training import ablation
from limelight.training.ablation import CONTEXTS, DEPTH_WORDS, STYLES, Ablation, Result, ablate, tables, variants
from limelight.training.trainer import Recipe, RuntimeOptions
from limelight.vision.cues import KINDS
from limelight.vision.encoder import GENERAL

RECIPE = Recipe(channels=4, batch=2, seconds=1.0)
OPTIONS = RuntimeOptions(steps=1, workers=0, validation_clips=0, cpu=True)


def test_all_of_the_papers_questions_have_a_variant() -> None:
    every = variants()
    names = [variant.name for variant in every]
    assert len(set(names)) == len(names) == 1 + 4 * (2 + 2 * (1 + 2 * 6) + 2 + 2)
    assert Counter(variant.context.name for variant in every) == {
        "none": 1, "clip": 8, "captions": 104, "cues": 8, "words": 8,
    }  # fmt: skip
    assert {variant.encoder_layers for variant in every[1:]} == {0, 3, 5, 6}
    assert set(CONTEXTS) <= set(names)
    assert {f"{stem}-L{depth}" for stem in DEPTH_WORDS for depth in (0, 3, 5, 6)} <= set(names)


def test_variants_are_chosen_by_pattern() -> None:
    assert [variant.name for variant in variants(["none", "many-cue-rows-*"])] == [
        "none", "many-cue-rows-L0", "many-cue-rows-L3", "many-cue-rows-L5", "many-cue-rows-L6",
    ]  # fmt: skip
    (variant,) = variants(["one-caption-minimal-tone-L5"])
    changed = variant.of(RECIPE)
    assert (changed.context.prompts, changed.context.cue, changed.context.frames) == ("minimal", "tone", "one")
    assert (changed.encoder_layers, changed.channels) == (5, 4)
    with pytest.raises(InputError, match="Wanted variants like few-frames"):
        variants(["few-frames"])


@pytest.mark.slow
def test_what_is_done_is_not_done_again_and_what_cannot_be_done_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset, into = small_set(tmp_path / "set"), tmp_path / "into"
    chosen = variants(["none", "*-cue-row-L0", "*-frame-L3", "*-frames-L3"])
    found = ablate(dataset, into, RECIPE, OPTIONS, chosen=chosen, split="test", count=2)
    AcceleratorState._reset_state(True)
    assert [result.variant.name for result in found.results] == ["none", "one-cue-row-L0"]
    assert set(found.left_out) == {"one-frame-L3", "many-frames-L3"}
    assert found.results[1].parameters > found.results[0].parameters

    def never(*_words: object, **_more: object) -> None:
        raise AssertionError("trained again")

    monkeypatch.setattr(ablation, "train_remixer", never)
    assert ablate(dataset, into, RECIPE, OPTIONS, chosen=chosen, split="test", count=2) == found
    with pytest.raises(ModelError, match="made with other options"):
        ablate(dataset, into, RECIPE, RuntimeOptions(steps=2), chosen=chosen, split="test", count=2)
    (into / "none" / "result.json").write_text("{}")
    with pytest.raises(ModelError, match="damaged"):
        ablate(dataset, into, RECIPE, OPTIONS, chosen=chosen, split="test", count=2)
    said = tables(found)
    assert "| none | 10.35 | 11.95 | 0.99 |" in said
    assert f"{found.results[0].found['none']['mag']:.2f}" in said
    assert "Left out (2 variants, one-frame-L3 first): Wanted context-clip.npy beside each of 8 clips" in said


def test_tables_put_ours_beside_the_papers() -> None:
    def judged(mag: float) -> dict[str, dict[str, float]]:
        shown = {"input": 9.0, "true": mag, "shuffled": mag + 1, "none": mag + 2}
        return {key: dict.fromkeys(("mag", "env", "w_dis", "mag_level_matched"), value) for key, value in shown.items()}

    results = tuple(Result(variant, judged(n), 1) for n, variant in enumerate(variants(["many-*-L3", "many-frames-*"])))
    said = tables(Ablation(results, {}))
    blocks = said.split("\n\n")
    assert [block for block in blocks if block.startswith("**")] == [
        "**Contexts**", "**Depth of the context encoder**", "**Questions (L = 3)**",
    ]  # fmt: skip
    for block in blocks:
        rows = [line for line in block.splitlines() if line.startswith("|")]
        assert len({row.count("|") for row in rows}) <= 1
    assert "| many frames | 10.24 | 11.18 | 0.88 | 1.00 | 1.00 | – | – | 1.00 | 1.00 | 2.00 | 3.00 |" in said
    assert "| one caption | 10.32 | 11.83 | 0.84 | – | – | – | – | – | – | – | – |" in said
    assert "| many frames, L = 3 | best (VisAH) | 1.00 |" in said
    assert "| nothing done | – | – | – | 9.00 | 9.00 | – | – | 9.00 | 9.00 | – | – |" in said
    assert "| tone | minimal |" in said


def test_kld_and_delta_ib_stand_beside_the_papers_where_they_were_measured() -> None:
    measured = {"mag": 1.0, "env": 2.0, "kld": 3.0, "delta_ib": 4.0, "w_dis": 5.0, "mag_level_matched": 6.0}
    (variant,) = variants(["many-frames-L3"])
    said = tables(Ablation((Result(variant, {"input": measured, "true": measured, "none": measured}, 1),), {}))
    assert "| many frames | 10.24 | 11.18 | 0.88 | 1.00 | 2.00 | 3.00 | 4.00 | 5.00 | 6.00 | – | 6.00 |" in said


def test_the_script_of_the_tables_asks_for_whole_tables() -> None:
    """Every row of the papers' three ablations, and no variant besides."""
    script = (Path(__file__).parents[2] / "runs" / "tables.sh").read_text(encoding="utf-8")
    asked = {
        table: shlex.split(patterns) for table, patterns in re.findall(r"^  (\w+)\) ablation (.*) ;;", script, re.M)
    }
    chosen = {table: {variant.name for variant in variants(patterns)} for table, patterns in asked.items()}
    general = f"many-captions-{GENERAL}"
    assert chosen == {
        "context": {name for name, (_, paper) in CONTEXTS.items() if paper},
        "depth": {f"{stem}-L{depth}" for stem in ("many-frames", general) for depth in (0, 3, 5, 6)},
        "cues": {"none", *(f"many-captions-{style}-{kind.replace(' ', '-')}-L3" for style in STYLES for kind in KINDS)},
    }
