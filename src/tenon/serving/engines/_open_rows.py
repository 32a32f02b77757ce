"""One LiteRT flatbuffer for any number of rows, of two that were converted for different numbers.

With sizes that are known the converter fuses softmax, products of heads and means, and XNNPACK takes all operations at
once; with open sizes it computes shapes between them. So a program is converted twice, and where the two files differ,
a size grows with the rows. Nothing is assumed about what operations do: the files must be equal in all other bytes.

A program that ``_converter`` loads: imports nothing of Tenon.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

import numpy as np


def open_rows(first: bytes, second: bytes, rows: tuple[int, int]) -> bytes:
    """Return the program for any number of rows; inputs have one until they are resized.

    Args:
        first: flatbuffer of a program.
        second: flatbuffer of the same program for another number of rows.
        rows: that each was converted for; two numbers.

    Raises:
        ValueError: they differ by more than sizes of tensors that grow with the rows and targets of reshapes with one
            such size.
    """
    schema: Any = importlib.import_module("litert_converter.schema_py_generated")
    files = bytearray(first), bytearray(second)
    models = tuple(schema.Model.GetRootAs(each, 0) for each in files)
    if len(first) != len(second):
        raise ValueError("a constant grows with the rows")
    _open_shapes(models, rows)
    _open_reshapes(models, schema.BuiltinOperator.RESHAPE)
    if files[0] != files[1]:
        raise ValueError("an operation other than a reshape says how many rows there are")
    return bytes(files[0])


def _open_shapes(models: tuple[Any, Any], rows: tuple[int, int]) -> None:
    """Give each tensor its shape for one row."""
    for graphs in _pairs(models, "Subgraphs"):
        for tensors in _pairs(graphs, "Tensors"):
            one, other = (_numbers(each.ShapeAsNumpy()) for each in tensors)
            differ = _places(one, other)
            if (one[differ] * rows[1] != other[differ] * rows[0]).any() or (one[differ] % rows[0]).any():
                raise ValueError("a size grows with the rows, but not in proportion")
            one[differ] //= rows[0]
            other[differ] //= rows[1]


def _open_reshapes(models: tuple[Any, Any], reshape: int) -> None:
    """Let each reshape find out the size that grows with the rows."""
    opened = set()
    for graphs in _pairs(models, "Subgraphs"):
        for target in _targets(models[0], graphs[0], reshape):
            buffer = graphs[0].Tensors(target).Buffer()
            one, other = (_numbers(each.Buffers(buffer).DataAsNumpy()).view("<i4") for each in models)
            differ = _places(one, other)
            if differ.sum() > 1:
                raise ValueError("two sizes of a reshape grow with the rows")
            one[differ] = other[differ] = -1
            opened |= {buffer} if differ.any() else set()
    if opened & set(_other_buffers(models[0], reshape)):
        raise ValueError("the target of a reshape is used as numbers, too")


def _targets(model: Any, graph: Any, reshape: int) -> Iterator[int]:
    """Return the tensors that reshapes take their shapes from."""
    for operator in _each(graph, "Operators"):
        if _code(model, operator) == reshape and operator.InputsLength() > 1:
            yield operator.Inputs(1)


def _other_buffers(model: Any, reshape: int) -> Iterator[int]:
    """Return the buffers that are something else than the target of a reshape."""
    for graph in _each(model, "Subgraphs"):
        used = {*_numbers(graph.OutputsAsNumpy()).tolist()}
        for operator in _each(graph, "Operators"):
            inputs = _numbers(operator.InputsAsNumpy()).tolist()
            used |= {*(inputs[:1] + inputs[2:] if _code(model, operator) == reshape else inputs)}
        yield from (graph.Tensors(index).Buffer() for index in used if index >= 0)


def _code(model: Any, operator: Any) -> int:
    code = model.OperatorCodes(operator.OpcodeIndex())
    return max(int(code.BuiltinCode()), int(code.DeprecatedBuiltinCode()))


def _places(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    if one.shape != other.shape:
        raise ValueError("a constant grows with the rows")
    return np.asarray(one != other)


def _pairs(tables: tuple[Any, Any], field: str) -> Iterator[tuple[Any, Any]]:
    one, other = ([*_each(table, field)] for table in tables)
    if len(one) != len(other):
        raise ValueError("the programs for different rows have different operations")
    return zip(one, other, strict=True)


def _each(table: Any, field: str) -> Iterator[Any]:
    get, length = getattr(table, field), getattr(table, field + "Length")()
    return (get(index) for index in range(length))


def _numbers(vector: Any) -> np.ndarray:
    """Return a vector of a file as it lies there, to be written; one that is missing is empty."""
    return vector if isinstance(vector, np.ndarray) else np.empty(0, "<i4")
