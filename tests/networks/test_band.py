from itertools import pairwise

import pytest
import torch
from networks.tiny import BAND, shaken
from torch.nn import functional as F

from limelight.networks.band import (
    AcrossBands,
    AlongTime,
    AsAWhole,
    BandBackbone,
    BandConfig,
    BandJoin,
    BandSplit,
    TimeAttention,
    band_edges,
    neighbours,
)

CONFIGS = [
    BAND,
    BandConfig(),
    BandConfig(width=32, blocks=5),
    BandConfig(bands=60, n_fft=1024),
    BandConfig(bands=20, sample_rate=16_000, n_fft=512),
]


@pytest.mark.parametrize("config", CONFIGS)
def test_bands_share_the_lines_out_evenly(config: BandConfig) -> None:
    edges = band_edges(config)
    assert len(edges) == config.bands + 1
    assert (edges[0], edges[-1]) == (0, len(config.lines()))
    widths = [b - a for a, b in pairwise(edges)]
    assert max(widths) - min(widths) <= 1
    assert min(widths) >= 2


def test_split_and_join_keep_bands_apart() -> None:
    split, join = shaken(BandSplit(BAND)), shaken(BandJoin(BAND, 3))
    edges = band_edges(BAND)
    x = torch.rand(1, 2, len(BAND.lines()))
    other = x.clone()
    other[..., edges[3] : edges[4]] += 1
    vectors, changed = split(x), split(other)
    assert vectors.shape == (1, 2, BAND.bands, BAND.width)
    moved = (vectors != changed).any(-1)[0, 0]
    assert moved.tolist() == [k == 3 for k in range(BAND.bands)]
    lines = (join(vectors) != join(changed)).any(2)[0, 0]  # [N]
    assert lines.tolist() == [edges[3] <= n < edges[4] for n in range(len(BAND.lines()))]


@pytest.mark.parametrize("dilation", [1, 2, 8, 32])
@pytest.mark.parametrize("trailing", [(6,), (4, 3)])
def test_neighbours_is_a_grouped_convolution(dilation: int, trailing: tuple[int, ...]) -> None:
    x, weight = torch.randn(2, 11, *trailing), torch.randn(3, *trailing)
    channels = x.flatten(2).transpose(1, 2)  # [B, C, T]
    kernel = weight.flatten(1).T[:, None]  # [C, 1, 3]
    wished = F.conv1d(channels, kernel, padding=dilation, dilation=dilation, groups=channels.shape[1])
    torch.testing.assert_close(neighbours(x, weight, dilation).flatten(2), wished.transpose(1, 2))


def reached(layer: torch.nn.Module) -> torch.Tensor:
    """Which steps and bands of the output feel step 6 of band 3, [T, K]."""
    x = torch.randn(1, 13, BAND.bands, BAND.width)
    other = x.clone()
    other[0, 6, 3] += torch.randn(BAND.width)
    return (layer(x) != layer(other)).any(-1)[0]


def test_along_time_a_band_hears_its_own_past_and_future() -> None:
    felt = reached(shaken(AlongTime(BAND, dilation=2)))
    assert felt.nonzero().tolist() == [[4, 3], [6, 3], [8, 3]]


def test_across_bands_a_step_hears_all_its_bands() -> None:
    felt = reached(shaken(AcrossBands(BAND)))
    assert felt[6].all()
    assert not felt[torch.arange(13) != 6].any()


def test_as_a_whole_neighbours_are_heard_in_every_band() -> None:
    felt = reached(shaken(AsAWhole(BAND, dilation=2, attends=False)))
    assert felt.all(1).nonzero().flatten().tolist() == [4, 6, 8]
    assert reached(shaken(AsAWhole(BAND, dilation=2, attends=True))).all()


def test_dropout_is_for_training_only() -> None:
    layer = shaken(AsAWhole(BAND, dilation=1, attends=False))
    x = torch.randn(1, 5, BAND.bands, BAND.width)
    assert torch.equal(layer(x), layer(x))
    layer.train()
    assert not torch.equal(layer(x), layer(x))


@pytest.mark.parametrize("steps", [1, 2, 7, 40])
def test_backbone_takes_any_number_of_steps(steps: int) -> None:
    x = BandBackbone(BAND)(torch.rand(2, steps, len(BAND.lines())))
    assert x.shape == (2, steps, BAND.bands, BAND.width)
    assert x.isfinite().all()


def test_silence_and_full_scale_stay_finite() -> None:
    backbone = shaken(BandBackbone(BAND))
    for level in (0.0, 1e-12, 1e6):
        assert backbone(torch.full((1, 4, len(BAND.lines())), level)).isfinite().all()


def test_batch_items_do_not_meet() -> None:
    backbone = shaken(BandBackbone(BAND))
    x = torch.rand(3, 12, len(BAND.lines()))
    other = x.clone()
    other[1] = torch.rand(12, len(BAND.lines()))
    before, after = backbone(x), backbone(other)
    assert torch.equal(before[[0, 2]], after[[0, 2]])
    assert not torch.equal(before[1], after[1])


def test_attention_reaches_the_whole_window() -> None:
    """Two blocks of convolutions alone reach 1 + 2 steps; step 0 must feel step 30."""
    backbone = shaken(BandBackbone(BAND))
    x = torch.rand(1, 31, len(BAND.lines()))
    other = x.clone()
    other[:, 30] *= 10
    assert (backbone(x)[:, 0] - backbone(other)[:, 0]).abs().max() > 1e-6


def test_attention_knows_no_order_of_its_own() -> None:
    attention = shaken(TimeAttention(16, 2))
    x = torch.randn(2, 9, 16)
    order = torch.randperm(9)
    torch.testing.assert_close(attention(x)[:, order], attention(x[:, order]))
