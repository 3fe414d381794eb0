"""The axis of frequency as `lite` sees it: *lines*, one bin each up to 3 kHz and then wider, as the ear's resolution is.

Above 3 kHz no network of this size tells neighbouring bins apart, yet they would be three quarters of its work. A mask
has one number a line.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

SINGLE_HERTZ = 3000.0
WIDENING = 1.026  # of each line's upper edge, further up


def line_edges(bins: int, hertz_per_bin: float) -> list[int]:
    """Lines + 1 bin numbers, from 0 to the number of bins."""
    edges = list(range(min(bins, round(SINGLE_HERTZ / hertz_per_bin)) + 1))
    place = float(edges[-1])
    while edges[-1] < bins:
        place *= WIDENING
        edges.append(min(bins, max(round(place), edges[-1] + 1)))
    return edges


class Lines(nn.Module):
    """From bins to lines and back. Has nothing to learn, and nothing that a checkpoint would have to keep."""

    def __init__(self, bins: int, hertz_per_bin: float) -> None:
        super().__init__()
        edges = line_edges(bins, hertz_per_bin)
        widths = torch.tensor([b - a for a, b in pairwise(edges)])
        line_of = torch.repeat_interleave(torch.arange(len(widths)), widths, output_size=bins)
        self.line_of: Tensor
        self.widths: Tensor
        self.members: Tensor
        self.register_buffer("line_of", line_of, persistent=False)  # [F]
        self.register_buffer("widths", widths.float(), persistent=False)  # [N]
        self.register_buffer("members", (line_of[:, None] == torch.arange(len(widths))).float(), persistent=False)

    def __len__(self) -> int:
        return len(self.widths)

    def sums(self, x: Tensor) -> Tensor:
        """[…, F] to [..., N]: powers of bins to powers of lines."""
        return x @ self.members

    def means(self, x: Tensor) -> Tensor:
        """[…, F] to [..., N]: weights of bins to weights of lines."""
        return self.sums(x) / self.widths

    def of_bins(self, x: Tensor) -> Tensor:
        """[…, N] to [..., F]: each bin gets what its line has."""
        return x.index_select(-1, self.line_of)
