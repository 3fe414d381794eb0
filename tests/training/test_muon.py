import pytest
import torch
from torch import nn

from limelight.training.muon import Muon, MuonWithAdamW, orthogonal


def optimiser_of(model: nn.Linear, *, decay: float = 0.0) -> MuonWithAdamW:
    return MuonWithAdamW(model, [model.weight], matrix_rate=0.1, rate=0.01, weight_decay=decay)


def stepped(model: nn.Linear, optimiser: MuonWithAdamW, seed: int = 0) -> None:
    optimiser.zero_grad()
    model(torch.randn(30, model.in_features, generator=torch.Generator().manual_seed(seed))).square().sum().backward()
    optimiser.step()


def test_a_matrix_takes_a_step_that_is_alike_in_all_directions() -> None:
    """Muon's promise: the step's singular values lie close together, however unlike those of the gradient."""
    torch.manual_seed(0)
    model = nn.Linear(8, 6)
    before = model.weight.detach().clone()
    stepped(model, optimiser_of(model))
    values = torch.linalg.svdvals(model.weight.detach() - before)
    assert values.max() < 2.5 * values.min()
    gradient = torch.linalg.svdvals(model.weight.grad)
    assert gradient.max() > 10 * gradient.min()


def test_what_is_no_matrix_is_left_to_adamw() -> None:
    torch.manual_seed(0)
    model = nn.Linear(8, 6)
    before = model.bias.detach().clone()
    stepped(model, optimiser_of(model))
    torch.testing.assert_close((model.bias - before).abs(), torch.full((6,), 0.01), atol=1e-4, rtol=0)


@pytest.mark.parametrize("factor", [0.0, 0.5])
def test_the_factor_scales_every_rate(factor: float) -> None:
    torch.manual_seed(0)
    whole, part = nn.Linear(8, 6), nn.Linear(8, 6)
    part.load_state_dict(whole.state_dict())
    first = {name: p.detach().clone() for name, p in whole.named_parameters()}
    stepped(whole, optimiser_of(whole))
    optimiser = optimiser_of(part)
    optimiser.set_rate(factor)
    stepped(part, optimiser)
    for (name, a), b in zip(whole.named_parameters(), part.parameters(), strict=True):
        torch.testing.assert_close(b - first[name], factor * (a - first[name]), atol=1e-5, rtol=1e-3)


def test_some_learn_faster_than_others_and_are_remembered_alike() -> None:
    torch.manual_seed(0)
    model = nn.ModuleDict({"slow": nn.Linear(8, 6), "fast": nn.Linear(8, 6)})
    model["fast"].load_state_dict(model["slow"].state_dict())
    first = {name: p.detach().clone() for name, p in model["slow"].named_parameters()}
    optimiser = MuonWithAdamW(
        model,
        [model["slow"].weight, model["fast"].weight],
        matrix_rate=0.02,
        rate=0.01,
        weight_decay=0,
        rate_multiplier=lambda name: 3.0 if name.startswith("fast") else 1.0,
    )
    optimiser.set_rate(0.5)
    x = torch.randn(30, 8)
    (model["slow"](x).square().sum() + model["fast"](x).square().sum()).backward()
    optimiser.step()
    for name, start in first.items():
        slow, fast = (dict(model[key].named_parameters())[name].detach() - start for key in ("slow", "fast"))
        torch.testing.assert_close(fast, 3 * slow, atol=1e-5, rtol=1e-3)
    assert set(optimiser.state) == set(model.parameters())


def test_without_matrices_it_is_adamw() -> None:
    torch.manual_seed(0)
    ours, theirs = nn.Linear(4, 3), nn.Linear(4, 3)
    theirs.load_state_dict(ours.state_dict())
    adam = torch.optim.AdamW(theirs.parameters(), lr=0.01, betas=(0.9, 0.98), weight_decay=0.02)
    optimiser = MuonWithAdamW(ours, (), matrix_rate=9.0, rate=0.01, weight_decay=0.02)
    for seed in range(3):
        stepped(ours, optimiser, seed)
        adam.zero_grad()
        theirs(torch.randn(30, 4, generator=torch.Generator().manual_seed(seed))).square().sum().backward()
        adam.step()
    assert torch.equal(ours.weight, theirs.weight)
    assert torch.equal(ours.bias, theirs.bias)


@pytest.mark.parametrize("shape", [(6, 8), (8, 6), (7, 7), (40, 3)])
def test_steps_are_those_of_torchs_muon(shape: tuple[int, int]) -> None:
    torch.manual_seed(0)
    ours, theirs = (nn.Parameter(torch.ones(shape)) for _ in range(2))
    one = Muon([ours], lr=0.1, weight_decay=0.05)
    other = torch.optim.Muon([theirs], lr=0.1, weight_decay=0.05, adjust_lr_fn="match_rms_adamw")
    for _ in range(4):
        ours.grad = torch.randn(shape)
        theirs.grad = ours.grad.clone()
        one.step()
        other.step()
    # Theirs counts in bfloat16.
    torch.testing.assert_close(ours, theirs, atol=0.01, rtol=0.02)


def test_a_stack_of_matrices_is_so_many_matrices() -> None:
    torch.manual_seed(0)
    stack = nn.Parameter(torch.zeros(3, 5, 4))
    stack.grad = torch.randn(3, 5, 4)
    single = [nn.Parameter(torch.zeros(5, 4)) for _ in range(3)]
    for part, gradient in zip(single, stack.grad, strict=True):
        part.grad = gradient.clone()
    Muon([stack], lr=0.1, weight_decay=0).step()
    Muon(single, lr=0.1, weight_decay=0).step()
    torch.testing.assert_close(stack, torch.stack(list(single)))


def test_orthogonal_keeps_the_directions() -> None:
    torch.manual_seed(0)
    x = torch.randn(2, 6, 4)
    u, _, v = torch.linalg.svd(x, full_matrices=False)
    inside = u.mT @ orthogonal(x) @ v.mT
    values = inside.diagonal(dim1=-2, dim2=-1)
    assert 0.5 < values.min() <= values.max() < 1.5
    torch.testing.assert_close(inside, torch.diag_embed(values), atol=1e-4, rtol=0)


def test_no_gradient_no_step() -> None:
    still = nn.Parameter(torch.ones(3, 3))
    Muon([still], lr=0.1, weight_decay=0.5).step()
    assert torch.equal(still, torch.ones(3, 3))
