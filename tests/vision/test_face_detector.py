"""Faces are found where they are; as OpenCV's own detector finds them; once each."""

import numpy as np
import pytest
from vision.drawn_face import DrawnFace, Image, ground

from limelight.vision.faces import WEIGHTS, FaceDetector, kept, overlap

DETECTOR = FaceDetector()


@pytest.mark.parametrize("height", [40, 80, 160, 240])
def test_a_face_is_found_in_its_place_and_size(height: float) -> None:
    faces = DETECTOR.detect(DrawnFace(250, 180, height).on(ground()))
    assert len(faces) == 1
    left, top, wide, high = faces.boxes[0]
    np.testing.assert_allclose([left + wide / 2, top + high / 2], [250, 180], atol=0.1 * height)
    np.testing.assert_allclose(high, height, rtol=0.15)


def test_the_points_lie_on_eyes_and_mouth() -> None:
    faces = DETECTOR.detect(DrawnFace(320, 180, 200).on(ground()))
    drawn = [[287, 162], [353, 162], [320, 205], [295, 240], [345, 240]]
    np.testing.assert_allclose(faces.points[0], drawn, atol=18)


def test_an_empty_wall_has_no_face() -> None:
    faces = DETECTOR.detect(ground())
    assert len(faces) == 0
    assert faces.points.shape == (0, 5, 2)


def test_what_lies_beside_the_picture_changes_nothing() -> None:
    picture = DrawnFace(250, 150, 120).on(ground(300, 500))  # neither is divided by 32
    padded = np.zeros((320, 512, 3), np.uint8)
    padded[:300, :500] = picture
    np.testing.assert_allclose(DETECTOR.detect(picture).boxes, DETECTOR.detect(padded).boxes, atol=1e-3)


def test_three_faces_are_three_and_the_surest_is_first() -> None:
    picture = ground()
    for x, height in ((100, 90), (300, 150), (520, 60)):
        picture = DrawnFace(x, 170, height).on(picture)
    faces = DETECTOR.detect(picture)
    assert sorted(np.round(faces.boxes[:, 0] + faces.boxes[:, 2] / 2, -1).tolist()) == [100, 300, 520]
    assert (np.diff(faces.scores) <= 0).all()


def test_overlap_is_one_with_itself_and_nothing_with_what_is_apart() -> None:
    box = np.array([10, 10, 20, 20], np.float32)
    others = np.array([[10, 10, 20, 20], [20, 10, 20, 20], [40, 40, 5, 5]], np.float32)
    np.testing.assert_allclose(overlap(box, others), [1, 1 / 3, 0], atol=1e-6)


def test_of_boxes_that_overlap_the_first_stays() -> None:
    boxes = np.array([[0, 0, 10, 10], [1, 0, 10, 10], [30, 0, 10, 10], [9, 0, 10, 10]], np.float32)
    assert kept(boxes, most_overlap=0.3).tolist() == [0, 2, 3]


@pytest.mark.slow
@pytest.mark.parametrize("size", [(360, 640), (270, 478), (288, 361)])
def test_it_equals_opencvs_detector(size: tuple[int, int]) -> None:
    cv2 = pytest.importorskip("cv2")
    height, width = size
    random = np.random.default_rng(0)
    for turned in (-20, 0, 15):
        picture: Image = DrawnFace(0.4 * width, 0.4 * height, 0.4 * height, turned=turned).on(ground(height, width))
        picture = DrawnFace(0.8 * width, 0.6 * height, 0.2 * height).on(picture)
        noisy = np.clip(picture + random.normal(0, 6, picture.shape), 0, 255).astype(np.uint8)
        oracle = cv2.FaceDetectorYN.create(str(WEIGHTS / "yunet.onnx"), "", (width, height), 0.6, 0.3, 5000)
        _, rows = oracle.detect(np.ascontiguousarray(noisy[:, :, ::-1]))
        rows, faces = rows[np.argsort(-rows[:, 14])], DETECTOR.detect(noisy)
        assert len(faces) == 2
        np.testing.assert_allclose(faces.boxes, rows[:, :4], atol=0.01)
        np.testing.assert_allclose(faces.points.reshape(-1, 10), rows[:, 4:14], atol=0.01)
        np.testing.assert_allclose(faces.scores, rows[:, 14], atol=1e-4)
