"""Faces in one picture: boxes, five points and scores by YuNet, through ONNX Runtime.

    picture [H, W] → padded to multiples of 32 → for each place (row, column) of the grids of stride 8, 16, 32:
        score = √(class · object)      middle = (place + offset) · stride      size = exp(log size) · stride

YuNet: Wu, Peng, Yu, "YuNet: A Tiny Millisecond-level Face Detector", Machine Intelligence Research 2023. Its answers are
decoded as in OpenCV's `FaceDetectorYN`, which ours equals to a fraction of a pixel; ours needs no OpenCV.
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
