import pytest
import torch

from limelight.training.losses import mask_cross_entropy, multi_resolution_l1


def noise(seed: int = 0, batch: int = 2, length: int = 6_000) -> torch.Tensor:
    return 0.1 * torch.randn(batch, length, generator=torch.Generator().manual_seed(seed))


def entropy(shares: torch.Tensor) -> torch.Tensor:
    """Of shares [B, K, T, F], mean over all bins."""
    return torch.special.entr(shares).sum(1).mean()


def test_the_same_sound_costs_nothing() -> None:
    assert multi_resolution_l1(noise(), noise()) == 0


@pytest.mark.parametrize("gain", [0.0, 0.5, 2.0, 3.0])
def test_a_gain_costs_its_distance_from_one(gain: float) -> None:
    """Relative to the target's own magnitude: |g − 1|, but for the thousandth that keeps silence finite."""
    assert float(multi_resolution_l1(gain * noise(), noise())) == pytest.approx(abs(gain - 1), rel=2e-3)


def test_polarity_is_not_heard_but_time_is() -> None:
    x = noise()
    assert multi_resolution_l1(-x, x) < 1e-6
    assert multi_resolution_l1(x.roll(3000, -1), x) > 0.3


def test_every_example_counts_alike_however_loud() -> None:
    x, y = noise(0), noise(1)
    loud, both = x.clone(), y.clone()
    loud[0] *= 10
    both[0] *= 10
    assert float(multi_resolution_l1(loud, both)) == pytest.approx(float(multi_resolution_l1(x, y)), rel=2e-3)


def test_silence_is_finite_and_so_is_its_gradient() -> None:
    nothing = torch.zeros(2, 6_000, requires_grad=True)
    loss = multi_resolution_l1(nothing, torch.zeros(2, 6_000))
    loss.backward()
    assert loss == 0
    assert nothing.grad.isfinite().all()
    assert multi_resolution_l1(noise(), torch.zeros(2, 6_000)).isfinite()


def test_the_true_shares_are_the_best_masks() -> None:
    """Cross-entropy is least, and equal to the entropy, where masks are the shares of power; no step away helps."""
    power = torch.rand(2, 3, 4, 9) + 0.01
    shares, magnitude = power / power.sum(1, keepdim=True), torch.ones(2, 4, 9)
    best = mask_cross_entropy(shares, magnitude, power)
    assert float(best) == pytest.approx(float(entropy(shares)), rel=2e-3)
    for seed in range(10):
        step = 0.1 * torch.randn(2, 3, 4, 9, generator=torch.Generator().manual_seed(seed))
        assert mask_cross_entropy((shares.log() + step).softmax(1), magnitude, power) > best


def test_gradient_by_the_logits_is_mask_minus_share() -> None:
    power = torch.rand(1, 3, 2, 5) + 0.1
    logits = torch.randn(1, 3, 2, 5, requires_grad=True)
    mask_cross_entropy(logits.softmax(1), torch.ones(1, 2, 5), power).backward()
    wished = (logits.detach().softmax(1) - power / power.sum(1, keepdim=True)) / 10
    torch.testing.assert_close(logits.grad, wished, atol=2e-4, rtol=0)


def test_equal_masks_of_one_audible_stem_cost_log_three() -> None:
    power = torch.zeros(1, 3, 4, 5)
    power[:, 1] = 1
    third = torch.full((1, 3, 4, 5), 1 / 3)
    loss = float(mask_cross_entropy(third, torch.ones(1, 4, 5), power))
    assert loss == pytest.approx(torch.tensor(3.0).log().item(), rel=2e-3)
    assert float(mask_cross_entropy(power, torch.ones(1, 4, 5), power)) == pytest.approx(0, abs=1e-4)


def test_loud_bins_count_by_the_root_of_their_magnitude() -> None:
    """Bin 0 (magnitude 4, wrong) and bin 1 (magnitude 1, right): two thirds of log 2."""
    power = torch.tensor([[[[1.0, 1.0]], [[0.0, 0.0]], [[0.0, 0.0]]]])
    masks = torch.tensor([[[[0.5, 1.0]], [[0.5, 0.0]], [[0.0, 0.0]]]])
    loss = float(mask_cross_entropy(masks, torch.tensor([[[4.0, 1.0]]]), power))
    assert loss == pytest.approx(2 / 3 * torch.tensor(2.0).log().item(), rel=2e-3)


def test_mask_loss_of_silence_is_zero() -> None:
    masks = torch.rand(2, 3, 4, 5).softmax(1).requires_grad_()
    loss = mask_cross_entropy(masks, torch.zeros(2, 4, 5), torch.zeros(2, 3, 4, 5))
    loss.backward()
    assert loss == 0
    assert masks.grad.isfinite().all()


def test_masks_that_are_wholly_wrong_cost_something_finite() -> None:
    power = torch.zeros(1, 3, 1, 1)
    power[:, 0] = 1
    wrong = torch.tensor([0.0, 1.0, 0.0]).reshape(1, 3, 1, 1)
    assert mask_cross_entropy(wrong, torch.ones(1, 1, 1), power).isfinite()
