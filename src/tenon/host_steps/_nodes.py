"""Steps as nodes of TensorFlow's graphs, and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
from google.protobuf import json_format

from tenon.formats import data_type, descriptor_pool, make_ndarray, make_tensor_proto, message_class, numpy_dtype
from tenon.host_steps._steps import INPUT, RESULT, STEP, HostSteps, Reference, Step

_OUTPUT_NAMES: Final[Mapping[str, str]] = {"ParseExampleV2": "dense_values"}
"""What operations call their outputs, where that is not ``output``."""


def _output_name(op: str, output: int) -> str:
    """Return the name of an output in the body of a function."""
    return f"{_OUTPUT_NAMES.get(op, 'output')}:{output}"


def _set_attributes(node: Any, step: Step) -> None:
    """Write a step's attributes into a ``NodeDef``."""
    for name, value in step.attributes.items():
        if isinstance(value, list):
            node.attr[name].list.SetInParent()
            for item in value:
                kind, encode = _encoder(item)
                getattr(node.attr[name].list, kind).append(encode(item))
        else:
            kind, encode = _encoder(value)
            encoded = encode(value)
            if kind in ("shape", "tensor"):
                getattr(node.attr[name], kind).CopyFrom(encoded)
            else:
                setattr(node.attr[name], kind, encoded)


class HostNodes:
    """Appends the nodes of steps on the host to a function's body.

    Args:
        nodes: the ``node_def`` of a ``FunctionDef``.
        steps: what to append.
    """

    def __init__(self, nodes: Any, steps: HostSteps) -> None:
        self._nodes, self._host = nodes, steps
        self._values: dict[Reference, str] = {}

    def before(self, inputs: Sequence[str]) -> list[str]:
        """Append what runs before the program; return what the program takes.

        Args:
            inputs: the names of what the function takes.
        """
        self._values.update({Reference(INPUT, place): name for place, name in enumerate(inputs)})
        self._append()
        return [self._values[source] for source in self._host.arguments]

    def after(self, results: Sequence[str]) -> list[str]:
        """Append what runs after the program; return what the function returns.

        Args:
            results: the names of what the program returns.
        """
        self._values.update({Reference(RESULT, place): name for place, name in enumerate(results)})
        self._append()
        return [self._values[source] for source in self._host.outputs]

    def _append(self) -> None:
        for place, step in enumerate(self._host.steps):
            if Reference(STEP, place) in self._values or not all([source in self._values for source in step.inputs]):
                continue
            inputs = [self._values[source] for source in step.inputs]
            node = self._nodes.add(op=step.op, name=f"{step.op}_{len(self._nodes)}", input=inputs)
            _set_attributes(node, step)
            for output in range(step.outputs):
                self._values[Reference(STEP, place, output)] = f"{node.name}:{_output_name(step.op, output)}"


def _shape_proto(shape: Sequence[int]) -> Any:
    return message_class("tensorflow.TensorShapeProto")(dim=[{"size": size} for size in shape])


def _same(value: Any) -> Any:
    return value


_ENCODERS: Final[Sequence[tuple[type, str, Callable[[Any], Any]]]] = (
    (np.dtype, "type", data_type),
    (np.ndarray, "tensor", make_tensor_proto),
    (tuple, "shape", _shape_proto),
    (bool, "b", _same),
    (int, "i", _same),
    (str, "s", str.encode),
)

_DECODERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "type": numpy_dtype,
    "tensor": make_ndarray,
    "shape": lambda proto: tuple([dim.size for dim in proto.dim]),
    "b": _same,
    "i": int,
    "s": bytes.decode,
}


def _encoder(value: Any) -> tuple[str, Callable[[Any], Any]]:
    return next((name, encode) for kind, name, encode in _ENCODERS if isinstance(value, kind))


def _decoded(attribute: Any) -> Any:
    kind = attribute.WhichOneof("value")
    if kind != "list":
        return _DECODERS[kind](getattr(attribute, kind))
    filled = [descriptor.name for descriptor, _ in attribute.list.ListFields()]
    return [_DECODERS[name](item) for name in filled for item in getattr(attribute.list, name)]


def steps_to_json(host: HostSteps) -> dict[str, Any]:
    """Return steps as what ``json.dumps`` takes.

    Args:
        host: the steps.
    """
    nodes = []
    for place, step in enumerate(host.steps):
        node = message_class("tensorflow.NodeDef")(name=f"{place}", op=step.op, input=list(map(str, step.inputs)))
        _set_attributes(node, step)
        nodes.append(json_format.MessageToDict(node) | {"outputs": step.outputs})
    return {"steps": nodes, "arguments": list(map(str, host.arguments)), "outputs": list(map(str, host.outputs))}


def steps_from_json(described: Mapping[str, Any]) -> HostSteps:
    """Return the steps that ``steps_to_json`` wrote.

    Args:
        described: what it returned.
    """
    return HostSteps(
        tuple([_step(node) for node in described["steps"]]),
        tuple(map(Reference.parsed, described["arguments"])),
        tuple(map(Reference.parsed, described["outputs"])),
    )


def _step(described: Mapping[str, Any]) -> Step:
    fields = {key: value for key, value in described.items() if key != "outputs"}
    node = json_format.ParseDict(fields, message_class("tensorflow.NodeDef")(), descriptor_pool=descriptor_pool())
    attributes = {name: _decoded(attribute) for name, attribute in node.attr.items()}
    return Step(node.op, tuple(map(Reference.parsed, node.input)), attributes, described["outputs"])
