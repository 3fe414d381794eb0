from dataclasses import replace
from itertools import islice

import pytest
import torch
from muddy.shelves import library
from networks.tiny import LITE
from torch import Tensor

from limelight.errors import InputError
from limelight.muddy.mixtures import Casting
from limelight.networks.lite import PROGRAMME_LUFS, k_weights, mean_square
from limelight.training.batches import DrawConfig, Examples, Mixer, loader
from limelight.training.pool import PoolConfig, StemPool

LIBRARY = library()
CONFIG = DrawConfig(steps=40, batch=2, seed=5, examples_per_stem=2)
LINES = LITE.backbone.lines()
EVERYONE = Casting(presence=dict.fromkeys(("speech", "music", "effects"), 1.0))


def mixer(**changes: object) -> Mixer:
    return Mixer(StemPool(LIBRARY, PoolConfig(steps=240, size=4), LITE), replace(CONFIG, **changes))  # type: ignore[arg-type]


def batches(start_step: int, count: int, *, workers: int = 0) -> list[dict[str, Tensor]]:
    return list(islice(iter(loader(mixer(), start_step=start_step, workers=workers)), count))


def same(a: dict[str, Tensor], b: dict[str, Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def lufs(power: Tensor) -> float:
    """Of powers of lines [T, N]."""
    weights = LINES.means(k_weights(LITE))
    return -0.691 + 10 * float(torch.log10((mean_square(power, LITE) * weights).sum(-1).mean()))


def test_shapes() -> None:
    first = batches(0, 1)[0]
    N = len(LINES)
    assert {name: tuple(value.shape) for name, value in first.items()} == {
        "mixture": (2, 40, N),
        "stems": (2, 3, 40, N),
        "target": (2, 40, N),
        "gains_db": (2, 3),
        "audible": (2, 3),
        "good": (2,),
    }
    assert all(value.dtype == torch.float32 and value.isfinite().all() for value in first.values())


def test_going_on_from_a_step_is_going_on() -> None:
    assert all(same(a, b) for a, b in zip(batches(0, 4)[2:], batches(2, 2), strict=True))


@pytest.mark.slow
def test_workers_change_nothing() -> None:
    for workers in (1, 2, 3):
        assert all(same(a, b) for a, b in zip(batches(1, 5), batches(1, 5, workers=workers), strict=True))


def test_no_two_examples_are_alike() -> None:
    examples = list(islice(iter(Examples(mixer(), 0)), 12))
    assert len({example["mixture"].numpy().tobytes() for example in examples}) == 12


def test_another_seed_is_another_run() -> None:
    assert not torch.equal(mixer(seed=1).example(0)["mixture"], mixer(seed=2).example(0)["mixture"])


@pytest.mark.parametrize("number", range(6))
def test_the_gains_lead_from_the_mixture_to_the_good_mix(number: int) -> None:
    """Stems are drawn by themselves, so powers add but for chance: the target's is that of the stems after their gains."""
    example = mixer(casting=EVERYONE).example(number)
    gains = 10 ** (example["gains_db"] / 10)
    led = (gains[:, None, None] * example["stems"]).sum(0)
    assert lufs(led) == pytest.approx(lufs(example["target"]), abs=1.5)
    assert lufs(example["stems"].sum(0)) == pytest.approx(lufs(example["mixture"]), abs=1.5)


@pytest.mark.parametrize("number", range(6))
def test_the_good_mix_is_as_loud_as_the_spoilt_one(number: int) -> None:
    example = mixer().example(number)
    assert lufs(example["target"]) == pytest.approx(lufs(example["mixture"]), abs=0.1)


def test_the_programme_level_is_kept_or_left() -> None:
    level = [lufs(mixer(level_spread=False).example(n)["mixture"]) for n in range(5)]
    assert level == pytest.approx([PROGRAMME_LUFS] * 5, abs=0.1)
    levels = [lufs(mixer().example(n)["mixture"]) for n in range(60)]
    assert -48 < min(levels) < -35
    assert -23 < max(levels) < -10


def test_a_good_mix_asks_for_nothing() -> None:
    good = replace(CONFIG.casting, undegraded=1.0)
    example = mixer(casting=good).example(1)
    assert example["good"] == 1
    torch.testing.assert_close(example["gains_db"], torch.zeros(3), atol=1e-4, rtol=0)
    torch.testing.assert_close(example["target"], example["mixture"], atol=1e-3, rtol=1e-4)


def test_a_lone_stem_made_quieter_asks_for_nothing() -> None:
    """One stem alone at another level is a well balanced mix."""
    alone = Casting(presence={"speech": 0.0, "music": 1.0, "effects": 0.0}, undegraded=0.0)
    example = mixer(casting=alone).example(0)
    assert example["audible"].tolist() == [0, 1, 0]
    torch.testing.assert_close(example["gains_db"], torch.zeros(3), atol=1e-3, rtol=0)


def test_spoilt_stems_differ_by_twice_the_step() -> None:
    spoilt = replace(EVERYONE, undegraded=0.0)
    for number in range(8):
        gains = mixer(casting=spoilt).example(number)["gains_db"]
        spread = float(gains.max() - gains.min())
        assert any(abs(spread - 2 * step) < 1e-3 for step in (6, 9, 12))


def test_a_library_of_silence_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(StemPool, "stem", lambda *_: None)
    with pytest.raises(InputError, match="found only silence in 100 tries"):
        mixer().example(0)
