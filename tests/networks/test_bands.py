from itertools import pairwise

import pytest
import torch

from limelight.networks.lce import Lines, line_edges

GRIDS = [(1025, 48_000 / 2048), (129, 48_000 / 256), (257, 16_000 / 512), (5, 6000.0)]


@pytest.mark.parametrize(("bins", "hertz"), GRIDS)
def test_lines_cover_every_bin_once_and_never_narrow(bins: int, hertz: float) -> None:
    edges = line_edges(bins, hertz)
    assert edges[0] == 0
    assert edges[-1] == bins
    widths = [b - a for a, b in pairwise(edges)]
    assert min(widths) >= 1
    # Rounding may take a bin back, and the last line takes what is left.
    assert all(b >= a - 1 for a, b in pairwise(widths[:-1]))


def test_one_bin_a_line_up_to_3_khz() -> None:
    edges = line_edges(1025, 48_000 / 2048)
    assert edges[:129] == list(range(129))
    assert edges[129] > 129
    assert len(edges) - 1 == 210


@pytest.mark.parametrize(("bins", "hertz"), GRIDS)
def test_there_and_back(bins: int, hertz: float) -> None:
    lines = Lines(bins, hertz)
    x = torch.rand(2, 3, len(lines))
    torch.testing.assert_close(lines.means(lines.of_bins(x)), x)
    power = torch.rand(2, 3, bins)
    torch.testing.assert_close(lines.sums(power).sum(-1), power.sum(-1))
    torch.testing.assert_close(lines.widths.sum(), torch.tensor(float(bins)))


def test_there_is_nothing_to_learn_or_to_keep() -> None:
    lines = Lines(129, 187.5)
    assert not list(lines.parameters())
    assert not lines.state_dict()
