"""Pictures survive JPEG nearly and PNG exactly; damage is told by None."""

import numpy as np
import pytest

from limelight.media.sample_frames import decode_picture, encode_jpeg, encode_png

ROWS, COLUMNS = np.mgrid[0:119, 0:201]
SMOOTH = np.stack([COLUMNS * 255 / 200, ROWS * 255 / 118, 255 - COLUMNS * 255 / 200], axis=-1).astype(np.uint8)


@pytest.mark.parametrize(("quantiser", "error"), [(2, 1.5), (5, 2.0), (12, 4.0)])
def test_a_jpeg_is_near_the_picture_and_smaller_the_coarser(quantiser: int, error: float) -> None:
    data = encode_jpeg(SMOOTH, quantiser=quantiser)
    read = decode_picture(data)
    assert read is not None
    assert read.shape == SMOOTH.shape
    assert np.abs(read.astype(int) - SMOOTH).mean() < error
    assert len(data) < len(encode_jpeg(SMOOTH, quantiser=2)) + 1


def test_colours_keep_their_places() -> None:
    halves = np.zeros((64, 64, 3), np.uint8)
    halves[:, :32, 0] = halves[:, 32:, 2] = 255
    for data in (encode_jpeg(halves, quantiser=2), encode_png(halves)):
        read = decode_picture(data)
        assert read is not None
        np.testing.assert_allclose(read[8:-8, 4:28], [[[255, 0, 0]]] * np.ones((48, 24, 1)), atol=8)
        np.testing.assert_allclose(read[8:-8, 36:60], [[[0, 0, 255]]] * np.ones((48, 24, 1)), atol=8)


def test_a_png_is_exact() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (33, 47, 3)).astype(np.uint8)
    np.testing.assert_array_equal(decode_picture(encode_png(noise)), noise)
    grey = decode_picture(encode_png(noise[..., 0]))
    np.testing.assert_array_equal(grey, np.repeat(noise[..., :1], 3, axis=2))


@pytest.mark.parametrize("damaged", [b"", b"words", b"\xff\xd8", encode_png(SMOOTH)[:60], encode_jpeg(SMOOTH)[:100]])
def test_what_is_damaged_or_no_picture_is_none(damaged: bytes) -> None:
    assert decode_picture(damaged) is None


def test_a_quantiser_out_of_range_is_refused() -> None:
    with pytest.raises(ValueError, match="got 40"):
        encode_jpeg(SMOOTH, quantiser=40)


def test_opencv_reads_the_same_and_is_read() -> None:
    cv2 = pytest.importorskip("cv2")
    for data in (encode_jpeg(SMOOTH, quantiser=3), encode_png(SMOOTH)):
        theirs = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)[:, :, ::-1].astype(int)
        ours = decode_picture(data)
        assert ours is not None
        assert np.abs(ours - theirs).max() <= 4
    written = cv2.imencode(".jpg", SMOOTH[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 95])[1].tobytes()
    read = decode_picture(written)
    assert read is not None
    assert np.abs(read.astype(int) - SMOOTH).mean() < 2
