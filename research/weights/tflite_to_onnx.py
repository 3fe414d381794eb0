"""TFLite to ONNX for one small family of networks: MediaPipe's, made of convolutions and little else.

Each operator of TFLite becomes one of ONNX, in channels-first order:

    CONV_2D, DEPTHWISE_CONV_2D → Conv (SAME padding is written out)    PRELU → PRelu    MAX_POOL_2D → MaxPool
    ADD → Add                                                          PAD   → Pad

Any other operator, and a fused activation, is an error. The batch may be of any size, where TFLite fixes it to one.
Weights can be stored in half precision: ONNX Runtime widens them once, on opening, and computes in single precision.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
import tflite
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

OPSET = 13
IR_VERSION = 8
OPERATORS = {number: name for name, number in vars(tflite.BuiltinOperator).items() if isinstance(number, int)}
TYPES = {tflite.TensorType.FLOAT32: np.float32, tflite.TensorType.INT32: np.int32}


def convert(data: bytes, names: Mapping[int, str], *, half: bool) -> onnx.ModelProto:
    """A TFLite file as an ONNX model. `names`: of its inputs and outputs, by number of tensor. Raises ValueError."""
    return _Converter(tflite.Model.GetRootAsModel(data, 0), names, half=half).convert()


class _Converter:
    """Goes through the operators once, in order, and collects nodes and weights."""

    def __init__(self, model: Any, names: Mapping[int, str], *, half: bool) -> None:
        self.model, self.graph, self.names, self.half = model, model.Subgraphs(0), names, half
        self.nodes: list[onnx.NodeProto] = []
        self.weights: dict[str, NDArray[Any]] = {}

    def convert(self) -> onnx.ModelProto:
        inputs, outputs = self.graph.InputsAsNumpy().tolist(), self.graph.OutputsAsNumpy().tolist()
        for number in inputs:
            self.node("Transpose", [self.names[number]], _name(number), perm=[0, 3, 1, 2])
        for i in range(self.graph.OperatorsLength()):
            self.operator(self.graph.Operators(i))
        for number in outputs:
            self.node("Transpose", [_name(number)], self.names[number], perm=[0, 2, 3, 1])
        weights = [numpy_helper.from_array(values, name) for name, values in self.weights.items()]
        graph = helper.make_graph(self.nodes, "converted", self.described(inputs), self.described(outputs), weights)
        made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
        onnx.checker.check_model(made, full_check=True)
        return made

    def operator(self, operator: Any) -> None:
        code = self.model.OperatorCodes(operator.OpcodeIndex())
        kind = OPERATORS[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())]
        known = {
            "CONV_2D": self.conv,
            "DEPTHWISE_CONV_2D": self.depthwise,
            "MAX_POOL_2D": self.max_pool,
            "PRELU": self.prelu,
            "ADD": self.add,
            "PAD": self.pad,
        }
        _demand(kind in known, f"an operator of {sorted(known)}, not {kind}")
        known[kind](operator, operator.InputsAsNumpy().tolist(), _name(operator.Outputs(0)))

    def conv(self, operator: Any, inputs: list[int], output: str) -> None:
        options = _options(operator, tflite.Conv2DOptions())
        weight = self.constant(inputs[1]).transpose(0, 3, 1, 2)  # OHWI to OIHW
        self.convolve(options, inputs, weight, output, group=1)

    def depthwise(self, operator: Any, inputs: list[int], output: str) -> None:
        options = _options(operator, tflite.DepthwiseConv2DOptions())
        weight = self.constant(inputs[1]).transpose(3, 0, 1, 2)  # 1HWO to O1HW
        _demand(options.DepthMultiplier() == 1, "a depth multiplier of 1")
        self.convolve(options, inputs, weight, output, group=len(weight))

    def convolve(self, options: Any, inputs: list[int], weight: NDArray[Any], output: str, *, group: int) -> None:
        _demand(options.DilationHFactor() == options.DilationWFactor() == 1, "no dilation")
        window = self.window(options, inputs[0], list(weight.shape[2:]))
        known = [self.weight(inputs[1], weight), self.weight(inputs[2], self.constant(inputs[2]))]
        self.node("Conv", [_name(inputs[0]), *known], output, group=group, **window)

    def max_pool(self, operator: Any, inputs: list[int], output: str) -> None:
        options = _options(operator, tflite.Pool2DOptions())
        window = self.window(options, inputs[0], [options.FilterHeight(), options.FilterWidth()])
        self.node("MaxPool", [_name(inputs[0])], output, **window)

    def prelu(self, _operator: Any, inputs: list[int], output: str) -> None:
        slope = self.weight(inputs[1], self.constant(inputs[1]).reshape(-1, 1, 1))
        self.node("PRelu", [_name(inputs[0]), slope], output)

    def add(self, operator: Any, inputs: list[int], output: str) -> None:
        _plain(_options(operator, tflite.AddOptions()))
        self.node("Add", [_name(number) for number in inputs], output)

    def pad(self, _operator: Any, inputs: list[int], output: str) -> None:
        before, after = self.constant(inputs[1])[[0, 3, 1, 2]].T  # NHWC to NCHW
        self.weights[f"{output}_pads"] = np.concatenate([before, after]).astype(np.int64)
        self.node("Pad", [_name(inputs[0]), f"{output}_pads"], output)

    def window(self, options: Any, source: int, kernel: list[int]) -> dict[str, list[int]]:
        """What Conv and MaxPool have in common. SAME: as much padding as makes ceil(size / stride), more of it behind."""
        _plain(options)
        strides = [options.StrideH(), options.StrideW()]
        pads = np.zeros((2, 2), int)
        if options.Padding() == tflite.Padding.SAME:
            for axis, (size, taps, stride) in enumerate(zip(self.shape(source)[1:3], kernel, strides, strict=True)):
                missing = max(0, (-(-size // stride) - 1) * stride + taps - size)
                pads[:, axis] = missing // 2, missing - missing // 2
        return {"kernel_shape": kernel, "strides": strides, "pads": pads.ravel().tolist()}

    def shape(self, number: int) -> list[int]:
        return [int(size) for size in self.graph.Tensors(number).ShapeAsNumpy()]

    def constant(self, number: int) -> NDArray[Any]:
        tensor = self.graph.Tensors(number)
        data = self.model.Buffers(tensor.Buffer()).DataAsNumpy().tobytes()
        return np.frombuffer(data, TYPES[tensor.Type()]).reshape(self.shape(number))

    def weight(self, number: int, values: NDArray[Any]) -> str:
        """Keeps a weight under the name that is returned."""
        name = _name(number)
        if self.half:
            self.weights[f"{name}_half"] = values.astype(np.float16)
            self.node("Cast", [f"{name}_half"], name, to=TensorProto.FLOAT)
        else:
            self.weights[name] = np.ascontiguousarray(values)
        return name

    def node(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> None:
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))

    def described(self, numbers: list[int]) -> list[onnx.ValueInfoProto]:
        return [
            helper.make_tensor_value_info(self.names[n], TensorProto.FLOAT, ["B", *self.shape(n)[1:]]) for n in numbers
        ]


def _name(number: int) -> str:
    return f"tensor_{number}"


def _options(operator: Any, options: Any) -> Any:
    table = operator.BuiltinOptions()
    options.Init(table.Bytes, table.Pos)
    return options


def _plain(options: Any) -> None:
    _demand(options.FusedActivationFunction() == tflite.ActivationFunctionType.NONE, "no fused activation")


def _demand(fulfilled: bool, wish: str) -> None:
    if not fulfilled:
        raise ValueError(f"Wanted {wish} in the TFLite file; extend the converter.")
