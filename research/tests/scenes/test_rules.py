"""Over all kinds the rule gives back what DnR v3 says of all scenes; within a kind, what leads does lead."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict

import numpy as np
import pytest

from limelight.dataset.mixtures import PRIORS_LUFS
from limelight.types import STEMS
from research.scenes.rules import (
    KINDS,
    RULES,
    SIGMA_LU,
    Balance,
    chances,
    draw_balance,
    draw_cast,
    draw_kind,
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
        for cast in (draw_cast(rng, kind) for _ in range(50)):
            assert RULES[kind].leads in cast
            assert len(cast) >= 2
            assert kind in kinds_for(cast)
            assert len(kinds_for(cast)) >= 2  # every scene has a twin


def test_chances_are_the_frequencies_of_a_long_draw() -> None:
    rng = np.random.default_rng(2)
    casts = Counter()
    for _ in range(6000):
        kind = draw_kind(rng, SHARES)
        casts[draw_cast(rng, kind), kind] += 1
    everybody = {kind: casts[STEMS, kind] for kind in KINDS}
    for kind, chance in chances(STEMS).items():
        assert everybody[kind] / sum(everybody.values()) == pytest.approx(chance, abs=0.03)
    assert sum(chances(("music", "effects")).values()) == pytest.approx(1)


def test_a_balance_survives_json() -> None:
    balance = draw_balance(np.random.default_rng(3), "talk")
    assert Balance.from_json(json.loads(json.dumps(asdict(balance)))) == balance
