import numpy as np
import pytest

from limelight.vision.pretrained.sampling import CLIP_COLOURS, IMAGENET_COLOURS, Colours, centre_of, whole_of

PLAIN = Colours((0, 0, 0), (1, 1, 1))


@pytest.mark.parametrize("shape", [(180, 320), (320, 180), (50, 50), (224, 224), (3, 900)])
def test_any_shape_becomes_a_square(shape: tuple[int, int]) -> None:
    image = np.full((*shape, 3), 51, np.uint8)
    for pixels in (centre_of([image, image], 224, PLAIN), whole_of([image, image], 224, PLAIN)):
        assert pixels.shape == (2, 3, 224, 224)
        assert pixels.dtype == np.float32
        np.testing.assert_allclose(pixels, 0.2, atol=1e-6)


def test_the_middle_is_kept_or_the_whole() -> None:
    image = np.zeros((100, 300, 3), np.uint8)
    image[:, 100:200] = 255  # the middle third
    assert centre_of([image], 100, PLAIN).min() == 1
    assert whole_of([image], 99, PLAIN).mean() == pytest.approx(1 / 3, abs=0.02)


def test_colours_are_standardised_channel_by_channel() -> None:
    for colours, pixels in ((CLIP_COLOURS, centre_of), (IMAGENET_COLOURS, whole_of)):
        image = np.empty((8, 8, 3), np.uint8)
        image[:] = np.round(255 * np.array(colours.mean))
        np.testing.assert_allclose(pixels([image], 8), 0, atol=0.01)
    red = np.zeros((8, 8, 3), np.uint8)
    red[..., 0] = 255
    r, g, b = centre_of([red], 8)[0, :, 0, 0]
    assert r > 1 > 0 > g
    assert b < 0
