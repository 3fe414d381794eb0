"""A clip's pictures as `clips.write_clip` left them, one a second: JPEG, whose size is read before anything is decoded.

OpenCV takes up to 2³⁰ points, three bytes each, and a few hundred kilobytes of JPEG can announce as many.
"""

from __future__ import annotations

import struct
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from limelight.errors import InputError, TooLarge
from limelight.media.container import MAX_PIXELS

_START = b"\xff\xd8"
_SIZES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # markers of the segments that tell the size


def read_frame(path: Path) -> NDArray[np.uint8]:
    """[H, W, 3], RGB. Raises InputError, TooLarge."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"Wanted a picture in {path}, could not read it ({error.strerror}); check it.") from error
    points = _points(data)
    if points > MAX_PIXELS:
        raise TooLarge(f"The picture {path} has {points} points, the limit is {MAX_PIXELS}; build the set again.")
    read = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if points else None
    if read is None:
        raise InputError(f"Wanted a picture in {path}, which is damaged; build the set again.")
    return np.asarray(cv2.cvtColor(read, cv2.COLOR_BGR2RGB), np.uint8)


def _points(data: bytes) -> int:
    """Width × height as the JPEG's head says; 0 where it has none."""
    at = len(_START) if data.startswith(_START) else len(data)
    while at + 9 <= len(data) and data[at] == 0xFF:
        if data[at + 1] in _SIZES:
            height, width = struct.unpack_from(">HH", data, at + 5)
            return int(height * width)
        at += 2 + struct.unpack_from(">H", data, at + 2)[0]
    return 0
