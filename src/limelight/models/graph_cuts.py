"""Cuts into an ONNX graph: a tensor inside becomes an input or an output, without a library for editing graphs.

Two edits of the file's bytes, neither of which changes a length that is written in it. Protocol Buffers merge messages
that are put behind one another, so a fragment that declares one more input or output may simply follow. And the node
that makes the tensor, the first to name it, is given another name of the same length to write to. Whoever cuts must
know the file, by its digest.
"""

from __future__ import annotations

FLOAT32, INT64 = 1, 7  # TensorProto.DataType

_GRAPH = 7  # ModelProto
_INPUT, _OUTPUT = 11, 12  # GraphProto
_NAME, _TYPE = 1, 2  # ValueInfoProto
_TENSOR, _ELEMENT = 1, 1  # TypeProto, TypeProto.Tensor


def as_input(model: bytes, name: str, element: int = FLOAT32) -> bytes:
    """The model with an inner tensor made an input; its maker's work goes nowhere."""
    made = name.encode()
    return model.replace(made, made[:-1] + b"_", 1) + _declaration(_INPUT, name, element)


def as_output(model: bytes, name: str, element: int = FLOAT32) -> bytes:
    """The model with an inner tensor, or a weight, made an output too."""
    return model + _declaration(_OUTPUT, name, element)


def _declaration(role: int, name: str, element: int) -> bytes:
    kind = _message(_TYPE, _message(_TENSOR, bytes([_ELEMENT << 3, element])))
    return _message(_GRAPH, _message(role, _message(_NAME, name.encode()) + kind))


def _message(number: int, payload: bytes) -> bytes:
    """A field in the wire format: tag, length, bytes."""
    if len(payload) > 127:
        raise ValueError(f"a field of {len(payload)} bytes needs a longer length than one byte")
    return bytes([number << 3 | 2, len(payload)]) + payload
