"""What the stems sound like in a spoilt mixture is found from the mixture alone."""

from __future__ import annotations

import torch
from torch import Tensor

from limelight.training.losses import degraded_stems, gains_in

GAINS_DB = torch.tensor([[-9.0, 6.0, 6.0], [6.0, -9.0, 6.0]])


def noise() -> Tensor:
    return 0.1 * torch.randn(2, 3, 4_000, generator=torch.Generator().manual_seed(0))


def spoilt(stems: Tensor) -> Tensor:
    return stems * (10 ** (GAINS_DB / 20))[..., None]


def test_gains_and_stems_are_found_in_the_mixture_even_of_stems_that_are_alike() -> None:
    stems = noise()
    stems[:, 1] += 0.3 * stems[:, 0]
    mixture = spoilt(stems).sum(1)
    torch.testing.assert_close(20 * torch.log10(gains_in(stems, mixture)), GAINS_DB, rtol=0, atol=1e-3)
    torch.testing.assert_close(degraded_stems(stems, mixture), spoilt(stems), rtol=0, atol=1e-4)


def test_a_silent_stem_has_no_gain_and_is_heard_as_silence() -> None:
    stems = noise()
    stems[:, 2] = 0
    gains = gains_in(stems, stems.sum(1))
    torch.testing.assert_close(gains, torch.tensor([1.0, 1, 0]).expand(2, 3), rtol=0, atol=1e-4)
    torch.testing.assert_close(degraded_stems(stems, spoilt(stems).sum(1)), spoilt(stems), rtol=0, atol=1e-4)
    assert not degraded_stems(0 * stems, 0 * stems.sum(1)).any()
