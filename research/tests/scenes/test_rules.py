"""Over all kinds the rule gives back what DnR v3 says of all scenes; within a kind, what leads does lead.

Scenes are named by numbers; counterfactual pairs share what is heard and differ in what is right.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict

import numpy as np
import pytest

from limelight.dataset.mixtures import PRIORS_LUFS
from limelight.types import STEMS
from research.scenes.rules import (
    BALANCE,
    KINDS,
    RECIPE,
    RULES,
    SIGMA_LU,
    SOUNDS,
    Balance,
    Scene,
    chances,
    counterfactual,
    draw_balance,
    draw_counterfactual,
    draw_kind,
    draw_scene,
    draw_sources,
    kinds_for,
    mean_levels_lufs,
)

SHARES = {kind: rule.share for kind, rule in RULES.items()}


def test_shares_sum_to_one() -> None:
    assert sum(SHARES.values()) == pytest.approx(1)


@pytest.mark.parametrize("stem", STEMS)
def test_all_kinds_together_have_the_priors_mean_and_spread(stem: str) -> None:
    """Exactly, by the law of total variance over the scenes in which the stem is heard."""
    weights = np.array([rule.share * rule.presence[stem] for rule in RULES.values()])
    shifts = np.array([rule.shift_lu[stem] for rule in RULES.values()])
    weights /= weights.sum()
    mean = weights @ shifts
    spread = np.sqrt(weights @ (shifts - mean) ** 2 + SIGMA_LU[stem] ** 2)
    assert abs(mean) < 0.7
    assert abs(spread - PRIORS_LUFS[stem][1]) < 1
    # A kind says more than it leaves open.
    assert SIGMA_LU[stem] < np.sqrt(weights @ (shifts - mean) ** 2)


@pytest.mark.parametrize("kind", KINDS)
def test_what_leads_is_always_heard_and_always_ahead(kind: str) -> None:
    rule, levels = RULES[kind], dict(zip(STEMS, mean_levels_lufs(kind), strict=True))
    assert rule.presence[rule.leads] == 1
    for stem in set(STEMS) - {rule.leads}:
        assert levels[rule.leads] - levels[stem] > 2 * np.hypot(SIGMA_LU[stem], SIGMA_LU[rule.leads])


@pytest.mark.parametrize("kind", ["talk", "narration"])
def test_under_speech_the_rest_lies_as_low_as_is_advised(kind: str) -> None:
    """Torcoli et al. 2019: 10 LU for music and 15 LU for ambience at least; WCAG 1.4.7: 20 dB, which none overdoes by much."""
    levels, depth = dict(zip(STEMS, mean_levels_lufs(kind), strict=True)), RULES[kind].depth_db
    below = {stem: levels["speech"] - levels[stem] + depth[stem] for stem in ("music", "effects")}
    assert 10 <= below["music"] <= 22
    assert 15 <= below["effects"] <= 22


def test_balances_spread_as_they_should_around_their_kind() -> None:
    rng = np.random.default_rng(0)
    for kind in KINDS:
        drawn = np.array([draw_balance(rng, kind).levels_lufs for _ in range(600)])
        np.testing.assert_allclose(drawn.mean(axis=0), mean_levels_lufs(kind), atol=0.3)
        np.testing.assert_allclose(drawn.std(axis=0), [SIGMA_LU[stem] for stem in STEMS], rtol=0.15)


def test_a_cast_is_the_leader_and_somebody_else() -> None:
    rng = np.random.default_rng(1)
    for kind in KINDS:
        for sources in (draw_sources(rng, kind) for _ in range(50)):
            assert RULES[kind].leads in sources
            assert len(sources) >= 2
            assert kind in kinds_for(sources)
            assert len(kinds_for(sources)) >= 2  # every scene has a counterfactual


def test_chances_are_the_frequencies_of_a_long_draw() -> None:
    rng = np.random.default_rng(2)
    counts = Counter()
    for _ in range(6000):
        kind = draw_kind(rng, SHARES)
        counts[draw_sources(rng, kind), kind] += 1
    everybody = {kind: counts[STEMS, kind] for kind in KINDS}
    for kind, chance in chances(STEMS).items():
        assert everybody[kind] / sum(everybody.values()) == pytest.approx(chance, abs=0.03)
    assert sum(chances(("music", "effects")).values()) == pytest.approx(1)


def test_a_balance_survives_json() -> None:
    balance = draw_balance(np.random.default_rng(3), "talk")
    assert Balance.from_json(json.loads(json.dumps(asdict(balance)))) == balance


def test_a_number_names_a_scene() -> None:
    assert draw_scene(1, "train", 7) == draw_scene(1, "train", 7)
    balances = {draw_scene(1, split, n).balance for split in ("train", "test") for n in range(10)}
    assert len(balances) == 20


def test_a_scene_survives_json() -> None:
    scene = draw_scene(1, "test", 3)
    assert Scene.from_json(json.loads(json.dumps(scene.as_json()))) == scene


@pytest.mark.parametrize("number", range(12))
def test_counterfactual_pairs_share_sounds_and_differ_in_truth(number: int) -> None:
    scene = draw_scene(0, "train", number)
    other = draw_counterfactual(scene)
    assert other.kind != scene.kind
    assert other.kind in kinds_for(scene.sources)
    assert other.sources == scene.sources
    for what in (SOUNDS, RECIPE):
        assert scene.generator(what).random() == other.generator(what).random()
    assert scene.generator(BALANCE).random() != other.generator(BALANCE).random()
    leads = {one.kind: RULES[one.kind].leads for one in (scene, other)}
    if len(set(leads.values())) == 2:
        apart = np.subtract(scene.balance.levels_lufs, other.balance.levels_lufs)
        assert np.abs(apart - apart.mean()).max() > 2


def test_a_twin_of_a_twin_is_the_scene_again() -> None:
    scene = draw_scene(0, "train", 5)
    assert counterfactual(draw_counterfactual(scene), scene.kind) == scene


def test_nothing_leads_that_is_not_heard() -> None:
    silent = next(s for n in range(200) if "speech" not in (s := draw_scene(0, "train", n)).sources)
    with pytest.raises(ValueError, match="talk is led by speech"):
        counterfactual(silent, "talk")


def test_only_kinds_that_can_be_shown_are_drawn() -> None:
    drawn = {draw_scene(0, "train", n, kinds=("action", "scenery")).kind for n in range(40)}
    assert drawn == {"action", "scenery"}


def test_who_narrates_is_not_seen() -> None:
    scenes = [draw_scene(0, "train", n) for n in range(120)]
    assert all(scene.off_screen == (scene.kind == "narration") for scene in scenes)
    assert all(scene.shown == scene.kind for scene in scenes if scene.kind != "narration")
    assert {scene.shown for scene in scenes if scene.kind == "narration"} == set(KINDS) - {"narration"}
