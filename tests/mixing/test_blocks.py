from __future__ import annotations

import numpy as np
import pytest
from audio.sounds import cut as in_sizes
from audio.sounds import noise

from limelight.mixing.chunks import Originals, cut

SOUND = noise(2, 10_000)


@pytest.mark.parametrize("sizes", [[1], [999, 3], [10_000]])
def test_what_went_through_is_taken_again_in_any_portions(sizes: list[int]) -> None:
    originals = Originals(in_sizes(SOUND, sizes))
    passed = np.concatenate(list(originals), axis=1)
    taken = np.concatenate([originals.take(count) for count in (1, 4096, 5903)], axis=1)
    np.testing.assert_array_equal(passed, SOUND)
    np.testing.assert_array_equal(taken, SOUND)
    assert originals.samples == 10_000


@pytest.mark.parametrize("sizes", [[1], [999, 3], [10_000]])
@pytest.mark.parametrize("size", [7, 1000, 20_000])
def test_blocks_of_one_size_but_for_the_last(sizes: list[int], size: int) -> None:
    blocks = list(cut(in_sizes(SOUND, sizes), size))
    assert [block.shape[1] for block in blocks[:-1]] == [size] * (10_000 // size - (10_000 % size == 0))
    np.testing.assert_array_equal(np.concatenate(blocks, axis=1), SOUND)
    assert list(cut([], size)) == []
