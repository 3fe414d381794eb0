import numpy as np
import pytest
import torch
from muddy.shelves import library
from networks.tiny import LITE

from limelight.dsp.loudness import integrated_loudness
from limelight.muddy.variety import PLAIN
from limelight.networks.lite import sqrt_hann
from limelight.training.pool import LEVEL_LUFS, PoolConfig, StemPool, cut

CONFIG = PoolConfig(steps=400, size=4, seed=3)


def pool(**changes: object) -> StemPool:
    return StemPool(library(), PoolConfig(**{**vars(CONFIG), **changes}), LITE)  # type: ignore[arg-type]


def test_a_stem_is_its_number() -> None:
    one, other = pool(), pool()
    other.draw(np.random.default_rng(0), 1, 7)  # whatever was drawn before
    for kind in range(3):
        assert torch.equal(one.stem(kind, 5), other.stem(kind, 5))
        assert not torch.equal(one.stem(kind, 5), one.stem(kind, 6))
    assert not torch.equal(one.stem(0, 5), pool(seed=4).stem(0, 5))


def test_stems_come_at_one_level() -> None:
    stems = pool(variety=PLAIN, steps=1600)
    for kind in range(3):
        spectra = cut(stems.stem(kind, 0), 0, 1600)
        back = torch.istft(spectra.T[None], 256, LITE.hop, window=sqrt_hann(256), center=True)
        assert integrated_loudness(back.numpy(), 48_000, layout="mono") == pytest.approx(LEVEL_LUFS, abs=0.2)


def test_half_precision_loses_nothing_that_is_heard() -> None:
    stem = pool().stem(0, 0)
    assert stem.dtype == torch.float16
    assert stem.isfinite().all()
    assert stem.shape == (400, LITE.backbone.bins, 2)
    assert cut(stem, 100, 50).shape == (50, LITE.backbone.bins)
    torch.testing.assert_close(cut(stem, 100, 50), cut(stem, 0, 400)[100:150])


def test_the_window_moves_on_and_forgets() -> None:
    stems, rng = pool(), np.random.default_rng(0)
    for first in range(6):
        for _ in range(10):
            stems.draw(rng, 2, first)
        numbers = [number for kind, number in stems._kept if kind == 2]
        assert min(numbers) >= first
        assert max(numbers) < first + CONFIG.size
        assert len(numbers) <= CONFIG.size


def test_silence_is_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("limelight.training.pool.arrange", lambda *_: np.zeros(400 * LITE.hop, np.float32))
    assert pool().stem(1, 0) is None
