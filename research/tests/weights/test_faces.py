"""The packaged face networks: the conversion of TFLite operators against NumPy, and the real file against OpenCV's reader."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

tflite = pytest.importorskip("tflite")
flatbuffers = pytest.importorskip("flatbuffers")

from research.weights.fetch_faces import LANDMARKS, TARGET, checked, landmarks  # noqa: E402
from research.weights.tflite_to_onnx import convert  # noqa: E402

SOURCE = os.environ.get("FACE_LANDMARK_TFLITE")  # the file that fetch_faces takes out of its package


def test_a_file_with_another_checksum_is_refused() -> None:
    with pytest.raises(ValueError, match="sha256"):
        checked(b"other", LANDMARKS.sha256, "face_landmark.tflite")


def test_the_packaged_network_takes_any_number_of_faces() -> None:
    session = onnxruntime.InferenceSession(TARGET / "face_landmarks.onnx")
    pictures = np.random.default_rng(0).random((3, 192, 192, 3), dtype=np.float32)
    points, face = session.run(["points", "face"], {"picture": pictures})
    assert points.shape == (3, 468, 3)
    assert face.shape == (3,)
    alone, _ = session.run(["points", "face"], {"picture": pictures[1:2]})
    np.testing.assert_allclose(points[1], alone[0], atol=1e-3)


@pytest.mark.skipif(SOURCE is None, reason="needs FACE_LANDMARK_TFLITE, the file of the package")
def test_it_equals_the_tflite_file() -> None:
    cv2 = pytest.importorskip("cv2")
    data = checked(Path(str(SOURCE)).read_bytes(), LANDMARKS.sha256, "face_landmark.tflite")
    oracle = cv2.dnn.readNetFromTFLite(str(SOURCE))
    pictures = np.random.default_rng(0).random((4, 192, 192, 3), dtype=np.float32)
    for half, tolerance in ((False, 1e-4), (True, 0.15)):  # pixels of 192: relative 1e-6; rounding of weights
        session = onnxruntime.InferenceSession(landmarks(data, half=half).SerializeToString())
        for picture in pictures:
            oracle.setInput(picture.transpose(2, 0, 1)[None])
            answers = oracle.forward(oracle.getUnconnectedOutLayersNames())
            true = next(answer for answer in answers if answer.size == 1404).reshape(468, 3)
            (points,) = session.run(["points"], {"picture": picture[None]})
            np.testing.assert_allclose(points[0, :, :2], true[:, :2], atol=192 * tolerance if not half else tolerance)


def test_an_operator_that_is_not_known_is_named() -> None:
    with pytest.raises(ValueError, match="not SOFTMAX"):
        convert(_one_operator(tflite.BuiltinOperator.SOFTMAX), {0: "in", 1: "out"}, half=False)


def _one_operator(code: int) -> bytes:
    """A TFLite file with one tensor in, one out and one operator."""
    builder = flatbuffers.Builder(256)
    tflite.OperatorCodeStart(builder)
    tflite.OperatorCodeAddDeprecatedBuiltinCode(builder, code)
    tflite.OperatorCodeAddBuiltinCode(builder, code)
    operator_code = tflite.OperatorCodeEnd(builder)
    tensors = [_tensor(builder) for _ in range(2)]
    operator = _operator(builder)
    graph = _graph(builder, tensors, operator)
    lists = [_vector(builder, tflite.ModelStartOperatorCodesVector, [operator_code])]
    lists.append(_vector(builder, tflite.ModelStartSubgraphsVector, [graph]))
    tflite.ModelStart(builder)
    tflite.ModelAddOperatorCodes(builder, lists[0])
    tflite.ModelAddSubgraphs(builder, lists[1])
    builder.Finish(tflite.ModelEnd(builder))
    return bytes(builder.Output())


def _tensor(builder: Any) -> int:
    shape = _numbers(builder, tflite.TensorStartShapeVector, [1, 4, 4, 1])
    tflite.TensorStart(builder)
    tflite.TensorAddShape(builder, shape)
    return int(tflite.TensorEnd(builder))


def _operator(builder: Any) -> int:
    ins, outs = (
        _numbers(builder, start, [k])
        for k, start in enumerate((tflite.OperatorStartInputsVector, tflite.OperatorStartOutputsVector))
    )
    tflite.OperatorStart(builder)
    tflite.OperatorAddInputs(builder, ins)
    tflite.OperatorAddOutputs(builder, outs)
    return int(tflite.OperatorEnd(builder))


def _graph(builder: Any, tensors: list[int], operator: int) -> int:
    tensor_list = _vector(builder, tflite.SubGraphStartTensorsVector, tensors)
    operators = _vector(builder, tflite.SubGraphStartOperatorsVector, [operator])
    ins, outs = (
        _numbers(builder, start, [k])
        for k, start in enumerate((tflite.SubGraphStartInputsVector, tflite.SubGraphStartOutputsVector))
    )
    tflite.SubGraphStart(builder)
    tflite.SubGraphAddTensors(builder, tensor_list)
    tflite.SubGraphAddInputs(builder, ins)
    tflite.SubGraphAddOutputs(builder, outs)
    tflite.SubGraphAddOperators(builder, operators)
    return int(tflite.SubGraphEnd(builder))


def _vector(builder: Any, start: Any, offsets: list[int]) -> int:
    start(builder, len(offsets))
    for offset in reversed(offsets):
        builder.PrependUOffsetTRelative(offset)
    return int(builder.EndVector())


def _numbers(builder: Any, start: Any, values: list[int]) -> int:
    start(builder, len(values))
    for value in reversed(values):
        builder.PrependInt32(value)
    return int(builder.EndVector())
