import pytest
import torch

from limelight.training.losses import gain_distance, mask_cross_entropy, relative_distance

SHAPE = (2, 8, 9)  # B, T, N
EVEN = torch.ones(9)
WIDTHS = torch.tensor([1.0, 1, 1, 1, 1, 2, 3, 4, 6])


def drawn(seed: int = 0, shape: tuple[int, ...] = SHAPE) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed)) + 0.01


def entropy(shares: torch.Tensor) -> torch.Tensor:
    """Of shares [B, K, T, N], mean over all lines."""
    return torch.special.entr(shares).sum(1).mean()


def test_the_same_mix_costs_nothing_at_any_level() -> None:
    x = drawn()
    for gain in (0.01, 1.0, 30.0):
        torch.testing.assert_close(relative_distance(gain * x, x, EVEN, WIDTHS), torch.zeros(2), atol=1e-5, rtol=0)


def test_distance_does_not_change_with_the_level_of_either() -> None:
    x, y = drawn(0), drawn(1)
    distance = relative_distance(x, y, WIDTHS, WIDTHS)
    torch.testing.assert_close(relative_distance(5 * x, 0.2 * y, WIDTHS, WIDTHS), distance, atol=1e-4, rtol=0)


def test_distance_by_hand() -> None:
    """Levels match (5² = 3² + 4²); 3 and 4 in place of 5 and 0: (2 + 4·√4) / (5 + 0)."""
    x, y = torch.tensor([[[3.0, 4.0]]]), torch.tensor([[[5.0, 0.0]]])
    widths = torch.tensor([1.0, 4.0])
    torch.testing.assert_close(relative_distance(x, y, torch.ones(2), widths), torch.tensor([2.0]), atol=1e-5, rtol=0)


def test_distance_is_that_of_bins() -> None:
    """Of noise, a line's √(n p) is what its bins' magnitudes add up to, but for a factor that all lines share."""
    generator = torch.Generator().manual_seed(0)
    bins = torch.randn(4000, 16, 2, generator=generator).square().sum(-1)
    by_line = (16 * bins.sum(1)).sqrt()
    assert float(by_line.mean() / bins.sqrt().sum(1).mean()) == pytest.approx((4 / torch.pi) ** 0.5, rel=0.02)


def test_distance_of_silence_is_finite_and_so_is_its_gradient() -> None:
    nothing = torch.zeros(SHAPE, requires_grad=True)
    loss = relative_distance(nothing + 0.0, torch.zeros(SHAPE), EVEN, WIDTHS).sum()
    loss.backward()
    assert loss == 0
    assert nothing.grad.isfinite().all()
    assert relative_distance(drawn(), torch.zeros(SHAPE), EVEN, WIDTHS).isfinite().all()


def test_the_true_shares_are_the_best_masks() -> None:
    """Cross-entropy is least, and equal to the entropy, where masks are the shares of power; no step away helps."""
    power = drawn(shape=(2, 3, 4, 9))
    shares, mixture = power / power.sum(1, keepdim=True), torch.ones(2, 4, 9)
    best = mask_cross_entropy(shares, mixture, power, EVEN)
    assert float(best) == pytest.approx(float(entropy(shares)), rel=2e-3)
    for seed in range(10):
        step = 0.1 * torch.randn(2, 3, 4, 9, generator=torch.Generator().manual_seed(seed))
        assert mask_cross_entropy((shares.log() + step).softmax(1), mixture, power, EVEN) > best


def test_gradient_by_the_logits_is_mask_minus_share() -> None:
    power = torch.rand(1, 3, 2, 5) + 0.1
    logits = torch.randn(1, 3, 2, 5, requires_grad=True)
    mask_cross_entropy(logits.softmax(1), torch.ones(1, 2, 5), power, torch.ones(5)).backward()
    wished = (logits.detach().softmax(1) - power / power.sum(1, keepdim=True)) / 10
    torch.testing.assert_close(logits.grad, wished, atol=2e-4, rtol=0)


def test_equal_masks_of_one_audible_stem_cost_log_three() -> None:
    power = torch.zeros(1, 3, 4, 9)
    power[:, 1] = 1
    third = torch.full((1, 3, 4, 9), 1 / 3)
    loss = float(mask_cross_entropy(third, torch.ones(1, 4, 9), power, WIDTHS))
    assert loss == pytest.approx(torch.tensor(3.0).log().item(), rel=2e-3)
    assert float(mask_cross_entropy(power, torch.ones(1, 4, 9), power, WIDTHS)) == pytest.approx(0, abs=1e-4)


def test_loud_and_wide_lines_count_by_the_root_of_their_magnitude() -> None:
    """Line 0 (power 16, wrong) beside line 1 (power 1, right), once as powers and once as widths: two thirds of log 2."""
    power = torch.tensor([[[[1.0, 1.0]], [[0.0, 0.0]], [[0.0, 0.0]]]])
    masks = torch.tensor([[[[0.5, 1.0]], [[0.5, 0.0]], [[0.0, 0.0]]]])
    for mixture, widths in (([16.0, 1.0], [1.0, 1.0]), ([1.0, 1.0], [16.0, 1.0])):
        loss = float(mask_cross_entropy(masks, torch.tensor([[mixture]]), power, torch.tensor(widths)))
        assert loss == pytest.approx(2 / 3 * torch.tensor(2.0).log().item(), rel=2e-3)


def test_masks_that_are_wholly_wrong_cost_something_finite() -> None:
    power = torch.zeros(1, 3, 1, 1)
    power[:, 0] = 1
    wrong = torch.tensor([0.0, 1.0, 0.0]).reshape(1, 3, 1, 1)
    assert mask_cross_entropy(wrong, torch.ones(1, 1, 1), power, torch.ones(1)).isfinite()


def test_gains_cost_their_distance_beyond_the_bend() -> None:
    """Huber with its bend at 2 dB: e² / 2 below, 2 (|e| − 1) above."""
    gains = torch.tensor([1.0, -5.0, 0.0]).expand(1, 4, 3)
    distance = gain_distance(gains, torch.zeros(1, 3))
    assert float(distance) == pytest.approx((0.5 + 8 + 0) / 3)
