"""Faces and lips in one picture.

Faces in one picture: boxes, five points and scores by YuNet, through ONNX Runtime.

    picture [H, W] → padded to multiples of 32 → for each place (row, column) of the grids of stride 8, 16, 32:
        score = √(class · object)      middle = (place + offset) · stride      size = exp(log size) · stride

YuNet: Wu, Peng, Yu, "YuNet: A Tiny Millisecond-level Face Detector", Machine Intelligence Research 2023. Its answers are
decoded as in OpenCV's `FaceDetectorYN`, which ours equals to a fraction of a pixel; ours needs no OpenCV.

How far a mouth is open: 468 points on each face by MediaPipe's network, through ONNX Runtime.

    five points of a face → upright square around it, 192 × 192 → 468 points (x, y, z) → gap of the lips / height of the face

Kartynnik et al., "Real-time Facial Surface Geometry from Monocular Video on Mobile GPUs", CVPR workshop 2019. Theirs cuts
the square by the points of the picture before; ours by the five points that the detector gives, so that every picture
stands alone and pictures may be left out. The gap is measured in three dimensions, so that a face may turn.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from limelight.runtime import open_session, run_session

WEIGHTS = Path(__file__).parents[1] / "models" / "weights" / "faces"
STRIDES = (8, 16, 32)
OUTPUTS = tuple(f"{kind}_{stride}" for stride in STRIDES for kind in ("cls", "obj", "bbox", "kps"))
PADDED_TO = 32

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Faces:
    """The faces of one picture, the surest first; all places in its pixels, from the upper left corner."""

    boxes: Floats  # [P, 4]: left, top, width, height
    points: Floats  # [P, 5, 2]: right eye, left eye, tip of the nose, right and left corner of the mouth, (x, y)
    scores: Floats  # [P], 0…1

    def __len__(self) -> int:
        return len(self.scores)

    def __repr__(self) -> str:
        return f"Faces({len(self)})"

    def at(self, chosen: NDArray[np.intp] | NDArray[np.bool_]) -> Faces:
        """Those that are chosen, in that order."""
        return Faces(self.boxes[chosen], self.points[chosen], self.scores[chosen])


class FaceDetector:
    """Finds faces from about ten pixels up; works on one picture at a time and keeps nothing of it."""

    def __init__(self, *, least_score: float = 0.6, most_overlap: float = 0.3, threads: int = 1) -> None:
        """`most_overlap`: of two boxes (intersection over union) before the less sure one goes. Raises ModelError."""
        self._session = open_session(WEIGHTS / "yunet.onnx", threads=threads)
        self._least_score, self._most_overlap = least_score, most_overlap

    def detect(self, image: NDArray[np.uint8]) -> Faces:
        """The faces of a picture [H, W, 3], RGB, upright. Raises ModelError."""
        batch = _padded(image)
        answers = run_session(self._session, OUTPUTS, {"input": batch}, model="yunet")
        columns = batch.shape[3]
        found = [
            _decoded(answers[4 * k : 4 * k + 4], stride, columns // stride, self._least_score)
            for k, stride in enumerate(STRIDES)
        ]
        faces = Faces(*(np.concatenate(parts) for parts in zip(*found, strict=True)))
        faces = faces.at(np.argsort(-faces.scores, kind="stable"))
        return faces.at(kept(faces.boxes, most_overlap=self._most_overlap))


def kept(boxes: Floats, *, most_overlap: float) -> NDArray[np.intp]:
    """Non-maximum suppression: which of the boxes [P, 4], the best first, are no second finding of a better one."""
    remaining = np.arange(len(boxes))
    chosen = []
    while len(remaining):
        best, *_ = remaining
        chosen.append(best)
        remaining = remaining[1:]
        remaining = remaining[overlap(boxes[best], boxes[remaining]) <= most_overlap]
    return np.array(chosen, np.intp)


def overlap(box: Floats, boxes: Floats) -> Floats:
    """Intersection over union of one box [4] with others [P, 4] (left, top, width, height), 0…1."""
    near, far = np.maximum(box[:2], boxes[:, :2]), np.minimum(box[:2] + box[2:], boxes[:, :2] + boxes[:, 2:])
    shared = np.maximum(far - near, 0).prod(axis=1)
    together = box[2:].prod() + boxes[:, 2:].prod(axis=1) - shared
    return np.asarray(shared / np.maximum(together, 1e-9), np.float32)


def _padded(image: NDArray[np.uint8]) -> Floats:
    """[H, W, 3] RGB to [1, 3, H', W'] in the order blue, green, red, 0…255; black to the right and below."""
    height, width = image.shape[:2]
    batch = np.zeros((1, 3, height + -height % PADDED_TO, width + -width % PADDED_TO), np.float32)
    batch[0, :, :height, :width] = image[:, :, ::-1].transpose(2, 0, 1)
    return batch


def _decoded(answers: list[Floats], stride: int, columns: int, least_score: float) -> tuple[Floats, Floats, Floats]:
    """Boxes, points and scores of the places of one grid that are sure enough."""
    classes, objects, boxes, points = (answer[0] for answer in answers)
    scores = np.sqrt(np.clip(classes[:, 0], 0, 1) * np.clip(objects[:, 0], 0, 1))
    sure = np.flatnonzero(scores >= least_score)
    places = np.stack([sure % columns, sure // columns], axis=1).astype(np.float32)  # [P, 2]: column, row
    middles, sizes = (places + boxes[sure, :2]) * stride, np.exp(boxes[sure, 2:]) * stride
    five = (places[:, None] + points[sure].reshape(-1, 5, 2)) * stride
    return np.concatenate([middles - sizes / 2, sizes], axis=1), five, scores[sure]


SIDE = 192  # pixels of the square that the network sees
REACH = 4.2  # side of the square over the distance from eyes to mouth
UPPER_LIP, LOWER_LIP = np.array([82, 13, 312]), np.array([87, 14, 317])  # inner edges, three places side by side
FOREHEAD, BETWEEN_LIP_AND_NOSE = 10, 2  # the chin moves with the mouth, so that height is measured above it
SHARP = 32.0  # pixels from forehead to nose: from here on the lips can be measured well


@dataclass(frozen=True)
class Lips:
    """The mouths of the faces of one picture."""

    opening: Floats  # [P], gap of the inner lips over the height from forehead to nose; 0 closed
    confidence: Floats  # [P], 0…1: that it is a face, and large enough to measure
    is_face: Floats  # [P], 0…1
    points: Floats  # [P, 468, 3], in pixels of the picture; z towards the back, same scale

    def __repr__(self) -> str:
        return f"Lips({len(self.opening)})"


class LipReader:
    """Measures the mouths of faces that were found."""

    def __init__(self, *, threads: int = 1) -> None:
        """Raises ModelError."""
        self._session = open_session(WEIGHTS / "face_landmarks.onnx", threads=threads)

    def read(self, image: NDArray[np.uint8], faces: Faces) -> Lips:
        """The mouths of the faces of a picture [H, W, 3], RGB. Raises ModelError."""
        if len(faces) == 0:
            none = np.zeros(0, np.float32)
            return Lips(none, none, none, np.zeros((0, 468, 3), np.float32))
        squares = [square_around(points) for points in faces.points]
        pictures = np.stack([cut(image, square) for square in squares])
        points, face = run_session(self._session, ("points", "face"), {"picture": pictures}, model="face_landmarks")
        placed = np.stack([_placed(mine, square) for mine, square in zip(points, squares, strict=True)])
        height = _distance(placed, FOREHEAD, BETWEEN_LIP_AND_NOSE)
        gap = _distance(placed, UPPER_LIP, LOWER_LIP).mean(axis=1)
        is_face = np.asarray(1 / (1 + np.exp(-face)), np.float32)
        sharp = np.asarray(np.minimum(height / SHARP, 1), np.float32)
        return Lips(gap / np.maximum(height, 1e-6), is_face * sharp, is_face, placed)


def square_around(points: Floats) -> Floats:
    """The square around a face with five points [5, 2]: a matrix [2, 3] from its pixels (u, v, 1) to the picture's."""
    eyes, mouth = points[:2].mean(axis=0), points[3:].mean(axis=0)
    along = points[1] - points[0]  # from the right eye, which is to the left, to the left eye
    across = np.array([-along[1], along[0]])
    # Seen from the side the eyes come together, from above eyes and mouth do: the longer of both tells the size.
    size = REACH * max(float(np.hypot(*(mouth - eyes))), float(np.hypot(*along)))
    turned = np.stack([along, across], axis=1) / max(float(np.hypot(*along)), 1e-6)  # [2, 2], columns: right, down
    scaled = turned * size / SIDE
    middle = (eyes + mouth) / 2
    corner = middle - scaled @ np.full(2, SIDE / 2)
    return np.concatenate([scaled, corner[:, None]], axis=1).astype(np.float32)


def cut(image: NDArray[np.uint8], square: Floats) -> Floats:
    """What a square shows of a picture [H, W, 3]: [SIDE, SIDE, 3] in 0…1, bilinear, black outside."""
    across, down = np.arange(SIDE, dtype=np.float32)[None, :], np.arange(SIDE, dtype=np.float32)[:, None]
    x = square[0, 0] * across + square[0, 1] * down + square[0, 2]  # [SIDE, SIDE], in the picture
    y = square[1, 0] * across + square[1, 1] * down + square[1, 2]
    inside = (x > -0.5) & (x < image.shape[1] - 0.5) & (y > -0.5) & (y < image.shape[0] - 0.5)
    if not inside.any():
        return np.zeros((SIDE, SIDE, 3), np.float32)
    left, right = int(max(x[inside].min() - 1, 0)), int(x[inside].max()) + 2
    top, bottom = int(max(y[inside].min() - 1, 0)), int(y[inside].max()) + 2
    # Where the picture is more than twice as fine as needed, whole blocks of it are averaged, so that no pixel is left out.
    block = max(1, int(np.hypot(*square[:, 0])))
    part = _blocks(image[top:bottom, left:right], block)
    seen = _bilinear(part, _in_blocks(x - left, block), _in_blocks(y - top, block))
    return np.asarray(seen * inside[..., None] / 255, np.float32)


def _blocks(image: NDArray[np.uint8], block: int) -> NDArray[np.uint8]:
    """Means of square blocks; what is over at the end repeats the last row or column."""
    if block == 1:
        return image
    over = [(0, -size % block) for size in image.shape[:2]]
    whole = np.pad(image, [*over, (0, 0)], mode="edge")
    total = np.zeros((whole.shape[0] // block, whole.shape[1] // block, 3), np.float32)
    for i in range(block * block):
        total += whole[i // block :: block, i % block :: block]
    return np.asarray(total / block**2 + 0.5, np.uint8)


def _in_blocks(place: Floats, block: int) -> Floats:
    """A place in pixels as one in blocks: the middle of the first block lies (block − 1) / 2 from the first pixel."""
    return np.asarray((place - (block - 1) / 2) / block, np.float32)


def _bilinear(image: NDArray[np.uint8], x: Floats, y: Floats) -> Floats:
    """Values of an image [H, W, 3] at places [...]; what lies outside repeats the edge."""
    height, width = image.shape[:2]
    # Four bytes a pixel, fetched as one number: five times as fast as three numbers.
    pixels = np.zeros((height + 1, width + 1, 4), np.uint8)
    pixels[:height, :width, :3] = image
    pixels[height, :width], pixels[:, width] = pixels[height - 1, :width], pixels[:, width - 1]
    flat = pixels.reshape(-1).view(np.uint32)
    x, y = np.clip(x, 0, width - 1), np.clip(y, 0, height - 1)
    left, top = x.astype(np.int32), y.astype(np.int32)
    first = top * (width + 1) + left

    def fetched(step: int) -> Floats:
        values: Floats = flat[first + step].view(np.uint8).reshape(*first.shape, 4).astype(np.float32)
        return values

    right_share, low_share = (x - left)[..., None], (y - top)[..., None]
    upper, lower = fetched(0), fetched(width + 1)
    upper += right_share * (fetched(1) - upper)
    lower += right_share * (fetched(width + 2) - lower)
    upper += low_share * (lower - upper)
    return upper[..., :3]


def _placed(points: Floats, square: Floats) -> Floats:
    """Points of a square [468, 3] in pixels of the picture."""
    flat = points[:, :2] @ square[:, :2].T + square[:, 2]
    return np.concatenate([flat, points[:, 2:] * float(np.hypot(*square[:, 0]))], axis=1).astype(np.float32)


def _distance(points: Floats, one: int | NDArray[np.intp], other: int | NDArray[np.intp]) -> Floats:
    return np.asarray(np.linalg.norm(points[:, one] - points[:, other], axis=-1), np.float32)
