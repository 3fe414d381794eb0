import math

import numpy as np
import pytest
import torch

from limelight.training.losses import LOSSES, WINDOWS, linear_distance, log_distance, magnitude


def sound(seed: int = 0, samples: int = 9_000) -> torch.Tensor:
    return 0.1 * torch.randn(2, samples, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("name", LOSSES)
def test_nothing_to_say_of_what_is_equal(name: str) -> None:
    assert float(LOSSES[name](sound(), sound())) == 0
    assert float(LOSSES[name](sound(), sound(1))) > 0.01
    assert float(LOSSES[name](sound(), -sound())) == 0  # phases do not count


def test_a_gain_is_its_logarithm_in_one_and_its_share_in_the_other() -> None:
    target = 5 * sound()  # far above the floor
    assert float(log_distance(2 * target, target)) == pytest.approx(0.1 * math.log(2), rel=1e-3)
    whole = np.mean([float(magnitude(target, window).mean()) for window in WINDOWS])
    assert float(linear_distance(1.5 * target, target)) == pytest.approx(0.5 * whole, rel=1e-3)


@pytest.mark.parametrize("window", WINDOWS)
def test_magnitudes_are_those_of_the_definition(window: int) -> None:
    """The transform written out, for a frame in the middle."""
    x, frame = sound().double(), 4
    first = frame * window // 2 - window // 2
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window)
    wished = np.abs(np.fft.rfft(x[0, first : first + window].numpy() * hann))
    found = magnitude(x.float(), window)[0, :, frame].numpy()
    np.testing.assert_allclose(found, np.maximum(wished, math.sqrt(1e-7)), rtol=1e-3, atol=1e-4)


def test_silence_has_a_floor_and_a_gradient_of_zero() -> None:
    silence = torch.zeros(1, 4_000, requires_grad=True)
    assert torch.equal(magnitude(silence, 512), torch.full_like(magnitude(silence, 512), math.sqrt(1e-7)))
    log_distance(silence, sound(samples=4_000)[:1]).backward()
    assert silence.grad is not None
    assert not silence.grad.any()  # not NaN, as the root's own would be
