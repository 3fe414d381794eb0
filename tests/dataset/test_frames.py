"""A picture of a data set is decoded only where its head says that it is one, and not too large."""

import struct
from pathlib import Path

import cv2
import numpy as np
import pytest

from limelight.dataset.clips import read_frame
from limelight.errors import InputError, TooLarge


def jpeg(image: np.ndarray) -> bytes:
    return cv2.imencode(".jpg", image[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 95])[1].tobytes()


def test_a_picture_is_read_in_its_colours(tmp_path: Path) -> None:
    image = np.zeros((48, 64, 3), np.uint8)
    image[:, :, 0] = 200  # red
    (tmp_path / "00.jpg").write_bytes(jpeg(image))
    read = read_frame(tmp_path / "00.jpg")
    assert read.shape == (48, 64, 3)
    np.testing.assert_allclose(read.mean(axis=(0, 1)), (200, 0, 0), atol=4)


def test_a_picture_that_announces_more_than_the_limit_is_not_decoded(tmp_path: Path) -> None:
    data = bytearray(jpeg(np.zeros((16, 16, 3), np.uint8)))
    at = data.index(b"\xff\xc0") + 5
    assert struct.unpack_from(">HH", data, at) == (16, 16)
    struct.pack_into(">HH", data, at, 65_000, 65_000)
    (tmp_path / "00.jpg").write_bytes(data)
    with pytest.raises(TooLarge, match="4225000000 points"):
        read_frame(tmp_path / "00.jpg")


@pytest.mark.parametrize("data", [b"", b"\xff\xd8", b"\xff\xd8\xff\xc0\0\x11", b"\x89PNG\r\n", b"\xff\xd8" + bytes(90)])
def test_what_is_no_picture_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "00.jpg").write_bytes(data)
    with pytest.raises(InputError, match="damaged"):
        read_frame(tmp_path / "00.jpg")
    with pytest.raises(InputError, match="could not read"):
        read_frame(tmp_path / "01.jpg")
