import av
import numpy as np
import pytest

from limelight.audio.convert import _LAYOUTS, channel_names, channel_weights
from limelight.errors import Unsupported


@pytest.mark.parametrize("layout", _LAYOUTS)
def test_names_are_those_of_ffmpeg(layout: str) -> None:
    assert channel_names(layout) == tuple(channel.name for channel in av.AudioLayout(layout).channels)


@pytest.mark.parametrize(
    ("layout", "weights"),
    [
        ("mono", [1]),
        ("stereo", [1, 1]),
        ("5.1", [1, 1, 1, 0, 1.41, 1.41]),
        ("5.1(side)", [1, 1, 1, 0, 1.41, 1.41]),
        ("5.0", [1, 1, 1, 1.41, 1.41]),
        ("quad", [1, 1, 1.41, 1.41]),
        ("7.1", [1, 1, 1, 0, 1, 1, 1.41, 1.41]),  # the back pair stands behind 120°
        ("2.1", [1, 1, 0]),
    ],
)
def test_weights_are_those_of_the_standard(layout: str, weights: list[float]) -> None:
    np.testing.assert_array_equal(channel_weights(layout), weights)


def test_spelt_out_layouts() -> None:
    assert channel_names("FL+FR+LFE") == ("FL", "FR", "LFE")
    odd = av.AudioLayout("FL+BC+LFE").name  # what FFmpeg calls it: "3 channels (FL+BC+LFE)"
    np.testing.assert_array_equal(channel_weights(odd), [1, 1, 0])
    np.testing.assert_array_equal(channel_weights("1 channels (LFE)"), [0])


def test_channels_without_a_place_count_once() -> None:
    np.testing.assert_array_equal(channel_weights("6 channels"), np.ones(6))


@pytest.mark.parametrize("layout", ["", "surround", "5.1 (side)", "0 channels"])
def test_refuses_what_it_does_not_know(layout: str) -> None:
    with pytest.raises(Unsupported, match="convert the sound to"):
        channel_weights(layout)
